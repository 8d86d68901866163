import pg from "pg";
import { DiagError, toDiagError } from "../../core/words/errors.ts";
import { codeOf, messageOf } from "../../lib/thrown.ts";
import { isOnTheWay } from "../cause.ts";

/** SQLSTATE of a login that was turned down before anything could be done (Postgres manual, appendix A). */
const REFUSED = new Set(["53300", "57P03", "3D000"]);

/** Where the time went: `tcp` no connection, `startup` connected but the server said nothing, `query` logged in but no result. */
export type TimeoutStage = "tcp" | "startup" | "query";

/** The error of a stage that took too long; `detail` names the stage. */
export const timeoutAt = (stage: TimeoutStage, ms: number): DiagError =>
  new DiagError("timeout", `Postgres: ${TIMEOUT_WORDS[stage]} within ${Math.round(ms)} ms`, {
    detail: stage,
  });

const TIMEOUT_WORDS: Readonly<Record<TimeoutStage, string>> = {
  tcp: "no TCP connection",
  startup: "the connection was accepted but the server did not answer",
  query: "logged in, but no result",
};

/** What is known of the session besides what the server says. */
export interface Asked {
  /** Whether it was to be encrypted. */
  readonly tls: boolean;
}

/**
 * Anything the driver throws as a DiagError; `detail` is the SQLSTATE, the errno or the stage of a timeout, `said` what the
 * server said with it: a code alone is one of several causes, and only `routine` is never translated.
 */
export function toPostgresError(thrown: unknown, asked?: Asked): DiagError {
  if (thrown instanceof DiagError) return thrown;
  // What the target does never throws these: they are bugs of ours and must not be read as its state.
  if (thrown instanceof TypeError || thrown instanceof RangeError) return toDiagError(thrown);
  const message = messageOf(thrown);
  const code = codeOf(thrown);
  const make = (kind: DiagError["code"], detail: string, hint?: string) =>
    new DiagError(kind, `Postgres: ${message}`, {
      detail,
      cause: thrown,
      said: saidBy(thrown, asked),
      ...(hint === undefined ? {} : { hint }),
    });
  if (/^(timeout expired|timeout exceeded|Connection terminated due to connection timeout)/.test(message))
    return make("timeout", "startup");
  if (message.startsWith("Query read timeout")) return make("timeout", "query");
  if (message.startsWith("Connection terminated")) return make("target_unreachable", "closed");
  if (message.includes("client password must be a string")) return make("target_auth", "no-password");
  if (message.includes("does not support SSL")) return make("target_unreachable", "no-tls");
  if (isOnTheWay(code)) return make("target_unreachable", code);
  if (code.startsWith("28")) return make("target_auth", code);
  if (REFUSED.has(code)) return make("target_refused", code);
  if (code === "57014") return make("timeout", code);
  if (code === "42501")
    return make("target_error", code, "grant the bot's role pg_monitor and pg_signal_backend");
  return make("target_error", code);
}

/** Fields of the server's answer that tell causes apart (Postgres manual, "Error and Notice Message Fields"). */
const FIELDS = ["detail", "hint", "routine", "schema", "table", "constraint"] as const;
/** Classes whose DETAIL holds values of rows. */
const OF_ROWS = /^2[23]/;

function saidBy(thrown: unknown, asked: Asked | undefined): Record<string, string> {
  const tls: Record<string, string> = asked === undefined ? {} : { tls: asked.tls ? "yes" : "no" };
  if (!(thrown instanceof pg.DatabaseError)) return tls;
  const isOfRows = OF_ROWS.test(thrown.code ?? "");
  const fields = FIELDS.flatMap((name): [string, string][] => {
    const value = thrown[name];
    return value === undefined || value === "" || (isOfRows && name === "detail") ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(fields), ...tls };
}
