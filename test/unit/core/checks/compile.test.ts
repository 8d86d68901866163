import { describe, expect, test } from "vitest";
import { callOf, compileCheck, findingIds, wantsOf } from "../../../../src/core/rules/checks/compile.ts";
import { healthWith } from "../../../../src/core/rules/checks/in-health.ts";
import { CheckSchema } from "../../../../src/core/words/check.ts";
import type { Reading } from "../../../../src/core/words/reading.ts";
import type { Runbook } from "../../../../src/core/words/runbook.ts";
import { checkOf, contextWith, reading, seenAs } from "./checks.ts";

const VERSION = { version: "1", digest: "d" };
const find = (rules: readonly object[], value: Reading, more: object = {}, before?: Reading) => {
  const check = checkOf(rules, more);
  const runbook = compileCheck(check, VERSION);
  const context = contextWith(
    before === undefined ? undefined : { reading: { input: callOf(check).input, value: before } },
  );
  return runbook
    .findings(seenAs(value), context)
    .map(({ id, title, severity }) => `${severity} ${id}: ${title}`);
};
const one = (when: object, value: Reading, before?: Reading) =>
  find([{ when, title: "{{n}}" }], value, {}, before).length;

describe("conditions", () => {
  const n = (value: number | string | null) => reading(["n"], [value]);
  test.each([
    ["above", { n: { above: 5 } }, n(6), 1],
    ["not above", { n: { above: 5 } }, n(5), 0],
    ["below", { n: { below: 5 } }, n(4), 1],
    ["a duration is its seconds", { n: { above: "2m" } }, n(121), 1],
    ["both", { n: { above: 1, below: 3 } }, n(4), 0],
    ["equals a word", { n: { equals: "on" } }, n("on"), 1],
    ["another than", { n: { not: "on" } }, n("off"), 1],
    ["the same is not another", { n: { not: 200 } }, n(200), 0],
    ["NULL is not another", { n: { not: 200 } }, n(null), 0],
    ["contains", { n: { contains: "text/plain" } }, n("text/plain; version=0.0.4"), 1],
    ["contains not", { n: { contains: "text/plain" } }, n("text/html"), 0],
    ["lacks", { n: { lacks: "text/plain" } }, n("text/html"), 1],
    ["NULL lacks nothing", { n: { lacks: "a" } }, n(null), 0],
    ["a number lacks nothing", { n: { lacks: "a" } }, n(5), 0],
    ["NULL is not 0", { n: { below: 5 } }, n(null), 0],
    ["NULL equals nothing", { n: { equals: "null" } }, n(null), 0],
    ["NULL is absent", { n: { absent: true } }, n(null), 1],
    ["no such column is absent", { m: { absent: true } }, n(1), 1],
    ["no rows is absent", { n: { absent: true } }, reading(["n"]), 1],
    ["0 is there", { n: { absent: true } }, n(0), 0],
    ["absent: false", { n: { absent: false } }, n(0), 1],
    ["how many rows", { rows: { above: 1 } }, reading(["n"], [1], [2]), 1],
    ["no rows at all", { rows: { equals: 0 } }, reading(["n"]), 1],
    [
      "all columns must hold",
      { n: { above: 0 }, m: { equals: "b" } },
      reading(["n", "m"], [1, "a"], [0, "b"]),
      0,
    ],
  ])("%s", (_name, when, value, expected) => {
    expect(one(when, value)).toBe(expected);
  });
});

describe("changed", () => {
  const n = (value: number) => reading(["n"], [value]);
  const rule = [{ when: { n: { changed: true } }, title: "now {{n}}" }];
  test("the first run has nothing to compare with, and says so instead of being healthy", () => {
    expect(find(rule, n(1))).toEqual(["info first-look: There is nothing to compare with yet"]);
  });
  test("another value than before, or the same", () => {
    expect(find(rule, n(2), {}, n(1))).toEqual(["warning n-changed: now 2"]);
    expect(find(rule, n(1), {}, n(1))).toEqual([]);
    expect(one({ n: { changed: false } }, n(1), n(1))).toBe(1);
  });
  test("what was asked otherwise before is nothing to compare with", () => {
    const before = { reading: { input: { sql: "SELECT 2", wants: {} }, value: n(1) } };
    const found = compileCheck(checkOf(rule), VERSION).findings(seenAs(n(2)), contextWith(before));
    expect(found.map(({ id }) => id)).toEqual(["first-look"]);
  });
  test("rows are told apart by the key, in any order; a new row has changed", () => {
    const before = reading(["host", "n"], ["a", 1], ["b", 2]);
    const now = reading(["host", "n"], ["b", 2], ["a", 1], ["c", 3]);
    const named = [{ when: { n: { changed: true } }, title: "{{host}}" }];
    expect(find(named, now, { key: ["host"] }, before)).toEqual(["warning n-changed: c"]);
  });
});

