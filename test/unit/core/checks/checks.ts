import { type Check, CheckSchema } from "../../../../src/core/words/check.ts";
import type { Cell, Reading } from "../../../../src/core/words/reading.ts";
import type { AnySeen, Before, RunContext } from "../../../../src/core/words/runbook.ts";
import { Thresholds } from "../../../../src/core/words/system.ts";

/** A check that asks SQL, with these findings. */
export const checkOf = (findings: readonly object[], more: object = {}): Check =>
  CheckSchema.parse({ id: "orders", title: "Orders", sql: "SELECT 1", findings, ...more });

/** Rows of these columns. */
export const reading = (columns: readonly string[], ...rows: readonly (readonly Cell[])[]): Reading => ({
  columns: columns.map((name) => ({ name })),
  rows: rows.map((row) => [...row]),
  more: false,
});

export const seenAs = (value: Reading, step = "reading"): AnySeen => ({ [step]: { ok: true, value } });

export const contextWith = (before?: Before): RunContext => ({
  params: {},
  thresholds: Thresholds.parse({}),
  system: { id: "shop", connections: [{ name: "db", kind: "postgres" }], contacts: [] },
  now: new Date(0),
  ...(before === undefined ? {} : { before }),
});
