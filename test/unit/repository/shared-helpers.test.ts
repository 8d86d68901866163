import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const HOOK = /^(?:beforeEach|afterEach|beforeAll|afterAll|describe|test|it)\(/m;

// What files share is read once per process, so a hook in it would be of the first file alone, and others would clean up nothing.
test("files that tests share register no hooks by being read", () => {
  const shared = readdirSync("test", { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  expect(shared.length).toBeGreaterThan(50);
  expect(shared.filter((file) => HOOK.test(readFileSync(join("test", file), "utf8")))).toEqual([]);
});
