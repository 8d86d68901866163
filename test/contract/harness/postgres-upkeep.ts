import { postgres } from "../../../src/sdk/index.ts";
import type { LabPostgres } from "../../helpers/postgres.ts";
import type { WriteCase } from "../harness.ts";

/** What keeps tables and indexes in order: each on a table of its own, made anew. */
export function upkeep(lab: LabPostgres): Record<string, WriteCase> {
  const table = async (...more: string[]) => {
    await lab.endSessions();
    await lab.admin("DROP TABLE IF EXISTS public.kept");
    await lab.admin("CREATE TABLE public.kept AS SELECT n, n % 7 AS seventh FROM generate_series(1, 2000) n");
    for (const statement of more) await lab.admin(statement);
    await lab.admin("ANALYZE public.kept");
  };
  /** More than are in force. */
  const above = async () => {
    const [row] = await lab.admin<{ n: number }>("SELECT current_setting('max_connections')::int AS n");
    return (row?.n ?? 0) + 10;
  };
  const gone = () => lab.admin("DROP TABLE public.kept");
  return {
    "postgres.vacuum-table": {
      prepare: async () => {
        await table("DELETE FROM public.kept WHERE n % 2 = 0");
        return postgres.vacuumTable({ table: "public.kept" });
      },
      spoil: gone,
    },
    "postgres.create-index": {
      prepare: async () => {
        await table();
        return postgres.createIndex({ table: "public.kept", columns: ["n"] });
      },
      spoil: () => lab.admin("ALTER TABLE public.kept DROP COLUMN n"),
    },
    "postgres.reindex-index": {
      prepare: async () => {
        await table("CREATE INDEX kept_n ON public.kept (n)");
        return postgres.reindexIndex({ index: "public.kept_n" });
      },
      spoil: () => lab.admin("DROP INDEX public.kept_n"),
    },
    "postgres.set-statement-log": {
      prepare: async () => {
        await lab.admin("ALTER DATABASE shop SET log_min_duration_statement = '2s'");
        return postgres.setStatementLog({ milliseconds: 1000, from: 2000 });
      },
      spoil: () => lab.admin("ALTER DATABASE shop RESET log_min_duration_statement"),
    },
    "postgres.set-connection-limit": {
      prepare: async () => {
        await lab.admin("ALTER SYSTEM RESET max_connections");
        return postgres.setConnectionLimit({ connections: await above(), from: null, machineBytes: null });
      },
      spoil: async () => lab.admin(`ALTER SYSTEM SET max_connections = ${(await above()) + 1}`),
    },
    "postgres.delete-old-rows": {
      prepare: async () => {
        await lab.endSessions();
        await lab.admin("DROP TABLE IF EXISTS public.aged");
        await lab.admin(
          "CREATE TABLE public.aged AS SELECT n, now() - n * interval '1 day' AS at FROM generate_series(1, 200) n",
        );
        await lab.admin("CREATE INDEX ON public.aged (at)");
        const before = new Date(Date.now() - 90 * 86_400_000).toISOString();
        return postgres.deleteOldRows({
          ...{ table: "public.aged", column: "at", before, exportSha256: "0".repeat(64) },
        });
      },
      spoil: () => lab.admin("DROP INDEX public.aged_at_idx"),
    },
    "postgres.drop-index": {
      prepare: async () => {
        await table("CREATE INDEX kept_one ON public.kept (n)", "CREATE INDEX kept_two ON public.kept (n)");
        return postgres.dropIndex({ index: "public.kept_two", because: "doubled" });
      },
      spoil: () => lab.admin("DROP INDEX public.kept_one"),
    },
  };
}
