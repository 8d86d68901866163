import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";

const ROWS = 30_000;

export const deadRows = scenario({
  id: "postgres/dead-rows",
  items: ["sergas-accounts.table-bloat"],
  needs: ["postgres"],
  situation: "autovacuum was switched off for a table whose rows change all the time",
  twin: "a table with as many dead rows that were just taken away",
  alert: { name: "PostgresqlTooManyDeadTuples", severity: "warning", summary: "A table has many dead rows" },
  expect: { first: "autovacuum-off-for-tables", remedy: "turnOn" },
  place: ({ postgres }) => {
    const table = async (options: string): Promise<void> => {
      await postgres.admin(`CREATE TABLE sessions (id int, n int) ${options}`);
      await postgres.admin(`INSERT INTO sessions SELECT i, 0 FROM generate_series(1, ${ROWS}) i`);
      await postgres.admin("ANALYZE sessions");
      await postgres.admin("UPDATE sessions SET n = n + 1");
    };
    const clean = () => postgres.admin("DROP TABLE IF EXISTS sessions");
    return {
      connections: { database: { kind: "postgres", url: postgres.botUrl } },
      break: async (keep) => {
        keep(clean);
        await table("WITH (autovacuum_enabled = off)");
        await until(async () => {
          const [row] = await postgres.admin<{ n: string }>(
            "SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE relname = 'sessions'",
          );
          return Number(row?.n ?? 0) >= ROWS * 0.9;
        });
      },
      twin: async (keep) => {
        keep(clean);
        await table("");
        await postgres.admin("VACUUM ANALYZE sessions");
      },
    };
  },
});
