import type { AlertRequest, Entry, Intake } from "../../core/ports/intake.ts";
import { groupTitle } from "../../core/words/alert.ts";
import type { Caller } from "../../core/words/caller.ts";
import { clip } from "../../core/words/format.ts";
import { IncidentId, type RunId, ThreadId } from "../../core/words/ids.ts";
import { noteEntry } from "../inbox.ts";
import { insertThread } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";
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
  updateIncidents,
  writeInstances,
} from "./alert-rows.ts";
import { endIncident } from "./incident-ends.ts";
import { noteReopening, startIncidentRuns } from "./incident-runs.ts";

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
  const now = await lockAlerts(tx, groupKey, instances);
  const { known, incidents } = await readKnown(tx, groupKey, instances);
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
    `INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status, external_url, truncated, note, remarks, resolved_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $7 = 'resolved' THEN now() END) RETURNING id`,
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
      request.remarks ?? [],
    ],
  );
  const incident = IncidentId.parse(rows[0]?.id);
  await writeInstances(tx, incident, changes);
  await resolveSuperseded(tx, changes);
  // Instances taken over from an incident that is over were resolved there: nothing else of it changes.
  tx.touch("thread", thread);
  audit(tx, "incident.opened", incident, { system: system ?? null, alerts: changes.length });
  const runs = firing ? await startRuns(tx, request, { incident, thread, reopened: false }) : [];
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
  const settled = await updateIncidents(tx, request, home.id, [...new Set(concerned)]);
  for (const other of settled) await note(tx, request, other, other.id !== home.id || changes.length > 0);
  const mine = settled.find(({ id }) => id === home.id);
  const reopened = mine?.became === "reopened";
  const changed = changes.length > 0 || mine?.became !== undefined || mine?.visible === true;
  const runs = changes.some(({ status }) => status === "firing")
    ? await startRuns(tx, request, { incident, thread, reopened })
    : [];
  return { incident, thread, news: reopened ? "reopened" : changed ? "updated" : "repeated", runs };
}

/** What became of an incident, for its thread, its runs and the audit. */
async function note(tx: Transaction, request: AlertRequest, one: Settled, changed: boolean): Promise<void> {
  const { id, threadId, became, visible, heard } = one;
  if (changed || visible || heard || became !== undefined) tx.touch("thread", threadId);
  if (became === undefined) return;
  audit(tx, `incident.${became}`, id, {});
  const incident = IncidentId.parse(id);
  if (became === "reopened") await noteReopening(tx, incident, request.quietMs);
  else await endIncident(tx, { incident, thread: ThreadId.parse(threadId), why: became });
}

function startRuns(
  tx: Transaction,
  { notification, channel, quietMs, runs }: AlertRequest,
  { incident, thread, reopened }: { incident: IncidentId; thread: ThreadId; reopened: boolean },
): Promise<RunId[]> {
  const caller: Caller = { via: "alert", name: clip(groupTitle(notification), 200) || "alert" };
  return startIncidentRuns(tx, { incident, thread, channel, caller, quietMs }, runs, { reopened });
}

const audit = (tx: Transaction, event: string, incident: number, more: object) =>
  tx.audit({ actor: "alertmanager", event, payload: { incident, ...more } });
