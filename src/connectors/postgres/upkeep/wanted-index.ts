import { z } from "zod";
import { sha256 } from "../../../lib/sha256.ts";
import type { Sql } from "../client.ts";
import { hasAllOf } from "../predicates.ts";
import { columnNames, indexName, tableName } from "./names.ts";
import { type TableFacts, tableFacts } from "./table-facts.ts";

/** Which index is to be there: one on columns, named by table and columns; or one that was there, by its own definition. */
export const Wanted = z.union([
  z.strictObject({
    table: tableName,
    columns: columnNames,
  }),
  z.strictObject({
    table: tableName,
    index: indexName,
    /** As pg_get_indexdef said it. */
    definition: z.string().min(20).max(8_000),
  }),
]);
export type Wanted = z.infer<typeof Wanted>;

export interface WantedIndex {
  readonly facts: TableFacts;
  /** With its schema, quoted by the server. */
  readonly index: string;
  /** What pg_get_indexdef will say of it. */
  readonly definition: string;
  readonly statement: string;
  /** Share of the rows that one value of the first column has on average; null: not known. */
  readonly share: number | null;
  /** A valid index that begins with these columns already. */
  readonly served: string | null;
}

const NAME_BYTES = 63;

/** `<table>_<columns>_idx`, as Postgres itself names them; cut where it is too long, with a digest of the whole. */
export function nameOf(table: string, columns: readonly string[]): string {
  const whole = `${[table, ...columns].join("_")}_idx`;
  if (Buffer.byteLength(whole) <= NAME_BYTES) return whole;
  let head = whole;
  while (Buffer.byteLength(head) > NAME_BYTES - 13) head = [...head].slice(0, -1).join("");
  return `${head}_${sha256(whole).slice(0, 8)}_idx`;
}

/** From what is asked for and what the catalog says; a text: why it cannot be. */
export async function wantedIndex(sql: Sql, wanted: Wanted): Promise<WantedIndex | string> {
  const facts = await tableFacts(sql, wanted.table);
  if (facts === undefined) return `${wanted.table} does not exist any more`;
  return "columns" in wanted ? onColumns(sql, facts, wanted.columns) : asBefore(sql, facts, wanted);
}

interface Found {
  schema: string;
  relation: string;
  names: string[];
  share: number | null;
  served: string | null;
}

// Partial ones (but of all that are not NULL), expressions and other methods find only some of the rows, or not by these columns.
const COLUMNS = `WITH w AS (SELECT u.quoted, u.nr, a.attnum, a.attname FROM unnest($2::text[]) WITH ORDINALITY u(quoted, nr)
    JOIN pg_attribute a ON a.attrelid = $1::text::oid AND a.attnum > 0 AND NOT a.attisdropped AND quote_ident(a.attname) = u.quoted)
  SELECT n.nspname AS schema, c.relname AS relation, ARRAY(SELECT attname::text FROM w ORDER BY nr) AS names,
    (SELECT ((1 - s.null_frac) / CASE WHEN s.n_distinct > 0 THEN s.n_distinct
        WHEN s.n_distinct < 0 THEN greatest(1, -s.n_distinct * greatest(c.reltuples, 1)) END)::float8
      FROM pg_stats s JOIN w ON w.nr = 1 AND s.attname = w.attname
      WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND NOT s.inherited) AS share,
    (SELECT format('%I.%I', xn.nspname, x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        JOIN pg_namespace xn ON xn.oid = x.relnamespace JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'
      WHERE i.indrelid = c.oid AND i.indisvalid AND ${hasAllOf("$2::text[]")}
        AND (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality($2::text[])] = ARRAY(SELECT attnum FROM w ORDER BY nr)
      ORDER BY x.oid LIMIT 1) AS served
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::text::oid`;

async function onColumns(
  sql: Sql,
  facts: TableFacts,
  columns: readonly string[],
): Promise<WantedIndex | string> {
  const [found] = await sql<Found>(COLUMNS, [facts.oid, columns]);
  if (found === undefined || found.names.length !== columns.length)
    return `${facts.name} has not all of the columns ${columns.join(", ")} any more`;
  const name = nameOf(found.relation, found.names);
  const [quoted] = await sql<{ index: string; definition: string; statement: string }>(
    `SELECT format('%I.%I', $1::text, $2::text) AS index,
       format('CREATE INDEX %I ON %s USING btree (%s)', $2::text, $3::text, $4::text) AS definition,
       format('CREATE INDEX CONCURRENTLY %I ON %s (%s)', $2::text, $3::text, $4::text) AS statement`,
    [found.schema, name, facts.name, columns.join(", ")],
  );
  if (quoted === undefined) throw new Error("a SELECT without FROM returns one row");
  return { facts, ...quoted, share: found.share, served: found.served };
}

/** Only what begins as the definition of this very index does is built: no other statement can stand there. */
async function asBefore(
  sql: Sql,
  facts: TableFacts,
  { index, definition }: { readonly index: string; readonly definition: string },
): Promise<WantedIndex | string> {
  const [own] = await sql<{ plain: string; unique: string; schema: string; name: string }>(
    `SELECT format('CREATE INDEX %I ON %s USING ', p[2], $2::text) AS plain,
       format('CREATE UNIQUE INDEX %I ON %s USING ', p[2], $2::text) AS unique, p[1] AS schema, quote_ident(p[2]) AS name
     FROM parse_ident($1) p`,
    [index, facts.name],
  );
  const isOwn = own !== undefined && [own.plain, own.unique].some((head) => definition.startsWith(head));
  if (!isOwn) return `what it was built by is no definition of ${index} on ${facts.name}`;
  const statement = definition.replace(/^CREATE (UNIQUE )?INDEX /, "CREATE $1INDEX CONCURRENTLY ");
  return { facts, index, definition, statement, share: null, served: null };
}
