import type { StepError } from "../../../core/words/outcome.ts";
import { AVAILABILITY } from "./availability.ts";
import { LOGIN } from "./login.ts";
import { RESOURCES } from "./resources.ts";
import { type Failure, type Rule, shows } from "./rule.ts";

export type { Failure } from "./rule.ts";

/** The one list, most specific first within each number. */
export const FAILURES: readonly Rule[] = [...LOGIN, ...RESOURCES, ...AVAILABILITY];

/** What an error means; undefined where it is of one statement, or the network's own causes say it better. Pure. */
export function failureOf(error: StepError): Failure | undefined {
  const found = FAILURES.find(([sign]) => shows(sign, error))?.[1];
  return found && { ...found, because: `${found.because} It says: ${error.message}` };
}
