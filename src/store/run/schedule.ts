import type { RunRequest } from "../../core/ports/intake.ts";
import { DiagError } from "../../core/words/errors.ts";
import { ThreadId } from "../../core/words/ids.ts";
import type { Pool } from "../pool.ts";
import { type Transaction, transact } from "../transaction.ts";
import type { FencedTransaction } from "./fence.ts";

/** A thread takes what a schedule finds for so long; then a new one begins, so that nobody forgets what goes on. */
const THREAD_HOURS = 24;
/** Runs of a schedule that one thread shows whole. */
const MOST_SHOWN = 20;
/** Scheduled runs that found nothing new are forgotten after so long; their audit stays. */
const KEEP_DAYS = 7;

/** Throws `busy` while a scheduled run of the same runbook on the same system has not ended. */
export async function refuseOverlap(
  tx: Transaction,
  { system, runbook, caller }: RunRequest,
): Promise<DiagError | undefined> {
  if (caller.via !== "schedule") return undefined;
  await tx.sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 18))", [`${system}/${runbook}`]);
  const { rows } = await tx.sql.query<{ id: number }>(
    `SELECT id FROM run WHERE system = $1 AND runbook = $2 AND caller ->> 'via' = 'schedule'
       AND status IN ('queued', 'running', 'waiting') LIMIT 1`,
    [system, runbook],
  );
  const [open] = rows;
  return open && new DiagError("busy", `run #${open.id} of this schedule has not ended`);
}

/** SQL: what a run `r` has to say, one line each; empty: nothing. Info is no trouble. Equal texts say the same. */
export const SAYS = `(SELECT coalesce(string_agg(said, E'\\n' ORDER BY said), '') FROM (
  SELECT f.severity || ' ' || f.id AS said FROM finding f WHERE f.run_id = r.id AND f.severity <> 'info'
  UNION ALL SELECT 'could not look: ' || s.name FROM step s WHERE s.run_id = r.id AND s.phase = 'diagnose'
    AND s.state NOT IN ('ready', 'executing', 'succeeded')
  UNION ALL SELECT 'error ' || coalesce(r.error ->> 'code', '') WHERE r.error IS NOT NULL) AS all_of_it)`;

interface Said {
  id: number;
  thread_id: number;
  says: string;
}

/**
 * Once a scheduled run knows what it has found: nothing is kept quiet; something new is shown, in the thread of the runs
 * before it where they found something, too; the same as before only counts there.
 */
export async function placeScheduled(tx: FencedTransaction): Promise<void> {
  if (!tx.run.isScheduled) return;
  const { rows } = await tx.sql.query<Said & { system: string; runbook: string }>(
    `SELECT r.id, r.thread_id, r.system, r.runbook, ${SAYS} AS says FROM run r
     WHERE r.id = $1 AND r.caller ->> 'via' = 'schedule' AND NOT r.shown`,
    [tx.run.id],
  );
  const [mine] = rows;
  if (mine === undefined) return;
  const before = await lastOf(tx, mine);
  if (mine.says === "") {
    // The thread of what was wrong until now says that it is over.
    if (before !== undefined && before.says !== "") tx.touch("thread", before.thread_id);
    return;
  }
  const home = before !== undefined && before.says !== "" && before.has_room ? before : undefined;
  const isSame = home?.says === mine.says;
  await tx.sql.query("UPDATE run SET thread_id = $2, shown = $3 WHERE id = $1", [
    mine.id,
    home?.thread_id ?? mine.thread_id,
    !isSame,
  ]);
  // Nobody sees this run, so it must not wait for anybody.
  if (isSame)
    await tx.sql.query(
      "UPDATE remedy SET status = 'skipped', note = $2, ended_at = clock_timestamp() WHERE run_id = $1 AND status = 'planned'",
      [mine.id, "Asked for already when this was found first; ask for a run to plan it anew"],
    );
  // Of a thread that has no more room: it says where it goes on.
  if (before !== undefined && before.says !== "") tx.touch("thread", before.thread_id);
  tx.touch("thread", ThreadId.parse(home?.thread_id ?? mine.thread_id), { urgent: !isSame });
}

async function lastOf(
  tx: Transaction,
  { id, system, runbook }: Said & { system: string; runbook: string },
): Promise<(Said & { has_room: boolean }) | undefined> {
  const { rows } = await tx.sql.query<Said & { has_room: boolean }>(
    `SELECT r.id, r.thread_id, ${SAYS} AS says,
       t.created_at > clock_timestamp() - make_interval(hours => $4)
         AND (SELECT count(*) FROM run o WHERE o.thread_id = r.thread_id AND o.shown) < $5 AS has_room
     FROM run r JOIN thread t ON t.id = r.thread_id
     WHERE r.system = $2 AND r.runbook = $3 AND r.id < $1 AND r.caller ->> 'via' = 'schedule'
       AND r.ended_at IS NOT NULL AND r.status <> 'cancelled' ORDER BY r.id DESC LIMIT 1`,
    [id, system, runbook, THREAD_HOURS, MOST_SHOWN],
  );
  return rows[0];
}

/** Forgets scheduled runs that nobody was shown, but the newest of each runbook: `changed` compares with it. */
export async function pruneScheduled(pool: Pool): Promise<number> {
  const { value } = await transact(pool, async ({ sql }) => {
    const { rows } = await sql.query<{ id: number; thread_id: number }>(
      `SELECT r.id, r.thread_id FROM run r WHERE NOT r.shown AND r.ended_at < now() - make_interval(days => $1)
         AND r.id < (SELECT max(n.id) FROM run n WHERE n.system = r.system AND n.runbook = r.runbook)
         AND NOT EXISTS (SELECT FROM approval a WHERE a.run_id = r.id) AND NOT EXISTS (SELECT FROM attempt t WHERE t.run_id = r.id)
       ORDER BY r.id LIMIT 5000`,
      [KEEP_DAYS],
    );
    const runs = rows.map(({ id }) => id);
    for (const table of ["finding", "step", "remedy"])
      await sql.query(`DELETE FROM ${table} WHERE run_id = ANY ($1)`, [runs]);
    await sql.query("DELETE FROM run WHERE id = ANY ($1)", [runs]);
    await sql.query(
      `DELETE FROM thread t WHERE t.id = ANY ($1) AND NOT EXISTS (SELECT FROM run r WHERE r.thread_id = t.id)
         AND NOT EXISTS (SELECT FROM slack_message m WHERE m.thread_id = t.id)`,
      [rows.map(({ thread_id }) => thread_id)],
    );
    return runs.length;
  });
  return value;
}
