import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";

it("docs/guide-coverage.md says of every claimed item how much of it is carried out, and of no other", () => {
  const text = readFileSync(new URL("../../../docs/guide-coverage.md", import.meta.url), "utf8");
  const rows = [
    ...text.matchAll(
      /^\| \[([\w-]+)\]\(runbooks\/\1\.md\) +\| `([\w.-]+)` +\| (whole|in part) +\| (.*?) *\|$/gm,
    ),
  ];
  const told = rows.map(([, runbook, item]) => `${runbook} ${item}`);
  const claimed = runbooks.flatMap(({ id, covers }) => covers.map((item) => `${id} ${item}`));
  expect(told.sort()).toEqual(claimed.sort());
  // What is missing is said.
  for (const [row, , , extent, note] of rows)
    expect(extent === "whole" || (note ?? "").length > 5, row).toBe(true);
});