describe("findings", () => {
  const disk = [
    { when: { used: { above: 80 } }, title: "{{host}} {{used}}" },
    {
      when: { used: { above: 95 } },
      severity: "critical",
      title: "{{host}} {{used}}, {{matches}} of {{rows}}",
    },
  ];
  test("a row counts for the gravest step of one limit only; others keep their own", () => {
    const found = find(disk, reading(["host", "used"], ["a", 97], ["b", 85], ["c", 10]));
    expect(found).toEqual(["warning used-above: b 85", "critical used-above-critical: a 97, 1 of 3"]);
  });

  test("ids are the author's, or made of what it is about, and never twice", () => {
    const when = { used_mb: { above: 1 } };
    const rules = [
      { when, title: "a" },
      { when, title: "b" },
      { when, title: "c" },
      { id: "mine", when, title: "d" },
    ];
    expect(findingIds(checkOf(rules))).toEqual([
      "used-mb-above",
      "used-mb-above-warning",
      "used-mb-above-3",
      "mine",
    ]);
  });

  test("the rows are evidence, the advice is filled in from the same row, and the cause is said without one of the author's", () => {
    const runbook = compileCheck(
      checkOf([{ when: { n: { above: 1 } }, title: "x", advice: "run `clean {{who}}`" }], {
        units: { n: "bytes" },
      }),
      VERSION,
    );
    const seen = seenAs(reading(["who", "n"], ["a; b", 2_048], ["c", 1]));
    const [finding] = runbook.findings(seen, contextWith());
    expect(finding?.because).toBe("n is 2.0 KiB, above 1.");
    expect(finding?.evidence).toEqual([
      { kind: "table", columns: ["who", "n"], rows: [["a; b", "2.0 KiB"]] },
    ]);
    const { advice } = runbook.remedies[finding?.remedies?.[0] ?? ""] ?? {};
    expect(typeof advice === "function" && advice(seen, contextWith())).toBe("run `clean 'a; b'`");
  });

  test("a check that could not look finds nothing: its step has no value, and that is what is said", () => {
    const seen = { reading: { ok: false as const, error: { code: "timeout", message: "late" } } };
    expect(compileCheck(checkOf(disk), VERSION).findings(seen, contextWith())).toEqual([]);
  });
});

describe("what a reading must have", () => {
  test("columns that are judged, unless a finding says what their absence means", () => {
    const rules = [
      { when: { n: { above: 1 }, state: { equals: "x" } }, title: "a" },
      { when: { gone: { absent: true } }, title: "b" },
      { when: { gone: { below: 1 }, rows: { above: 1 } }, title: "c" },
    ];
    expect(wantsOf(checkOf(rules))).toEqual({ columns: ["n", "state"], numbers: ["n", "gone"], empty: true });
  });
  test("more rows than are read are asked for by their number", () => {
    const about = (rows: object) => wantsOf(checkOf([{ when: { rows }, title: "a" }])).rowsUpTo;
    expect([about({ above: 500 }), about({ below: 300 }), about({ above: 200 })]).toEqual([
      500,
      300,
      undefined,
    ]);
  });
  test("an expression without a result is an answer only where the check says so", () => {
    const promql = (rule: object, more = {}) =>
      wantsOf(
        CheckSchema.parse({
          id: "a",
          title: "a",
          promql: "up",
          findings: [{ when: rule, title: "a" }],
          ...more,
        }),
      );
    expect(promql({ value: { above: 1 } }).empty).toBe(false);
    expect(promql({ value: { above: 1 } }, { empty: "healthy" }).empty).toBe(true);
    expect(promql({ value: { absent: true } }).empty).toBe(true);
  });
});

describe("in the health of a system", () => {
  const health = { id: "service-health", stages: [], remedies: {}, findings: () => [] } as unknown as Runbook;
  const check = (id: string, more = {}) => {
    const made = checkOf([{ when: { n: { above: 1 } }, title: "{{n}} of it", advice: "do {{n}}" }], {
      id,
      title: id,
      ...more,
    });
    return { check: made, runbook: compileCheck(made, VERSION) };
  };
  const book = healthWith(
    health,
    [
      check("here"),
      check("fine"),
      check("blind"),
      check("elsewhere", { systems: ["tools"] }),
      check("other-connection", { on: "replica" }),
      check("not-in-health", { health: false }),
    ],
    (all) => all.join("+"),
  );
  const n = (value: number) => ({ ok: true as const, value: reading(["n"], [value]) });

  test("those of the system are asked, each on its connection", () => {
    const steps = book.stages.at(-1)?.({}, contextWith()) ?? {};
    expect(Object.entries(steps).map(([name, call]) => `${name} on ${call.on}`)).toEqual([
      "check/here on db",
      "check/fine on db",
      "check/blind on db",
    ]);
  });

  test("what they find, and what could not look, is one list with every check; the findings follow", () => {
    const blind = { ok: false as const, error: { code: "timeout", message: "late" } };
    const seen = { "check/here": n(7), "check/fine": n(0), "check/blind": blind };
    const [list, found, ...others] = book.findings(seen, contextWith());
    expect(list?.title).toBe("Of 3 checks 1 found something: here; 1 could not look: blind");
    expect(list?.evidence?.[0]).toMatchObject({
      rows: [
        ["here", "✗ 7 of it"],
        ["fine", "ok"],
        ["blind", "could not look: late"],
      ],
    });
    expect(others).toEqual([]);
    expect([found?.id, found?.remedies]).toEqual(["here/n-above", ["here/advice-n-above"]]);
    const { advice } = book.remedies["here/advice-n-above"] ?? {};
    expect(typeof advice === "function" && advice(seen, contextWith())).toBe("do 7");
  });

  test("nothing is said where all is well", () => {
    expect(book.findings({ "check/here": n(0) }, contextWith())).toEqual([]);
  });
});
