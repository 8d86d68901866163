import { groupTitle } from "../core/alert.ts";
import type { Caller } from "../core/caller.ts";
import { clip } from "../core/format.ts";
import { IncidentId, type RunId, ThreadId } from "../core/ids.ts";
import type { AlertRequest, AlertRun, Entry, Intake } from "../core/ports.ts";
import {
  type Change,
  changesOf,
  incidentToJoin,
  instancesOf,
  isJoinable,
  type KnownIncident,
} from "./alert-news.ts";
import {
  lockAlerts,
  noteOf,
  readKnown,
  resolveSuperseded,
  type Settled,
  settleIncidents,
  writeInstances,
} from "./alert-rows.ts";
import { noteEntry } from "./inbox.ts";
import { insertRun, insertThread } from "./runs.ts";
import type { Transaction } from "./transaction.ts";

type Received = Awaited<ReturnType<Intake["receiveAlerts"]>>;

/**
 * Takes in an alert group, within one transaction. Identity is the alert instance (labels and start), then the group key;
 * repeats, reordered and partial copies from peers, and copies under another group key change nothing. New firing
 * instances open an incident, reopen one resolved less than an hour ago or join an open one. An incident is resolved
 * when none of its instances fires and the notification was not truncated.
 */
export async function receiveAlerts(tx: Transaction, entry: Entry, request: AlertRequest): Promise<Received> {
  const { groupKey, alerts } = request.notification;
  const instances = instancesOf(alerts);
  await noteEntry(tx, entry);
  await lockAlerts(tx, groupKey, instances);
  const { now, known, incidents } = await readKnown(tx, groupKey, instances);
  const joinable = new Set(incidents.filter((item) => isJoinable(item, now)).map(({ id }) => id));
  const pairs = instances.flatMap((instance, at) => {
    const row = known[at];
    return row === undefined ? [] : [{ instance, known: row }];
  });
  const changes = changesOf(pairs, joinable, now);
  const needsNew = changes.some(({ incident }) => incident === undefined);
  const before = incidents.find(({ id }) => known.some(({ incident }) => incident === id));
  const home = incidentToJoin(known, incidents, now) ?? (needsNew ? undefined : before);
  return home === undefined ? open(tx, request, changes) : update(tx, request, home, changes);
}

async function open(tx: Transaction, request: AlertRequest, changes: readonly Change[]): Promise<Received> {
  const { notification, system, severity, channel } = request;
  const thread = await insertThread(tx, channel);
  const firing = changes.some(({ status }) => status === "firing");
  const { rows } = await tx.sql.query<{ id: number }>(
    `INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status, external_url, truncated, note, resolved_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $7 = 'resolved' THEN now() END) RETURNING id`,
    [
      thread,
      notification.groupKey,
      notification.receiver,
      clip(groupTitle(notification), 300),
      system ?? null,
      severity,
      firing || notification.truncatedAlerts > 0 ? "firing" : "resolved",
      notification.externalURL,
      notification.truncatedAlerts,
      noteOf(request),
    ],
  );
  const incident = IncidentId.parse(rows[0]?.id);
  await writeInstances(tx, incident, changes);
  await resolveSuperseded(tx, changes);
  // Instances taken over from an incident that is over were resolved there: nothing else of it changes.
  tx.touch("thread", thread);
  audit(tx, "incident.opened", incident, { system: system ?? null, alerts: changes.length });
  const runs = firing ? await startRuns(tx, request, { incident, thread, runs: request.runs }) : [];
  return { incident, thread, news: "opened", runs };
}

async function update(
  tx: Transaction,
  request: AlertRequest,
  home: KnownIncident,
  changes: readonly Change[],
): Promise<Received> {
  const incident = IncidentId.parse(home.id);
  const thread = ThreadId.parse(home.thread);
  await writeInstances(tx, home.id, changes);
  const superseded = await resolveSuperseded(tx, changes);
  const concerned = [home.id, ...superseded, ...changes.flatMap((change) => change.incident ?? [])];
  const settled = await settleIncidents(tx, request, home.id, [...new Set(concerned)]);
  for (const other of settled) note(tx, other, other.id !== home.id || changes.length > 0);
  const mine = settled.find(({ id }) => id === home.id);
  const reopened = mine?.became === "reopened";
  const changed = changes.length > 0 || mine?.became !== undefined || mine?.visible === true;
  const runs = await runsOfUpdate(tx, request, { incident, thread, reopened, changes });
  return { incident, thread, news: reopened ? "reopened" : changed ? "updated" : "repeated", runs };
}

/** What became of an incident, for its thread and the audit. */
function note(tx: Transaction, { id, threadId, became, visible }: Settled, changed: boolean): void {
  if (changed || visible || became !== undefined) tx.touch("thread", threadId);
  if (became !== undefined) audit(tx, `incident.${became}`, id, {});
}

/** A reopened incident is diagnosed again; an open one only by runbooks it has not had yet. */
async function runsOfUpdate(
  tx: Transaction,
  request: AlertRequest,
  at: { incident: IncidentId; thread: ThreadId; reopened: boolean; changes: readonly Change[] },
): Promise<RunId[]> {
  if (!at.changes.some(({ status }) => status === "firing")) return [];
  const runs = at.reopened ? request.runs : await notRunYet(tx, at.incident, request.runs);
  return startRuns(tx, request, { ...at, runs });
}

/** Runs of runbooks that this incident has not had yet. */
async function notRunYet(
  tx: Transaction,
  incident: IncidentId,
  runs: readonly AlertRun[],
): Promise<readonly AlertRun[]> {
  if (runs.length === 0) return [];
  const { rows } = await tx.sql.query<{ runbook: string }>(
    "SELECT DISTINCT runbook FROM run WHERE incident_id = $1",
    [incident],
  );
  const had = new Set(rows.map(({ runbook }) => runbook));
  return runs.filter(({ runbook }) => !had.has(runbook));
}

async function startRuns(
  tx: Transaction,
  { notification, channel }: AlertRequest,
  { incident, thread, runs }: { incident: IncidentId; thread: ThreadId; runs: readonly AlertRun[] },
): Promise<RunId[]> {
  const caller: Caller = { via: "alert", name: clip(groupTitle(notification), 200) || "alert" };
  const ids: RunId[] = [];
  for (const { alert, ...run } of runs)
    ids.push(await insertRun(tx, { ...run, caller, channel }, { thread, incident, alert }));
  return ids;
}

const audit = (tx: Transaction, event: string, incident: number, more: object) =>
  tx.audit({ actor: "alertmanager", event, payload: { incident, ...more } });
