import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { compileCheck } from "../../../src/core/rules/checks/compile.ts";
import { CheckSchema } from "../../../src/core/words/check.ts";
import { chosen, readArguments } from "../../lab/arguments.ts";
import { ISSUES } from "../../lab/issues.ts";
import { replayExport } from "../../lab/replay.ts";
import { SCENARIOS } from "../../lab/scenarios/index.ts";

const root = new URL("../../../", import.meta.url);

describe("scenarios", () => {
  it.each(SCENARIOS.map((one) => [one.id, one] as const))("%s is whole", (id, one) => {
    expect(existsSync(new URL(`test/lab/scenarios/${id}.ts`, root))).toBe(true);
    expect(one.items.filter((item) => !ISSUES.includes(item))).toEqual([]);
    const own = (one.checks ?? []).map((check) =>
      compileCheck(CheckSchema.parse(check), { version: "0", digest: "0".repeat(64) }),
    );
    const known = [...runbooks, ...own].flatMap((book) => Object.keys(book.remedies));
    if (one.runbook !== undefined)
      expect([...runbooks, ...own].map((book) => book.id)).toContain(one.runbook);
    expect(one.expect.remedy === undefined || known.includes(one.expect.remedy)).toBe(true);
    expect(one.expect.apply === true && one.expect.remedy === undefined).toBe(false);
    for (const words of [one.situation, one.twin, one.alert.summary])
      expect(words.length).toBeGreaterThan(10);
  });

  it("have names of their own", () => {
    expect(new Set(SCENARIOS.map(({ id }) => id.replaceAll("/", "-"))).size).toBe(SCENARIOS.length);
  });

  it("stand for issues of the guides", () => {
    const ids = readFileSync(new URL("docs/catalog-ids.txt", root), "utf8").split("\n");
    expect(ISSUES).toHaveLength(81);
    expect(ISSUES.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("leave no issue of the guides without one", () => {
    const covered = new Set(SCENARIOS.flatMap(({ items }) => items));
    expect(ISSUES.filter((id) => !covered.has(id))).toEqual([]);
  });
});

describe("what is asked for", () => {
  const ids = (...argv: string[]) => chosen(SCENARIOS, readArguments(argv)).map(({ id }) => id);

  it("is all, the quick ones, or what fits by id or item", () => {
    expect(ids()).toEqual(SCENARIOS.map(({ id }) => id));
    expect(ids("--quick")).toContain("postgres/down");
    expect(ids("--quick")).not.toContain("redis/low-hit-rate");
    expect(ids("--only", "redis/full", "--only", "host/*full")).toEqual(["redis/full", "host/disk-full"]);
    expect(ids("--only", "zoho-rate-limit")).toEqual(["http/rate-limited"]);
    expect(ids("--only", "a.b")).toEqual([]);
  });
});

describe("an export", () => {
  const folder = new URL("test/fixtures/lab", root).pathname;

  it("is evaluated again without any component", () => {
    expect(replayExport(folder)).toMatchObject([
      {
        id: "http/rate-limited",
        right: true,
        first: { id: "rate-limited:zoho" },
        falseFindings: [],
        wrong: [],
      },
    ]);
  });

  it("is wrong once a runbook says otherwise", () => {
    const silent = runbooks.map((book) => ({ ...book, findings: () => [] }));
    const [one] = replayExport(folder, silent);
    expect(one?.wrong.length).toBeGreaterThan(0);
  });

  it("that is none is said", () => {
    expect(() => replayExport(new URL("docs", root).pathname)).toThrow("there is no scenario.yaml below");
  });
});
