import { z } from "zod";
import type { Here, Sql } from "../client.ts";
import { MOST_STATEMENT, maskStatement } from "../mask.ts";
import { known, numberIn, type Row, textIn } from "../values.ts";

/** A session as (number, user, client): the number alone is given anew after a restart of the server. */
export const SessionId = z.object({
  id: z.int().positive(),
  user: z.string().max(200),
  /** With the client's port, where it came over the network. */
  host: z.string().max(300),
});
export type SessionId = z.infer<typeof SessionId>;

export const Session = SessionId.extend({
  database: z.string(),
  /** `Sleep`: it does nothing now. */
  command: z.string(),
  /** What the server says it does, e.g. `Waiting for table metadata lock`. */
  state: z.string(),
  /** Seconds in this state: of a session that sleeps since its last statement, else since the statement began. */
  seconds: z.number(),
  /** Masked; empty: it runs none. */
  statement: z.string(),
  /** The number of the statement (MariaDB); null: the product gives none. */
  queryId: known,
  /** When its transaction began, as the server writes it (its local time): an opaque word. Empty: it has none, or it is hidden. */
  transaction: z.string(),
  transactionSeconds: known,
  rowsModified: known,
  rowsLocked: known,
  /** Why diagbot leaves it alone whatever it does; null: it may be ended. */
  spared: z.string().nullable(),
});
export type Session = z.infer<typeof Session>;

/** Columns of `session`, of `p` (processlist); with `t` (innodb_trx) only where the user may see it. */
export const columns = ({ flavour }: Here, withTransactions: boolean): string =>
  [
    "p.ID AS id, p.USER AS user, p.HOST AS host, p.DB AS db, p.COMMAND AS command, p.STATE AS state, p.TIME AS seconds",
    `LEFT(p.INFO, ${MOST_STATEMENT}) AS statement`,
    flavour === "mariadb" ? "p.QUERY_ID AS queryId" : "NULL AS queryId",
    withTransactions
      ? `t.trx_started AS started, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS trxSeconds,
         t.trx_rows_modified AS modified, t.trx_rows_locked AS locked`
      : "NULL AS started, NULL AS trxSeconds, NULL AS modified, NULL AS locked",
  ].join(", ");

/** Sessions of clients by a condition over `p` and `t`. Without PROCESS this throws 1227. */
export const sessionsWhere = async (
  sql: Sql,
  here: Here,
  { where, values = [], order = "p.TIME DESC", most = 100 }: Wanted,
): Promise<Session[]> => {
  const rows = await sql(
    `SELECT ${columns(here, true)} FROM information_schema.PROCESSLIST p
     LEFT JOIN information_schema.INNODB_TRX t ON t.trx_mysql_thread_id = p.ID
     WHERE p.ID <> ? AND (${where}) ORDER BY ${order} LIMIT ${most}`,
    [here.self, ...values],
  );
  return rows.map(sessionOf);
};

interface Wanted {
  /** SQL of ours. */
  readonly where: string;
  readonly values?: readonly unknown[];
  readonly order?: string;
  readonly most?: number;
}

/** A row of `columns`. Pure. */
export function sessionOf(row: Row): Session {
  const statement = textIn(row, "statement", MOST_STATEMENT);
  const session = {
    id: numberIn(row, "id") ?? 0,
    user: textIn(row, "user", 200),
    host: textIn(row, "host", 300),
    database: textIn(row, "db", 200),
    command: textIn(row, "command", 60),
    state: textIn(row, "state", 100),
    seconds: Math.max(0, numberIn(row, "seconds") ?? 0),
    statement: maskStatement(statement),
    queryId: numberIn(row, "queryId"),
    transaction: textIn(row, "started", 60),
    transactionSeconds: numberIn(row, "trxSeconds"),
    rowsModified: numberIn(row, "modified"),
    rowsLocked: numberIn(row, "locked"),
  };
  return { ...session, spared: sparedBy(session, statement) };
}

const OWN =
  /^(?:system user|event_scheduler|unauthenticated user|mysql\.(?:session|sys|infoschema)|mariadb\.sys)$/;
const OF_REPLICATION =
  /^(?:Binlog Dump|Binlog Dump GTID|Slave_(?:IO|SQL|worker)|Daemon|Connect|Register Slave)$/;
/** What mysqldump and backup tools say, and names their accounts usually have. */
const BACKUP = /SQL_NO_CACHE \*\/|^\s*(?:FLUSH TABLES WITH READ LOCK|BACKUP |LOCK INSTANCE FOR BACKUP)/i;
const TOOL =
  /^(?:diagbot|.*backup.*|xtrabackup|mariabackup|mysqldump|.*repl(?:ica|ication|icator)?|orchestrator|proxysql.*|monitor|exporter)$/i;

function sparedBy({ user, command }: Pick<Session, "user" | "command">, statement: string): string | null {
  if (OWN.test(user)) return "it is the server's own";
  if (OF_REPLICATION.test(command)) return "it is of replication, or still logging in";
  if (BACKUP.test(statement)) return "it makes a backup";
  if (TOOL.test(user)) return `${user} is an account of backups, replication, monitoring or diagbot`;
  return null;
}

/** Statements that read or change rows: ending one loses its own work only. DDL, LOAD DATA and the like are left alone. */
export const isOrdinary = (statement: string): boolean =>
  /^[\s(]*(?:select|with|insert|replace|update|delete|values|table|execute|call)\b/i.test(statement);
