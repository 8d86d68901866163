import type { Fence } from "../../core/ports/run-store.ts";
import { DiagError } from "../../core/words/errors.ts";
import { ThreadId } from "../../core/words/ids.ts";
import type { Pool } from "../pool.ts";
import { type Committed, type Transaction, transact } from "../transaction.ts";

/** Told what a commit touched, after it: dispatches jobs. Must not throw. */
export type OnCommit = (touched: Committed<unknown>["touched"]) => void;

/** A transaction that holds the run's row lock and has proven that the lease is ours and live. */
export interface FencedTransaction extends Transaction {
  readonly run: { readonly id: number; readonly thread: ThreadId; readonly cancelRequested: boolean };
  /** The thread shows something new. */
  show(options?: { urgent?: boolean }): void;
}

/** Runs `work` behind the fence; throws `aborted` when another worker has taken the run or the lease is over. */
export async function fenced<T>(
  { pool, onCommit }: { pool: Pool; onCommit: OnCommit },
  fence: Fence,
  work: (tx: FencedTransaction) => Promise<T>,
): Promise<T> {
  const { value, touched } = await transact(pool, async (tx) => {
    const { rows } = await tx.sql.query<{ thread_id: number; cancel: boolean; lost_leases: number }>(
      `SELECT thread_id, cancel_requested_at IS NOT NULL AS cancel, lost_leases FROM run
       WHERE id = $1 AND epoch = $2 AND owner = $3 AND lease_until > clock_timestamp()
         AND status = 'running' FOR UPDATE`,
      [fence.run, fence.epoch, fence.worker],
    );
    const row = rows[0];
    if (row === undefined)
      throw new DiagError("aborted", `run ${fence.run}: the lease of epoch ${fence.epoch} is lost`);
    // Something is recorded: whatever stopped earlier workers, it did not stop this one.
    if (row.lost_leases > 0) await tx.sql.query("UPDATE run SET lost_leases = 0 WHERE id = $1", [fence.run]);
    const thread = ThreadId.parse(row.thread_id);
    return work({
      ...tx,
      run: { id: fence.run, thread, cancelRequested: row.cancel },
      show: (options) => tx.touch("thread", thread, options),
    });
  });
  onCommit(touched);
  return value;
}
