import type { ActionContext, WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import { withinBytes } from "../byte-budget.ts";
import { type Phase, stopped } from "../reach.ts";
import { type Asked, toMysqlError } from "./errors.ts";
import { openSession, type Progress, type Session } from "./session.ts";
import { sessionPool } from "./sessions-pool.ts";
import { type Address, addressOf } from "./settings.ts";
import type { Row } from "./values.ts";

/** One statement with `?` for values. Throws DiagError. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** What is known of the server and of the session that asks it. */
export interface Here {
  readonly flavour: "mysql" | "mariadb";
  readonly version: string;
  /** The session's own number: it is no finding. */
  readonly self: number;
}

/** Hands on one server. Sessions are made at first use, at most two, and end half a minute after the last use. */
export interface MysqlClient {
  readonly address: Address;
  /**
   * Runs `look` in a READ ONLY transaction; the server ends each statement at the time limit, too, and waits for no lock
   * longer than a second. Throws DiagError.
   */
  read<T>(context: ActionContext, look: (sql: Sql, here: Here) => Promise<T>): Promise<T>;
  /** One statement outside of a transaction, never sent with less than a second left. Throws DiagError. */
  act(context: WriteContext, text: string, values?: readonly unknown[]): Promise<void>;
  /** A session from scratch, and what its stages took. `use` gets it; it is ended. Throws DiagError. */
  dial<T>(
    context: ActionContext,
    use: (sql: Sql, took: Progress & { loginMs: number }) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

/** A login that takes longer is none. */
const CONNECT_MS = 4_000;
const MOST_LOOK_MS = 30_000;
/** Steps ask for at most hundreds of rows of cut text. */
const BUDGET = { bytes: 8 * 1_048_576, of: "MySQL" };

/** Opens nothing yet; the driver is loaded at first use. */
export function openMysql(url: string): MysqlClient {
  const address = addressOf(url);
  const { acquire, using, login, inTime, sqlOf, beside, close } = hands(address);
  return {
    address,
    read: async (context, look) => {
      const session = await acquire(context);
      return using(context, session, async () => {
        const sql = sqlOf(session);
        await limit(sql, session, Math.min(MOST_LOOK_MS, Math.max(100, context.timeoutMs - 500)));
        await sql("START TRANSACTION READ ONLY");
        const { flavour, version, id } = session;
        const value = await look(sql, { flavour, version, self: id });
        await sql("COMMIT");
        return value;
      });
    },
    act: async (context, text, values) => {
      if (context.remainingMs() < 1_000) throw refused("too little time is left");
      const session = await beforeEffect(() => acquire(context));
      await using(context, session, () => sqlOf(session)(text, values));
    },
    dial: (context, use) =>
      beside(async () => {
        const begun = performance.now();
        const progress: Progress = { dnsMs: null, tcpMs: null };
        const session = await inTime(context, login(progress), (one) => one.cut());
        try {
          const took = { ...progress, loginMs: performance.now() - begun - (progress.tcpMs ?? 0) };
          return await inTime(context, use(sqlOf(session), took));
        } finally {
          session.cut();
        }
      }),
    close: async () => close(),
  };
}

/** No session more than there are: of the server, or of the account. */
const FULL = new Set(["1040", "1203", "1226"]);

/** How sessions of one server are made, lent and given back. */
function hands(address: Address) {
  const target = address.socket ?? `${address.host}:${address.port}`;
  const asked: Asked = { target, tls: address.tls !== "DISABLED" };
  const told = (thrown: unknown): DiagError => toMysqlError(thrown, asked);
  /** Within the step's time, its errors told; `drop` gets what comes too late. */
  const inTime = <T>(
    { signal, timeoutMs }: ActionContext,
    work: Promise<T>,
    drop: (late: T) => void = () => {},
  ): Promise<T> => {
    const late = () => {
      work.then(drop, () => {});
      return stopped(signal, "answer", target, timeoutMs);
    };
    return within(work, { signal, late }).catch((thrown: unknown) => {
      throw told(thrown);
    });
  };

  /** Within the login's time; how far it came says which phase did not end. */
  async function login(progress: Progress = { dnsMs: null, tcpMs: null }): Promise<Session> {
    let cut = (): void => {};
    const late = () => {
      cut();
      const phase: Phase = progress.tcpMs === null && address.socket === undefined ? "tcp" : "answer";
      return stopped(AbortSignal.abort(new DOMException("", "TimeoutError")), phase, target, CONNECT_MS);
    };
    const opening = openSession(address, progress, (end) => {
      cut = end;
    });
    return within(opening, { ms: CONNECT_MS, late });
  }

  // Told at once: one error may be that of several who wait for the same session.
  const opened = () =>
    login().catch((thrown: unknown) => {
      throw told(thrown);
    });
  const pool = sessionPool(opened, (thrown) => thrown instanceof DiagError && FULL.has(thrown.detail ?? ""));

  const acquire = (context: ActionContext): Promise<Session> =>
    inTime(context, pool.acquire(), (late) => pool.release(late, false));

  /** A session that broke, or whose answer nobody waits for any more, is not used again. */
  async function using<T>(context: ActionContext, session: Session, use: () => Promise<T>): Promise<T> {
    let isSound = false;
    try {
      const value = await inTime(context, withinBytes(session.socket, BUDGET, use));
      isSound = true;
      return value;
    } catch (thrown) {
      const error = told(thrown);
      isSound = isOfStatement(error) && (await isRolledBack(session));
      throw error;
    } finally {
      pool.release(session, isSound);
    }
  }
  const sqlOf =
    (session: Session): Sql =>
    (text, values) =>
      session.ask(text, values).catch((thrown: unknown) => {
        throw told(thrown);
      });

  return { acquire, using, login, inTime, sqlOf, beside: pool.beside, close: () => pool.close() };
}

/** The server's own limit of a statement: MariaDB counts seconds, MySQL milliseconds of a SELECT, and 5.6 has none. */
async function limit(sql: Sql, { flavour }: Session, ms: number): Promise<void> {
  if (flavour === "mariadb") await sql(`SET SESSION max_statement_time = ${(ms / 1_000).toFixed(3)}`);
  else
    await sql(`SET SESSION max_execution_time = ${Math.floor(ms)}`).catch((thrown: unknown) => {
      if (!(thrown instanceof DiagError) || thrown.detail !== "1193") throw thrown;
    });
}

/** The session lives on after it: on a full server we might not get another. */
const isOfStatement = ({ code, detail = "" }: DiagError): boolean =>
  /^\d+$/.test(detail) && code !== "target_unreachable";

const isRolledBack = (session: Session): Promise<boolean> =>
  within(session.ask("ROLLBACK"), { ms: 1_000, late: () => new Error("late") }).then(
    () => true,
    () => false,
  );
