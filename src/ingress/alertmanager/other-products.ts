/** How the webhook of another product is known, and which way its alerts come here. */
interface Product {
  readonly name: string;
  readonly is: (body: Readonly<Record<string, unknown>>) => boolean;
  /** Default: by an Alertmanager. */
  readonly way?: string;
}

const has =
  (...members: readonly string[]) =>
  (body: object) =>
    members.every((name) => name in body);
const BY_ALERTMANAGER =
  "let it (or a small relay) send its alerts to an Alertmanager (POST /api/v2/alerts there), whose webhook is /webhooks/alertmanager";
const METRICS = (what: string): string =>
  `let Prometheus scrape ${what} and alert on that: an Alertmanager then tells diagbot`;

/** Members that only that product sends (their documented payloads, 2026-11). */
const PRODUCTS: readonly Product[] = [
  {
    name: "Amazon SNS (CloudWatch)",
    is: (body) => has("Type", "TopicArn")(body) && typeof body.Type === "string",
    way: "diagbot confirms no subscription and opens no address that it is sent. Put a function or relay between that posts to an Alertmanager, or let Prometheus read CloudWatch (cloudwatch_exporter, YACE) and alert on that",
  },
  {
    name: "Uptime Kuma",
    is: has("heartbeat", "monitor", "msg"),
    way: METRICS("its /metrics (monitor_status)"),
  },
  {
    name: "PagerDuty",
    is: ({ event, messages }) =>
      (typeof event === "object" && event !== null && "event_type" in event) ||
      (Array.isArray(messages) && messages.length > 0),
    way: "point what tells PagerDuty at diagbot instead: the same Alertmanager can have both receivers",
  },
  {
    name: "Sentry",
    is: (body) => has("action", "data")(body) && ("installation" in body || "actor" in body),
  },
  { name: "Datadog", is: (body) => has("alert_type")(body) || has("alert_transition")(body) },
  {
    name: "Zabbix",
    is: (body) => has("event_id")(body) && ("alert_subject" in body || "trigger_id" in body),
  },
  { name: "Opsgenie", is: (body) => has("action", "alert")(body) && "source" in body },
  { name: "New Relic", is: (body) => has("account_id", "condition_name")(body) || has("issueUrl")(body) },
  { name: "Azure Monitor", is: (body) => body.schemaId === "azureMonitorCommonAlertSchema" },
  { name: "Google Cloud Monitoring", is: ({ incident }) => isObject(incident) && "policy_name" in incident },
  { name: "Netdata", is: (body) => has("alarm", "host", "chart")(body) || has("alert_name", "node")(body) },
  { name: "Checkmk", is: (body) => "NOTIFICATIONTYPE" in body || "HOSTNAME" in body },
  { name: "UptimeRobot", is: has("monitorID", "alertType") },
  { name: "GitHub", is: has("repository", "sender") },
  { name: "Slack", is: (body) => has("token", "team_id")(body) || body.type === "url_verification" },
];

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Which product a body without `alerts` is of, and what to do; undefined: none that is known. Pure. */
export function productOf(body: object): { readonly name: string; readonly way: string } | undefined {
  const found = PRODUCTS.find(({ is }) => is(body as Readonly<Record<string, unknown>>));
  return found && { name: found.name, way: found.way ?? BY_ALERTMANAGER };
}
