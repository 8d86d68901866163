import type { Transaction } from "../transaction.ts";

/** Threads that go in one transaction. */
const AT_ONCE = 200;

/**
 * Forgets the oldest threads in which all has been over for so long, with everything that hangs on them: runs, incidents,
 * decisions, messages. The audit record keeps what was done. Returns how many threads went; fewer than `AT_ONCE`: no more are due.
 */
export async function pruneThreads(tx: Transaction, olderThanMs: number): Promise<number> {
  const { rows } = await tx.sql.query<{ id: number }>(OLD, [olderThanMs / 1000, AT_ONCE]);
  const threads = rows.map(({ id }) => id);
  if (threads.length === 0) return 0;
  const idsOf = async (table: "run" | "incident"): Promise<number[]> =>
    (
      await tx.sql.query<{ id: number }>(`SELECT id FROM ${table} WHERE thread_id = ANY ($1)`, [threads])
    ).rows.map(({ id }) => id);
  const [runs, incidents] = [await idsOf("run"), await idsOf("incident")];
  await tx.sql.query(
    "DELETE FROM vote WHERE approval_id IN (SELECT id FROM approval WHERE run_id = ANY ($1))",
    [runs],
  );
  await tx.sql.query("DELETE FROM slack_message WHERE thread_id = ANY ($1)", [threads]);
  for (const table of ["answer", "approval", "attempt", "remedy", "step", "finding"])
    await tx.sql.query(`DELETE FROM ${table} WHERE run_id = ANY ($1)`, [runs]);
  for (const table of [
    "checklist_tick",
    "checklist",
    "postmortem",
    "escalation",
    "incident_answer",
    "reopening",
    "alert_instance",
  ])
    await tx.sql.query(`DELETE FROM ${table} WHERE incident_id = ANY ($1)`, [incidents]);
  await tx.sql.query("DELETE FROM outbox WHERE kind = 'run' AND id = ANY ($1)", [runs]);
  await tx.sql.query("DELETE FROM run WHERE id = ANY ($1)", [runs]);
  await tx.sql.query("DELETE FROM incident WHERE id = ANY ($1)", [incidents]);
  await tx.sql.query("UPDATE notice SET about = NULL WHERE about = ANY ($1)", [threads]);
  await tx.sql.query("DELETE FROM notice WHERE thread_id = ANY ($1)", [threads]);
  // A storm goes when its groups have gone; its folded threads may be of this batch.
  await tx.sql.query("UPDATE thread SET storm_id = NULL WHERE id = ANY ($1) AND storm_id IS NOT NULL", [
    threads,
  ]);
  await tx.sql.query("DELETE FROM storm WHERE thread_id = ANY ($1)", [threads]);
  await tx.sql.query("DELETE FROM thread WHERE id = ANY ($1)", [threads]);
  tx.audit({
    actor: "sweeper",
    event: "threads.pruned",
    payload: { threads: threads.length, runs: runs.length, incidents: incidents.length },
  });
  return threads.length;
}

/** The oldest threads that are looked at: more of them would be joined by reading whole tables. Few stay open for months. */
const CANDIDATES = 400;

/** Nothing of it is open, was open lately, or still has to be shown; and nobody's previous run or later run is in it. */
const OLD = `
SELECT t.id FROM (SELECT id FROM thread WHERE created_at < now() - make_interval(secs => $1)
  ORDER BY created_at LIMIT ${CANDIDATES}) t
WHERE NOT EXISTS (SELECT FROM run r WHERE r.thread_id = t.id
    AND (r.ended_at IS NULL OR r.ended_at >= now() - make_interval(secs => $1)))
  AND NOT EXISTS (SELECT FROM incident i WHERE i.thread_id = t.id
    AND (i.status = 'firing' OR i.last_seen_at >= now() - make_interval(secs => $1)))
  AND NOT EXISTS (SELECT FROM run r JOIN remedy m ON m.run_id = r.id WHERE r.thread_id = t.id AND m.held_until IS NOT NULL)
  AND NOT EXISTS (SELECT FROM run r JOIN target_lock k ON k.run_id = r.id WHERE r.thread_id = t.id)
  AND NOT EXISTS (SELECT FROM run r JOIN run o ON o.superseded_by = r.id WHERE r.thread_id = t.id AND o.thread_id <> t.id)
  AND NOT EXISTS (SELECT FROM storm s JOIN thread o ON o.storm_id = s.id WHERE s.thread_id = t.id)
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.kind = 'thread' AND o.id = t.id)
LIMIT $2`;
