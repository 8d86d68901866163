// Which tables autovacuum should be at, by the same sums as the server's own (relation_needs_vacanalyze in
// src/backend/postmaster/autovacuum.c): each table against its own trigger.

const option = (name: string) => `(o.opt ->> 'autovacuum_${name}')::float8`;
const setting = (name: string) => `current_setting('autovacuum_${name}')::float8`;
const own = (name: string) => `coalesce(${option(name)}, ${setting(name)})`;

/**
 * Tables of this database that are over a trigger of their own, worst first, at most 20. $1: fewer dead (or inserted) rows
 * are left out. A TOAST table without options of its own has those of its table. reltuples is -1 before the first vacuum.
 */
export function overdueTables(version: number): string {
  const hasInserts = version >= 130_000;
  // PG 18: a cap for big tables, and pages that are all frozen count for nothing.
  const trigger = `${own("vacuum_threshold")} + ${own("vacuum_scale_factor")} * o.rows`;
  const cap = own("vacuum_max_threshold");
  const capped =
    version >= 180_000 ? `CASE WHEN ${cap} >= 0 THEN least(${trigger}, ${cap}) ELSE ${trigger} END` : trigger;
  const unfrozen =
    version >= 180_000
      ? " * CASE WHEN o.relpages > 0 THEN 1 - least(o.frozen, o.relpages)::float8 / o.relpages ELSE 1 END"
      : "";
  const inserts = hasInserts
    ? `CASE WHEN ${own("vacuum_insert_threshold")} >= 0
        THEN ${own("vacuum_insert_threshold")} + ${own("vacuum_insert_scale_factor")} * o.rows${unfrozen} END`
    : "NULL::float8";
  return `WITH o AS (
      SELECT c.oid, greatest(c.reltuples, 0)::float8 AS rows, c.relpages, ${version >= 180_000 ? "c.relallfrozen" : "0"} AS frozen,
        CASE WHEN m.oid IS NULL THEN format('%I.%I', n.nspname, c.relname) ELSE format('%I.%I', mn.nspname, m.relname) END AS "table",
        m.oid IS NOT NULL AS "isToast", n.nspname IN ('pg_catalog', 'information_schema') AS "isCatalog",
        coalesce((SELECT jsonb_object_agg(p.option_name, p.option_value)
          FROM pg_options_to_table(coalesce(c.reloptions, m.reloptions)) p), '{}') AS opt,
        age(c.relfrozenxid)::float8 AS "transactions", mxid_age(c.relminmxid)::float8 AS "multixacts",
        (greatest(0, c.relpages - c.relallvisible) + coalesce((SELECT sum(x.relpages) FROM pg_index i
          JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), 0))::float8 * current_setting('block_size')::int AS bytes
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_class m ON c.relkind = 't' AND m.reltoastrelid = c.oid LEFT JOIN pg_namespace mn ON mn.oid = m.relnamespace
      WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't' AND c.relfrozenxid <> '0'::xid),
    t AS (
      SELECT o."table", o."isToast", o."isCatalog", o.rows, s.n_dead_tup::float8 AS dead, ${capped} AS trigger,
        ${hasInserts ? "s.n_ins_since_vacuum" : "NULL"}::float8 AS inserted, ${inserts} AS "insertTrigger",
        coalesce((o.opt ->> 'autovacuum_enabled')::bool, true) AS "isEnabled", o.bytes,
        extract(epoch FROM clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::float8 AS "vacuumedSeconds",
        o."transactions", least(${setting("freeze_max_age")}, ${option("freeze_max_age")}) AS "transactionsLimit",
        o."multixacts", least(${setting("multixact_freeze_max_age")}, ${option("multixact_freeze_max_age")}) AS "multixactsLimit",
        EXISTS (SELECT FROM pg_stat_progress_vacuum w WHERE w.relid = o.oid) AS "isAtWork"
      FROM o LEFT JOIN pg_stat_all_tables s ON s.relid = o.oid)
    SELECT * FROM (SELECT *, coalesce(dead >= $1 AND dead > trigger, false) AS "hasDead",
        coalesce(inserted >= $1 AND inserted > "insertTrigger", false) AS "hasInserted",
        "transactions" > "transactionsLimit" OR "multixacts" > "multixactsLimit" AS "isOld" FROM t) j
    WHERE "hasDead" OR "hasInserted" OR "isOld"
    ORDER BY greatest(CASE WHEN "hasDead" THEN dead / greatest(trigger, 1) END, "transactions" / "transactionsLimit",
      "multixacts" / "multixactsLimit") DESC NULLS LAST, 1 LIMIT 20`;
}
