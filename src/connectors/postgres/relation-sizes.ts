import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Relation = z.object({
  oid: z.string(),
  name: z.string(),
  kind: z.enum(["table", "index"]),
  /** With TOAST; as of the last vacuum or analyze. */
  bytes: z.number(),
});

const RelationSizes = z.object({
  database: z.string(),
  /** Seconds since 1970. */
  at: z.number(),
  /** Of the whole database as it is now. */
  databaseBytes: z.number(),
  /** The largest tables and indexes, at most 300. */
  relations: z.array(Relation).max(300),
  /** No table or index is left out, but small ones of the system. */
  isWhole: z.boolean(),
});
export type RelationSizes = z.infer<typeof RelationSizes>;

/** What an earlier look returned, read again from where it was kept. */
export const earlierSizes = (value: unknown): RelationSizes | undefined =>
  RelationSizes.safeParse(value).data;

const MOST = 300;

/**
 * How large the database, its tables and its indexes are, for whoever compares two looks. Of tables the pages of the catalogue: to
 * ask for the files waits for whoever has locked the table.
 */
export const relationSizes = read({
  name: "postgres.relation-sizes",
  title: "Sizes of tables and indexes",
  timeoutSeconds: 15,
  input: z.object({}),
  output: RelationSizes,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<Pick<RelationSizes, "database" | "at" | "databaseBytes">>(OWN);
      if (own === undefined) throw new Error("a SELECT without FROM returns one row");
      const found = await sql<RelationSizes["relations"][number]>(RELATIONS);
      return { ...own, relations: found.slice(0, MOST), isWhole: found.length <= MOST };
    }),
});

const OWN = `SELECT current_database() AS database, extract(epoch FROM clock_timestamp())::float8 AS at,
    pg_database_size(current_database())::float8 AS "databaseBytes"`;

const RELATIONS = `SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name,
    CASE WHEN c.relkind = 'i' THEN 'index' ELSE 'table' END AS kind,
    (c.relpages + coalesce(t.relpages, 0))::float8 * current_setting('block_size')::int AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
  WHERE c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't' AND n.nspname NOT IN ('information_schema', 'pg_toast')
    AND c.relpages + coalesce(t.relpages, 0) > CASE WHEN n.nspname = 'pg_catalog' THEN 127 ELSE 0 END
  ORDER BY 4 DESC, 2 LIMIT ${MOST + 1}`;
