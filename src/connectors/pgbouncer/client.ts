import { Socket } from "node:net";
import type pg from "pg";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { PostgresSession } from "../../lib/postgres-session.ts";
import { withinBytes } from "../byte-budget.ts";
import { toConsoleError } from "./errors.ts";

/** A row as the console writes it: every value is text, or null. Which columns there are depends on the version. */
export type ConsoleRow = Readonly<Record<string, string | null>>;

/** What the console shows. Nothing else is ever sent: no word of this list changes anything. */
export type Shown =
  | "POOLS"
  | "STATS_TOTALS"
  | "SERVERS"
  | "DATABASES"
  | "CONFIG"
  | "LISTS"
  | "DNS_HOSTS"
  | "STATE"
  | "VERSION";

export type Show = (what: Shown) => Promise<ConsoleRow[]>;

/** Hands on the admin console of one PgBouncer. A console session per use, ended after it. */
export interface PgbouncerClient {
  /** Throws DiagError. */
  use<T>(context: ActionContext, look: (show: Show) => Promise<T>): Promise<T>;
}

const CONNECT_MS = 3_000;
const QUERY_MS = 5_000;
/** SHOW SERVERS of a thousand servers is some 200 KB. */
const BUDGET = { bytes: 8 * 1_048_576, of: "PgBouncer" };
const asText = { getTypeParser: () => (value: string) => value };

/** Opens nothing. The console is the database `pgbouncer` on port 6432 where the URL names none. */
export function openPgbouncer(url: string): PgbouncerClient {
  const connectionString = consoleUrl(url);
  return {
    use: async (context, look) => {
      const session = sessionOf(connectionString);
      const end = () => void session.end().catch(() => {});
      const work = async () => {
        await session.connect();
        return withinBytes(socketOf(session), BUDGET, () => look(asking(session)));
      };
      try {
        return await within(work(), { signal: context.signal, late: () => lateness(context) });
      } catch (thrown) {
        socketOf(session)?.destroy();
        throw toConsoleError(thrown);
      } finally {
        end();
      }
    },
  };
}

/** The console speaks the simple protocol only: a text without values. */
const asking =
  (session: pg.Client): Show =>
  async (what) =>
    (await session.query<Record<string, string | null>>(`SHOW ${what}`)).rows;

function sessionOf(connectionString: string): pg.Client {
  try {
    return new PostgresSession({
      connectionString,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      application_name: "diagbot",
      types: asText as never,
    });
  } catch (thrown) {
    throw toConsoleError(thrown);
  }
}

/** The socket pg reads from; its types do not show it. */
function socketOf(session: pg.Client): Socket | undefined {
  const { connection } = session as unknown as { readonly connection?: { readonly stream?: unknown } };
  return connection?.stream instanceof Socket ? connection.stream : undefined;
}

const lateness = ({ signal, timeoutMs }: ActionContext): DiagError =>
  signal.reason instanceof DOMException && signal.reason.name === "TimeoutError"
    ? new DiagError("timeout", `PgBouncer: the console did not answer within ${Math.round(timeoutMs)} ms`, {
        detail: "startup",
      })
    : new DiagError("aborted", "PgBouncer: the step was stopped");

/** Pure. Exported for its test. */
export function consoleUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.pathname === "" || parsed.pathname === "/") parsed.pathname = "/pgbouncer";
  if (parsed.port === "" && parsed.hostname !== "") parsed.port = "6432";
  return parsed.href;
}
