import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Changed = z.object({
  /** Version that was in use when the database, or the collation, was made or last refreshed. */
  recorded: z.string(),
  /** Of the library the server has now. */
  actual: z.string(),
});

const Collations = z.object({
  /** The database looked into. */
  database: z.string(),
  /** Databases that take logins whose default collation is of another version than the library now, at most 20 (PG 15). */
  databases: z.array(Changed.extend({ database: z.string() })).max(20),
  /** Named collations of this database that a column uses, at most 20. */
  named: z.array(Changed.extend({ collation: z.string() })).max(20),
  /** Valid indexes of this database over a column whose order is that of a changed collation. */
  indexes: z.int(),
});
export type Collations = z.infer<typeof Collations>;

/**
 * Whether the library that orders text (glibc, ICU) is of another version than when the indexes were built: it may order some
 * texts otherwise, and what is looked for is then not found where it lies. C and POSIX have no version. Postgres manual,
 * "Collation Support"; tektra.db-corruption-check.
 */
export const collations = read({
  name: "postgres.collations",
  title: "Versions of the collations",
  input: z.object({}),
  output: Collations,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<{ version: number; database: string }>(
        `SELECT current_setting('server_version_num')::int AS version, current_database() AS database`,
      );
      const databases =
        (own?.version ?? 0) < 150_000 ? [] : await sql<Collations["databases"][number]>(DATABASES);
      const named = await sql<Collations["named"][number]>(NAMED);
      const isDefault = databases.some(({ database }) => database === own?.database);
      const [over] =
        isDefault || named.length > 0 ? await sql<{ indexes: number }>(INDEXES, [isDefault]) : [];
      return { database: own?.database ?? "", databases, named, indexes: over?.indexes ?? 0 };
    }),
});

const DATABASES = `SELECT datname AS database, datcollversion AS recorded, pg_database_collation_actual_version(oid) AS actual
  FROM pg_database WHERE datallowconn AND datcollversion IS NOT NULL
    AND datcollversion <> coalesce(pg_database_collation_actual_version(oid), datcollversion) ORDER BY 1 LIMIT 20`;

const IS_CHANGED = "c.collversion <> coalesce(pg_collation_actual_version(c.oid), c.collversion)";
const NAMED = `SELECT format('%I.%I', n.nspname, c.collname) AS collation, c.collversion AS recorded,
    pg_collation_actual_version(c.oid) AS actual
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE c.collversion IS NOT NULL AND EXISTS (SELECT FROM pg_attribute a WHERE a.attcollation = c.oid AND NOT a.attisdropped)
    AND ${IS_CHANGED} ORDER BY 1 LIMIT 20`;

// 100 is the default collation of the database; operator classes such as text_pattern_ops do not ask the collation.
const INDEXES = `SELECT count(*)::int AS indexes FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  WHERE i.indisvalid AND x.relkind = 'i' AND EXISTS (
    SELECT FROM unnest(i.indcollation::oid[]) k(oid) LEFT JOIN pg_collation c ON c.oid = k.oid
    WHERE (k.oid = 100 AND $1) OR (c.collversion IS NOT NULL AND ${IS_CHANGED}))`;
