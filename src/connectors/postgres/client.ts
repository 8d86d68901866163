import { Socket } from "node:net";
import pg from "pg";
import type { ActionContext, WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { PostgresSession } from "../../lib/postgres-session.ts";
import { withinBytes } from "../byte-budget.ts";
import { encrypts } from "../postgres-url.ts";
import { type Alone, alone } from "./alone.ts";
import { type Dialled, dial } from "./dial.ts";
import { type Asked, type TimeoutStage, timeoutAt, toPostgresError } from "./errors.ts";
import { inOtherDatabase, isDatabaseFull } from "./other-database.ts";
import { explain } from "./plan-session.ts";
import { MAX_SESSIONS, type SessionPool, sessionPool } from "./sessions-pool.ts";

/** One statement with bind parameters; rows as objects. Times are cast to text and sizes to numbers by the statement. */
export type Sql = <Row>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** Values as the server writes them, with the type (oid) of each column. */
export interface RawRows {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Hands on one Postgres. Sessions are made at first use, at most three, and end 30 s after the last use. */
export interface PostgresClient {
  /**
   * Runs `look` in a READ ONLY transaction with statement_timeout and a lock_timeout of 1 s, so that looking at a sick
   * server can neither change it nor join its queues. Throws DiagError.
   */
  read<T>(context: ActionContext, look: (sql: Sql) => Promise<T>): Promise<T>;
  /** As `read`, for what is the same in every database: where the URL's own is at its CONNECTION LIMIT, from another one. */
  readAnywhere<T>(context: ActionContext, look: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * The first rows of a query that somebody else wrote, with the role's own search_path. The text is the body of a cursor,
   * parsed alone: the server refuses all but one SELECT, VALUES or TABLE. READ ONLY and rolled back. Throws DiagError.
   */
  select(context: ActionContext, query: string, most: number): Promise<RawRows>;
  /** The generic plan of a statement, which does not run; see `plan-session.ts`. Throws DiagError. */
  explain(
    context: ActionContext,
    budgetMs: number,
    of: { readonly path: string; readonly statement: string },
  ): Promise<unknown>;
  /** One statement in a transaction of its own whose statement_timeout is `budgetMs`: after it nothing can happen any more. */
  act<Row>(
    context: ActionContext,
    budgetMs: number,
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]>;
  /** One statement that cannot stand in a transaction, in a session of its own; see `alone.ts`. Throws DiagError. */
  alone(context: WriteContext, what: Alone): Promise<void>;
  /** A session from scratch, stage by stage, each stage timed. Throws the DiagError of the stage that failed. */
  dial(context: ActionContext): Promise<Dialled>;
  close(): Promise<void>;
}

const CONNECT_MS = 3_000;
/** Steps ask for at most hundreds of rows of cut text: some 100 KB. */
const BUDGET = { bytes: 8 * 1_048_576, of: "Postgres" };

/** bigint and numeric here are counters, sizes and ratios: far below 2^53. */
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === 20 || oid === 1700 ? Number : pg.types.getTypeParser(oid, format as "text"),
};

/** Opens nothing yet. `applicationName` is how the bot's own sessions are recognised and spared. */
export function openPostgres(connectionString: string, applicationName = "diagbot"): PostgresClient {
  const config: pg.PoolConfig = {
    connectionString,
    max: MAX_SESSIONS,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    keepAlive: true,
    application_name: applicationName,
    types: types as never,
    Client: PostgresSession,
  };
  const pool = new pg.Pool(config);
  // An idle session that breaks is replaced at the next use; without a listener it would end the process.
  pool.on("error", () => {});
  const asked: Asked = { tls: URL.canParse(connectionString) && encrypts(new URL(connectionString)) };
  const sessions = sessionPool(pool, asked);
  const lend = lender(sessions, asked);
  const read: PostgresClient["read"] = (context, look) => lend(context, looking(context, look));
  return {
    read,
    readAnywhere: (context, look) =>
      read(context, look).catch((thrown: unknown) => {
        if (!isDatabaseFull(thrown)) throw thrown;
        return inOtherDatabase(config, asked, context, looking(context, look));
      }),
    select: (context, query, most) => lend(context, (session) => select(session, context, query, most)),
    explain: (context, budgetMs, of) =>
      lend(context, (session) => explain(session, { timeoutMs: budgetMs }, of)),
    act: <Row>(context: ActionContext, budgetMs: number, text: string, values: readonly unknown[]) =>
      lend(context, async (session) => {
        await session.query(begin("BEGIN", budgetMs));
        const rows = await bound(session)<Row>(text, values);
        await session.query("COMMIT");
        return rows;
      }),
    alone: (context, what) => sessions.beside(() => alone(config, asked, context, what)),
    dial: (context) => sessions.beside(() => dial(config, asked, context)),
    close: () => pool.end(),
  };
}

/** Text in ISO forms, whatever the role's settings are. */
const PLAIN =
  "SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'";
/** Nothing an author's query did outside of tables stays: settings, notifications, and locks of the session. */
const UNDONE = "ROLLBACK; SELECT pg_advisory_unlock_all()";
const asText = { getTypeParser: () => (text: string) => text };

async function select(
  session: pg.PoolClient,
  { timeoutMs }: ActionContext,
  query: string,
  most: number,
): Promise<RawRows> {
  const ms = whole(Math.max(100, timeoutMs - 500));
  await session.query(
    `BEGIN READ ONLY; SET LOCAL statement_timeout = ${ms}; SET LOCAL lock_timeout = 1000; ${PLAIN}`,
  );
  // The extended protocol takes one statement only; a cursor takes only a query, and none that writes.
  const declare = `DECLARE diagbot_check NO SCROLL CURSOR WITHOUT HOLD FOR ${query}`;
  await session.query({ text: declare, queryMode: "extended" } as pg.QueryConfig);
  const { fields, rows } = await session.query({
    text: `FETCH FORWARD ${Math.floor(most)} FROM diagbot_check`,
    rowMode: "array",
    types: asText,
  } as unknown as pg.QueryArrayConfig);
  await session.query(UNDONE);
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows };
}

const whole = (ms: number) => Math.max(1, Math.floor(ms));

// SET LOCAL rather than startup parameters: PgBouncer refuses those. Nothing but pg_catalog is found without its schema.
const begin = (how: string, ms: number) =>
  `${how}; SET LOCAL statement_timeout = ${whole(ms)}; SET LOCAL lock_timeout = 1000; SET LOCAL search_path = pg_catalog`;

/** In a transaction that can neither change anything nor wait for long. */
const looking =
  <T>({ timeoutMs }: ActionContext, look: (sql: Sql) => Promise<T>) =>
  async (session: pg.ClientBase): Promise<T> => {
    await session.query(begin("BEGIN READ ONLY", Math.max(100, timeoutMs - 500)));
    const value = await look(bound(session));
    await session.query("COMMIT");
    return value;
  };

const bound =
  (session: pg.ClientBase): Sql =>
  async <Row>(text: string, values: readonly unknown[] = []) =>
    (await session.query(text, [...values])).rows as Row[];

type Lend = <T>(context: ActionContext, use: (session: pg.PoolClient) => Promise<T>) => Promise<T>;

/** Lends a session; one that timed out or broke is not given back. */
function lender({ acquire, release }: SessionPool, asked: Asked): Lend {
  return async (context, use) => {
    const session = await orAborted(context, "startup", acquire(), (late) => release(late, true));
    let isSound = false;
    try {
      const value = await orAborted(
        context,
        "query",
        withinBytes(socketOf(session), BUDGET, () => use(session)),
      );
      isSound = true;
      return value;
    } catch (thrown) {
      isSound = isStatementError(thrown) && (await isRolledBack(session));
      throw toPostgresError(isAfterwards(thrown) ? (brokenBy(session) ?? thrown) : thrown, asked);
    } finally {
      release(session, isSound);
    }
  };
}

/** The socket pg reads from; its types do not show it. */
function socketOf(session: pg.PoolClient): Socket | undefined {
  const { connection } = session as unknown as { readonly connection?: { readonly stream?: unknown } };
  return connection?.stream instanceof Socket ? connection.stream : undefined;
}

// Class 57 (but 57014) and 08 end the session. A sound one is kept: on a full server we might not get another.
const isStatementError = (thrown: unknown): boolean =>
  thrown instanceof pg.DatabaseError && !/^(57P|08)/.test(thrown.code ?? "57P");

const isAfterwards = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.message.includes("is not queryable");

const brokenBy = (session: pg.PoolClient): unknown =>
  session instanceof PostgresSession ? session.brokenBy : undefined;

const isRolledBack = (session: pg.PoolClient): Promise<boolean> =>
  session.query({ text: UNDONE, query_timeout: 1_000 } as pg.QueryConfig).then(
    () => true,
    () => false,
  );

/**
 * Ends the wait at the step's deadline or cancel. The server ends the statement by its own statement_timeout. `drop` gets what
 * comes too late.
 */
async function orAborted<T>(
  { signal, timeoutMs }: ActionContext,
  stage: TimeoutStage,
  work: Promise<T>,
  drop: (late: T) => void = () => {},
): Promise<T> {
  return within(work, {
    signal,
    late: () => {
      work.then(drop, () => {});
      return signal.reason instanceof DOMException && signal.reason.name === "TimeoutError"
        ? timeoutAt(stage, timeoutMs)
        : new DiagError("aborted", "Postgres: the step was stopped");
    },
  });
}
