// How many pages a table or a B-tree of so many rows of such a width would need, by the planner's statistics. The method is that of
// check_postgres and pgsql-bloat-estimation. Two sums: `about`, and `most`, with the padding that the order of the columns may cost
// on top, so that what lies above `most` is at least what could be saved.

const BLOCK = "current_setting('block_size')::int";
const PAGE_HEAD = 24;
const BTREE_TAIL = 16;
/** Of the head of a row, without the bitmap of its nulls. */
const ROW_HEAD = 23;
const LINE_POINTER = 4;

const aligned = (bytes: string) => `(ceil((${bytes}) / 8.0) * 8)`;

/** What a value may need of padding before it, by the alignment of its type. */
const PAD = "CASE a.attalign WHEN 'd' THEN 7 WHEN 'i' THEN 3 WHEN 's' THEN 1 ELSE 0 END";

/** Statistics of a column are hidden from a role that may not read the column: then nothing can be said. */
const WIDTHS = (
  of: string,
) => `sum((1 - s.null_frac) * s.avg_width) AS width, sum((1 - s.null_frac) * ${PAD}) AS pads,
    count(*) AS columns, count(s.attname) AS known, coalesce(max(s.null_frac), 0) AS nulls
  FROM pg_attribute a LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = ${of} AND s.attname = a.attname
    AND NOT s.inherited`;

const pages = (rows: string, row: string, room: string) =>
  `ceil(${rows} / greatest(1, floor(${room} / (${row}))))`;

const fill = (normal: number) =>
  `coalesce((SELECT p.option_value::int FROM pg_options_to_table(c.reloptions) p WHERE p.option_name = 'fillfactor'), ${normal})`;

const heapRow = (padding: string) =>
  `${LINE_POINTER} + ${aligned(`${ROW_HEAD} + CASE WHEN w.nulls > 0 THEN (7 + c.relnatts) / 8 ELSE 0 END`)} + ${aligned(`w.width + ${padding}`)}`;
const btreeRow = (padding: string) =>
  `${LINE_POINTER} + ${aligned(`CASE WHEN w.nulls > 0 THEN 8 + 4 ELSE 8 END`)} + ${aligned(`w.width + ${padding}`)}`;

const NAME = "format('%I.%I', n.nspname, c.relname)";
const OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't'";
const ROOM = `(${BLOCK} - ${PAGE_HEAD}) * f.fill / 100.0`;
const BTREE_ROOM = `(${BLOCK} - ${PAGE_HEAD} - ${BTREE_TAIL}) * f.fill / 100.0`;

/** Tables and materialised views of at least $1 bytes. TOAST is left out: nobody knows the sizes of its pieces. */
export const TABLE_SUMS = `SELECT c.oid::int8 AS oid, ${NAME} AS name, ${NAME} AS "table", c.relpages::float8 * ${BLOCK} AS bytes, c.reltuples::float8 AS rows,
    w.known < w.columns AS "isHidden",
    greatest(0, c.relpages - ${pages("c.reltuples", heapRow("0"), ROOM)})::float8 * ${BLOCK} AS about,
    greatest(0, c.relpages - ${pages("c.reltuples", heapRow("w.pads"), ROOM)})::float8 * ${BLOCK} AS least
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT ${fill(100)} AS fill) f
  CROSS JOIN LATERAL (SELECT ${WIDTHS("c.relname")} WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) w
  WHERE c.relkind IN ('r', 'm') AND ${OURS} AND c.reltuples >= 0 AND c.relpages::float8 * ${BLOCK} >= $1`;

/**
 * B-trees of at least $1 bytes. Expressions have statistics under the name of the index. Rows that are alike are kept once
 * (deduplication), so an index may be smaller than the sum: then nothing is said of it. A hundredth is for the inner pages.
 */
export const INDEX_SUMS = `SELECT c.oid::int8 AS oid, ${NAME} AS name, format('%I.%I', n.nspname, t.relname) AS "table", c.relpages::float8 * ${BLOCK} AS bytes,
    c.reltuples::float8 AS rows, w.known < w.columns AS "isHidden",
    greatest(0, c.relpages - 1 - 1.01 * ${pages("c.reltuples", btreeRow("0"), BTREE_ROOM)})::float8 * ${BLOCK} AS about,
    greatest(0, c.relpages - 1 - 1.01 * ${pages("c.reltuples", btreeRow("w.pads"), BTREE_ROOM)})::float8 * ${BLOCK} AS least
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
  CROSS JOIN LATERAL (SELECT ${fill(90)} AS fill) f
  CROSS JOIN LATERAL (
    SELECT sum((1 - s.null_frac) * s.avg_width) AS width, sum((1 - s.null_frac) * ${PAD}) AS pads, count(*) AS columns,
      count(s.null_frac) AS known, coalesce(max(s.null_frac), 0) AS nulls
    FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k(attnum, nr)
    JOIN pg_attribute a ON a.attrelid = CASE WHEN k.attnum = 0 THEN c.oid ELSE t.oid END
      AND a.attnum = CASE WHEN k.attnum = 0 THEN k.nr ELSE k.attnum END
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.attname = a.attname AND NOT s.inherited
      AND s.tablename = CASE WHEN k.attnum = 0 THEN c.relname ELSE t.relname END) w
  WHERE i.indisvalid AND c.relkind = 'i' AND ${OURS} AND c.reltuples >= 0 AND c.relpages::float8 * ${BLOCK} >= $1`;
