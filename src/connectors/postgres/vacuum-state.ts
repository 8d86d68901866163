import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { hiddenFrom, seesAllOf } from "./backend.ts";
import type { PostgresClient, Sql } from "./client.ts";
import { overdueTables } from "./vacuum-tables.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Table = z.object({
  table: z.string(),
  /** It is the TOAST table of `table`. */
  isToast: z.boolean(),
  isCatalog: z.boolean(),
  /** As of the last vacuum or analyze. */
  rows: z.number(),
  /** Dead rows as counted; null: nothing is counted. */
  dead: z.number().nullable(),
  /** At so many dead rows autovacuum comes to this table: its own threshold plus its own share of its rows. */
  trigger: z.number(),
  inserted: z.number().nullable(),
  /** The same by inserted rows (PG 13); null: there is none. */
  insertTrigger: z.number().nullable(),
  /** False: autovacuum_enabled is off for it. Vacuum against wraparound comes all the same. */
  isEnabled: z.boolean(),
  /** Since the last vacuum that ended, by hand or not; null: never, or not since the counters were reset. */
  vacuumedSeconds: z.number().nullable(),
  /** Transactions and multixacts since it was frozen, and where vacuum against wraparound begins for this table. */
  transactions: z.number(),
  transactionsLimit: z.number(),
  multixacts: z.number(),
  multixactsLimit: z.number(),
  /** Over the trigger by dead rows, by inserted rows, by age. */
  hasDead: z.boolean(),
  hasInserted: z.boolean(),
  isOld: z.boolean(),
  /** A vacuum is at it now. */
  isAtWork: z.boolean(),
  /** What a vacuum has to read: pages that are not all visible, and all indexes. Absent in recordings from before. */
  bytes: z.number().optional(),
});
export type OverdueTable = z.infer<typeof Table>;

const Worker = z.object({
  pid: z.int(),
  database: z.string(),
  /** Empty: in another database, whose names are not known here, or not begun with a table yet. */
  table: z.string(),
  isAutovacuum: z.boolean(),
  /** Begun because numbers run out: it is not cancelled for a lock that others want. */
  isForWraparound: z.boolean(),
  phase: z.string(),
  /** Share of the table's pages that is read; null: not known. */
  done: z.number().nullable(),
  seconds: z.number().nullable(),
});
export type VacuumWorker = z.infer<typeof Worker>;

const State = z.object({
  /** The one that was looked into. */
  database: z.string(),
  autovacuum: z.boolean(),
  /** Off: nothing is counted, so autovacuum never sees a dead row. */
  trackCounts: z.boolean(),
  maxWorkers: z.int(),
  naptimeSeconds: z.number(),
  /** A standby: vacuum works, and is counted, on its primary only. */
  inRecovery: z.boolean().default(false),
  /** Since the counters of this database were reset; null: never. */
  countedSeconds: z.number().nullable(),
  tables: z.array(Table).max(20),
  /** Vacuums under way in all databases, longest first, at most 20; null: hidden from the bot's role. */
  workers: z.array(Worker).nullable(),
  /** Share of the room for members of multixacts that is used, from the files there are; null: not looked at. */
  membersUsed: z.number().nullable(),
  notSeen,
});
export type VacuumState = z.infer<typeof State>;

/**
 * Where autovacuum is behind: each table of this database against its own trigger (the options of the table before the
 * settings of the server), what vacuums are at work, and whether autovacuum works at all. Postgres manual, "The Autovacuum
 * Daemon". tektra.db-maintenance ("tables needing vacuum").
 */
export const vacuumState = read({
  name: "postgres.vacuum-state",
  title: "Tables that wait for autovacuum",
  timeoutSeconds: 15,
  input: z.object({
    /** Tables with fewer dead rows are left out: their vacuum is a matter of milliseconds. */
    minimumRows: z.int().min(0).max(1_000_000_000).default(10_000),
  }),
  output: State,
  run: (client, { minimumRows }, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<Own>(OWN);
      if (own === undefined) throw new Error("a SELECT without FROM returns one row");
      const { version, mayList: _, multixacts: __, ...settings } = own;
      const seesAll = await seesAllOf(sql);
      const members = await membersWhere(sql, own);
      return {
        ...settings,
        tables: own.inRecovery ? [] : await sql<OverdueTable>(overdueTables(version), [minimumRows]),
        workers: seesAll ? await sql<VacuumWorker>(WORKERS) : null,
        membersUsed: members ?? null,
        notSeen: [
          ...hiddenFrom(seesAll),
          ...(members === undefined ? [MEMBERS] : []),
          ...(own.inRecovery ? [STANDBY] : early(own)),
        ],
      };
    }),
});

