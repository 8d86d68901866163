import type { CloseRequest, Intake } from "../../core/ports/intake.ts";
import { leftOf } from "../../core/words/checklist.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { IncidentId, ThreadId } from "../../core/words/ids.ts";
import { cut } from "../../lib/cut.ts";
import { actorOf } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";
import { checklistsOf } from "./checklists.ts";
import { askToLookAgain } from "./incident-runs.ts";
import { lockIncident } from "./lock-incident.ts";

/** Characters of what a person said; more is cut. */
const LONGEST_REASON = 500;

/** An incident is over, by what Alertmanager or a person says: nothing of it waits to be started, what waits looks again. */
export async function endIncident(
  tx: Transaction,
  { incident, thread, why }: { incident: IncidentId; thread: ThreadId; why: "resolved" | "closed" },
): Promise<void> {
  await tx.sql.query(
    "UPDATE incident SET runs_due_at = NULL, runs_due = NULL, stale_at = NULL WHERE id = $1",
    [incident],
  );
  await askToLookAgain(tx, { incident, thread, quietMs: 0 }, { why });
}

/**
 * Says that an incident is over although no notification said so (its alert ended under a silence). When the alert is sent
 * again as firing, later than a late copy may come, the incident is reopened. A refusal is returned.
 */
export async function closeIncident(
  tx: Transaction,
  { incident: named, message, by, reason: given }: CloseRequest,
): Promise<Awaited<ReturnType<Intake["closeIncident"]>> | DiagError> {
  // Not before it was redacted: half a secret is not found.
  const reason = cut(given, LONGEST_REASON);
  const row = await lockIncident(tx, { incident: named, message });
  if (row instanceof DiagError) return row;
  const { incident, thread } = row;
  if (row.status === "resolved") return { incident, closed: false };
  const left = leftOf(await checklistsOf(tx.sql, thread));
  if (left.length > 0)
    return new DiagError(
      "not_decidable",
      `incident #${incident} is not closed: ${left.slice(0, 3).join("; ")}${left.length > 3 ? ` and ${left.length - 3} more` : ""}`,
      {
        hint: `these have to be done before: \`/diag tick ${incident} <checklist> <item>\``,
      },
    );
  await tx.sql.query(
    `UPDATE incident SET status = 'resolved', resolved_at = clock_timestamp(), truncated = 0, closed_by = $2, close_reason = $3
     WHERE id = $1 AND status = 'firing'`,
    [incident, by.principal ?? by.name, reason],
  );
  // As if it had been heard now: a late copy of the same firing alert does not open it again.
  await tx.sql.query(
    "UPDATE alert_instance SET status = 'resolved', ends_at = now(), last_seen_at = now() WHERE incident_id = $1 AND status = 'firing'",
    [incident],
  );
  tx.audit({ actor: actorOf(by), event: "incident.closed", payload: { incident, reason } });
  await endIncident(tx, { incident, thread, why: "closed" });
  tx.touch("thread", thread);
  return { incident, closed: true };
}

/** Marks firing incidents of which nothing was heard for so long; a notification about one takes the mark away. */
export async function markStale(tx: Transaction, afterMs: number): Promise<number> {
  const { rows } = await tx.sql.query<{ id: number; thread_id: number }>(
    `UPDATE incident SET stale_at = clock_timestamp() WHERE id IN (SELECT id FROM incident
       WHERE status = 'firing' AND stale_at IS NULL AND last_seen_at < clock_timestamp() - make_interval(secs => $1)
       ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED) RETURNING id, thread_id`,
    [afterMs / 1000],
  );
  for (const row of rows) {
    tx.audit({ actor: "sweeper", event: "incident.stale", payload: { incident: row.id } });
    tx.touch("thread", row.thread_id);
  }
  return rows.length;
}
