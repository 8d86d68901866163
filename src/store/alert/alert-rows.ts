import type { AlertRequest } from "../../core/ports/intake.ts";
import { groupTitle } from "../../core/words/alert.ts";
import { clip } from "../../core/words/format.ts";
import { IncidentId, ThreadId } from "../../core/words/ids.ts";
import type { Transaction } from "../transaction.ts";
import { type Change, endOf, type KnownInstance } from "./alert-news.ts";

/**
 * SQL: writes the instances given by `$n` and the seven parameters behind it (`instanceValues`); those without an incident of
 * their own go to `home`.
 */
const upsertInstances = (home: string, n: number) => `
  INSERT INTO alert_instance (labels_sha256, starts_at, incident_id, labels, annotations, status, ends_at, generator_url)
  SELECT sha, starts_at, coalesce(incident, ${home}), labels::jsonb, annotations::jsonb, status, ends_at, generator_url
  FROM unnest($${n}::text[], $${n + 1}::timestamptz[], $${n + 2}::int[], $${n + 3}::text[], $${n + 4}::text[], $${n + 5}::text[],
    $${n + 6}::timestamptz[], $${n + 7}::text[]) AS given (sha, starts_at, incident, labels, annotations, status, ends_at, generator_url)
  ON CONFLICT (labels_sha256, starts_at) DO UPDATE SET incident_id = excluded.incident_id,
    annotations = excluded.annotations, status = excluded.status, ends_at = excluded.ends_at, generator_url = excluded.generator_url,
    last_seen_at = now(), deliveries = alert_instance.deliveries + 1`;

const instanceValues = (changes: readonly Change[]): readonly unknown[] => [
  changes.map(({ instance }) => instance.sha),
  changes.map(({ instance }) => instance.startsAt.toISOString()),
  changes.map(({ incident }) => incident ?? null),
  changes.map(({ instance }) => JSON.stringify(instance.alert.labels)),
  changes.map(({ instance }) => JSON.stringify(instance.alert.annotations)),
  changes.map(({ status }) => status),
  changes.map(({ instance }) => endOf(instance)?.toISOString() ?? null),
  changes.map(({ instance }) => instance.alert.generatorURL),
];

/** Writes instances; those without an incident of their own go to `home`. */
export async function writeInstances(
  tx: Transaction,
  home: number,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.sql.query(upsertInstances("$1::int", 2), [home, ...instanceValues(changes)]);
}

/** A new incident with its thread and instances, in one round trip. */
export async function openIncident(
  tx: Transaction,
  { notification, system, severity, channel, remarks = [], ...request }: AlertRequest,
  changes: readonly Change[],
): Promise<{ incident: IncidentId; thread: ThreadId }> {
  const fires = changes.some(({ status }) => status === "firing") || notification.truncatedAlerts > 0;
  const { rows } = await tx.sql.query<{ id: number; thread_id: number }>(
    `WITH home AS (INSERT INTO thread (channel) VALUES ($1) RETURNING id),
     opened AS (
       INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status, external_url, truncated, note, remarks, resolved_at)
       SELECT home.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $7 = 'resolved' THEN now() END FROM home RETURNING id, thread_id),
     written AS (${upsertInstances("(SELECT id FROM opened)", 12)})
     SELECT id, thread_id FROM opened`,
    [
      channel,
      notification.groupKey,
      notification.receiver,
      clip(groupTitle(notification), 300),
      system ?? null,
      severity,
      fires ? "firing" : "resolved",
      notification.externalURL,
      notification.truncatedAlerts,
      noteOf(request),
      remarks,
      ...instanceValues(changes),
    ],
  );
  return { incident: IncidentId.parse(rows[0]?.id), thread: ThreadId.parse(rows[0]?.thread_id) };
}

/**
 * Alerts are told apart by labels: one that began again later has ended before. Returns the incidents concerned. Nothing is
 * asked where no labels were known and none come twice.
 */
