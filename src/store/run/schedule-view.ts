import { RunId } from "../../core/words/ids.ts";
import type { RunView, ScheduleView } from "../../core/words/view.ts";
import type { Pool } from "../pool.ts";
import { present } from "../rows.ts";
import { loadRun } from "./run-view.ts";
import { SAYS } from "./schedule.ts";

/** What a thread of scheduled runs says at its head; `first`: the first run it shows. Undefined: it is no such thread. */
export async function scheduleOf(pool: Pool, first: RunView | undefined): Promise<ScheduleView | undefined> {
  if (first?.caller.via !== "schedule") return undefined;
  const { rows } = await pool.query<{ times: number; newest: number }>(
    "SELECT count(*)::int AS times, max(id) AS newest FROM run WHERE thread_id = $1",
    [first.thread],
  );
  const newest = await loadRun(pool, RunId.parse(rows[0]?.newest ?? first.id));
  const next = await nextOf(pool, newest ?? first);
  return {
    times: rows[0]?.times ?? 1,
    since: first.startedAt ?? first.createdAt,
    newest: newest ?? first,
    ...present({ next }),
  };
}

async function nextOf(pool: Pool, { id, system, runbook }: RunView): Promise<ScheduleView["next"]> {
  const { rows } = await pool.query<{ id: number; at: Date; says: string }>(
    `SELECT r.id, coalesce(r.started_at, r.created_at) AS at, ${SAYS} AS says FROM run r
     WHERE r.system = $2 AND r.runbook = $3 AND r.id > $1 AND r.caller ->> 'via' = 'schedule'
       AND (r.diagnosed OR r.error IS NOT NULL) ORDER BY r.id LIMIT 1`,
    [id, system, runbook],
  );
  const [next] = rows;
  return next && { run: RunId.parse(next.id), at: next.at, isFine: next.says === "" };
}
