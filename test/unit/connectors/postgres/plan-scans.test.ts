import { describe, expect, it } from "vitest";
import { conjuncts, scansOf, termsOf } from "../../../../src/connectors/postgres/plan-scans.ts";
import { adviseIndex, type PlannedTable } from "../../../../src/connectors/postgres/plan-tables.ts";

const columns = [
  { name: "id", quoted: "id", type: "integer", share: 1 / 60_000, most: null },
  { name: "userId", quoted: '"userId"', type: "integer", share: 0.0002, most: null },
  { name: "user", quoted: '"user"', type: "text", share: null, most: null },
  { name: "email", quoted: "email", type: "character varying(80)", share: 0.00001, most: null },
  { name: "paid", quoted: "paid", type: "boolean", share: 0.5, most: 0.5 },
];
const table: PlannedTable = {
  table: "public.m",
  root: null,
  rows: 60_000,
  bytes: 1e6,
  columns,
  indexes: [],
};
const terms = (filter: string) =>
  termsOf(filter, "m", columns).map(({ column, kind }) => `${column} ${kind}`);
const index = (more: object) => ({
  name: "public.i",
  columns: ["userId"],
  isValid: true,
  isPartial: false,
  ...more,
});

describe("what a filter asks of the columns", () => {
  it.each([
    ['(m."userId" = $1)', ["userId equal"]],
    ['((m."userId" = $1) AND (m.id < $2))', ["userId equal", "id range"]],
    ["((m.email)::text = $1)", ["email equal"]],
    ["((m.email)::text = ANY ($1))", ["email equal"]],
    ["((m.id)::numeric = $1)", ["id other"]],
    ["(lower((m.email)::text) = $1)", ["email other"]],
    ["((m.email)::text ~~ $1)", ["email other"]],
    ["((m.id = 1) OR (m.id = 2))", ["id other"]],
    ["(m.id = (m.id % $1))", ["id other"]],
    ['((m.id = $1) OR (m."userId" = $1))', []],
    ["(other.id = $1)", []],
    ["(m.identity = $1)", []],
    ["(m.email IS NULL)", ["email other"]],
    [`((m.email)::text = 'a) AND (m.id = 1'::text)`, []],
  ])("%s", (filter, expected) => {
    expect(terms(filter)).toEqual(expected);
  });

  it("parts it only at its top", () => {
    expect(conjuncts("((a = 1) AND ((b = 2) OR ((c = 3) AND (d = 4))) AND (e > 5))")).toEqual([
      "a = 1",
      "(b = 2) OR ((c = 3) AND (d = 4))",
      "e > 5",
    ]);
  });
});

describe("which index would help", () => {
  const equal = (column: string) => ({ column, kind: "equal" as const });
  it("the one that keeps fewest rows first, without flags, a range last", () => {
    expect(
      adviseIndex([{ column: "id", kind: "range" }, equal("paid"), equal("userId")], table),
    ).toMatchObject({
      columns: ['"userId"', "id"],
      why: "missing",
    });
  });
  it("none where half of the rows pass; unknown is not none", () => {
    expect(adviseIndex([equal("paid")], table)?.why).toBe("unselective");
    expect(adviseIndex([equal("user")], table)).toMatchObject({ why: "missing", share: null });
  });
  it("one that is there is named, and why it cannot serve", () => {
    const why = (more: object) => adviseIndex([equal("userId")], { ...table, indexes: [index(more)] })?.why;
    expect(why({})).toBe("existing");
    expect(why({ isValid: false })).toBe("invalid");
    expect(why({ isPartial: true })).toBe("partial");
    expect(why({ columns: ["id", "userId"] })).toBe("missing");
    expect(why({ columns: [null] })).toBe("missing");
  });
});

describe("a plan", () => {
  const scan = {
    "Node Type": "Seq Scan",
    Schema: "public",
    "Relation Name": "m",
    Alias: "m_1",
    Filter: "(m_1.id = 1)",
  };
  it("is searched whole, partitions and subplans too", () => {
    const plan = [
      {
        Plan: { "Node Type": "Limit", "Total Cost": 9.5, Plans: [{ "Node Type": "Append", Plans: [scan] }] },
      },
    ];
    expect(scansOf(plan)).toEqual({
      cost: 9.5,
      scans: [{ schema: "public", table: "m", alias: "m_1", filter: "(m_1.id = 1)" }],
    });
  });
  it("read whole without a filter, or by an index, is no matter", () => {
    const { Filter: _, ...unfiltered } = scan;
    expect(scansOf([{ Plan: unfiltered }])?.scans).toEqual([]);
    expect(scansOf([{ Plan: { ...scan, "Node Type": "Index Scan" } }])?.scans).toEqual([]);
    expect(scansOf([{ no: "plan" }])).toBeUndefined();
  });
});
