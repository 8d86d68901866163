import type pg from "pg";
import type { WriteContext } from "../../core/words/action.ts";
import { within } from "../../lib/deadline.ts";
import { PostgresSession } from "../../lib/postgres-session.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { type Asked, timeoutAt, toPostgresError } from "./errors.ts";

const CONNECT_MS = 3_000;
/** What the server needs to end a statement whose time is over, and to say so. */
const MARGIN_MS = 500;
const LEAST_MS = 1_000;

/** A statement that cannot stand in a transaction: VACUUM, and what is built or dropped CONCURRENTLY. */
export interface Alone {
  readonly statement: string;
  /** It gives up where it waits for one lock, or for one older transaction, for longer. */
  readonly lockMs: number;
  /** Kept of the write's time for what comes after it. */
  readonly reserveMs: number;
  /** Settings of its session. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Sends one statement in a session of its own, outside of any transaction. The server ends it by itself before the time of the
 * write is over, and within about a second of the end of its client (PG 14), so nothing of it outlives the step. Behind a pooler it
 * is refused: there settings and statement may come to different sessions. Throws DiagError; `target_refused`: nothing was sent,
 * or the server turned it down with 42501 before it began.
 */
export async function alone(
  config: pg.ClientConfig,
  asked: Asked,
  context: WriteContext,
  { statement, lockMs, reserveMs, settings = {} }: Alone,
): Promise<void> {
  const left = () => context.remainingMs() - reserveMs - MARGIN_MS;
  const session = await beforeEffect(() => opened(config, asked, context, left()));
  try {
    const ms = Math.floor(left());
    if (ms < LEAST_MS) throw refused("too little time is left for it");
    await beforeEffect(() =>
      asDiag(asked, () =>
        prepare(session, {
          ...settings,
          statement_timeout: String(ms),
          lock_timeout: String(Math.min(lockMs, ms)),
          search_path: "pg_catalog",
        }),
      ),
    );
    await asDiag(asked, () =>
      within(session.query({ text: statement, query_timeout: ms + MARGIN_MS } as pg.QueryConfig), {
        signal: context.signal,
        late: () => timeoutAt("query", ms),
      }),
    );
  } finally {
    // An answer that does not come must not be waited for: closing the socket ends the statement, too.
    void session.end().catch(() => {});
  }
}

async function asDiag<T>(asked: Asked, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toPostgresError(thrown, asked);
  }
}

async function opened(config: pg.ClientConfig, asked: Asked, context: WriteContext, leftMs: number) {
  if (leftMs < LEAST_MS) throw refused("too little time is left for it");
  return asDiag(asked, async () => {
    const session = new PostgresSession({ ...config, connectionTimeoutMillis: CONNECT_MS });
    try {
      await within(session.connect(), { signal: context.signal, late: () => timeoutAt("startup", leftMs) });
      return session;
    } catch (thrown) {
      void session.end().catch(() => {});
      throw thrown;
    }
  });
}

const QUICK = { query_timeout: 3_000 };

/** The key that the server gave with the login names its process: behind a pooler it is the pooler's own. */
async function prepare(session: pg.Client, settings: Readonly<Record<string, string>>): Promise<void> {
  const { processID } = session as unknown as { readonly processID?: number | null };
  const { rows } = await session.query({
    ...QUICK,
    text: "SELECT pg_backend_pid() AS pid",
  } as pg.QueryConfig);
  if (rows[0]?.pid !== processID)
    throw refused(
      "between diagbot and the server stands a pooler, and such a statement needs a session of its own: give the connection the server's own address",
    );
  for (const [name, value] of Object.entries(settings))
    await session.query({
      ...QUICK,
      text: "SELECT pg_catalog.set_config($1, $2, false)",
      values: [name, value],
    } as pg.QueryConfig);
  // PG 14, where the system can tell. Without it the statement ends at its own time.
  await session
    .query({
      ...QUICK,
      text: "SELECT set_config(name, '1s', false) FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval'",
    } as pg.QueryConfig)
    .catch(() => {});
}
