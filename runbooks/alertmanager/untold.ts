import { count, type Finding, facts } from "../../src/sdk/index.ts";
import type { State } from "./silences.ts";

type Alert = State["alerts"][number];
type Said = Finding<"readLog" | "routeThem" | "joinPeers">;

/** Up to four names. */
export function names(alerts: readonly { readonly name: string }[]): string {
  const all = [...new Set(alerts.map(({ name }) => name))];
  return `${all.slice(0, 4).join(", ")}${all.length > 4 ? ` and ${all.length - 4} more` : ""}`;
}

export const isGrave = ({ severity }: Alert): boolean => /^(critical|page|emergency)$/i.test(severity);

/** Notifications that did not go out, and requests that are still tried again. Pure. */
export function notTold(state: State): Said | undefined {
  const all = (state.failing ?? []).toSorted(
    (a, b) => b.failed - a.failed || (b.requestsFailed ?? 0) - (a.requestsFailed ?? 0),
  );
  const [worst] = all;
  if (worst === undefined) return undefined;
  const { integration, failed, sent, requests = 0, requestsFailed = 0 } = worst;
  const since = `Since Alertmanager started (${state.startedAt.slice(0, 16)}Z).`;
  const tries = Math.max(sent, failed);
  if (failed > 0)
    return {
      id: "not-told",
      severity: failed * 2 >= tries && failed >= 2 ? "critical" : "info",
      title: `${failed} of ${tries} notifications by ${integration} failed`,
      because: `${since} Whether they still fail, the counter does not say. ${all
        .map((one) => `${one.integration}: ${one.failed}`)
        .slice(0, 5)
        .join(", ")}.${sayReasons(worst.reasons)}`,
      remedies: ["readLog"],
    };
  return {
    id: "not-told",
    severity: requestsFailed >= requests && requestsFailed >= 2 ? "warning" : "info",
    title: `${requestsFailed} of ${requests} requests by ${integration} failed, and are tried again`,
    because: `${since} A receiver that answers 5xx, or not at all, is asked again until the group's next turn (\`group_interval\`), and only then counted as one that was not told.${requestsFailed >= requests ? " None has come through." : ""}`,
    remedies: ["readLog"],
  };
}

/** Why, as Alertmanager sorts it (notify/util.go). */
const REASONS: Readonly<Record<string, string>> = {
  clientError:
    "the receiver refuses them (4xx): a channel that is gone, a token, a form it does not take; such a one is not sent again, and nobody is told of it",
  serverError: "the receiver fails itself (5xx), and is asked again for a while",
  contextDeadlineExceeded: "the receiver does not answer in time",
  contextCanceled: "Alertmanager broke off (a reload, or newer alerts of the group)",
  authError: "the receiver does not accept the credentials",
  rateLimitError: "the receiver takes no more for a while",
};
const sayReasons = (reasons: readonly string[] | undefined): string => {
  const [first] = reasons ?? [];
  const said = first === undefined ? undefined : REASONS[first];
  return said === undefined ? "" : ` Most of them: ${said}.`;
};

/** Of the alerting itself: nobody is meant to be told of these. */
const OF_ITSELF = /watchdog|dead.?man|heartbeat|infoinhibitor/i;

