import { type Check, type Condition, ROWS } from "../../words/check.ts";
import { canonical } from "../../words/json.ts";
import type { Cell, Reading } from "../../words/reading.ts";

type Rule = Check["findings"][number];
/** One row as conditions see it: absent values are undefined. */
export type Row = (column: string) => Cell | undefined;

/** The earlier reading that `changed` compares with; undefined: there is none, so nothing is known. */
export interface Judged {
  readonly reading: Reading;
  readonly before: Reading | undefined;
  readonly key: readonly string[];
}

/** A rule that is broken, with the rows that break it. */
export interface Match {
  readonly rule: Rule;
  readonly rows: readonly Row[];
}

/** The rows of a reading; without any there is one in which everything is absent. */
export function rowsOf(reading: Reading): Row[] {
  const at = new Map(reading.columns.map(({ name }, index) => [name, index]));
  const total = reading.rows.length + (reading.more ? 1 : 0);
  const row =
    (cells: readonly Cell[]): Row =>
    (column) => {
      if (column === ROWS && !at.has(ROWS)) return total;
      return cells[at.get(column) ?? -1] ?? undefined;
    };
  return reading.rows.length === 0 ? [row([])] : reading.rows.map(row);
}

/**
 * Which rules are broken, in their order. Of rules about the same columns a row counts for the gravest it breaks only: 95 %
 * is critical, not critical and a warning. `unknown`: a `changed` had nothing to compare with.
 */
export function judge(rules: readonly Rule[], judged: Judged): { matches: Match[]; unknown: boolean } {
  const rows = rowsOf(judged.reading);
  let unknown = false;
  const taken = new Map<string, Set<number>>();
  const found = new Map<Rule, Row[]>();
  for (const rule of rules.toSorted(gravestFirst)) {
    const group = Object.keys(rule.when).toSorted().join(" ");
    const gone = taken.get(group) ?? new Set<number>();
    taken.set(group, gone);
    for (const [index, row] of rows.entries()) {
      if (gone.has(index)) continue;
      const holds = allHold(rule, row, index, judged);
      unknown ||= holds === undefined;
      if (holds !== true) continue;
      gone.add(index);
      found.set(rule, [...(found.get(rule) ?? []), row]);
    }
  }
  const matches = rules.flatMap((rule) => {
    const mine = found.get(rule);
    return mine === undefined ? [] : [{ rule, rows: mine }];
  });
  return { matches, unknown };
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;
const gravestFirst = (a: Rule, b: Rule): number => RANK[a.severity] - RANK[b.severity];

/** Undefined: nothing denies it, and something of it is not known. */
function allHold({ when }: Rule, row: Row, index: number, judged: Judged): boolean | undefined {
  let known = true;
  for (const [column, condition] of Object.entries(when)) {
    const holds = doesHold(condition, row(column), () => hasChanged(column, row, index, judged));
    if (holds === false) return false;
    if (holds === undefined) known = false;
  }
  return known ? true : undefined;
}

type Limits = { readonly [K in keyof Omit<Condition, "changed">]-?: NonNullable<Condition[K]> };

/** What each limit asks of a value; `absent` is about whether there is one at all, and the others never hold of none. */
const HOLDS: { readonly [K in keyof Limits]: (value: Cell, limit: Limits[K]) => boolean } = {
  absent: (value, limit) => limit === (value === null),
  above: (value, limit) => typeof value === "number" && value > limit,
  below: (value, limit) => typeof value === "number" && value < limit,
  equals: (value, limit) => value !== null && String(value) === String(limit),
  not: (value, limit) => value !== null && String(value) !== String(limit),
  contains: (value, limit) => typeof value === "string" && value.includes(limit),
  lacks: (value, limit) => typeof value === "string" && !value.includes(limit),
};
const LIMITS = Object.keys(HOLDS) as readonly (keyof Limits)[];

const keeps = <K extends keyof Limits>(name: K, value: Cell, limit: Limits[K] | undefined): boolean =>
  limit === undefined || HOLDS[name](value, limit);

/** Whether one condition holds of one value; undefined where `changed` has nothing to compare with. */
export function doesHold(
  condition: Condition,
  value: Cell | undefined,
  hasChanged: () => boolean | undefined,
): boolean | undefined {
  if (!LIMITS.every((name) => keeps(name, value ?? null, condition[name]))) return false;
  if (condition.changed === undefined) return true;
  const has = hasChanged();
  return has === undefined ? undefined : has === condition.changed;
}

/** Rows are told apart by the check's key, else by their place. A row that was not there before has changed. */
function hasChanged(column: string, row: Row, index: number, { before, key }: Judged): boolean | undefined {
  if (before === undefined) return undefined;
  const earlier = rowsOf(before);
  const same = (other: Row) => key.every((name) => (other(name) ?? null) === (row(name) ?? null));
  const counterpart = column === ROWS ? earlier[0] : key.length === 0 ? earlier[index] : earlier.find(same);
  return canonical(counterpart?.(column) ?? null) !== canonical(row(column) ?? null);
}
