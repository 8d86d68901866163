import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

const Sizes = z.object({
  /** Empty where the bot's role may not know it (pg_read_all_settings). As the server sees it: in a container, the container's path. */
  dataFolder: z.string(),
  /** Largest first, at most 10; bytes are null where the role may not connect to the database. */
  databases: z.array(z.object({ name: z.string(), bytes: z.number().nullable() })),
  /** Largest tables of this database with their indexes and TOAST, at most 10. */
  tables: z.array(
    z.object({
      table: z.string(),
      bytes: z.number(),
      /** Share of its rows that are dead: space that a vacuum makes usable again, not free. */
      deadRatio: z.number(),
    }),
  ),
  /** pg_wal in bytes; null where the role may not look (pg_monitor). */
  walBytes: z.number().nullable(),
});
export type Sizes = z.infer<typeof Sizes>;

/**
 * What takes the room on a database's disk: databases, largest tables, write-ahead log. Sizes of tables are the catalogue's
 * pages (as of the last vacuum or analyze), because pg_total_relation_size waits for locked tables; names are quoted by the
 * server (trap pg-size-not-bloat). sergas-accounts.disk-full.
 */
export const sizes = read({
  name: "postgres.sizes",
  title: "Sizes of databases, tables and the write-ahead log",
  input: z.object({}),
  output: Sizes,
  run: (client, _input, context) =>
    client.read(context, async (sql) => {
      const [own] = await sql<{ dataFolder: string; mayWal: boolean }>(
        `SELECT CASE WHEN pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') THEN current_setting('data_directory')
             ELSE '' END AS "dataFolder", pg_has_role(current_user, 'pg_monitor', 'USAGE') AS "mayWal"`,
      );
      const [wal] =
        own?.mayWal === true
          ? await sql<{ bytes: number }>("SELECT coalesce(sum(size), 0)::float8 AS bytes FROM pg_ls_waldir()")
          : [];
      return {
        dataFolder: own?.dataFolder ?? "",
        databases: await sql<z.infer<typeof Sizes>["databases"][number]>(
          `SELECT d.datname AS name, CASE WHEN has_database_privilege(d.oid, 'CONNECT')
               OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN pg_database_size(d.oid)::float8 END AS bytes
           FROM pg_database d WHERE NOT d.datistemplate ORDER BY 2 DESC NULLS LAST, 1 LIMIT 10`,
        ),
        tables: await sql<z.infer<typeof Sizes>["tables"][number]>(TABLES),
        walBytes: wal?.bytes ?? null,
      };
    }),
});

const TABLES = `SELECT format('%I.%I', n.nspname, c.relname) AS table,
    current_setting('block_size')::int * (c.relpages
      + coalesce((SELECT t.relpages + coalesce(sum(x.relpages), 0) FROM pg_class t
          LEFT JOIN pg_index i ON i.indrelid = t.oid LEFT JOIN pg_class x ON x.oid = i.indexrelid
          WHERE t.oid = c.reltoastrelid GROUP BY t.relpages), 0)
      + coalesce((SELECT sum(x.relpages) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
          WHERE i.indrelid = c.oid), 0))::float8 AS bytes,
    coalesce(s.n_dead_tup::float8 / nullif(s.n_live_tup + s.n_dead_tup, 0), 0) AS "deadRatio"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
  WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'pg_toast' AND c.relpages > 0 ORDER BY 2 DESC, 1 LIMIT 10`;
