import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Redundant = z.object({
  index: z.string(),
  table: z.string(),
  bytes: z.number(),
  /** The one that serves in its place. */
  by: z.string(),
  /** True: the same in all; false: the other begins with its columns. */
  isSame: z.boolean(),
  /** What takes it away. */
  statement: z.string(),
});
export type RedundantIndex = z.infer<typeof Redundant>;

const Unused = z.object({
  index: z.string(),
  table: z.string(),
  bytes: z.number(),
  /** Rows written to its table since the counters began: each may have had to be written to the index, too. */
  writes: z.number(),
  statement: z.string(),
});
export type UnusedIndex = z.infer<typeof Unused>;

const Use = z.object({
  redundant: z.array(Redundant).max(20),
  /** Never read since the counters of this database began; null: they are too young to say so. */
  unused: z.array(Unused).max(20).nullable(),
  /** Since when is counted at most, in seconds; null: not known. */
  countedSeconds: z.number().nullable(),
  /** Servers that follow this one: what reads there is counted there only. */
  standbys: z.int(),
  inRecovery: z.boolean(),
  notSeen,
});
export type IndexUse = z.infer<typeof Use>;

/**
 * Indexes that only cost: the same as another one, the beginning of another one, or never read. Left out are those that keep
 * a promise (unique, primary key, constraint, replica identity) and those of partitions that belong to an index of the whole
 * table; of a partitioned one all parts count together. Sizes as of the last vacuum or analyze.
 */
export const indexUse = read({
  name: "postgres.index-use",
  title: "Indexes that are doubled or never read",
  input: z.object({
    /** Smaller ones are left out. */
    minimumBytes: z.number().min(0).max(1e15).default(1_048_576),
    /**
     * Counted for less long than this, not read says nothing: a report may run once a week or a month. So long the index must be
     * there, too, as far as its age can be told: by the share of all transactions that came after it.
     */
    minimumDays: z.number().min(0).max(365).default(14),
  }),
  output: Use,
  run: (client, { minimumBytes, minimumDays }, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<Own>(OWN);
      if (own === undefined) throw new Error("a SELECT without FROM returns one row");
      const seconds = minimumDays * 86_400;
      const isYoung = own.countedSeconds !== null && own.countedSeconds < seconds;
      const least = isYoung || own.countedSeconds === null ? 0 : Math.min(1, seconds / own.countedSeconds);
      const unused = await sql<UnusedIndex>(UNUSED, [minimumBytes, least]);
      return {
        ...own,
        redundant: await sql<RedundantIndex>(REDUNDANT, [minimumBytes]),
        unused: isYoung ? null : unused,
        notSeen: isYoung && unused.length > 0 ? [young(own, unused.length, minimumDays)] : [],
      };
    }),
});

type Own = Pick<IndexUse, "countedSeconds" | "standbys" | "inRecovery">;

const young = ({ countedSeconds }: Own, n: number, days: number): NotSeen => ({
  what: `whether ${n} ${n === 1 ? "index that was" : "indexes that were"} not read lately ${n === 1 ? "is" : "are"} used at all`,
  why: `what is read is counted for ${((countedSeconds ?? 0) / 86_400).toFixed(1)} days only (the server is no older, or its counters were reset, by hand or by a crash)`,
  fix: `look again when ${days} days are counted`,
});

/**
 * What was never reset by hand began with the cluster, or with the last crash, which takes all counters (PG 15: and says so of
 * those of the whole server only). The oldest of those is as old as any counter can be.
 */
const OWN = `SELECT extract(epoch FROM clock_timestamp() - coalesce(
      (SELECT d.stats_reset FROM pg_stat_database d WHERE d.datname = current_database()),
      (SELECT min(r.at) FROM (SELECT stats_reset AS at FROM pg_stat_bgwriter UNION ALL SELECT stats_reset FROM pg_stat_archiver) r)
    ))::float8 AS "countedSeconds",
    (SELECT count(*)::int FROM pg_stat_replication) AS standbys, pg_is_in_recovery() AS "inRecovery"`;

const BYTES = "x.relpages::float8 * current_setting('block_size')::int";
const DROP =
  "format(CASE WHEN x.relkind = 'I' THEN 'DROP INDEX %I.%I' ELSE 'DROP INDEX CONCURRENTLY %I.%I' END, n.nspname, x.relname)";

