import {
  count,
  type Finding,
  type OutputOf,
  type prometheus,
  rows,
  sayDuration,
} from "../../src/sdk/index.ts";

type State = OutputOf<typeof prometheus.ownState>;
type Count = NonNullable<State["counts"]>[number];

const named = ({ counts }: State, ...names: Count["name"][]): Count[] =>
  (counts ?? []).filter(({ name }) => names.includes(name));
const sumOf = (counts: readonly Count[]): number =>
  Math.round(counts.reduce((sum, { increase }) => sum + increase, 0));

const table = (counts: readonly Count[]) =>
  rows("", counts.slice(0, 20), {
    instance: (one) => one.instance,
    counter: (one) => one.name,
    of: (one) => one.of,
    within: (one) => Math.round(one.increase),
  });

/** For so long after its start it may know nobody yet. */
const FINDING_MS = 60_000;

/** Rules that alert, and nobody to tell. Pure. */
export function nobodyToTell(
  { alertmanagers, namesAlertmanagers, rules, startedAt }: State,
  now: Date,
): Finding<"connectAlertmanager"> | undefined {
  const alerts = rules?.alerts ?? 0;
  const isStarting = startedAt !== null && now.getTime() - Date.parse(startedAt) < FINDING_MS;
  if (alertmanagers?.length !== 0 || alerts === 0) return undefined;
  if (isStarting && namesAlertmanagers !== false) return undefined;
  return {
    id: "no-alertmanager",
    severity: "critical",
    title: "Prometheus knows no Alertmanager: none of its alerts reaches anybody",
    because: `It has ${count(alerts, "rule")} that ${alerts === 1 ? "alerts" : "alert"}, and nobody to tell: ${
      namesAlertmanagers === false
        ? "its configuration names none (`alerting:`)."
        : "its configuration names some, but their service discovery finds none."
    }`,
    remedies: ["connectAlertmanager"],
  };
}

/** Alerts that could not be told to an Alertmanager. Pure. */
export function lostAlerts(state: State, minutes: number): Finding<"connectAlertmanager"> | undefined {
  const dropped = named(state, "prometheus_notifications_dropped_total");
  const refused = named(state, "prometheus_notifications_errors_total");
  const all = [...dropped, ...refused];
  if (all.length === 0) return undefined;
  const to = [...new Set(refused.flatMap(({ of }) => (of === "" ? [] : [of])))].slice(0, 3).join(", ");
  const isDropped = dropped.length > 0;
  // What fires is sent again every minute: what was dropped once has been told since.
  const goesOn = (isDropped ? dropped : refused).some(({ recent }) => recent > 0);
  const told = goesOn
    ? ""
    : " It has not gone on: what still fires is sent again every minute, and was taken.";
  return {
    id: "alerts-lost",
    severity: goesOn ? (isDropped ? "critical" : "warning") : "info",
    title: isDropped
      ? `Prometheus could not tell any Alertmanager of alerts ${count(sumOf(dropped), "time")} within ${minutes} min`
      : `Alerts did not reach ${to || "one of the Alertmanagers"} ${count(sumOf(refused), "time")} within ${minutes} min`,
    because: isDropped
      ? `None of the Alertmanagers${to === "" ? "" : ` (${to})`} took them, or the queue to them was full.${goesOn ? " While it goes on, nobody is told of what fires." : told}`
      : `Another one took them, so people were told; with one of them less, silences and notifications rest on the others.${told}`,
    evidence: [table(all)],
    remedies: ["connectAlertmanager"],
  };
}

/** Samples that were scraped and thrown away. Pure. */
export function lostSamples(state: State, minutes: number): Finding<"oneSource"> | undefined {
  const lost = named(
    state,
    "prometheus_target_scrapes_sample_out_of_order_total",
    "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    "prometheus_target_scrapes_sample_out_of_bounds_total",
  );
  if (lost.length === 0) return undefined;
  const kinds = [...new Set(lost.map(({ name }) => name))];
  return {
    id: "samples-lost",
    severity: "warning",
    title: `${count(sumOf(lost), "sample")} scraped and thrown away within ${minutes} min`,
    because: `${kinds.map((name) => LOST[name] ?? "").join(" ")} Their targets count as up, and their series stand still or jump between two sources: what is measured of them cannot be believed.`,
    evidence: [table(lost)],
    remedies: ["oneSource"],
  };
}

