import pg from "pg";
import { DiagError } from "../core/words/errors.ts";
import { PostgresSession } from "../lib/postgres-session.ts";
import { messageOf } from "../lib/thrown.ts";
import { keepPlans } from "./plans.ts";

export type Pool = pg.Pool;
export type Client = pg.PoolClient;

// int8 (bigint) columns here are counters far below 2^53.
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === 20 ? Number : pg.types.getTypeParser(oid, format as "text"),
};

/** Connections to our own database. Bounded in time, so that a lost Postgres is an answer and not a hang. */
export function openPool(
  connectionString: string,
  options: { max?: number; applicationName?: string } = {},
): Pool {
  const pool = new pg.Pool({
    connectionString,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "diagbot",
    connectionTimeoutMillis: 2_000,
    query_timeout: 10_000,
    statement_timeout: 8_000,
    // Nothing but statements happens in our transactions: one that idles is a stopped process that holds everybody's locks.
    idle_in_transaction_session_timeout: 3_000,
    // What is sent without waiting for the answer before it costs no round trip of its own.
    pipeline: true,
    types: types as never,
    Client: PostgresSession,
  });
  // A connection that breaks fails its query or is replaced at the next use; unheard, the pool would end the process.
  pool.on("error", () => {});
  pool.on("connect", keepPlans);
  return pool;
}

/** Errors of the connection itself, as against errors of a statement. */
export function toStoreError(thrown: unknown): Error {
  if (thrown instanceof DiagError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const isOurBug =
    /^(22|23|42)/.test(code) || [TypeError, ReferenceError, RangeError].some((kind) => error instanceof kind);
  if (isOurBug || error.name === "ZodError") return error;
  const why = messageOf(error);
  // Class 08 and 57: connections broken, ended or not yet possible. Any other SQLSTATE is an answer.
  const isAnswer = /^[0-9A-Z]{5}$/.test(code) && !/^(08|57)/.test(code);
  return new DiagError(
    "store_unavailable",
    `diagbot's own database ${isAnswer ? "refused" : "does not answer"}`,
    {
      detail: code,
      hint: `check DATABASE_URL and that Postgres is up (${why.slice(0, 200)})`,
      cause: error,
    },
  );
}

/** The same calls; what they reject with tells a lost database (`store_unavailable`) from a bug. */
export const asStoreErrors = <T extends object>(calls: T): T =>
  Object.fromEntries(
    Object.entries(calls).map(([name, call]: [string, (...args: unknown[]) => Promise<unknown>]) => [
      name,
      (...args: unknown[]) =>
        call(...args).catch((thrown: unknown) => {
          throw toStoreError(thrown);
        }),
    ]),
  ) as T;
