import type { EndStatus, RunStore } from "../../core/ports/run-store.ts";
import type { Pool } from "../pool.ts";
import { begunByPolicy, turnOff } from "./auto-off.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";
import { placeScheduled } from "./schedule.ts";

type Ends = Pick<RunStore, "cancel" | "finish">;

/** How runs end. Ending frees the worker, the targets and everything that waited for a vote. */
export function runEnds(deps: { pool: Pool; onCommit: OnCommit }): Ends {
  return {
    cancel: (fence) =>
      fenced(deps, fence, async (tx) => {
        await close(tx, fence.worker, { as: "cancelled", because: "the run was cancelled" });
        await end(tx, fence.worker, "cancelled");
        tx.show({ urgent: true });
      }),
    finish: (fence, status, error) =>
      fenced(deps, fence, async (tx) => {
        if (error !== undefined) {
          const because = `the run could not go on: ${error.message}`;
          await close(tx, fence.worker, { as: "errored", because });
          await tx.sql.query("UPDATE run SET error = $2 WHERE id = $1", [fence.run, JSON.stringify(error)]);
          await placeScheduled(tx);
        }
        await end(tx, fence.worker, status, error?.code);
        tx.show();
      }),
  };
}

/** What is still open ends with the run: approvals, remedies, steps. An attempt that nobody heard of stays `unknown`. */
async function close(
  tx: FencedTransaction,
  actor: string,
  { as, because }: { as: "cancelled" | "errored"; because: string },
): Promise<void> {
  const run = tx.run.id;
  const begun = await begunByPolicy(tx, run);
  const approvals = await tx.sql.query<{ remedy: string }>(
    `UPDATE approval SET state = 'void', decided_at = coalesce(decided_at, clock_timestamp()), void_because = $2
     WHERE run_id = $1 AND state IN ('pending', 'approved')
       AND remedy IN (SELECT key FROM remedy WHERE run_id = $1 AND (status = ANY ($3) OR (held_until IS NOT NULL AND ${NOT_OFFERED}))) RETURNING remedy`,
    [run, JSON.stringify([because]), OPEN],
  );
  const remedies = await tx.sql.query<{ remedy: string }>(
    `UPDATE remedy m SET status = $2, ended_at = clock_timestamp(),
       note = CASE WHEN m.status IN ('applying', 'verifying', 'undoing') THEN $4 || ', after ' ||
           (SELECT count(*) FILTER (WHERE s.state = 'succeeded') || ' of ' || count(*) FROM step s
            WHERE s.run_id = m.run_id AND s.remedy = m.key AND s.phase = 'apply') || ' changes were made'
         ELSE coalesce(m.note, $4) END
     WHERE run_id = $1 AND status = ANY ($3) RETURNING key AS remedy`,
    [run, as, OPEN, because],
  );
  const kept = await tx.sql.query<{ remedy: string }>(
    `UPDATE remedy SET held_until = NULL, held_then = NULL
     WHERE run_id = $1 AND held_until IS NOT NULL AND ${NOT_OFFERED} RETURNING key AS remedy`,
    [run],
  );
  await tx.sql.query(
    `UPDATE step SET state = CASE state WHEN 'ready' THEN 'cancelled' ELSE 'unknown' END
     WHERE run_id = $1 AND state IN ('ready', 'executing')`,
    [run],
  );
  const events = { "approval.void": approvals, [`remedy.${as}`]: remedies, "remedy.kept": kept };
  for (const [event, { rows }] of Object.entries(events))
    for (const { remedy } of rows) tx.audit({ actor, event, run, payload: { remedy, because } });
  for (const key of begun) await turnOff(tx, { run, key, how: as, note: because });
}

/** SQL: not something that has helped and may be taken back for a while, whether its run goes on or not. */
const NOT_OFFERED = "NOT (status = 'succeeded' AND held_then = 'keep')";

const OPEN = ["planned", "waiting", "approved", "applying", "verifying", "undoing", "unknown"];

/** Ends the run: nobody has it any more, its targets are free, nobody need look. */
export async function end(
  { sql, run, audit }: FencedTransaction,
  actor: string,
  status: EndStatus | "cancelled",
  error?: string,
): Promise<void> {
  await sql.query(
    `WITH freed AS (DELETE FROM target_lock WHERE run_id = $1), looked AS (DELETE FROM outbox WHERE kind = 'run' AND id = $1)
     UPDATE run SET status = $2, ended_at = clock_timestamp(), owner = NULL, lease_until = NULL, wake_at = NULL WHERE id = $1`,
    [run.id, status],
  );
  audit({ actor, event: `run.${status}`, run: run.id, payload: { error } });
}
