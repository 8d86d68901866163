import type { AlertRequest, Entry, Intake } from "../../core/ports/intake.ts";
import { groupTitle } from "../../core/words/alert.ts";
import type { Caller } from "../../core/words/caller.ts";
import { clip } from "../../core/words/format.ts";
import { IncidentId, type RunId, ThreadId } from "../../core/words/ids.ts";
import type { Transaction } from "../transaction.ts";
import {
  type Change,
  changesOf,
  incidentToJoin,
  instancesOf,
  isJoinable,
  type KnownIncident,
  type KnownInstance,
} from "./alert-news.ts";
import {
  openIncident,
  resolveSuperseded,
  type Settled,
  updateIncidents,
  writeInstances,
} from "./alert-rows.ts";
import { type Delivery, noteAndRead, noteAndReadAll, type Seen } from "./alert-seen.ts";
import { writeChecklist } from "./checklists.ts";
import { endIncident } from "./incident-ends.ts";
import { noteReopening, startAfterMaintenance, startIncidentRuns } from "./incident-runs.ts";

/** What became of an alert group. */
export type Received = Awaited<ReturnType<Intake["receiveAlerts"]>>;

/** An alert group that is to be taken in, with what tells it from others. */
export interface AlertDelivery extends Delivery {
  readonly request: AlertRequest;
}

export const deliveryOf = (entry: Entry, request: AlertRequest): AlertDelivery => ({
  entry,
  request,
  groupKey: request.notification.groupKey,
  instances: instancesOf(request.notification.alerts),
  system: request.system,
});

/**
 * Takes in an alert group, within one transaction that begins with its locks (`locksOf`). Identity is the alert instance (labels and start), then the group key;
 * repeats, reordered and partial copies from peers, and copies under another group key change nothing. New firing
 * instances open an incident, reopen one resolved less than an hour ago or join an open one. An incident is resolved
 * when none of its instances fires and the notification was not truncated.
 */
export const receiveAlerts = async (tx: Transaction, delivery: AlertDelivery): Promise<Received> =>
  receive(tx, delivery, await noteAndRead(tx, delivery));

/**
 * The same for several groups that have nothing in common, within one transaction that begins with `tryLocksOf`: what costs a
 * round trip costs it once. `held`: whose locks it has. Undefined for one that it would have to wait for.
 */
export async function receiveAllAlerts(
  tx: Transaction,
  deliveries: readonly AlertDelivery[],
  held: readonly boolean[],
): Promise<(Received | undefined)[]> {
  const locked = deliveries.filter((_, nth) => held[nth] === true);
  const seen = await noteAndReadAll(tx, locked);
  const works = locked.map(async (delivery, nth) => {
    const mine = seen[nth];
    return mine && (await receive(tx, delivery, mine));
  });
  // All have ended before anything is said of one: whoever goes on after the others would write past the end of the transaction.
  const ended = await Promise.allSettled(works);
  const failures = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failures.length > 0) throw failures.find((one) => !isAborted(one)) ?? failures[0];
  const of = new Map(locked.map((delivery, nth) => [delivery, ended[nth]]));
  return deliveries.map((delivery) => {
    const mine = of.get(delivery);
    return mine?.status === "fulfilled" ? mine.value : undefined;
  });
}

/** What a statement is told after another one of its transaction has failed: not why. */
const isAborted = (thrown: unknown): boolean =>
  thrown instanceof Error && "code" in thrown && thrown.code === "25P02";

async function receive(
  tx: Transaction,
  { request, instances }: AlertDelivery,
  { now, known, incidents, quiet }: Seen,
): Promise<Received> {
  const joinable = new Set(incidents.filter((item) => isJoinable(item, now)).map(({ id }) => id));
  const pairs = instances.flatMap((instance, at) => {
    const row = known[at];
    return row === undefined ? [] : [{ instance, known: row }];
  });
  const changes = changesOf(pairs, joinable, now);
  const needsNew = changes.some(({ incident }) => incident === undefined);
  const before = incidents.find(({ id }) => known.some(({ incident }) => incident === id));
  const home = incidentToJoin(known, incidents, now) ?? (needsNew ? undefined : before);
  return home === undefined
    ? open(tx, request, { changes, known, quiet })
    : update(tx, request, home, { changes, known, quiet });
}

/** What a notification changes, and what was known of its instances before. */
interface News {
  readonly changes: readonly Change[];
  readonly known: readonly KnownInstance[];
  /** The system is in maintenance. */
  readonly quiet: boolean;
}

async function open(
  tx: Transaction,
  request: AlertRequest,
  { changes, known, quiet }: News,
): Promise<Received> {
  const { incident, thread } = await openIncident(tx, request, changes);
  await resolveSuperseded(tx, changes, known);
  for (const checklist of request.checklists ?? []) await writeChecklist(tx, incident, checklist, ROUTE);
  // Instances taken over from an incident that is over were resolved there: nothing else of it changes.
  tx.touch("thread", thread);
  audit(tx, "incident.opened", incident, { system: request.system ?? null, alerts: changes.length });
  const fires = changes.some(({ status }) => status === "firing");
  const runs = fires ? await startRuns(tx, request, { incident, thread, news: "opened", quiet }) : [];
  return { incident, thread, news: "opened", runs };
}

async function update(
  tx: Transaction,
  request: AlertRequest,
  home: KnownIncident,
  { changes, known, quiet }: News,
): Promise<Received> {
  const incident = IncidentId.parse(home.id);
  const thread = ThreadId.parse(home.thread);
  await writeInstances(tx, home.id, changes);
  const superseded = await resolveSuperseded(tx, changes, known);
  const concerned = [home.id, ...superseded, ...changes.flatMap((change) => change.incident ?? [])];
  const settled = await updateIncidents(tx, request, home.id, [...new Set(concerned)]);
  for (const other of settled) await note(tx, request, other, other.id !== home.id || changes.length > 0);
  const mine = settled.find(({ id }) => id === home.id);
  const reopened = mine?.became === "reopened";
  const changed = changes.length > 0 || mine?.became !== undefined || mine?.visible === true;
  const runs = changes.some(({ status }) => status === "firing")
    ? await startRuns(tx, request, { incident, thread, news: reopened ? "reopened" : "updated", quiet })
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

async function startRuns(
  tx: Transaction,
  { notification, channel, quietMs, runs }: AlertRequest,
  {
    incident,
    thread,
    news,
    quiet,
  }: { incident: IncidentId; thread: ThreadId; news: "opened" | "reopened" | "updated"; quiet: boolean },
): Promise<RunId[]> {
  const caller: Caller = { via: "alert", name: clip(groupTitle(notification), 200) || "alert" };
  const place = { incident, thread, channel, caller, quietMs };
  if (!quiet) return startIncidentRuns(tx, place, runs, news);
  await startAfterMaintenance(tx, place, runs);
  return [];
}

/** Who opens the checklists of a new incident. */
const ROUTE = "its route";

const audit = (tx: Transaction, event: string, incident: number, more: object) =>
  tx.audit({ actor: "alertmanager", event, payload: { incident, ...more } });