/** All that can be dropped alone or stand for another; `kept`: it keeps a promise. */
const INDEXES = `SELECT x.oid, i.indrelid, x.relam, x.relkind, i.indkey::text AS key, i.indclass::text AS class,
    i.indcollation::text AS "collation", i.indoption::text AS "option", pg_get_expr(i.indexprs, i.indrelid) AS expression,
    pg_get_expr(i.indpred, i.indrelid) AS predicate, i.indnkeyatts AS keys, i.indnatts AS columns, i.indisunique AS "unique", i.indimmediate AS immediate,
    coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false') AS nulls,
    i.indisprimary OR i.indisreplident OR i.indisclustered OR EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = x.oid) AS promised,
    format('%I.%I', n.nspname, x.relname) AS index, format('%I.%I', tn.nspname, t.relname) AS "table", ${BYTES} AS bytes, ${DROP} AS statement
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE i.indisvalid AND i.indisready AND NOT x.relispartition AND x.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`;

const ALIKE = `a.relam = b.relam AND a.oid <> b.oid AND a.predicate IS NOT DISTINCT FROM b.predicate
    AND a.expression IS NOT DISTINCT FROM b.expression`;
const start = (of: string, from: string) =>
  `(string_to_array(${from}.${of}, ' '))[1:a.keys] = (string_to_array(a.${of}, ' '))[1:a.keys]`;

// Of two that are the same, the one that keeps a promise stays, then the unique one, then the older one. One of a constraint that is
// deferrable does not stand for one that is unique at once: duplicates would pass until the end of the transaction.
const SAME = `i AS (${INDEXES}),
  same AS (
    SELECT a.*, b.index AS by, true AS "isSame" FROM i a JOIN i b ON b.indrelid = a.indrelid AND ${ALIKE}
      AND a.key = b.key AND a.class = b.class AND a."collation" = b."collation" AND a."option" = b."option" AND a.keys = b.keys
    WHERE NOT a.promised AND (NOT a."unique" OR (b."unique" AND a.nulls = b.nulls AND b.immediate >= a.immediate))
      AND (b.promised OR (b."unique" AND NOT a."unique") OR (a."unique" = b."unique" AND b.oid < a.oid)))`;

/** The index that is the same in all as $1 (its name as the server quotes it) and stays. */
export const TWIN = `WITH ${SAME} SELECT by FROM same WHERE index = $1 ORDER BY by LIMIT 1`;

const REDUNDANT = `WITH ${SAME},
  beginning AS (
    SELECT a.*, b.index AS by, false AS "isSame" FROM i a JOIN i b ON b.indrelid = a.indrelid AND ${ALIKE} AND a.keys < b.keys
      AND ${start("key", "b")} AND ${start("class", "b")} AND ${start("collation", "b")} AND ${start("option", "b")}
    WHERE NOT a.promised AND NOT a."unique" AND a.columns = a.keys AND a.expression IS NULL
      AND a.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND a.oid NOT IN (SELECT oid FROM same)
      AND b.oid NOT IN (SELECT oid FROM same))
  SELECT DISTINCT ON (bytes, index) index, "table", bytes, by, "isSame", statement
  FROM (SELECT * FROM same UNION ALL SELECT * FROM beginning) f WHERE bytes >= $1 ORDER BY bytes DESC, index, by LIMIT 20`;

/** Share of the cluster's transactions that came after the index was made: of one made just now next to none. */
const LIVED = `CASE WHEN age(x.xmin) BETWEEN 0 AND 2000000000
    THEN least(1, age(x.xmin)::float8 / greatest(1, txid_snapshot_xmax(txid_current_snapshot()))) ELSE 1 END`;

// Parts of a partitioned index are read for the whole of it.
const UNUSED = `WITH part AS (
    SELECT coalesce(CASE WHEN x.relispartition THEN pg_partition_root(x.oid)::oid END, x.oid) AS root, ${BYTES} AS bytes,
      ${LIVED} AS lived, s.idx_scan, coalesce(t.n_tup_ins + t.n_tup_upd + t.n_tup_del, 0)::float8 AS writes
    FROM pg_stat_user_indexes s JOIN pg_class x ON x.oid = s.indexrelid LEFT JOIN pg_stat_user_tables t ON t.relid = s.relid),
  sums AS (SELECT root, sum(bytes) AS bytes, sum(idx_scan) AS scans, sum(writes) AS writes, max(lived) AS lived FROM part GROUP BY 1)
  SELECT i.index, i."table", p.bytes, p.writes, i.statement FROM sums p JOIN (${INDEXES}) i ON i.oid = p.root
  WHERE p.scans = 0 AND p.writes > 0 AND p.bytes >= $1 AND p.lived >= $2 AND NOT i.promised AND NOT i."unique" ORDER BY p.bytes DESC, 1 LIMIT 20`;
