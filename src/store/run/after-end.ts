import { RunId, ThreadId } from "../../core/words/ids.ts";
import type { Pool } from "../pool.ts";
import { type Transaction, transact } from "../transaction.ts";
import type { OnCommit } from "./fence.ts";

/**
 * What has helped may be taken back for a while after its run has ended. `undo` opens the run again, so that a worker
 * carries the undo out like any other write; `keep` only ends the offer. Does nothing for a run that has not ended.
 */
export async function answerAfterEnd(
  tx: Transaction,
  voter: string,
  { run, remedy, answer }: { run: number; remedy: string; answer: string },
): Promise<void> {
  if (answer === "undo") {
    const { rowCount } = await tx.sql.query(
      "UPDATE run SET status = 'queued', ended_at = NULL, owner = NULL, lease_until = NULL, wake_at = NULL WHERE id = $1 AND ended_at IS NOT NULL",
      [run],
    );
    if (rowCount === 1)
      tx.audit({ actor: voter, event: "run.queued", run, payload: { remedy, because: "undo" } });
  }
  if (answer !== "keep") return;
  const { rowCount } = await tx.sql.query(
    `UPDATE remedy SET held_until = NULL, held_then = NULL
     WHERE run_id = $1 AND key = $2 AND (SELECT ended_at IS NOT NULL FROM run WHERE id = $1)`,
    [run, remedy],
  );
  if (rowCount === 1) tx.audit({ actor: voter, event: "remedy.kept", run, payload: { remedy } });
}

/** Ends the offers to take something back whose time is over, where no worker has the run any more. How many. */
export async function endOffers(deps: { pool: Pool; onCommit: OnCommit }): Promise<number> {
  const { value, touched } = await transact(deps.pool, async (tx) => {
    const { rows } = await tx.sql.query<{ run_id: number; key: string; thread_id: number }>(
      `UPDATE remedy m SET held_until = NULL, held_then = NULL FROM run r
       WHERE r.id = m.run_id AND r.ended_at IS NOT NULL AND m.held_until <= statement_timestamp()
       RETURNING m.run_id, m.key, r.thread_id`,
    );
    for (const { run_id, key, thread_id } of rows) {
      tx.audit({
        actor: "sweeper",
        event: "remedy.kept",
        run: RunId.parse(run_id),
        payload: { remedy: key },
      });
      tx.touch("thread", ThreadId.parse(thread_id));
    }
    return rows.length;
  });
  deps.onCommit(touched);
  return value;
}
