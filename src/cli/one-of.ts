import { DiagError } from "../core/words/errors.ts";
import { closest } from "../lib/closest.ts";

/** Throws with "did you mean", or with what there is. */
export function mustBeOneOf(
  code: "unknown_runbook" | "unknown_system" | "unknown_remedy" | "usage",
  what: string,
  typed: string,
  known: readonly string[],
): void {
  if (known.includes(typed)) return;
  const near = closest(typed, known);
  const there = known.length === 0 ? "there is none" : `there is: ${known.join(", ")}`;
  throw new DiagError(code, `there is no ${what} "${typed}"`, {
    hint: near === undefined ? there : `did you mean "${near}"?`,
  });
}
