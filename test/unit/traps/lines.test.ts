import { expect, test } from "vitest";
import { readLine } from "../../../src/connectors/log-line.ts";

test.each([
  ["0 errors, failed=0, all 12 checks passed", null],
  ['{"level":"info","message":"error handler registered"}', "info"],
  ["2026-01-01T00:00:00Z INFO no ERROR was found", "info"],
  ["2026-01-01T00:00:00Z ERROR cannot reach db", "error"],
] as const)(
  "trap log-grep-words: %s is as grave as its program says, not as its words sound",
  (line, level) => {
    expect(readLine(line).level).toBe(level);
  },
);