/** By counter: why samples are thrown away (Prometheus, scrape/scrape.go and tsdb/head_append.go). */
const LOST: Readonly<Partial<Record<Count["name"], string>>> = {
  prometheus_target_scrapes_sample_duplicate_timestamp_total:
    "The same series came twice with one time and two values: two targets are given the same labels (relabelling, a dropped label), or an exporter serves a series twice.",
  prometheus_target_scrapes_sample_out_of_order_total:
    "Their times lie before what is stored: of all targets at once, the clock of Prometheus' own machine was set back; of one, it serves times of its own, or two targets are one series.",
  prometheus_target_scrapes_sample_out_of_bounds_total:
    "Their times are too old or too far ahead: an exporter passes on times of its own, or a clock is wrong.",
};

const BEHIND_SECONDS = 120;

/** Queues of remote write that are behind, or lose what they should send. Pure. */
export function queueFindings(state: State, minutes: number): Finding<"unblockRemote">[] {
  const lost = named(
    state,
    "prometheus_remote_storage_samples_failed_total",
    "prometheus_remote_storage_samples_dropped_total",
  );
  const failed = lost.filter(({ name }) => name === "prometheus_remote_storage_samples_failed_total");
  const behind = state.queues.filter(({ behindSeconds, pending, retried }) =>
    // One that has only just begun has sent nothing yet, either.
    behindSeconds === null ? pending > 0 && retried > 0 : behindSeconds > BEHIND_SECONDS,
  );
  const [worst] = behind.toSorted((a, b) => (b.behindSeconds ?? Infinity) - (a.behindSeconds ?? Infinity));
  const evidence =
    state.queues.length === 0
      ? []
      : [
          rows("", state.queues, {
            to: (one) => one.to,
            behind: (one) =>
              one.behindSeconds === null ? "nothing sent yet" : sayDuration(one.behindSeconds * 1000),
            pending: (one) => one.pending,
            shards: (one) => `${one.shards} of ${one.mostShards}`,
          }),
        ];
  const found: Finding<"unblockRemote">[] = [];
  if (worst !== undefined)
    found.push({
      id: "remote-behind",
      severity: "warning",
      title:
        worst.behindSeconds === null
          ? `Remote write to ${worst.to} has sent nothing yet`
          : `Remote write to ${worst.to} is ${sayDuration(worst.behindSeconds * 1000)} behind`,
      because: `${count(worst.pending, "sample")} wait, ${worst.shards} of ${worst.mostShards} shards send. ${worst.shards >= worst.mostShards ? "It sends as much at once as it may: the other side is too slow, or the limit too low." : "It could send more at once and does not: the other side refuses or does not answer."} What looks there (dashboards, alerts of the long-term store) sees old values or none; here they are whole.`,
      evidence,
      remedies: ["unblockRemote"],
    });
  if (failed.length > 0)
    found.push({
      id: "remote-refused",
      severity: "warning",
      title: `${count(sumOf(failed), "sample")} refused by ${failed[0]?.of || "remote write"} for good within ${minutes} min`,
      because:
        "The other side answered with an error that is not tried again (4xx): these are missing there for ever, and are whole here.",
      evidence: [table(failed)],
      remedies: ["unblockRemote"],
    });
  return found;
}

/** A write-ahead log or blocks that are damaged or cannot be written. Pure. */
export function storageFindings(state: State, minutes: number): Finding<"repairStorage">[] {
  const failed = named(
    state,
    "prometheus_tsdb_compactions_failed_total",
    "prometheus_tsdb_wal_corruptions_total",
  );
  const corruptions = state.corruptions ?? 0;
  if (failed.length === 0 && corruptions === 0) return [];
  const isNow = failed.length > 0;
  return [
    {
      id: "storage-damaged",
      severity: isNow ? "critical" : "info",
      title: isNow
        ? `Prometheus cannot write its data: ${failed.map(({ name }) => name.replace(/^prometheus_tsdb_|_total$/g, "")).join(", ")}`
        : `Prometheus found ${count(corruptions, "damaged part")} of its write-ahead log when it started`,
      because: isNow
        ? `Within ${minutes} min. Compactions fail for want of room or on a damaged block; until they succeed again its write-ahead log and memory grow.`
        : "It has repaired it by cutting it off there: samples after that are missing, and it has worked since. A kill or a full disk is the usual reason.",
      evidence: isNow ? [table(failed)] : [],
      remedies: ["repairStorage"],
    },
  ];
}
