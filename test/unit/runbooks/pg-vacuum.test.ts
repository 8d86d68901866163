import { describe, expect, it } from "vitest";
import { overdueFindings } from "../../../runbooks/postgres/overdue.ts";
import { adviseVacuum, ofTheirOwn } from "../../../runbooks/postgres/vacuum.ts";
import type { postgres } from "../../../src/sdk/index.ts";

const table: postgres.OverdueTable = {
  table: "public.events",
  isToast: false,
  isCatalog: false,
  rows: 100_000,
  dead: 400_000,
  trigger: 20_050,
  inserted: 0,
  insertTrigger: 21_000,
  isEnabled: true,
  vacuumedSeconds: 600,
  transactions: 1000,
  transactionsLimit: 200_000_000,
  multixacts: 0,
  multixactsLimit: 400_000_000,
  hasDead: true,
  hasInserted: false,
  isOld: false,
  isAtWork: false,
};
const holding = (kind: postgres.HorizonHolder["kind"], name: string, of: number, seconds: number | null) => ({
  ...{ kind, name, pid: kind === "session" ? 9 : 0, of: "app", database: "shop" },
  ...{ age: of, seconds },
});

it("only whoever began first holds vacuum back: sessions that came since look as old, and are left alone", () => {
  const left = (...all: postgres.HorizonHolder[]) => ofTheirOwn(all).map(({ name }) => name);
  const later = holding("session", "reader", 300_000, 5);
  expect(left(holding("prepared", "x", 300_000, 90), later)).toEqual(["x"]);
  expect(left(holding("session", "writer", 300_000, 90), later)).toEqual(["writer"]);
  expect(left(holding("session", "older", 400_000, 90), holding("session", "younger", 9_000, 5))).toEqual([
    "older",
  ]);
  // A slot stands in no snapshot: who is as old as it is so by itself.
  expect(left(holding("slot", "s", 300_000, null), later)).toEqual(["s", "reader"]);
  expect(left(later)).toEqual(["reader"]);
});

it("a database that nobody can connect to is opened first, or left to autovacuum", () => {
  const oldest = { database: "template0", age: 2_000_000_000, freezeMaxAge: 200_000_000 };
  const advice = (mayConnect: boolean) =>
    adviseVacuum({ holders: [], transactions: { ...oldest, mayConnect }, multixacts: { ...oldest, age: 1 } });
  expect(advice(false)).toContain('ALTER DATABASE "template0" ALLOW_CONNECTIONS true before');
  expect(advice(true)).not.toContain("ALLOW_CONNECTIONS");
});

const worker: postgres.VacuumWorker = {
  pid: 7,
  database: "shop",
  table: "public.big",
  isAutovacuum: true,
  isForWraparound: false,
  phase: "scanning heap",
  done: 0.3,
  seconds: 7_200,
};
const state = (more: Partial<postgres.VacuumState>): postgres.VacuumState => ({
  database: "shop",
  autovacuum: true,
  trackCounts: true,
  maxWorkers: 3,
  naptimeSeconds: 60,
  inRecovery: false,
  countedSeconds: null,
  tables: [],
  workers: [],
  membersUsed: null,
  ...more,
});
const age = { database: "shop", age: 1000, freezeMaxAge: 200_000_000 };
const horizon = (holder: Partial<postgres.HorizonHolder>): postgres.Horizon => ({
  holders: [
    {
      kind: "session",
      name: "report",
      pid: 9,
      of: "app",
      database: "shop",
      age: 5000,
      seconds: 60,
      ...holder,
    },
  ],
  transactions: age,
  multixacts: age,
});
const found = (more: Partial<postgres.VacuumState>, of?: postgres.Horizon) =>
  overdueFindings(state(more), of).map(({ id }) => id);

describe("who keeps dead rows", () => {
  const cases: readonly [string, Partial<postgres.HorizonHolder>, string][] = [
    ["a transaction begun before the last vacuum", { seconds: 3_600 }, "dead-rows-held"],
    ["one begun since", { seconds: 60 }, "vacuum-behind"],
    ["one of another database", { seconds: 3_600, database: "mail" }, "vacuum-behind"],
    ["a logical slot, which keeps catalogs only", { kind: "slot", seconds: null }, "vacuum-behind"],
    ["a physical slot", { kind: "slot", seconds: null, database: "" }, "dead-rows-held"],
    [
      "a standby that has just asked",
      { kind: "standby", seconds: null, database: "", age: 3 },
      "vacuum-behind",
    ],
  ];
  it.each(cases)("%s", (_name, holder, id) => {
    expect(found({ tables: [table] }, horizon(holder))).toEqual([id]);
  });

  it("a logical slot does keep those of a catalog", () => {
    const tables = [{ ...table, table: "pg_catalog.pg_attribute", isCatalog: true }];
    expect(found({ tables }, horizon({ kind: "slot", seconds: null }))).toEqual(["dead-rows-held"]);
  });
});

describe("why autovacuum does not come", () => {
  it("it is at work there", () => {
    expect(found({ tables: [{ ...table, isAtWork: true }], workers: [worker] })).toEqual([]);
  });

  it("all workers are with others, or none is and it fails", () => {
    const busy = overdueFindings(state({ tables: [table], workers: [worker, worker, worker] }), undefined);
    expect(busy[0]?.because).toContain(
      "All 3 workers (autovacuum_max_workers) are busy with others, the longest for 2 h",
    );
    const idle = overdueFindings(state({ tables: [table], workers: [] }), undefined);
    expect(idle[0]?.because).toContain("0 of 3 workers are busy and none with these");
  });

  it("just over the trigger a worker is on its way", () => {
    expect(found({ tables: [{ ...table, dead: 30_000 }] })).toEqual([]);
  });

  it("nothing is counted: that is said, and explains what the old counters say", () => {
    const findings = overdueFindings(state({ trackCounts: false, tables: [table] }), undefined);
    expect(findings[0]?.title).toBe("Autovacuum does not work on this server: track_counts is off");
    expect(findings[0]?.explains).toContain("vacuum-behind");
  });
});

it("members of multixacts have an end of their own", () => {
  expect(found({ membersUsed: 0.3 })).toEqual([]);
  expect(overdueFindings(state({ membersUsed: 0.6 }), undefined)[0]?.severity).toBe("warning");
  expect(overdueFindings(state({ membersUsed: 0.9 }), undefined)[0]?.severity).toBe("critical");
});

it("rows that were only inserted make no haste, rows that died do", () => {
  const only = { ...table, dead: 0, hasDead: false, inserted: 90_000_000, hasInserted: true };
  const severity = (one: postgres.OverdueTable) =>
    overdueFindings(state({ tables: [one] }), undefined).map((finding) => finding.severity);
  expect(severity(only)).toEqual(["info"]);
  expect(severity({ ...only, dead: 90_000_000, hasDead: true })).toEqual(["warning"]);
});
