import type { Claim, Fence, RunStore } from "../../core/ports/run-store.ts";
import { DiagError } from "../../core/words/errors.ts";
import { type Pool, toStoreError } from "../pool.ts";
import { AUDIT_TIME, TOUCHED_AGAIN } from "../transaction.ts";
import { fenced, type OnCommit } from "./fence.ts";

type Lease = Pick<RunStore, "claim" | "renew" | "release">;

/** Who moves a run: one worker at a time, for as long as its heartbeat is heard. */
export function runLease(deps: { pool: Pool; onCommit: OnCommit }): Lease {
  return {
    claim: (...args) => claim(deps, ...args),
    renew: (fence, leaseMs) => renew(deps.pool, fence, leaseMs),
    release: (fence, rev, as) => release(deps, fence, rev, as),
  };
}

/** A run this many of whose leases have been lost in a row is taken by a worker that holds no other such run. */
const SUSPECT = 2;

async function claim(
  deps: { pool: Pool; onCommit: OnCommit },
  ...[run, worker, leaseMs, suspects = true]: Parameters<RunStore["claim"]>
): Promise<Claim | undefined> {
  // One statement is one transaction: what is claimed is audited, and with the first claim the thread shows it.
  const { rows } = await deps.pool.query<{
    epoch: number;
    thread_id: number;
    rev: number | null;
    lost_leases: number;
  }>(
    `WITH claimed AS (
       UPDATE run SET status = 'running', epoch = epoch + 1, owner = $2, wake_at = NULL,
         lease_until = clock_timestamp() + make_interval(secs => $3), started_at = coalesce(started_at, clock_timestamp()),
         lost_leases = lost_leases + (status = 'running')::int
       WHERE id = $1 AND status IN ('queued', 'running', 'waiting')
         AND (lease_until IS NULL OR lease_until < clock_timestamp())
         AND ($4 OR lost_leases + (status = 'running')::int < $5)
       RETURNING id, epoch, thread_id, lost_leases),
     touched AS (INSERT INTO outbox (kind, id, urgent) SELECT 'thread', thread_id, false FROM claimed WHERE epoch = 1
       ${TOUCHED_AGAIN} RETURNING 1),
     told AS (INSERT INTO audit (at, actor, event, run_id, payload)
       SELECT ${AUDIT_TIME}, $2, 'run.claimed', id, '{"epoch":' || epoch || '}'
       FROM claimed, (SELECT count(*) FROM touched) AS first)
     SELECT epoch, thread_id, lost_leases, (SELECT rev FROM outbox WHERE kind = 'run' AND id = $1) AS rev FROM claimed`,
    [run, worker, leaseMs / 1000, suspects, SUSPECT],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  if (row.epoch === 1) deps.onCommit([{ kind: "thread", id: row.thread_id }]);
  return { fence: { run, epoch: row.epoch, worker }, rev: row.rev ?? 0, lostLeases: row.lost_leases };
}

async function renew(pool: Pool, fence: Fence, leaseMs: number): Promise<"held" | "cancel"> {
  const { rows } = await pool
    .query<{ cancel: boolean }>(
      `UPDATE run SET lease_until = clock_timestamp() + make_interval(secs => $4)
       WHERE id = $1 AND epoch = $2 AND owner = $3 AND lease_until > clock_timestamp() AND status = 'running'
       RETURNING cancel_requested_at IS NOT NULL AS cancel`,
      [fence.run, fence.epoch, fence.worker, leaseMs / 1000],
    )
    .catch((error: unknown) => {
      throw toStoreError(error);
    });
  if (rows[0] === undefined)
    throw new DiagError("aborted", `run ${fence.run}: the lease of epoch ${fence.epoch} is lost`);
  return rows[0].cancel ? "cancel" : "held";
}

const release: (
  deps: { pool: Pool; onCommit: OnCommit },
  ...rest: Parameters<RunStore["release"]>
) => ReturnType<RunStore["release"]> = (deps, fence, rev, as) =>
  fenced(deps, fence, async (tx) => {
    const { rowCount } = await tx.sql.query(
      "DELETE FROM outbox WHERE kind = 'run' AND id = $1 AND rev <= $2",
      [fence.run, rev],
    );
    const left =
      rowCount === 1
        ? undefined
        : await tx.sql.query<{ rev: number }>("SELECT rev FROM outbox WHERE kind = 'run' AND id = $1", [
            fence.run,
          ]);
    const newer = left?.rows[0]?.rev;
    if (newer !== undefined) return { released: false, rev: newer };
    await tx.sql.query(
      "UPDATE run SET status = $2, wake_at = $3, owner = NULL, lease_until = NULL WHERE id = $1",
      [fence.run, as.status, as.wakeAt ?? null],
    );
    tx.audit({
      actor: fence.worker,
      event: `run.${as.status}`,
      run: fence.run,
      payload: { epoch: fence.epoch },
    });
    // Nobody else would look: a worker that stops hands it on.
    if (as.status === "queued") tx.touch("run", fence.run);
    tx.show();
    return { released: true, rev };
  });
