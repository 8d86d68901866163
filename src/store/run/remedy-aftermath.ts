import type { RunStore } from "../../core/ports/run-store.ts";
import type { Pool } from "../pool.ts";
import { gate } from "./auto-off.ts";
import { fenced, type OnCommit } from "./fence.ts";
import { insertSteps } from "./run-steps.ts";

type Aftermath = Pick<RunStore, "beginVerify" | "beginUndo" | "endHold" | "watchOn">;

/** After the last call of a remedy: is it better, does it stay, is it taken back? */
export function remedyAftermath(deps: { pool: Pool; onCommit: OnCommit }): Aftermath {
  return {
    beginVerify: (fence, key, withinMs) =>
      fenced(deps, fence, async (tx) => {
        const { rowCount } = await tx.sql.query(
          `UPDATE remedy SET status = 'verifying', applied_at = clock_timestamp(),
             verify_until = clock_timestamp() + make_interval(secs => $3) WHERE run_id = $1 AND key = $2 AND status = 'applying'`,
          [fence.run, key, withinMs / 1000],
        );
        if (rowCount !== 1) return;
        // A cancelled run makes no further call; what it has made is verified all the same.
        await tx.sql.query(
          "UPDATE step SET state = 'skipped' WHERE run_id = $1 AND remedy = $2 AND phase = 'apply' AND state = 'ready'",
          [fence.run, key],
        );
        tx.audit({
          actor: fence.worker,
          event: "remedy.verifying",
          run: fence.run,
          payload: { remedy: key },
        });
        tx.show({ urgent: true });
      }),
    watchOn: (fence, key, ms) =>
      fenced(deps, fence, async (tx) => {
        await tx.sql.query(
          `UPDATE remedy SET held_until = clock_timestamp() + make_interval(secs => $3)
           WHERE run_id = $1 AND key = $2 AND held_then = 'watch'`,
          [fence.run, key, ms / 1000],
        );
      }),
    endHold: (fence, key) =>
      fenced(deps, fence, async (tx) => {
        await tx.sql.query(
          "UPDATE remedy SET held_until = NULL, held_then = NULL WHERE run_id = $1 AND key = $2",
          [fence.run, key],
        );
        tx.audit({ actor: fence.worker, event: "remedy.kept", run: fence.run, payload: { remedy: key } });
        tx.show();
      }),
    beginUndo: (fence, key, steps, note) =>
      fenced(deps, fence, async (tx) => {
        await insertSteps(tx, fence, steps);
        const { rows } = await tx.sql.query<{ status: string; asked: boolean }>(
          `SELECT status, EXISTS (SELECT FROM answer w WHERE w.run_id = m.run_id AND w.remedy = m.key AND w.answer = 'undo') AS asked
           FROM remedy m WHERE run_id = $1 AND key = $2`,
          [fence.run, key],
        );
        await tx.sql.query(
          "UPDATE remedy SET status = 'undoing', note = $3, held_until = NULL, held_then = NULL, ended_at = NULL WHERE run_id = $1 AND key = $2",
          [fence.run, key, note],
        );
        tx.audit({
          actor: fence.worker,
          event: "remedy.undoing",
          run: fence.run,
          payload: { remedy: key, note },
        });
        // What was to be in force for a time only has done what it was for.
        if (rows[0]?.status !== "succeeded" || rows[0].asked)
          await gate(tx, { run: fence.run, key, how: "taken back", note });
        tx.show({ urgent: true });
      }),
  };
}
