import type { Fence } from "../../core/ports/run-store.ts";
import { DiagError } from "../../core/words/errors.ts";
import { ThreadId } from "../../core/words/ids.ts";
import { canonical } from "../../core/words/json.ts";
import type { Pool } from "../pool.ts";
import {
  AUDIT_TIME,
  type AuditEntry,
  type Committed,
  TOUCHED_AGAIN,
  type Transaction,
  transact,
} from "../transaction.ts";

/** Told what a commit touched, after it: dispatches jobs. Must not throw. */
export type OnCommit = (touched: Committed<unknown>["touched"]) => void;

/** A transaction that holds the run's row lock and has proven that the lease is ours and live. */
export interface FencedTransaction extends Transaction {
  readonly run: {
    readonly id: number;
    readonly thread: ThreadId;
    readonly runbook: string;
    readonly stagesPlanned: number;
    readonly isScheduled: boolean;
    readonly cancelRequested: boolean;
  };
  /** The thread shows something new. */
  show(options?: { urgent?: boolean }): void;
}

/** SQL: the run, locked, if the lease is ours ($1 run, $2 epoch, $3 worker) and live. */
const FENCE = `SELECT id, thread_id, cancel_requested_at IS NOT NULL AS cancel, lost_leases, runbook, stages_planned,
    caller ->> 'via' AS via FROM run
  WHERE id = $1 AND epoch = $2 AND owner = $3 AND lease_until > clock_timestamp()
    AND status = 'running' FOR UPDATE`;

interface FenceRow {
  thread_id: number;
  cancel: boolean;
  lost_leases: number;
  runbook: string;
  stages_planned: number;
  via: string;
}

const leaseLost = ({ run, epoch }: Fence) =>
  new DiagError("aborted", `run ${run}: the lease of epoch ${epoch} is lost`);

/** Runs `work` behind the fence; throws `aborted` when another worker has taken the run or the lease is over. */
export async function fenced<T>(
  { pool, onCommit }: { pool: Pool; onCommit: OnCommit },
  fence: Fence,
  work: (tx: FencedTransaction) => Promise<T>,
): Promise<T> {
  const { value, touched } = await transact(pool, async (tx) => {
    const { rows } = await tx.sql.query<FenceRow>(FENCE, [fence.run, fence.epoch, fence.worker]);
    const row = rows[0];
    if (row === undefined) throw leaseLost(fence);
    // Something is recorded: whatever stopped earlier workers, it did not stop this one.
    if (row.lost_leases > 0) await tx.sql.query("UPDATE run SET lost_leases = 0 WHERE id = $1", [fence.run]);
    const thread = ThreadId.parse(row.thread_id);
    return work({
      ...tx,
      run: {
        id: fence.run,
        thread,
        runbook: row.runbook,
        stagesPlanned: row.stages_planned,
        isScheduled: row.via === "schedule",
        cancelRequested: row.cancel,
      },
      show: (options) => tx.touch("thread", thread, options),
    });
  });
  onCommit(touched);
  return value;
}

/**
 * The same as one statement, which is its own transaction: where much is recorded, five round trips for each fact are what a
 * run costs. `change`: an UPDATE or INSERT that reads `fence` (columns `id`, `thread_id`; no row where the lease is lost) and
 * takes parameters from $4 on. The thread shows what is new. Throws `aborted` as `fenced` does; then nothing has changed.
 */
export async function fencedStatement(
  { pool, onCommit }: { pool: Pool; onCommit: OnCommit },
  fence: Fence,
  {
    change,
    values,
    audit,
  }: { change: string; values: readonly unknown[]; audit: readonly Pick<AuditEntry, "event" | "payload">[] },
): Promise<void> {
  const next = 4 + values.length;
  const { rows } = await pool.query<{ thread_id: number }>(
    `WITH fence AS (${FENCE}),
     recorded AS (UPDATE run SET lost_leases = 0 FROM fence WHERE run.id = fence.id AND fence.lost_leases > 0),
     changed AS (${change}),
     touched AS (INSERT INTO outbox (kind, id, urgent) SELECT 'thread', thread_id, false FROM fence ${TOUCHED_AGAIN} RETURNING 1),
     told AS (INSERT INTO audit (at, actor, event, run_id, payload)
       SELECT ${AUDIT_TIME}, $3, e.event, $1, e.payload FROM (SELECT count(*) FROM touched) AS first, fence,
         unnest($${next}::text[], $${next + 1}::text[]) WITH ORDINALITY AS e (event, payload, nth) ORDER BY nth)
     SELECT thread_id FROM fence`,
    [
      fence.run,
      fence.epoch,
      fence.worker,
      ...values,
      audit.map(({ event }) => event),
      audit.map(({ payload }) => canonical(payload ?? {})),
    ],
  );
  const [row] = rows;
  if (row === undefined) throw leaseLost(fence);
  onCommit([{ kind: "thread", id: row.thread_id }]);
}
