import { expect, it } from "vitest";
import { ownLag } from "../../../src/lib/own-lag.ts";

it("measures a loop that was held up, within what the machine adds", async () => {
  const lag = ownLag();
  const end = performance.now() + 60;
  while (performance.now() < end);
  expect(await lag).toBeGreaterThan(50);
});
