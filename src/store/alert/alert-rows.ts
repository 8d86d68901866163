import { createHash } from "node:crypto";
import type { AlertRequest } from "../../core/ports/intake.ts";
import { clip } from "../../core/words/format.ts";
import type { Transaction } from "../transaction.ts";
import { type Change, endOf, type Instance, type KnownIncident, type KnownInstance } from "./alert-news.ts";

/** A group of thousands must not fill the lock table: one of more instances locks whole buckets of them. */
const MOST_LOCKS = 64;
const BUCKETS = 16;
/** Class of the buckets' locks, apart from every lock that has one number only. */
const BUCKET_CLASS = 720_441_400;

/**
 * One delivery at a time per group key and per instance, so that peers cannot open two incidents; deliveries that have neither
 * in common do not wait for each other. Whoever locks instances holds their buckets shared, so that a large group, which
 * locks buckets, excludes it. The group comes first, then buckets, then instances, each in order: no deadlock. Returns when the
 * transaction began.
 */
export async function lockAlerts(
  tx: Transaction,
  groupKey: string,
  instances: readonly Instance[],
): Promise<Date> {
  const buckets = [...new Set(instances.map(({ sha }) => Number.parseInt(sha.slice(0, 4), 16) % BUCKETS))];
  buckets.sort((a, b) => a - b);
  const isLarge = instances.length > MOST_LOCKS;
  const keys = isLarge ? [] : [...new Set(instances.map(({ sha }) => lockOf(`instance ${sha}`)))].sort();
  // The parts of a UNION ALL are carried out one after the other, each in the order of its list.
  const { rows } = await tx.sql.query<{ now: Date }>(
    `SELECT now() AS now, count(held) FROM (
       SELECT pg_advisory_xact_lock($1::bigint)::text AS held
       UNION ALL SELECT (CASE WHEN $4 THEN pg_advisory_xact_lock($2, bucket) ELSE pg_advisory_xact_lock_shared($2, bucket) END)::text
         FROM unnest($3::int[]) AS bucket
       UNION ALL SELECT pg_advisory_xact_lock(key)::text FROM unnest($5::bigint[]) AS key) AS locks`,
    [lockOf(`group ${groupKey}`), BUCKET_CLASS, buckets, isLarge, keys],
  );
  return rows[0]?.now ?? new Date();
}

/** 64 bits of a digest: two names that share them wait for each other, nothing else. */
const lockOf = (name: string): string => String(createHash("sha256").update(name).digest().readBigInt64BE());

/** What is known of the instances (same order) and of every incident they or the group key belong to, locked. */
export async function readKnown(
  tx: Transaction,
  groupKey: string,
  instances: readonly Instance[],
): Promise<{ known: KnownInstance[]; incidents: KnownIncident[] }> {
  const { rows: known } = await tx.sql.query<KnownInstance>(
    `SELECT exact.incident_id AS incident, exact.status, exact.last_seen_at AS "seenAt",
       coalesce(exact.annotations IS DISTINCT FROM given.annotations::jsonb, false) AND exact.incident_id IS NOT NULL AS "annotationsDiffer",
       newest.incident_id AS "newestIncident", newest.starts_at AS "newestStartsAt"
     FROM unnest($1::text[], $2::timestamptz[], $3::text[]) WITH ORDINALITY AS given (sha, starts_at, annotations, n)
     LEFT JOIN alert_instance exact ON exact.labels_sha256 = given.sha AND exact.starts_at = given.starts_at
     LEFT JOIN LATERAL (SELECT incident_id, starts_at FROM alert_instance
       WHERE labels_sha256 = given.sha ORDER BY starts_at DESC LIMIT 1) newest ON true
     ORDER BY given.n`,
    [
      instances.map(({ sha }) => sha),
      instances.map(({ startsAt }) => startsAt.toISOString()),
      instances.map(({ alert }) => JSON.stringify(alert.annotations)),
    ],
  );
  const ids = known.flatMap(({ incident, newestIncident }) => [incident, newestIncident]);
  const { rows: incidents } = await tx.sql.query<KnownIncident>(
    `SELECT id, thread_id AS thread, status, resolved_at AS "resolvedAt", group_key = $1 AS "sameGroup"
     FROM incident WHERE id = ANY ($2::int[])
       OR id = (SELECT id FROM incident WHERE hashtextextended(group_key, 0) = hashtextextended($1, 0) AND group_key = $1
         ORDER BY opened_at DESC, id DESC LIMIT 1)
     ORDER BY id FOR UPDATE`,
    [groupKey, [...new Set(ids.filter((id) => id !== null))]],
  );
  return { known, incidents };
}

/** Writes instances; those without an incident of their own go to `home`. */
export async function writeInstances(
  tx: Transaction,
  home: number,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return;
  await tx.sql.query(
    `INSERT INTO alert_instance (labels_sha256, starts_at, incident_id, labels, annotations, status, ends_at, generator_url)
     SELECT sha, starts_at, incident, labels::jsonb, annotations::jsonb, status, ends_at, generator_url
     FROM unnest($1::text[], $2::timestamptz[], $3::int[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
       AS given (sha, starts_at, incident, labels, annotations, status, ends_at, generator_url)
     ON CONFLICT (labels_sha256, starts_at) DO UPDATE SET incident_id = excluded.incident_id,
       annotations = excluded.annotations, status = excluded.status, ends_at = excluded.ends_at, generator_url = excluded.generator_url,
       last_seen_at = now(), deliveries = alert_instance.deliveries + 1`,
    [
      changes.map(({ instance }) => instance.sha),
      changes.map(({ instance }) => instance.startsAt.toISOString()),
      changes.map(({ incident }) => incident ?? home),
      changes.map(({ instance }) => JSON.stringify(instance.alert.labels)),
      changes.map(({ instance }) => JSON.stringify(instance.alert.annotations)),
      changes.map(({ status }) => status),
      changes.map(({ instance }) => endOf(instance)?.toISOString() ?? null),
      changes.map(({ instance }) => instance.alert.generatorURL),
    ],
  );
}

/** Alerts are told apart by labels: one that began again later has ended before. Returns the incidents concerned. */
export async function resolveSuperseded(tx: Transaction, changes: readonly Change[]): Promise<number[]> {
  const labels = [...new Set(changes.map(({ instance }) => instance.sha))];
  if (labels.length === 0) return [];
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
export const noteOf = ({ notes = [] }: AlertRequest): string | null =>
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
