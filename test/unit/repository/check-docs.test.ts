import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { checkComplaints } from "../../../src/config/check-rules.ts";
import { worldOf } from "../../../src/config/command-rules.ts";
import { CheckSchema } from "../../../src/core/words/check.ts";

const pages = ["docs/checks.md", "docs/capacity.md", "README.md"].map((page) =>
  readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8"),
);
const examples = pages
  .flatMap((text) => [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = ""]) => yaml))
  .filter((yaml) => /^id:/m.test(yaml));

test("the pages have whole examples of every way to ask", () => {
  const all = examples.join("\n");
  for (const probe of ["sql:", "promql:", "http:", "redis:", "command:"]) expect(all).toContain(probe);
});

test.each(examples.map((yaml) => [String(parse(yaml).id), yaml]))(
  "the example %s is a check",
  (_id, yaml) => {
    const check = CheckSchema.parse(parse(yaml));
    expect(checkComplaints({ ...check, systems: undefined }, {}, worldOf([]))).toEqual([]);
  },
);
