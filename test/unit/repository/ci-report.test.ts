import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../../.ci/report.mjs", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ci-report-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Outcome = "passed" | "failed" | "pending";

/** One file as vitest's JSON reporter writes it. Without tests it could not be loaded. */
const file = (name: string, ...tests: readonly Outcome[]) => ({
  name,
  status: tests.length === 0 || tests.includes("failed") ? "failed" : "passed",
  assertionResults: tests.map((status, at) => ({ status, fullName: `${name} ${at}` })),
});

function write(name: string, files: readonly ReturnType<typeof file>[] | undefined): string {
  const path = join(folder, name);
  writeFileSync(path, files === undefined ? "" : JSON.stringify({ testResults: files }));
  return path;
}

const run = (...args: readonly string[]) => {
  const { stdout, status } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { lines: stdout.trim().split("\n"), status };
};

const good = [file("a", "passed", "passed", "pending"), file("b", "passed")];

test("what passed is counted with check and lab", () => {
  const told = run("verdict", write("first", good), write("second", undefined), "0", "0", "0");
  expect(told).toEqual({ lines: ["5 passed, 0 failed, 1 skipped"], status: 0 });
});

test("what failed once and passed alone is counted as passed and named", () => {
  const first = write("first", [...good, file("c", "failed", "passed")]);
  expect(run("again", first).lines).toEqual(["c"]);
  const told = run("verdict", first, write("second", [file("c", "passed", "passed")]), "0", "1", "0");
  expect(told.status).toBe(0);
  expect(told.lines).toEqual([
    "passed only on the second run, alone: c: c 0",
    "7 passed, 0 failed, 1 skipped",
  ]);
});

test("what failed twice has failed, and so has a file that cannot be loaded", () => {
  const first = write("first", [...good, file("c", "failed", "passed"), file("d")]);
  const told = run(
    "verdict",
    first,
    write("second", [file("c", "failed", "passed"), file("d")]),
    "0",
    "1",
    "0",
  );
  expect(told).toEqual({ lines: ["6 passed, 2 failed, 1 skipped"], status: 1 });
});

test("many failed files are a change that is wrong: none is run again", () => {
  const first = write(
    "first",
    [..."abcdefg"].map((name) => file(name, "failed")),
  );
  expect(run("again", first).lines).toEqual([""]);
  expect(run("verdict", first, write("second", undefined), "0", "1", "0").lines).toEqual([
    "2 passed, 7 failed",
  ]);
});

test.each([
  ["no report", undefined, ["0", "1", "0"], "2 passed, 1 failed"],
  ["a failure outside any test", good, ["0", "1", "0"], "5 passed, 1 failed, 1 skipped"],
  ["check failed", good, ["1", "0", "0"], "4 passed, 1 failed, 1 skipped"],
  ["the lab failed", good, ["0", "0", "2"], "4 passed, 1 failed, 1 skipped"],
] as const)("%s is a failure", (_what, files, codes, last) => {
  const told = run("verdict", write("first", files), write("second", undefined), ...codes);
  expect(told.lines.at(-1)).toBe(last);
  expect(told.status).toBe(1);
});
