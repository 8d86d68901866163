import type { Alert } from "../../core/words/alert.ts";
import { canonical } from "../../core/words/json.ts";
import { sha256 } from "../../lib/sha256.ts";

/** How long a resolved incident's thread is taken up again when its alerts come back. */
export const REOPEN_MS = 3_600_000;

/**
 * A firing copy of an instance that was resolved this recently is a late duplicate (peers wait 15 s per position,
 * retries go on for a group_interval of 5 min), not a new fire. A true one is sent again after that.
 */
export const LATE_MS = 300_000;

/** An alert with its identity: labels and when it began. */
export interface Instance {
  readonly sha: string;
  readonly startsAt: Date;
  readonly alert: Alert;
}

/** What the tables hold about an instance, and about the newest one with the same labels. */
export interface KnownInstance {
  readonly incident: number | null;
  readonly status: "firing" | "resolved" | null;
  readonly seenAt: Date | null;
  readonly annotationsDiffer: boolean;
  readonly newestIncident: number | null;
  readonly newestStartsAt: Date | null;
}

export interface KnownIncident {
  readonly id: number;
  readonly thread: number;
  readonly status: "firing" | "resolved";
  readonly resolvedAt: Date | null;
  readonly sameGroup: boolean;
}

/** How an instance is to be written. */
export interface Change {
  readonly instance: Instance;
  readonly status: "firing" | "resolved";
  /** Undefined: it goes to the incident chosen for what is new. */
  readonly incident: number | undefined;
}

/** Distinct instances of a notification, in one order however it was sent; a resolved copy wins over a firing one. */
export function instancesOf(alerts: readonly Alert[]): Instance[] {
  const distinct = new Map<string, Instance>();
  for (const alert of alerts) {
    const startsAt = new Date(alert.startsAt);
    const sha = alert.labelsSha256 ?? sha256(canonical(alert.labels));
    const key = `${sha}/${startsAt.getTime()}`;
    if (distinct.get(key)?.alert.status !== "resolved") distinct.set(key, { sha, startsAt, alert });
  }
  return [...distinct.values()].sort(
    (a, b) => a.startsAt.getTime() - b.startsAt.getTime() || (a.sha < b.sha ? -1 : 1),
  );
}

/** When a resolved alert ended; undefined where it says nothing sensible (firing alerts carry year 1). */
export function endOf({ alert, startsAt }: Instance): Date | undefined {
  if (alert.status !== "resolved") return undefined;
  const end = new Date(alert.endsAt);
  return Number.isNaN(end.getTime()) || end < startsAt ? undefined : end;
}

/** An incident that new alerts may still join: open, or resolved less than an hour ago. */
export const isJoinable = (incident: KnownIncident, now: Date): boolean =>
  incident.status === "firing" ||
  incident.resolvedAt === null ||
  now.getTime() - incident.resolvedAt.getTime() < REOPEN_MS;

/** What a notification changes; pure. Repeats and late copies change nothing. */
export function changesOf(
  pairs: readonly { readonly instance: Instance; readonly known: KnownInstance }[],
  joinable: ReadonlySet<number>,
  now: Date,
): Change[] {
  return pairs.flatMap(({ instance, known }) => {
    const status = statusAfter(instance, known, now);
    if (status === undefined) return [];
    const isNew = known.incident === null || (status === "firing" && known.status === "resolved");
    const stays = known.incident !== null && (!isNew || joinable.has(known.incident));
    return [{ instance, status, incident: stays ? (known.incident ?? undefined) : undefined }];
  });
}

function statusAfter(
  { alert, startsAt }: Instance,
  known: KnownInstance,
  now: Date,
): "firing" | "resolved" | undefined {
  // The same labels began again later, so this one is over whatever a late copy says.
  const superseded = known.newestStartsAt !== null && known.newestStartsAt > startsAt;
  const status = superseded ? "resolved" : alert.status;
  if (known.status === null) return status;
  if (status === known.status) return known.annotationsDiffer && !superseded ? status : undefined;
  const late =
    status === "firing" && known.seenAt !== null && now.getTime() - known.seenAt.getTime() < LATE_MS;
  return late ? undefined : status;
}

/**
 * The incident new instances join: the one that has an instance of this notification, then one that had the same
 * labels, then the newest of the group key. Undefined: a new one.
 */
export function incidentToJoin(
  known: readonly KnownInstance[],
  incidents: readonly KnownIncident[],
  now: Date,
): KnownIncident | undefined {
  const joinable = incidents.filter((incident) => isJoinable(incident, now));
  const exact = new Set(known.map(({ incident }) => incident));
  const sameLabels = new Set(known.map(({ newestIncident }) => newestIncident));
  const rank = ({ id, sameGroup, status }: KnownIncident) =>
    (exact.has(id) ? 0 : sameLabels.has(id) ? 2 : sameGroup ? 4 : 6) + (status === "firing" ? 0 : 1);
  return joinable
    .filter((incident) => rank(incident) < 6)
    .sort((a, b) => rank(a) - rank(b) || b.id - a.id)[0];
}
