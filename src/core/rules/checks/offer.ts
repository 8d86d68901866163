import type { Call } from "../../words/action.ts";
import type { Check } from "../../words/check.ts";
import type { Command } from "../../words/command.ts";
import { canonical, type Json } from "../../words/json.ts";
import type { Cell } from "../../words/reading.ts";
import type { AnyExecutable, AnySeen, RunContext } from "../../words/runbook.ts";
import { remedyParts } from "../commands/compile.ts";
import type { Row } from "./judge.ts";

/** A declared write that a finding of a check may offer. */
export interface Offer {
  readonly kind: string;
  readonly command: Command;
  /** SHA-256 of its declaration. */
  readonly declared: string;
}
/** The declared write of `<connection>.<command>`; undefined: there is none. */
export type Offers = (run: string) => Offer | undefined;

/** Rows it is offered for at once. */
export const MOST_OFFERED = 10;
const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

type Remedy = NonNullable<Check["findings"][number]["remedy"]>;

/** `scripts.resume-queue` in its two parts. */
export function partsOf(run: string): { readonly connection: string; readonly name: string } {
  const dot = run.indexOf(".");
  return { connection: run.slice(0, dot), name: run.slice(dot + 1) };
}

/** The values of one row, or undefined where a column holds none. */
function valuesOf(params: Remedy["params"], row: Row): Record<string, string | number> | undefined {
  const found: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(params)) {
    const filled = typeof value === "number" ? value : fillCell(value, row);
    if (filled === undefined) return undefined;
    found[name] = filled;
  }
  return found;
}

function fillCell(text: string, row: Row): string | number | undefined {
  let isWhole = true;
  const filled = text.replace(PLACEHOLDER, (_all, column: string) => {
    const cell: Cell | undefined = row(column);
    isWhole &&= cell !== undefined && cell !== null;
    return String(cell);
  });
  return isWhole ? filled : undefined;
}

/** The calls for these rows, each once. */
function callsFor({ run, params }: Remedy, { kind, declared }: Offer, rows: readonly Row[]): Call[] {
  const { connection, name } = partsOf(run);
  const made = new Map<string, Call>();
  for (const row of rows) {
    const values = valuesOf(params, row);
    if (values === undefined) continue;
    const input: Json = { command: name, params: values, declared };
    made.set(canonical(input), { action: `${kind}.run`, on: connection, input });
  }
  return [...made.values()].slice(0, MOST_OFFERED);
}

/** What a check knows that its remedy needs. */
export interface OfCheck {
  /** Rows that break the rule, out of what was seen; undefined: it could not look. */
  rowsOf(seen: AnySeen, context: RunContext): readonly Row[] | undefined;
  /** Asks the check's own question again. */
  ask(): Readonly<Record<string, Call>>;
}

/**
 * A finding's declared write as a remedy: planned once for each row. It has helped where the check, asked again, would not plan the
 * same any more, besides what the command itself promises. Pure.
 */
export function offered(remedy: Remedy, offer: Offer, { rowsOf, ask }: OfCheck): AnyExecutable {
  const { within, ...parts } = remedyParts(offer.command);
  return {
    ...parts,
    do: (seen, context) => callsFor(remedy, offer, rowsOf(seen, context) ?? []),
    verify: {
      within,
      check: ask,
      holds: (after, done, context) => {
        const rows = rowsOf(after, context);
        if (rows === undefined) return false;
        const still = callsFor(remedy, offer, rows).map(({ input }) => canonical(input));
        return !done.some(({ input }) => still.includes(canonical(input)));
      },
    },
    source: [remedy, offer.declared],
  };
}
