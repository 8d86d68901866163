import type { AlertRequest, Entry, Intake } from "../core/ports/intake.ts";
import type { Alert, Notification } from "../core/words/alert.ts";
import type { Caller } from "../core/words/caller.ts";
import { canonical } from "../core/words/json.ts";
import { knownRedactor, MAX_TEXT, type Redact, redactDeep, redactor, remembering } from "../lib/redact.ts";
import { sha256 } from "../lib/sha256.ts";

/** How text of others is made safe: `all` takes out everything that looks like a secret, `known` the configured ones. */
export interface Redactors {
  readonly all: Redact;
  readonly known: Redact;
}

/** Without a configuration there is only what looks like a secret. */
export const PATTERNS_ONLY: Redactors = { all: redactor([]), known: knownRedactor([]) };

/**
 * The doors' side of the store, behind which no secret is: whatever people and alerts wrote is bounded, cleaned and
 * redacted before the first row of it exists. What decides which thing it is (labels, group key) keeps its identity.
 */
export function safeIntake(intake: Intake, { all, known }: Redactors): Intake {
  const entryOf = (entry: Entry, redact = remembering(all)): Entry => ({
    ...entry,
    raw: safeRaw(entry.raw, redact),
  });
  const callerOf = (caller: Caller): Caller => ({ ...caller, name: all(caller.name) || "?" });
  const reasonOf = <T extends { readonly reason?: string }>(request: T): T =>
    request.reason === undefined ? request : { ...request, reason: all(request.reason) };
  return {
    submitRun: (entry, request) =>
      intake.submitRun(entryOf(entry), {
        ...request,
        // Parameters decide what is looked at, so only what is surely a secret leaves them.
        params: redactDeep(request.params, known),
        caller: callerOf(request.caller),
      }),
    submitGuide: (entry, { guide, channel, runs }) =>
      intake.submitGuide(entryOf(entry), {
        guide: redactDeep(guide, known),
        channel,
        runs: runs.map((run) => ({
          ...run,
          params: redactDeep(run.params, known),
          caller: callerOf(run.caller),
        })),
      }),
    receiveAlerts: (entry, request) => {
      const redact = remembering(all);
      return intake.receiveAlerts(entryOf(entry, redact), safeAlerts(request, { all: redact, known }));
    },
    noteChanges: (changes) =>
      intake.noteChanges(
        changes.map(({ link, ...change }) => ({
          ...redactDeep(change, all),
          ...{ kind: change.kind, system: change.system },
          // With a secret taken out it leads nowhere.
          ...(link === undefined || all(link) !== link ? {} : { link }),
        })),
      ),
    castVote: (entry, request) => intake.castVote(entryOf(entry), reasonOf(request)),
    answer: (entry, request) => intake.answer(entryOf(entry), reasonOf(request)),
    closeIncident: (entry, request) =>
      intake.closeIncident(entryOf(entry), { ...reasonOf(request), by: callerOf(request.by) }),
    acknowledge: (entry, { words, by, ...which }) =>
      intake.acknowledge(entryOf(entry), { ...which, words: all(words), by: callerOf(by) }),
    openChecklist: (entry, { by, ...request }) =>
      intake.openChecklist(entryOf(entry), { ...request, by: callerOf(by) }),
    tick: (entry, { by, ...request }) => intake.tick(entryOf(entry), { ...request, by: callerOf(by) }),
    keepPostmortem: (entry, { incident, markdown, by }) =>
      intake.keepPostmortem(entryOf(entry), { incident, markdown: all(markdown), by: callerOf(by) }),
    openThread: (entry, { incident, by }) =>
      intake.openThread(entryOf(entry), { incident, by: callerOf(by) }),
    notice: (entry, channel, text) => intake.notice(entryOf(entry), channel, all(text)),
    requestCancel: (entry, run, caller, all) =>
      intake.requestCancel(entryOf(entry), run, callerOf(caller), all),
    freeze: (entry, { by, ...freeze }) =>
      intake.freeze(entryOf(entry), { ...reasonOf(freeze), by: callerOf(by) }),
    unfreeze: (entry, by, channels) => intake.unfreeze(entryOf(entry), callerOf(by), channels),
    freezeSystem: (entry, { by, ...freeze }) =>
      intake.freezeSystem(entryOf(entry), { ...reasonOf(freeze), by: callerOf(by) }),
    unfreezeSystem: (entry, system, by, channels) =>
      intake.unfreezeSystem(entryOf(entry), system, callerOf(by), channels),
    setAuto: (entry, { by, reason, ...request }) =>
      intake.setAuto(entryOf(entry), { ...request, reason: all(reason), by: callerOf(by) }),
    stopAuto: (entry, { by, ...request }) =>
      intake.stopAuto(entryOf(entry), { ...request, by: callerOf(by) }),
    isFirst: (entry) => intake.isFirst(entryOf(entry)),
  };
}

/** What came in, mostly JSON: its strings and names are redacted first, where escapes hide nothing, then the whole. What is too long for that is not kept. */
function safeRaw(raw: string, redact: Redact): string {
  if (raw.length > MAX_TEXT) return JSON.stringify({ characters: raw.length, sha256: sha256(raw) });
  try {
    return redact(JSON.stringify(safeNames(redactDeep<unknown>(JSON.parse(raw), redact), redact)));
  } catch {
    return redact(raw);
  }
}

function safeNames(value: unknown, redact: Redact): unknown {
  if (Array.isArray(value)) return value.map((one) => safeNames(one, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [keepApart(name, redact), safeNames(member, redact)]),
  );
}

function safeAlerts(request: AlertRequest, { all, known }: Redactors): AlertRequest {
  const { notification } = request;
  const safe: Notification = {
    ...notification,
    groupKey: keepApart(notification.groupKey, all),
    receiver: all(notification.receiver),
    externalURL: all(notification.externalURL),
    groupLabels: safeLabels(notification.groupLabels, all),
    commonLabels: safeLabels(notification.commonLabels, all),
    commonAnnotations: safeLabels(notification.commonAnnotations, all),
    alerts: notification.alerts.map((alert) => safeAlert(alert, all)),
  };
  const runs = request.runs.map((run) => ({
    ...run,
    params: redactDeep(run.params, known),
    alert: {
      labels: safeLabels(run.alert.labels, all),
      annotations: safeLabels(run.alert.annotations, all),
    },
  }));
  const notes = request.notes === undefined ? {} : { notes: request.notes.map(all) };
  const remarks = request.remarks === undefined ? {} : { remarks: request.remarks.map(all) };
  return { ...request, notification: safe, severity: all(request.severity), runs, ...notes, ...remarks };
}

/** An alert is known by its labels as they came in: two that differ in a secret only stay two. */
function safeAlert(alert: Alert, redact: Redact): Alert {
  const labels = safeLabels(alert.labels, redact);
  const annotations = safeLabels(alert.annotations, redact);
  const generatorURL = redact(alert.generatorURL);
  const isSame = canonical(labels) === canonical(alert.labels);
  const identity = isSame ? {} : { labelsSha256: sha256(canonical(alert.labels)) };
  return { ...alert, labels, annotations, generatorURL, ...identity };
}

/** Names of labels are text of others, too. */
const safeLabels = (labels: Readonly<Record<string, string>>, redact: Redact): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [keepApart(name, redact), redact(value)]));

/** A key from which something was taken out gets a digest of the whole: different ones stay different. */
function keepApart(key: string, redact: Redact): string {
  const safe = redact(key);
  return safe === key ? key : `${safe}#${sha256(key).slice(0, 16)}`;
}
