import { clip } from "./format.ts";

type Labels = Readonly<Record<string, string>>;

interface Told {
  readonly labels: Labels;
  readonly annotations: Labels;
}

const BEATS = "watchdog|deadmanss?(?:switch|snitch)|deadman(?:switch|snitch)?|heartbeat|alwaysfiring";
/** Alerts that always fire, so that their absence is noticed elsewhere; whose alerting it is may stand before. */
const HEARTBEAT = new RegExp(
  `^(?:prometheus|alertmanager|alerting|grafana|vmalert|victoriametrics|thanos|mimir|loki|monitoring|cluster|kubernetes|e2e|general)*(?:${BEATS}|infoinhibitor)(?:alert)?$`,
);
/** Any other name that holds such a word is one where it says itself that it always fires, or counts for nothing. */
const MAY_BE = new RegExp(BEATS);
/** An alert about a heartbeat that does not come is none. */
const MISSED = /missing|missed|lost|late|stale|fail|timeout|timedout|absent|stopped|down|dead$/;
const SAYS_SO = /\balways[ -]fir|\bentire alerting pipeline\b|\bshould always (?:be )?fir/i;

/** A heartbeat of the alerting itself (Watchdog, DeadMansSwitch): nothing is wrong while it fires. */
export function isHeartbeat({ labels, annotations }: Told): boolean {
  // What stands in brackets is where: `Watchdog (prod)`.
  const name = (labels.alertname ?? "").slice(0, 100).replace(/\([^()]{0,60}\)/g, "");
  const plain = plainName(name);
  if (HEARTBEAT.test(plain)) return true;
  if (!MAY_BE.test(plain) || MISSED.test(plain.replace(new RegExp(BEATS, "g"), ""))) return false;
  return labels.severity === "none" || Object.values(annotations).some((text) => SAYS_SO.test(text));
}

/** `High error rate`, `high_error_rate` and `HighErrorRate` are one name: Grafana's rules are named as people write. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** A rule whose measurement is missing: nothing is known of what it watches. */
export interface MissingData {
  /** The rule's own name; `alertname` only says that data is missing. */
  readonly rule: string;
  /** It got no data, or could not be evaluated. */
  readonly why: "no data" | "error";
  /** Grafana's id of where the data should come from. */
  readonly source?: string;
  /** What the query failed with, as Grafana says it. */
  readonly error?: string;
}

const NO_DATA = new Set(["DatasourceNoData", "NoData"]);
const ERROR = new Set(["DatasourceError"]);

/**
 * What Grafana says of a rule it has no data for (DatasourceNoData, NoData, DatasourceError); undefined: another alert. One that
 * keeps its last state (`Error, KeepLast`) fires for what it last saw, and a series that is missing only ends an alert.
 */
export function missingDataOf({ labels, annotations }: Told): MissingData | undefined {
  const { alertname = "" } = labels;
  const reason = labels.grafana_state_reason ?? annotations.grafana_state_reason ?? "";
  const isKept = /keeplast/i.test(reason);
  const isError = ERROR.has(alertname) || (!isKept && /^(?:alerting \()?error\b/i.test(reason));
  const isMissing = NO_DATA.has(alertname) || (!isKept && /^(?:alerting \()?nodata\b/i.test(reason));
  if (!isError && !isMissing) return undefined;
  const error = annotations.Error ?? annotations.error ?? "";
  return {
    rule: labels.rulename ?? labels.rule_name ?? labels.ref_alertname ?? alertname,
    why: isError ? "error" : "no data",
    ...(labels.datasource_uid === undefined ? {} : { source: labels.datasource_uid }),
    ...(isError && error !== "" ? { error: clip(error.replace(/\s+/g, " ").trim(), 300) } : {}),
  };
}

/**
 * Whether an alert ended because what it was about is not measured any more (Grafana's MissingSeries): that is no word on whether
 * it is well.
 */
export const isLostFromSight = ({ labels, annotations }: Told): boolean =>
  /^missingseries\b/i.test(labels.grafana_state_reason ?? annotations.grafana_state_reason ?? "");

/** An alert about a measurement that is not there, by its name (`absent(up{…})`): nothing is known of what was measured. */
export const isAboutAbsence = ({ labels }: Pick<Told, "labels">): boolean =>
  /absent|(?:target|metric|metrics|series|data|scrape|exporter)s?(?:is|are)?(?:missing|lost|gone|vanished)|missing(?:target|metric|series|data|scrape)/.test(
    plainName((labels.alertname ?? "").slice(0, 100)),
  );

/** The rule whose alerts bear Grafana's one name for all rules without data; empty: another alert. */
export const ruleWithoutData = (alert: Told): string =>
  NO_DATA.has(alert.labels.alertname ?? "") || ERROR.has(alert.labels.alertname ?? "")
    ? (missingDataOf(alert)?.rule ?? "")
    : "";
