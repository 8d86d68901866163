import type { Call } from "../../words/action.ts";
import type { Check } from "../../words/check.ts";
import type { Offer } from "../../words/command.ts";
import type { Cell } from "../../words/reading.ts";
import type { AnyExecutable, AnySeen, RunContext } from "../../words/runbook.ts";
import { callsOf, isSettled, MOST_OFFERED, remedyParts } from "../commands/offer.ts";
import type { Row } from "./judge.ts";

const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

type Remedy = NonNullable<Check["findings"][number]["remedy"]>;

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
function callsFor({ run, params }: Remedy, offer: Offer, rows: readonly Row[]): readonly Call[] {
  return callsOf(
    run,
    offer,
    rows.map((row) => valuesOf(params, row)).filter((one) => one !== undefined),
  );
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
    do: (seen, context) => callsFor(remedy, offer, rowsOf(seen, context) ?? []).slice(0, MOST_OFFERED),
    verify: {
      within,
      check: ask,
      holds: (after, done, context) => {
        const rows = rowsOf(after, context);
        return rows !== undefined && isSettled(done, callsFor(remedy, offer, rows));
      },
    },
    source: [remedy, offer.declared],
  };
}
