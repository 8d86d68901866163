import { count, sayBytes } from "../../../core/words/format.ts";
import type { Sql } from "../client.ts";
import { isLazyVacuum } from "../horizon.ts";

/** What is known of one table before anything is done to it. */
export interface TableFacts {
  readonly oid: string;
  /** Quoted by the server. */
  readonly name: string;
  /** `r` ordinary, `m` materialised view, `p` partitioned, … (pg_class.relkind). */
  readonly kind: string;
  readonly isTemporary: boolean;
  readonly isCatalog: boolean;
  readonly inRecovery: boolean;
  /** Of the table itself, as of the last vacuum or analyze. */
  readonly bytes: number;
  /** What a vacuum has to read: pages that are not all visible, and all indexes. */
  readonly vacuumBytes: number;
  readonly rows: number;
  readonly dead: number;
  /** Vacuums by hand that ended. */
  readonly vacuums: number;
  readonly vacuumedSeconds: number | null;
  /** Owner of it or of the database, or MAINTAIN (PG 17). */
  readonly mayMaintain: boolean;
  /** Owner of it, with CREATE on its schema. */
  readonly mayIndex: boolean;
  /** A vacuum is at it, whoever began it. */
  readonly isVacuumed: boolean;
}

/** MAINTAIN is no privilege before PG 17, and asking for it there is an error. */
const MAINTAIN = (table: string) => `CASE WHEN current_setting('server_version_num')::int >= 170000
    THEN has_table_privilege(${table}.oid, 'MAINTAIN') ELSE false END`;
const OWNS = (table: string) => `pg_has_role(current_user, ${table}.relowner, 'USAGE')`;

/** Whether the bot's role may vacuum and reindex; `table` is a row of pg_class. */
export const mayMaintain = (table: string): string => `(${OWNS(table)} OR ${MAINTAIN(table)}
    OR (SELECT pg_has_role(current_user, d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = current_database()))`;
export const owns = OWNS;

const BLOCK = "current_setting('block_size')::int";

/** Only a name with its schema is looked for: nothing is on the path. */
const FACTS = `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind,
    c.relpersistence = 't' AS "isTemporary", n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast') AS "isCatalog",
    pg_is_in_recovery() AS "inRecovery", c.relpages::float8 * ${BLOCK} AS bytes,
    (greatest(0, c.relpages - c.relallvisible) + coalesce((SELECT sum(x.relpages) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = c.oid), 0))::float8 * ${BLOCK} AS "vacuumBytes",
    greatest(c.reltuples, 0)::float8 AS rows, coalesce(s.n_dead_tup, 0)::float8 AS dead, coalesce(s.vacuum_count, 0)::float8 AS vacuums,
    extract(epoch FROM clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::float8 AS "vacuumedSeconds",
    ${mayMaintain("c")} AS "mayMaintain", ${owns("c")} AND has_schema_privilege(n.oid, 'CREATE') AS "mayIndex",
    EXISTS (SELECT FROM pg_stat_progress_vacuum p WHERE p.relid = c.oid AND p.datname = current_database()) AS "isVacuumed"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
  WHERE format('%I.%I', n.nspname, c.relname) = $1`;

/** By its name as the server quotes it, with its schema; undefined: there is none. */
export const tableFacts = async (sql: Sql, name: string): Promise<TableFacts | undefined> =>
  (await sql<TableFacts>(FACTS, [name]))[0];

/** Older than this, a transaction is not waited for. */
export const OLD_SECONDS = 10;

/**
 * Transactions that are old already and that building an index would have to wait for: whoever holds a lock on the table, and,
 * with `snapshots`, whoever may still see what the table was. What others do is hidden from a role without pg_monitor; then the
 * time for locks ends the wait.
 */
export async function olderThan(sql: Sql, table: string, snapshots: boolean): Promise<string | undefined> {
  const found = await sql<{ pid: number; application: string; user: string; seconds: number }>(
    `SELECT a.pid, left(a.application_name, 60) AS application, coalesce(a.usename, '') AS user,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - make_interval(secs => $2)
       AND a.backend_type <> 'autovacuum worker'
       AND (EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.relation = $1::text::oid
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
         OR ($3 AND a.backend_xmin IS NOT NULL AND NOT ${isLazyVacuum("a.pid")}))
     ORDER BY a.xact_start LIMIT 5`,
    [table, OLD_SECONDS, snapshots],
  );
  const [first] = found;
  if (first !== undefined)
    return `session ${first.pid} (${first.application || "no name"}, role ${first.user}) has a transaction open for ${Math.round(first.seconds)} s${found.length > 1 ? `, and ${count(found.length - 1, "other")}` : ""}: it would have to wait for that; pg-locks shows and ends them`;
  const [prepared] = await sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_locks l WHERE l.pid IS NULL AND l.locktype = 'relation' AND l.relation = $1::text::oid
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())`,
    [table],
  );
  return (prepared?.n ?? 0) === 0
    ? undefined
    : "a prepared transaction holds a lock on the table, and nobody knows when it ends: pg-locks names it";
}

/** Why this is no table that anything is done to from here; undefined: it is one. */
export function unfit(facts: TableFacts, what: string): string | undefined {
  const { name, kind, isTemporary, isCatalog, inRecovery } = facts;
  if (inRecovery) return `this is a standby: ${what} is for its primary`;
  if (kind === "p") return `${name} is partitioned: it is done partition by partition`;
  if (!["r", "m"].includes(kind) || isTemporary) return `${name} is not an ordinary table`;
  if (isCatalog && what !== "VACUUM") return `${name} belongs to the system catalog`;
  return undefined;
}

/** What is read within a write's minute, with room to spare on slow storage: about 20 MiB a second, twice over. */
export const MOST_BYTES = 1024 ** 3;

/** Why it would take longer than a step may. */
export const tooLarge = (bytes: number, what: string, statement: string): string | undefined =>
  bytes <= MOST_BYTES
    ? undefined
    : `${what} is ${sayBytes(bytes)} by the last vacuum or analyze: that takes longer than the minute a step has, and from here nothing longer is done. In psql, alone, in a quiet hour: ${statement}`;
