import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "../../chaos/mutants.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

// The mutants themselves run for minutes (npm run chaos -- --mutants); that they still can is held here.
test.each(MUTANTS.map((mutant) => [mutant.guard, mutant] as const))(
  "%s: its text stands once",
  (_name, mutant) => {
    for (const { file, find, put } of mutant.removals) {
      expect(read(file).split(find), `${file}: ${find}`).toHaveLength(2);
      expect(put).not.toContain(find);
    }
  },
);

// Names of parametrised tests begin with their parameters, which stand nowhere as they are.
const named = MUTANTS.filter(({ test: name }) => !name.startsWith("'"));

test.each(named.map((mutant) => [mutant.guard, mutant] as const))(
  "%s: its test is there",
  (_name, mutant) => {
    expect(read(mutant.file)).toContain(mutant.test);
  },
);

test("docs/reliability.md names every guard that is removed, with what convicts it", () => {
  const page = read("docs/reliability.md");
  const figures = page.slice(page.indexOf("### Figures of the last mutants' run"));
  const rows = figures.split("\n").map((line) => line.trim());
  for (const { guard, test: name } of MUTANTS)
    expect(
      rows.some((row) => row.startsWith(`${guard}  `) && row.includes(name)),
      guard,
    ).toBe(true);
  expect(figures).toContain(`${MUTANTS.length} of ${MUTANTS.length} convicted, control passed`);
});
