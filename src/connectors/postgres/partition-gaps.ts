import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Gap = z.object({
  /** The one that lacks it. */
  partition: z.string(),
  /** The partitioned table. */
  root: z.string(),
  /** As of the last vacuum or analyze. */
  rows: z.number(),
  bytes: z.number(),
  /** What the index is on, as the server writes it: `kind, lower(mail)`. */
  columns: z.string(),
  /** How many partitions have it, of how many. */
  having: z.int(),
  of: z.int(),
  /** One of those. */
  like: z.string(),
  /** Builds it; to be run alone, outside a transaction. */
  statement: z.string(),
});
export type PartitionGap = z.infer<typeof Gap>;

/**
 * A partition that lacks an index nearly all of its siblings have, and has none that begins with the same columns: one of them, or
 * a tenth where there are many. Only indexes of the partitions themselves: one of the whole table is valid only once each has it.
 * More that lack it are a choice (old partitions that nobody reads any more).
 */
export const partitionGaps = read({
  name: "postgres.partition-gaps",
  title: "Partitions without an index of their siblings",
  input: z.object({ minimumBytes: z.number().min(0).max(1e15).default(1_048_576) }),
  output: z.object({ gaps: z.array(Gap).max(20) }),
  run: (client, { minimumBytes }, context) =>
    client.read(context, async (sql) => ({ gaps: await sql<PartitionGap>(GAPS, [minimumBytes]) })),
});

const GAPS = `WITH leaf AS (
    SELECT h.inhparent AS parent, c.oid, n.nspname, c.relname, greatest(c.reltuples, 0)::float8 AS rows,
      c.relpages::float8 * current_setting('block_size')::int AS bytes
    FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent AND p.relkind = 'p'
    JOIN pg_class c ON c.oid = h.inhrelid AND c.relkind = 'r' JOIN pg_namespace n ON n.oid = c.relnamespace),
  idx AS (
    SELECT l.parent, l.oid AS leaf, i.indexrelid, m.amname AS method, i.indisunique AS "unique", i.indclass::text AS class,
      i.indoption::text AS option, coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
      ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnkeyatts) k) AS columns,
      EXISTS (SELECT FROM pg_inherits a WHERE a.inhrelid = i.indexrelid) AS attached,
      -- What follows the name of the table, as it is in its definition.
      substr(pg_get_indexdef(i.indexrelid), length(format('CREATE %sINDEX %I ON %I.%I ',
        CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, l.nspname, l.relname)) + 1) AS rest
    FROM leaf l JOIN pg_index i ON i.indrelid = l.oid AND i.indisvalid
    JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam),
  kind AS (
    SELECT parent, method, "unique", class, option, predicate, columns, count(DISTINCT leaf)::int AS having,
      min(indexrelid::oid::int8)::oid AS example FROM idx GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING NOT bool_or(attached)),
  many AS (SELECT parent, count(*)::int AS n FROM leaf GROUP BY 1)
  SELECT format('%I.%I', l.nspname, l.relname) AS partition, format('%I.%I', rn.nspname, r.relname) AS root, l.rows, l.bytes,
    array_to_string(k.columns, ', ') AS columns, k.having, y.n AS of, format('%I.%I', en.nspname, e.relname) AS like,
    format('CREATE %sINDEX CONCURRENTLY ON %I.%I %s', CASE WHEN k."unique" THEN 'UNIQUE ' ELSE '' END, l.nspname, l.relname, d.rest)
      AS statement
  FROM kind k JOIN many y ON y.parent = k.parent JOIN leaf l ON l.parent = k.parent
  JOIN pg_class r ON r.oid = k.parent JOIN pg_namespace rn ON rn.oid = r.relnamespace
  JOIN pg_class e ON e.oid = k.example JOIN pg_namespace en ON en.oid = e.relnamespace JOIN idx d ON d.indexrelid = k.example
  WHERE y.n >= 3 AND k.having < y.n AND y.n - k.having <= greatest(1, y.n / 10) AND l.bytes >= $1
    AND NOT EXISTS (SELECT FROM idx o WHERE o.leaf = l.oid AND o.method = k.method AND o.predicate IN ('', k.predicate)
      AND o.columns[1:cardinality(k.columns)] = k.columns)
  ORDER BY l.bytes DESC, 1, 5 LIMIT 20`;
