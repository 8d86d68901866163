import type { RunStore } from "../core/run-store.ts";
import { fenced, type OnCommit } from "./fence.ts";
import type { Pool } from "./pool.ts";

type Ends = Pick<RunStore, "cancel" | "finish">;

/** How runs end. Ending frees the worker, the targets and everything that waited for a vote. */
export function runEnds(house: { pool: Pool; onCommit: OnCommit }): Ends {
  return {
    cancel: (fence) =>
      fenced(house, fence, async (tx) => {
        await tx.sql.query("UPDATE step SET state = 'cancelled' WHERE run_id = $1 AND state = 'ready'", [
          fence.run,
        ]);
        await tx.sql.query(
          `UPDATE remedy SET status = 'cancelled', ended_at = clock_timestamp()
           WHERE run_id = $1 AND status IN ('planned', 'waiting', 'approved', 'applying', 'verifying')`,
          [fence.run],
        );
        await tx.sql.query(
          `UPDATE approval SET state = 'void', decided_at = clock_timestamp(), void_because = '["the run was cancelled"]'
           WHERE run_id = $1 AND state IN ('pending', 'approved')`,
          [fence.run],
        );
        await end(tx, fence.run, "cancelled");
        tx.audit({ actor: fence.worker, event: "run.cancelled", run: fence.run });
        tx.show({ urgent: true });
      }),
    finish: (fence, status, error) =>
      fenced(house, fence, async (tx) => {
        await tx.sql.query("UPDATE run SET error = $2 WHERE id = $1", [
          fence.run,
          error === undefined ? null : JSON.stringify(error),
        ]);
        await end(tx, fence.run, status);
        tx.audit({
          actor: fence.worker,
          event: `run.${status}`,
          run: fence.run,
          payload: { error: error?.code },
        });
        tx.show();
      }),
  };
}

async function end(
  tx: { sql: Parameters<Parameters<typeof fenced>[2]>[0]["sql"] },
  run: number,
  status: string,
): Promise<void> {
  await tx.sql.query(
    `UPDATE run SET status = $2, ended_at = clock_timestamp(), owner = NULL, lease_until = NULL, wake_at = NULL WHERE id = $1`,
    [run, status],
  );
  await tx.sql.query("DELETE FROM target_lock WHERE run_id = $1", [run]);
  await tx.sql.query("DELETE FROM outbox WHERE kind = 'run' AND id = $1", [run]);
}
