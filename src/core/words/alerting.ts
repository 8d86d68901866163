type Labels = Readonly<Record<string, string>>;

/** Alerts that always fire, so that their absence is noticed elsewhere; whose alerting it is may stand before. */
const HEARTBEAT =
  /^(?:prometheus|alertmanager|alerting|grafana|vmalert|victoriametrics|thanos|mimir|loki|monitoring|cluster|e2e)*(?:watchdog|deadmanss?(?:switch|snitch)|deadman(?:switch|snitch)?|heartbeat|alwaysfiring|infoinhibitor)$/;

/** A heartbeat of the alerting itself (Watchdog, DeadMansSwitch): nothing is wrong while it fires. */
export const isHeartbeat = (labels: Labels): boolean =>
  HEARTBEAT.test(
    (labels.alertname ?? "")
      .slice(0, 100)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, ""),
  );

/** A rule whose measurement is missing: nothing is known of what it watches. */
export interface MissingData {
  /** The rule's own name; `alertname` only says that data is missing. */
  readonly rule: string;
  /** It got no data, or could not be evaluated. */
  readonly why: "no data" | "error";
  /** Grafana's id of where the data should come from. */
  readonly source?: string;
}

const NO_DATA = new Set(["DatasourceNoData", "NoData"]);
const ERROR = new Set(["DatasourceError"]);

/** What Grafana says of a rule it has no data for (DatasourceNoData, NoData, DatasourceError); undefined: another alert. */
export function missingDataOf({
  labels,
  annotations,
}: {
  readonly labels: Labels;
  readonly annotations: Labels;
}): MissingData | undefined {
  const { alertname = "" } = labels;
  const reason = labels.grafana_state_reason ?? annotations.grafana_state_reason ?? "";
  const isError = ERROR.has(alertname) || /^(?:alerting \()?error\b/i.test(reason);
  const isMissing = NO_DATA.has(alertname) || /^(?:alerting \()?(?:nodata|missingseries)\b/i.test(reason);
  if (!isError && !isMissing) return undefined;
  return {
    rule: labels.rulename ?? labels.rule_name ?? labels.ref_alertname ?? alertname,
    why: isError ? "error" : "no data",
    ...(labels.datasource_uid === undefined ? {} : { source: labels.datasource_uid }),
  };
}