export async function resolveSuperseded(
  tx: Transaction,
  changes: readonly Change[],
  known: readonly KnownInstance[],
): Promise<number[]> {
  const labels = [...new Set(changes.map(({ instance }) => instance.sha))];
  const isNew = known.every(({ newestStartsAt }) => newestStartsAt === null);
  if (labels.length === 0 || (isNew && labels.length === changes.length)) return [];
  const { rows } = await tx.sql.query<{ incident_id: number }>(
    `UPDATE alert_instance old SET status = 'resolved', last_seen_at = now(),
       ends_at = (SELECT min(starts_at) FROM alert_instance WHERE labels_sha256 = old.labels_sha256 AND starts_at > old.starts_at)
     WHERE old.labels_sha256 = ANY ($1) AND old.status = 'firing'
       AND EXISTS (SELECT FROM alert_instance newer WHERE newer.labels_sha256 = old.labels_sha256 AND newer.starts_at > old.starts_at)
     RETURNING old.incident_id`,
    [labels],
  );
  return [...new Set(rows.map((row) => row.incident_id))];
}

export interface Settled {
  readonly id: number;
  readonly threadId: number;
  readonly became?: "resolved" | "reopened";
  /** Something people see of the incident itself changed. */
  readonly visible: boolean;
  /** When it was last heard of has changed by so much that people should see it. */
  readonly heard: boolean;
}

/** What people are told of the notification's trouble; null: nothing. */
export const noteOf = ({ notes = [] }: Pick<AlertRequest, "notes">): string | null =>
  notes.length === 0 ? null : clip(notes.join("; "), 1_000);

/** Brings incidents in line with their instances; `home` is the one the notification speaks of. */
export async function updateIncidents(
  tx: Transaction,
  request: AlertRequest,
  home: number,
  ids: readonly number[],
): Promise<Settled[]> {
  const { notification, severity, system, remarks = [] } = request;
  // What is over asks for nothing: what was said while it fired stays.
  const fires = notification.alerts.some(({ status }) => status === "firing");
  const { rows } = await tx.sql.query<{
    id: number;
    thread_id: number;
    before: string;
    after: string;
    visible: boolean;
    heard: boolean;
  }>(
    `WITH before AS (
       SELECT i.id, i.status, i.truncated, i.severity, i.note, i.remarks, i.last_seen_at, i.stale_at, CASE
         WHEN EXISTS (SELECT FROM alert_instance a WHERE a.incident_id = i.id AND a.status = 'firing') THEN 'firing'
         WHEN i.id = $2 AND $3 > 0 THEN i.status
         ELSE 'resolved' END AS next
       FROM incident i WHERE i.id = ANY ($1::int[]))
     UPDATE incident i SET status = next, last_seen_at = now(),
       deliveries = i.deliveries + CASE WHEN i.id = $2 THEN 1 ELSE 0 END,
       truncated = CASE WHEN i.id = $2 THEN $3 ELSE i.truncated END,
       note = CASE WHEN i.id = $2 THEN $6 ELSE i.note END,
       remarks = CASE WHEN i.id = $2 AND $8 THEN $7 ELSE i.remarks END,
       system = coalesce(i.system, CASE WHEN i.id = $2 THEN $5 END),
       stale_at = NULL,
       closed_by = CASE WHEN next = 'firing' THEN NULL ELSE i.closed_by END,
       close_reason = CASE WHEN next = 'firing' THEN NULL ELSE i.close_reason END,
       severity = CASE WHEN i.id = $2 AND i.severity = 'unknown' THEN $4 ELSE i.severity END,
       resolved_at = CASE WHEN next = 'firing' THEN NULL WHEN before.status = 'resolved' THEN i.resolved_at ELSE now() END
     FROM before WHERE i.id = before.id
     RETURNING i.id, i.thread_id, before.status AS before, i.status AS after,
       (i.truncated, i.severity, i.note, i.remarks) IS DISTINCT FROM (before.truncated, before.severity, before.note, before.remarks)
         OR before.stale_at IS NOT NULL AS visible,
       before.last_seen_at < now() - interval '1 minute' AS heard`,
    [ids, home, notification.truncatedAlerts, severity, system ?? null, noteOf(request), remarks, fires],
  );
  return rows.map((row) => ({
    id: row.id,
    threadId: row.thread_id,
    visible: row.visible,
    heard: row.heard,
    ...(row.before === row.after
      ? {}
      : { became: row.after === "firing" ? ("reopened" as const) : ("resolved" as const) }),
  }));
}
