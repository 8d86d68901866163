import pg from "pg";
import { DiagError, toDiagError } from "../../core/words/errors.ts";
import { codeOf, messageOf } from "../../lib/thrown.ts";
import { isOnTheWay } from "../cause.ts";

/**
 * What the console answers a login or a SHOW with (PgBouncer, client.c and admin.c; it translates nothing), first match wins.
 * `detail` names the cause for `trouble.ts`.
 */
const SAID: readonly (readonly [RegExp, DiagError["code"], detail: string])[] = [
  [/not allowed|admin access needed/, "target_auth", "not-allowed"],
  [/no more connections allowed|too many (?:client )?connections/, "target_refused", "full"],
  [/shutting down/, "target_refused", "ending"],
  [/authentication failed|no such user|login rejected|wrong password|SASL/i, "target_auth", "password"],
  [/client_login_timeout|query_wait_timeout/, "timeout", "query"],
  [/no such database|database "?.{0,80}"? (?:does not exist|is disabled)/, "target_error", "no-console"],
  [/invalid command|unsupported|syntax error/, "target_error", "no-show"],
];
const NEEDS = /not enough data in|SSL required|SSL connection is required|server requires encryption/i;

/** Anything the driver throws as a DiagError. */
export function toConsoleError(thrown: unknown): DiagError {
  if (thrown instanceof DiagError) return thrown;
  // What the target does never throws these: they are bugs of ours and must not be read as its state.
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toDiagError(thrown);
  const message = messageOf(thrown);
  const make = (code: DiagError["code"], detail: string) =>
    new DiagError(code, `PgBouncer: ${message}`, { detail, cause: thrown });
  const known =
    thrown instanceof pg.DatabaseError ? SAID.find(([pattern]) => pattern.test(message)) : undefined;
  if (known !== undefined) return make(known[1], known[2]);
  if (thrown instanceof pg.DatabaseError && NEEDS.test(message))
    return make("target_unreachable", "wants-tls");
  if (/^(timeout e|Connection terminated due to connection timeout)/.test(message))
    return make("timeout", "startup");
  if (message.startsWith("Query read timeout")) return make("timeout", "query");
  if (message.startsWith("Connection terminated")) return make("target_unreachable", "closed");
  if (/password must be a string/.test(message)) return make("target_auth", "password");
  if (message.includes("does not support SSL")) return make("target_unreachable", "no-tls");
  const code = codeOf(thrown);
  if (isOnTheWay(code)) return make("target_unreachable", code);
  return make(code.startsWith("28") ? "target_auth" : "target_error", code);
}
