import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { BackendId, MAX_SIGNALS, utc } from "./backend.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/** A session or, with `queryStartedAt`, the one statement it ran then. */
const Signalled = BackendId.extend({ queryStartedAt: z.string().max(40).optional() });

/** Which of these sessions are still there, by (pid, start); where a statement is named: which still run it. At most 50. */
export const sessionsLeft = read({
  name: "postgres.sessions-left",
  title: "Which of the sessions are still there",
  input: z.object({ sessions: z.array(Signalled).max(MAX_SIGNALS) }),
  output: z.object({ left: z.array(BackendId) }),
  run: (client, { sessions }, context) =>
    client.read(context, async (sql) => ({
      left: await sql<BackendId>(
        `SELECT a.pid, w.started AS "startedAt" FROM pg_stat_activity a
         JOIN unnest($1::int[], $2::text[], $3::text[]) AS w(pid, started, query_started)
           ON w.pid = a.pid AND ${utc("a.backend_start")} = w.started
         WHERE w.query_started = '' OR (a.state = 'active' AND ${utc("a.query_start")} = w.query_started)
         ORDER BY a.pid`,
        [
          sessions.map(({ pid }) => pid),
          sessions.map(({ startedAt }) => startedAt),
          sessions.map(({ queryStartedAt }) => queryStartedAt ?? ""),
        ],
      ),
    })),
});
