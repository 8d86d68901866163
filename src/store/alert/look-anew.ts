import type { RunStore } from "../../core/ports/run-store.ts";
import { Caller } from "../../core/words/caller.ts";
import { IncidentId } from "../../core/words/ids.ts";
import type { RunView } from "../../core/words/view.ts";
import type { Pool } from "../pool.ts";
import { present } from "../rows.ts";
import { fenced, type OnCommit } from "../run/fence.ts";
import { insertRun } from "../run/runs.ts";
import { supersede } from "./incident-runs.ts";

interface LookRow {
  due: boolean;
  incident: number | null;
  system: string;
  runbook: string;
  connections: Record<string, string>;
  alert: NonNullable<RunView["alert"]> | null;
  caller: unknown;
  channel: string;
  dryRun: boolean;
  applyForMs: string | null;
}

/** A run whose runbook is another one now does not look again itself. */
export const lookAnew = (deps: { pool: Pool; onCommit: OnCommit }): Pick<RunStore, "lookAnew"> => ({
  lookAnew: (fence, n, { because, as }) =>
    fenced(deps, fence, async (tx) => {
      if (tx.run.cancelRequested) return;
      const { rows } = await tx.sql.query<LookRow>(
        `UPDATE run r SET look_again_at = CASE WHEN look_again_n = $2 THEN NULL ELSE look_again_at END FROM thread t
         WHERE r.id = $1 AND t.id = r.thread_id AND superseded_by IS NULL RETURNING look_again_n = $2 AS due,
           incident_id AS incident, system, runbook, connections, alert, caller, channel,
           dry_run AS "dryRun", apply_for_ms AS "applyForMs"`,
        [fence.run, n],
      );
      const [old] = rows;
      if (old?.due !== true) return;
      tx.audit({ actor: fence.worker, event: "run.not-looked-again", run: fence.run, payload: { because } });
      if (as === undefined || old.incident === null) return;
      const incident = IncidentId.parse(old.incident);
      const caller = Caller.parse(old.caller);
      const { system, runbook, connections, channel, dryRun } = old;
      const applyFor = old.applyForMs === null ? {} : { applyForMs: Number(old.applyForMs) };
      const by = await insertRun(
        tx,
        { system, runbook, connections, channel, caller, dryRun, ...applyFor, ...as },
        { thread: tx.run.thread, incident, ...present({ alert: old.alert }) },
      );
      await supersede(tx, tx.run.thread, fence.run, { by, actor: fence.worker });
    }),
});