interface Own
  extends Pick<VacuumState, "database" | "autovacuum" | "trackCounts" | "maxWorkers" | "naptimeSeconds"> {
  version: number;
  countedSeconds: number | null;
  inRecovery: boolean;
  mayList: boolean;
  multixacts: number;
}

const OWN = `SELECT current_setting('server_version_num')::int AS version, current_database() AS database, current_setting('autovacuum')::bool AS autovacuum,
    current_setting('track_counts')::bool AS "trackCounts", current_setting('autovacuum_max_workers')::int AS "maxWorkers",
    pg_is_in_recovery() AS "inRecovery", extract(epoch FROM current_setting('autovacuum_naptime')::interval)::float8 AS "naptimeSeconds",
    (SELECT extract(epoch FROM clock_timestamp() - d.stats_reset)::float8 FROM pg_stat_database d
      WHERE d.datname = current_database()) AS "countedSeconds",
    has_function_privilege('pg_ls_dir(text)', 'EXECUTE') AS "mayList",
    (SELECT max(mxid_age(datminmxid))::float8 FROM pg_database) AS multixacts`;

/** A multixact has as many members as transactions share a row: with fewer multixacts than this their room is not near its end. */
const FEW_MULTIXACTS = 1_000_000;
/** Of 8 KiB pages: 32 in a file, 409 groups of 4 members in a page (src/backend/access/transam/multixact.c). */
const MEMBERS_IN_FILE = 32 * 409 * 4;

/** Null: they are not near their end; undefined: nobody may look. */
async function membersWhere(sql: Sql, { multixacts, mayList }: Own): Promise<number | null | undefined> {
  if (multixacts < FEW_MULTIXACTS) return null;
  return mayList ? await membersOf(sql) : undefined;
}

async function membersOf(sql: Sql): Promise<number> {
  const [row] = await sql<{ files: number }>(
    "SELECT count(*)::float8 AS files FROM pg_ls_dir('pg_multixact/members')",
  );
  return Math.min(1, ((row?.files ?? 0) * MEMBERS_IN_FILE) / 2 ** 32);
}

const STANDBY: NotSeen = {
  what: "whether vacuum keeps up",
  why: "this is a standby: vacuum works, and is counted, on its primary only",
  fix: "run pg-vacuum on the connection of the primary",
};

const MEMBERS: NotSeen = {
  what: "how much room the members of multixacts take",
  why: "the server says it only to who may list its files, and the bot's role may not",
  fix: "GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO the bot's role (names of files, no contents), or look at the size of pg_multixact/members in the data folder: at 20 GB it is full",
};

/** A crash, too, sets the counters back to nothing (PG 15 and later say when). */
const early = ({ countedSeconds }: Own): NotSeen[] =>
  countedSeconds === null || countedSeconds > 3_600
    ? []
    : [
        {
          what: "rows that died before the counters were reset",
          why: `the counters of this database were reset ${Math.round(countedSeconds / 60)} min ago (by hand or by a crash), and autovacuum itself knows of none from before either`,
          fix: "VACUUM (ANALYZE) the tables that change much",
        },
      ];

const WORKERS = `SELECT a.pid, coalesce(a.datname, '') AS database,
    coalesce((SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = p.relid AND p.datname = current_database()), '') AS "table",
    coalesce(a.backend_type = 'autovacuum worker', false) AS "isAutovacuum",
    coalesce(a.query ~ '\\(to prevent wraparound\\)$', false) AS "isForWraparound", coalesce(p.phase, '') AS phase,
    (p.heap_blks_scanned::float8 / nullif(p.heap_blks_total, 0))::float8 AS done,
    extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
  FROM pg_stat_activity a LEFT JOIN pg_stat_progress_vacuum p ON p.pid = a.pid
  WHERE a.backend_type = 'autovacuum worker' OR p.pid IS NOT NULL ORDER BY seconds DESC NULLS LAST, 1 LIMIT 20`;
