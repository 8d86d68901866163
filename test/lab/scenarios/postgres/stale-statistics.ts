import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";

const ROWS = 20_000;
const TABLE = "conversations";

export const staleStatistics = scenario({
  id: "postgres/stale-statistics",
  items: ["tektra.query-performance"],
  needs: ["postgres"],
  situation: "a table was filled, and the planner has no statistics of it",
  twin: "the same table, analyzed",
  alert: { name: "PostgresqlSlowQueries", severity: "warning", summary: "Statements are slow on shop" },
  expect: { first: "stale-statistics", remedy: "analyzeTables", apply: true },
  place: ({ postgres }) => {
    const counted = async (column: string): Promise<number> => {
      const [row] = await postgres.admin<{ n: string }>(
        `SELECT ${column} AS n FROM pg_stat_user_tables WHERE relname = '${TABLE}'`,
      );
      return Number(row?.n ?? 0);
    };
    const fill = async (): Promise<void> => {
      await postgres.admin(`CREATE TABLE ${TABLE} (id int PRIMARY KEY, user_id int)`);
      await postgres.admin(`INSERT INTO ${TABLE} SELECT i, i % 100 FROM generate_series(1, ${ROWS}) i`);
      // A session reports its counters when it ends.
      await until(async () => (await counted("n_mod_since_analyze")) >= ROWS);
    };
    const clean = () => postgres.admin(`DROP TABLE IF EXISTS ${TABLE}`);
    return {
      connections: { database: { kind: "postgres", url: postgres.botUrl } },
      break: async (keep) => {
        keep(clean);
        await fill();
      },
      gone: async () => (await counted("analyze_count")) > 0,
      twin: async (keep) => {
        keep(clean);
        await fill();
        await postgres.admin(`ANALYZE ${TABLE}`);
        await until(async () => (await counted("n_mod_since_analyze")) === 0);
      },
    };
  },
});
