import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MysqlClient, Sql } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { figure, known, numberIn, textIn } from "../values.ts";
import { Session, sessionsWhere } from "./session-row.ts";
import { shown } from "./state.ts";

const { read } = actionsOn<MysqlClient>("mysql");

const Client = z.object({
  user: z.string(),
  host: z.string(),
  database: z.string(),
  total: z.int(),
  asleep: z.int(),
  running: z.int(),
  /** Of the running: those that wait for a lock of any kind. */
  waiting: z.int(),
  /** Asleep for longer than asked. */
  idle: z.int(),
  longestAsleepSeconds: z.number(),
});
export type ClientSessions = z.infer<typeof Client>;

const Usage = z.object({
  /** Sessions now, diagbot's own among them; null: the server does not say. */
  used: known,
  max: known,
  running: known,
  /** The most there were since the server began. */
  mostUsed: known,
  /** Of one account; 0: no limit; those of single accounts are not looked at. */
  maxPerUser: known,
  /** Since the server began: logins turned down because all were taken, and connections that never became a login. */
  turnedAway: known,
  abortedLogins: known,
  uptimeSeconds: known,
  /** Connections that are still logging in. */
  loggingIn: z.int(),
  /** Who holds them, most first, at most 30; empty with `notSeen`: they are hidden. */
  clients: z.array(Client).max(30),
  /** Asleep for longer than asked, in no transaction, longest first: at most 100 of `idleTotal`. */
  idle: z.array(Session).max(100),
  idleTotal: z.int(),
  /** Memory the buffers of one session may take, in bytes; null: not said. */
  sessionBytes: known,
  openFilesLimit: known,
  notSeen,
});
export type ConnectionUsage = z.infer<typeof Usage>;

const STATUS = [
  ...["Threads_connected", "Threads_running", "Max_used_connections", "Aborted_connects", "Uptime"],
  "Connection_errors_max_connections",
];
const BUFFERS = [
  "sort_buffer_size",
  "join_buffer_size",
  "read_buffer_size",
  "read_rnd_buffer_size",
  "thread_stack",
];
const VARIABLES = ["max_connections", "max_user_connections", "open_files_limit", ...BUFFERS];

/** The client without its port. */
const HOST = `IF(p.HOST LIKE '%:%', LEFT(p.HOST, LENGTH(p.HOST) - LENGTH(SUBSTRING_INDEX(p.HOST, ':', -1)) - 1), p.HOST)`;
const OF_CLIENTS = `p.COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID', 'Connect', 'Slave_IO', 'Slave_SQL', 'Slave_worker')
  AND p.USER NOT IN ('system user', 'event_scheduler', 'unauthenticated user')`;

/**
 * Sessions against max_connections, and who holds them by user, client and database. Needs PROCESS for others' sessions:
 * INNODB_TRX refuses without it, where the list of processes is silently cut down to diagbot's own. Guides: pool exhausted.
 */
export const connectionUsage = read({
  name: "mysql.connection-usage",
  title: "Sessions against max_connections, and who holds them",
  input: z.object({
    /** A session counts as idle when it has been asleep for so long. */
    idleSeconds: z.number().min(0).max(6_000_000).default(600),
  }),
  output: Usage,
  run: (client, { idleSeconds }, context) =>
    client.read(context, async (sql, here) => {
      const status = await shown(sql, "STATUS", STATUS);
      const variables = await shown(sql, "VARIABLES", VARIABLES);
      const unseen: NotSeen[] = [];
      const idle = await orUnseen("sessions of others", unseen, () =>
        sessionsWhere(sql, here, {
          where: `p.COMMAND = 'Sleep' AND p.TIME >= ? AND t.trx_id IS NULL`,
          values: [idleSeconds],
        }),
      );
      const clients = idle === undefined ? [] : await clientsOf(sql, here.self, idleSeconds);
      const sizes = BUFFERS.map((name) => figure(variables, name));
      return {
        used: figure(status, "Threads_connected"),
        max: figure(variables, "max_connections"),
        running: figure(status, "Threads_running"),
        mostUsed: figure(status, "Max_used_connections"),
        maxPerUser: figure(variables, "max_user_connections"),
        turnedAway: figure(status, "Connection_errors_max_connections"),
        abortedLogins: figure(status, "Aborted_connects"),
        uptimeSeconds: figure(status, "Uptime"),
        loggingIn: await loggingIn(sql),
        clients,
        idle: idle ?? [],
        idleTotal: clients.reduce((sum, one) => sum + one.idle, 0),
        sessionBytes: sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
        openFilesLimit: figure(variables, "open_files_limit"),
        ...told(unseen),
      };
    }),
});

async function clientsOf(sql: Sql, self: number, idleSeconds: number): Promise<ClientSessions[]> {
  const rows = await sql(
    `SELECT p.USER AS user, ${HOST} AS host, COALESCE(p.DB, '') AS db, COUNT(*) AS total,
       SUM(p.COMMAND = 'Sleep') AS asleep, SUM(p.COMMAND <> 'Sleep') AS running,
       SUM(p.COMMAND <> 'Sleep' AND (p.STATE LIKE 'Waiting for%lock%' OR p.STATE = 'User lock')) AS waiting,
       SUM(p.COMMAND = 'Sleep' AND p.TIME >= ?) AS idle, MAX(IF(p.COMMAND = 'Sleep', p.TIME, 0)) AS longest
     FROM information_schema.PROCESSLIST p WHERE p.ID <> ? AND ${OF_CLIENTS}
     GROUP BY 1, 2, 3 ORDER BY total DESC, 1, 2, 3 LIMIT 30`,
    [idleSeconds, self],
  );
  const count = (value: number | null) => value ?? 0;
  return rows.map((row) => ({
    user: textIn(row, "user", 100),
    host: textIn(row, "host", 100),
    database: textIn(row, "db", 100),
    total: count(numberIn(row, "total")),
    asleep: count(numberIn(row, "asleep")),
    running: count(numberIn(row, "running")),
    waiting: count(numberIn(row, "waiting")),
    idle: count(numberIn(row, "idle")),
    longestAsleepSeconds: count(numberIn(row, "longest")),
  }));
}

async function loggingIn(sql: Sql): Promise<number> {
  const [row] = await sql(
    "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST p WHERE p.USER = 'unauthenticated user'",
  );
  return numberIn(row, "n") ?? 0;
}
