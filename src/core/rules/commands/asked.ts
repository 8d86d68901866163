import { type Condition, ROWS } from "../../words/check.ts";
import type { Command, CommandCall, Values } from "../../words/command.ts";
import { clip } from "../../words/format.ts";
import { canonical } from "../../words/json.ts";
import type { Cells, Reading } from "../../words/reading.ts";
import { doesHold, rowsOf } from "../checks/judge.ts";
import { namesIn } from "./templates.ts";

/** A question as it is declared: to which command, with what, about which row. */
export interface Question {
  readonly ask: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly where: Readonly<Record<string, string | number>>;
}

const BEFORE = "before.";
/** The column of `{before.column}`; undefined: it names a parameter. */
export const beforeColumn = (name: string): string | undefined =>
  name.startsWith(BEFORE) ? name.slice(BEFORE.length) : undefined;

/**
 * Fillings of a declaration with the values of the command they belong to, and with what its probe saw before. Undefined where
 * that holds no value.
 */
export function filled(
  fillings: Readonly<Record<string, string | number>>,
  values: Values,
  before: Cells = {},
): Record<string, string | number> | undefined {
  const result: Record<string, string | number> = {};
  for (const [name, filling] of Object.entries(fillings)) {
    const value = typeof filling === "string" ? fillOne(filling, values, before) : filling;
    if (value === undefined) return undefined;
    result[name] = value;
  }
  return result;
}

function fillOne(text: string, values: Values, before: Cells): string | undefined {
  let known = true;
  const whole = text.replace(/\{([^{}]*)\}/g, (_all, name: string) => {
    const column = beforeColumn(name);
    const value = column === undefined ? values[name]?.text : before[column];
    known &&= value !== undefined && value !== null;
    return String(value);
  });
  return known ? whole : undefined;
}

/** The call of a question: parameters that it does not give are the command's own of the same name. */
export function callOf(
  { ask, params }: Pick<Question, "ask" | "params">,
  asked: Pick<Command, "params">,
  raw: CommandCall["params"],
  values: Values,
  before?: Cells,
): CommandCall | undefined {
  const own = Object.fromEntries(Object.entries(raw).filter(([name]) => name in asked.params));
  const given = filled(params, values, before);
  return given === undefined ? undefined : { command: ask, params: { ...own, ...given } };
}

/** The row of an answer that counts: the first that is as `where` says. Without one everything is absent. */
export function rowOf(reading: Reading, where: Readonly<Record<string, string | number>>): Cells {
  const rows = rowsOf(reading);
  const row = rows.find((one) =>
    Object.entries(where).every(([column, wanted]) => String(one(column) ?? "") === String(wanted)),
  );
  const names = reading.columns.map(({ name }) => name);
  const cells = names.map((name) => [name, row?.(name) ?? null] as const);
  return { [ROWS]: rows[0]?.(ROWS) ?? 0, ...Object.fromEntries(cells) };
}

/** What of a condition may hold parameters. */
export const FILLED = ["equals", "not", "contains", "lacks"] as const;

/** Conditions with their parameters filled in. */
export const conditionsOf = (
  when: Readonly<Record<string, Condition>>,
  values: Values,
): Record<string, Condition> =>
  Object.fromEntries(
    Object.entries(when).map(([column, condition]) => [
      column,
      {
        ...condition,
        ...Object.fromEntries(
          FILLED.flatMap((key) => {
            const text = condition[key];
            return typeof text === "string" ? [[key, String(fillOne(text, values, {}) ?? text)]] : [];
          }),
        ),
      },
    ]),
  );

/** Whether all hold of the row; undefined where `changed` has nothing to compare with. */
export function hold(
  when: Readonly<Record<string, Condition>>,
  row: Cells,
  before?: Cells,
): boolean | undefined {
  const all = Object.entries(when).map(([column, condition]) =>
    doesHold(condition, row[column], () =>
      before === undefined ? undefined : canonical(before[column] ?? null) !== canonical(row[column] ?? null),
    ),
  );
  if (all.includes(false)) return false;
  return all.includes(undefined) ? undefined : true;
}

/** Columns whose change voids an approval. */
export const witnessColumns = ({ probe, undo }: Pick<Command, "probe" | "undo">): string[] => {
  const back =
    undo !== undefined && "command" in undo
      ? Object.values(undo.params).flatMap((value) =>
          namesIn(String(value)).flatMap((name) => beforeColumn(name) ?? []),
        )
      : [];
  return [...new Set([...(probe?.witness ?? Object.keys(probe?.when ?? {})), ...back])];
};

/** `state open, waiting 12`. */
export const sayCells = (cells: Cells, columns: readonly string[]): string =>
  columns.map((name) => `${name} ${clip(String(cells[name] ?? "–"), 60)}`).join(", ");
