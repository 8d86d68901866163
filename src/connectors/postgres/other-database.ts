import type pg from "pg";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { PostgresSession } from "../../lib/postgres-session.ts";
import { type Asked, timeoutAt, toPostgresError } from "./errors.ts";

const CONNECT_MS = 3_000;
/** Every server has it, unless somebody dropped it. */
const OTHER = "postgres";

/** Whether the login failed at the CONNECTION LIMIT of the URL's database: the server itself has room (PG source, CheckMyDatabase). */
export const isDatabaseFull = (thrown: unknown): boolean =>
  thrown instanceof DiagError && thrown.detail === "53300" && thrown.said?.routine === "CheckMyDatabase";

/**
 * A session in another database of the same server, ended afterwards: for what is true of the whole server (who is connected) where
 * the URL's own database lets nobody in. Throws DiagError.
 */
export async function inOtherDatabase<T>(
  config: pg.PoolConfig,
  asked: Asked,
  { signal, timeoutMs }: ActionContext,
  use: (session: pg.ClientBase) => Promise<T>,
): Promise<T> {
  const url = new URL(config.connectionString ?? "");
  url.pathname = `/${OTHER}`;
  const session = new PostgresSession({
    ...config,
    connectionString: url.href,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: timeoutMs,
  });
  try {
    const work = session.connect().then(() => use(session));
    return await within(work, { signal, late: () => timeoutAt("query", timeoutMs) });
  } catch (thrown) {
    throw toPostgresError(thrown, asked);
  } finally {
    await session.end().catch(() => {});
  }
}
