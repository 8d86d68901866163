import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { redisHitRate } from "../../../runbooks/redis/redis-hit-rate.ts";
import { parseRecording } from "../../../src/testing/recording.ts";
import { replay } from "../../../src/testing/replay.ts";

/** A cache of 20,000 keys, on a server that is young and was flushed before, whose readers ask for what nobody stores. */
const recorded = readFileSync(
  new URL("../../recordings/redis-hit-rate/low-hit-rate-4.yaml", import.meta.url),
  "utf8",
);

it("readers so busy that they miss more than the cache holds do not make it an empty one", () => {
  const busy = parseRecording(recorded.replace("misses: 5920", "misses: 592000"));
  const [finding] = replay(redisHitRate, busy).conclusion.findings;
  expect(finding?.because).toContain("592000 misses");
  expect(finding?.remedies).toEqual(["repairKeys"]);
});
