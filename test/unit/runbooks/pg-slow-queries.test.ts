import { describe, expect, it } from "vitest";
import { pgSlowQueries } from "../../../runbooks/postgres/pg-slow-queries.ts";
import { judge } from "../../../src/testing/index.ts";

const statement = {
  statement: "SELECT * FROM orders WHERE id = $1",
  calls: 12,
  meanMs: 2_500,
  minMs: 0.4,
  maxMs: 10_000,
  deviationMs: 4_300,
  now: null as { calls: number; meanMs: number } | null,
  totalMs: 30_000,
  share: 0.9,
  rowsPerCall: 1,
};
const found = (more: Partial<typeof statement>) => {
  const slowest = [{ ...statement, ...more }];
  const top = { status: "ready", preloaded: "", since: "2026-01-01 08:00 UTC", slowest, costliest: slowest };
  return judge(pgSlowQueries, { steps: { top } }).findings;
};
const ids = (more: Partial<typeof statement>) => found(more).map(({ id }) => id);

describe("the mean of a lifetime is not now (M11)", () => {
  it("three long waits among fast calls are not slow as a rule: nobody is told to rewrite it", () => {
    const [finding] = found({});
    expect(finding).toMatchObject({ id: "slow-at-times", severity: "info", remedies: ["watchWaits"] });
    expect(finding?.title).toMatch(/slow at times, not as a rule: .* to 10 s over 12 calls$/);
    expect(finding?.because).toContain("nothing is known of now");
  });

  it("what was called meanwhile decides, either way", () => {
    expect(ids({ now: { calls: 40, meanMs: 0.5 }, minMs: 2_000, deviationMs: 10 })).toEqual([
      "slow-at-times",
    ]);
    expect(ids({ now: { calls: 3, meanMs: 2_000 } })).toEqual(["slow-on-average"]);
  });

  it("one that is slow at every call is slow", () =>
    expect(ids({ minMs: 2_000, maxMs: 3_000, deviationMs: 200 })).toEqual(["slow-on-average"]));
});

describe("an index that is not valid (F4)", () => {
  const hints = (lacking: string[] | null) => ({
    scanned: [],
    foreignKeys: [],
    stale: [],
    invalid: [{ index: "public.i", table: "public.t", statement: "DROP INDEX public.i", lacking }],
  });
  const said = (lacking: string[] | null) => judge(pgSlowQueries, { steps: { hints: hints(lacking) } });

  it("of a partitioned table is finished, not dropped concurrently", () => {
    const { findings, remedies } = said(["public.t_2026"]);
    expect(findings).toMatchObject([{ id: "unfinished-indexes", severity: "info" }]);
    expect(remedies.attachIndexes?.advice).toMatch(/ALTER INDEX public\.i ATTACH PARTITION/);
    expect(remedies.attachIndexes?.advice).not.toContain("DROP INDEX CONCURRENTLY");
  });

  it("that a build left behind is dropped", () =>
    expect(said(null).findings).toMatchObject([{ id: "invalid-indexes", severity: "warning" }]));
});