/** Alerts whose every receiver has no way out, and alerts in a time in which their route is mute. Pure. */
export function untold(state: State): Said[] {
  const told = state.alerts.filter(
    ({ name, silencedBy, inhibitedBy }) =>
      silencedBy.length === 0 && inhibitedBy.length === 0 && !OF_ITSELF.test(name),
  );
  const empty = new Set(state.emptyReceivers ?? []);
  const nowhere = told.filter(
    ({ receivers = [] }) => receivers.length > 0 && receivers.every((name) => empty.has(name)),
  );
  const muted = told.filter(({ mutedBy = [] }) => mutedBy.length > 0);
  const found: Said[] = [];
  if (nowhere.length > 0) {
    const to = [...new Set(nowhere.flatMap(({ receivers = [] }) => receivers))].slice(0, 4).join(", ");
    found.push({
      id: "nowhere",
      severity: nowhere.some(isGrave) ? "warning" : "info",
      title: `${count(nowhere.length, "alert")} ${nowhere.length === 1 ? "fires and reaches" : "fire and reach"} nobody by the routes: ${names(nowhere)}`,
      because: `Their receiver (${to}) has nothing that tells anybody. Either no route is for them, so they fall to the default, or somebody meant them to be quiet; their labels tell.`,
      evidence: [facts(Object.fromEntries(Object.entries(nowhere[0]?.labels ?? {}).slice(0, 12)))],
      remedies: ["routeThem"],
    });
  }
  if (muted.length > 0) {
    const by = [...new Set(muted.flatMap(({ mutedBy = [] }) => mutedBy))].slice(0, 4).join(", ");
    found.push({
      id: "muted",
      severity: muted.some(isGrave) ? "warning" : "info",
      title: `${count(muted.length, "alert")} ${muted.length === 1 ? "fires" : "fire"} in a time of silence: ${names(muted)}`,
      because: `Their route is mute by the time interval ${by}: they are told once that is over, if they still fire.`,
    });
  }
  return found;
}

/** Members apart: it has not settled, or knows of some it cannot reach. Pure. */
export function cluster({ cluster: word, peers, failedPeers }: State): Said | undefined {
  const lost = failedPeers ?? 0;
  if (["ready", "disabled"].includes(word) && lost === 0) return undefined;
  return {
    id: "cluster",
    severity: "warning",
    title:
      lost > 0
        ? `Alertmanager cannot reach ${count(lost, "member")} of its cluster`
        : `The cluster of Alertmanagers is ${word}`,
    because:
      lost > 0
        ? `It sees ${count(peers, "member")}, itself among them, and calls itself ${word}. Where the others run, people are told twice, and silences made there do not hold here; where they are gone for good it forgets them after some hours.`
        : `It sees ${count(peers, "member")}. For the first minute after a start that is normal.`,
    remedies: ["joinPeers"],
  };
}

/** Labels that every alert of one sender may have alike. */
const OF_ALL = new Set(["alertname", "severity", "prometheus", "cluster", "monitor", "replica"]);

/** Whether what holds an alert back has nothing to do with it, as far as labels tell. */
const areStrangers = (one: Alert, other: Alert): boolean =>
  !Object.entries(one.labels).some(([name, value]) => !OF_ALL.has(name) && other.labels[name] === value);

/** Alerts that others hold back. Pure. */
export function inhibited(state: State): Finding<never> | undefined {
  const alerts = state.alerts.filter(({ inhibitedBy }) => inhibitedBy.length > 0);
  if (alerts.length === 0) return undefined;
  const sourcesOf = ({ inhibitedBy }: Alert): Alert[] =>
    state.alerts.filter(({ fingerprint }) => inhibitedBy.includes(fingerprint));
  const sources = [...new Set(alerts.flatMap(sourcesOf))];
  const strange = alerts.filter((one) => {
    const by = sourcesOf(one);
    return by.length > 0 && by.every((source) => areStrangers(one, source));
  });
  const rule =
    strange.length === 0
      ? " That is what inhibition rules are for; it is told once those end."
      : ` ${names(strange)} ${strange.length === 1 ? "has" : "have"} no label in common with what holds ${strange.length === 1 ? "it" : "them"} back: a rule without \`equal:\`, or on labels that both lack (which count as equal), holds back alerts of anything.`;
  return {
    id: "inhibited",
    severity: strange.length > 0 ? "warning" : "info",
    title: `${count(alerts.length, "alert")} ${alerts.length === 1 ? "is" : "are"} held back by others: ${names(alerts)}`,
    because: `${sources.length === 0 ? "By alerts that are not among those looked at." : `By ${names(sources)}.`}${rule}`,
  };
}
