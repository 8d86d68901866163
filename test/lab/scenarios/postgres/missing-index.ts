import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";

const ROWS = 60_000;

export const missingIndex = scenario({
  id: "postgres/missing-index",
  items: ["sergas-agents.missing-indexes", "sergas-accounts.missing-indexes", "tektra.slow-db-queries"],
  needs: ["postgres"],
  situation: "a table is read whole for every request, because the column that is asked for has no index",
  twin: "the same table and requests with the index",
  alert: { name: "PostgresqlSlowQueries", severity: "warning", summary: "Statements are slow on shop" },
  expect: { first: "sequential-scans", remedy: "addIndexes" },
  place: ({ postgres }) => {
    const fill = async (isIndexed: boolean): Promise<void> => {
      await postgres.admin("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
      await postgres.admin("SELECT pg_stat_statements_reset()");
      const app = await postgres.session("chat");
      await app.query("DROP TABLE IF EXISTS messages");
      await app.query("CREATE TABLE messages (id int, conversation int, body text)");
      await app.query(
        `INSERT INTO messages SELECT i, 1 + i % 600, repeat('x', 50) FROM generate_series(1, ${ROWS}) i`,
      );
      if (isIndexed) await app.query("CREATE INDEX ON messages (conversation)");
      await app.query("ANALYZE messages");
      for (let n = 1; n <= 30; n++)
        await app.query("SELECT count(body) FROM messages WHERE conversation = $1", [n]);
      // A session reports its counters when it ends.
      await postgres.endSessions();
      const counted = isIndexed ? "idx_scan" : "seq_scan";
      await until(async () => {
        const [row] = await postgres.admin<{ n: string }>(
          `SELECT ${counted} AS n FROM pg_stat_user_tables WHERE relname = 'messages'`,
        );
        return Number(row?.n ?? 0) >= 30;
      });
    };
    const clean = () => postgres.admin("DROP TABLE IF EXISTS messages");
    return {
      connections: { database: { kind: "postgres", url: postgres.botUrl } },
      break: async (keep) => {
        keep(clean);
        await fill(false);
      },
      twin: async (keep) => {
        keep(clean);
        await fill(true);
      },
    };
  },
});
