import { ERRORS, type ErrorCode, toDiagError } from "../core/words/errors.ts";

/**
 * The level of a failure's line: `warn` where something outside is away or a lease was given up, which passes by itself and
 * is shown by health and metrics; `error` where somebody has to mend diagbot. `code`: what a foreign error means here.
 */
export function levelOf(thrown: unknown, code?: ErrorCode): "warn" | "error" {
  const known = toDiagError(thrown, code).code;
  return ERRORS[known].kind === "unavailable" || known === "aborted" ? "warn" : "error";
}
