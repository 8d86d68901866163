import type { Entry } from "../../core/ports/intake.ts";
import { isInMaintenance } from "../human/system-freeze-rows.ts";
import { entryValues } from "../inbox.ts";
import type { Transaction } from "../transaction.ts";
import type { Lockable } from "./alert-locks.ts";
import type { KnownIncident, KnownInstance } from "./alert-news.ts";

/** A delivery to be noted down, and what is to be read for it. */
export interface Delivery extends Lockable {
  readonly entry: Entry;
  readonly system: string | undefined;
}

/** What was known when the transaction began. */
export interface Seen {
  readonly now: Date;
  /** Of each instance, in their order. */
  readonly known: readonly KnownInstance[];
  /** Every incident that the instances or the group key belong to, locked. */
  readonly incidents: readonly KnownIncident[];
  /** The system is in maintenance. */
  readonly quiet: boolean;
}

type KnownRow = Omit<KnownInstance, "seenAt" | "newestStartsAt"> & {
  readonly nth: number;
  readonly seenAt: string | null;
  readonly newestStartsAt: string | null;
};
type IncidentRow = Omit<KnownIncident, "resolvedAt" | "sameGroup"> & {
  readonly resolvedAt: string | null;
  readonly groupKey: string;
};
interface Row {
  readonly now: Date;
  readonly known: readonly KnownRow[] | null;
  readonly incidents: readonly IncidentRow[] | null;
  /** Newest incident of the group key of each. */
  readonly newest: readonly (number | null)[];
  readonly quiet: readonly boolean[];
}

/** SQL: notes deliveries down and reads all that is known, in one round trip. */
const readSql = (locking: string): string => `
  WITH noted AS (INSERT INTO inbox (source, dedupe_key, raw) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
     ON CONFLICT (dedupe_key) DO NOTHING),
   known AS (
     SELECT given.n, given.nth, exact.incident_id AS incident, exact.status, exact.last_seen_at AS "seenAt",
       coalesce(exact.annotations IS DISTINCT FROM given.annotations::jsonb, false) AND exact.incident_id IS NOT NULL AS "annotationsDiffer",
       newest.incident_id AS "newestIncident", newest.starts_at AS "newestStartsAt"
     FROM unnest($4::int[], $5::text[], $6::timestamptz[], $7::text[]) WITH ORDINALITY AS given (nth, sha, starts_at, annotations, n)
     LEFT JOIN alert_instance exact ON exact.labels_sha256 = given.sha AND exact.starts_at = given.starts_at
     LEFT JOIN LATERAL (SELECT incident_id, starts_at FROM alert_instance
       WHERE labels_sha256 = given.sha ORDER BY starts_at DESC LIMIT 1) newest ON true),
   asked AS (
     SELECT asked.nth, asked.system, (SELECT id FROM incident
         WHERE hashtextextended(group_key, 0) = hashtextextended(asked.group_key, 0) AND group_key = asked.group_key
         ORDER BY opened_at DESC, id DESC LIMIT 1) AS newest
     FROM unnest($8::text[], $9::text[]) WITH ORDINALITY AS asked (group_key, system, nth)),
   incidents AS (
     SELECT id, thread_id AS thread, status, resolved_at AS "resolvedAt", group_key AS "groupKey"
     FROM incident WHERE id = ANY (ARRAY(SELECT incident FROM known UNION SELECT "newestIncident" FROM known UNION SELECT newest FROM asked))
     ORDER BY id FOR UPDATE ${locking})
   SELECT now() AS now, (SELECT jsonb_agg(known ORDER BY n) FROM known) AS known,
     (SELECT jsonb_agg(incidents ORDER BY id) FROM incidents) AS incidents,
     (SELECT jsonb_agg(newest ORDER BY nth) FROM asked) AS newest,
     (SELECT jsonb_agg(${isInMaintenance("asked.system")} ORDER BY nth) FROM asked) AS quiet`;

const WAITING = readSql("");
const WAITING_FOR_NOBODY = readSql("SKIP LOCKED");

/** Notes one delivery down and reads what is known; waits for whoever changes its incidents. */
export async function noteAndRead(tx: Transaction, delivery: Delivery): Promise<Seen> {
  const row = await read(tx, WAITING, [delivery]);
  return seenOf(row, delivery, 0);
}

/**
 * The same for several that have nothing in common, waiting for nobody. Undefined for one whose incident is being changed, or
 * belongs to one before it, too.
 */
export async function noteAndReadAll(
  tx: Transaction,
  deliveries: readonly Delivery[],
): Promise<(Seen | undefined)[]> {
  const row = await read(tx, WAITING_FOR_NOBODY, deliveries);
  const there = new Set((row.incidents ?? []).map(({ id }) => id));
  const taken = new Set<number>();
  return deliveries.map((delivery, nth) => {
    const mine = incidentsOf(row, nth);
    const isFree = mine.every((id) => there.has(id) && !taken.has(id));
    for (const id of mine) taken.add(id);
    return isFree ? seenOf(row, delivery, nth) : undefined;
  });
}

async function read(tx: Transaction, sql: string, deliveries: readonly Delivery[]): Promise<Row> {
  const entries = deliveries.map(({ entry }) => entryValues(entry));
  const given = deliveries.flatMap(({ instances }, nth) => instances.map((one) => ({ ...one, nth })));
  const { rows } = await tx.sql.query<Row>(sql, [
    entries.map(([source]) => source),
    entries.map(([, key]) => key),
    entries.map(([, , raw]) => raw),
    given.map(({ nth }) => nth),
    given.map(({ sha }) => sha),
    given.map(({ startsAt }) => startsAt.toISOString()),
    given.map(({ alert }) => JSON.stringify(alert.annotations)),
    deliveries.map(({ groupKey }) => groupKey),
    deliveries.map(({ system }) => system ?? null),
  ]);
  return rows[0] ?? { now: new Date(), known: [], incidents: [], newest: [], quiet: [] };
}

/** Every incident that concerns the delivery, locked or not. */
function incidentsOf({ known, newest }: Row, nth: number): number[] {
  const ids = [
    ...(known ?? []).flatMap((one) => (one.nth === nth ? [one.incident, one.newestIncident] : [])),
    newest[nth] ?? null,
  ];
  return [...new Set(ids.filter((id) => id !== null))];
}

function seenOf(row: Row, { groupKey }: Delivery, nth: number): Seen {
  const mine = new Set(incidentsOf(row, nth));
  return {
    now: row.now,
    quiet: row.quiet[nth] === true,
    known: (row.known ?? [])
      .filter((one) => one.nth === nth)
      .map((one) => ({
        ...one,
        seenAt: dateOrNull(one.seenAt),
        newestStartsAt: dateOrNull(one.newestStartsAt),
      })),
    incidents: (row.incidents ?? [])
      .filter(({ id }) => mine.has(id))
      .map(({ groupKey: theirs, ...one }) => ({
        ...one,
        resolvedAt: dateOrNull(one.resolvedAt),
        sameGroup: theirs === groupKey,
      })),
  };
}

const dateOrNull = (text: string | null): Date | null => (text === null ? null : new Date(text));
