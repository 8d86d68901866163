import { DiagError } from "../../core/words/errors.ts";
import { productOf } from "./other-products.ts";

/** What the body of another sender is told; undefined: it may be a notification. */
export function otherSender(body: unknown): DiagError | undefined {
  if (Array.isArray(body)) return sentStraight();
  if (typeof body !== "object" || body === null) return refused("the body is no JSON object", SEND_THIS);
  if ("evalMatches" in body || "ruleUrl" in body)
    return refused(
      "this is Grafana's legacy alerting, which knows no groups and no labels",
      "use Grafana 9 or newer with a contact point of the type Webhook",
    );
  const product = "alerts" in body ? undefined : productOf(body);
  if (product !== undefined)
    return refused(`this is a notification of ${product.name}, which diagbot does not read`, product.way);
  if (!("alerts" in body))
    return refused("there are no `alerts` in the body: it is not from an Alertmanager", SEND_THIS);
  const version = "version" in body ? body.version : undefined;
  if (String(version) === "4" || isGrafana(body)) return undefined;
  return version === undefined
    ? refused("the body says no `version`: it is not from an Alertmanager", SEND_THIS)
    : refused(
        `version ${JSON.stringify(version).slice(0, 40)} of the notification is not known here`,
        "diagbot takes version 4, of Alertmanager 0.16 or newer, and version 1 of Grafana's contact point Webhook",
      );
}

/** To a Prometheus, a vmalert or Grafana's contact point "Alertmanager" that takes diagbot for one. */
export const sentStraight = (): DiagError =>
  refused(
    "this is how Prometheus, vmalert and rulers send alerts to an Alertmanager, and diagbot is none (the body is a list)",
    "put an Alertmanager between: point `alertmanagers:` (vmalert: -notifier.url) at it, and its webhook at /webhooks/alertmanager; in Grafana use a contact point of the type Webhook instead of Alertmanager",
  );

/** What is due instead of a body that is something else. */
export const SEND_THIS =
  "diagbot takes the webhook of an Alertmanager (version 4) or of Grafana's contact point of the type Webhook, with its default payload";

const refused = (message: string, hint: string): DiagError =>
  new DiagError("bad_notification", message, { hint });

/** Grafana's own webhook: the shape of Alertmanager's with another version and more members. */
const isGrafana = (body: object): boolean =>
  "version" in body && String(body.version) === "1" && ("orgId" in body || "state" in body);

const LINKS = { dashboardURL: "dashboard_url", panelURL: "panel_url", silenceURL: "silence_url" } as const;

/** Grafana's notification as Alertmanager would send it; any other as it is. */
export function asVersion4(body: unknown): unknown {
  if (typeof body !== "object" || body === null || !("version" in body)) return body;
  if (!isGrafana(body)) return { ...body, version: String(body.version) };
  const alerts = "alerts" in body && Array.isArray(body.alerts) ? body.alerts.map(asAlert) : [];
  return { ...body, version: "4", alerts };
}

function asAlert(alert: unknown): unknown {
  if (typeof alert !== "object" || alert === null) return alert;
  const given = new Map(Object.entries(alert));
  const links = Object.entries(LINKS).flatMap(([member, name]) => {
    const url = given.get(member);
    return typeof url === "string" && url !== "" ? [[name, url]] : [];
  });
  const annotations = { ...Object.fromEntries(links), ...given.get("annotations") };
  // Its Test button fires an alert that never ends.
  return isTest(given.get("labels"))
    ? { ...alert, annotations, status: "resolved" }
    : { ...alert, annotations };
}

/** What Grafana's Test button of a contact point sends. */
const isTest = (labels: unknown): boolean =>
  typeof labels === "object" &&
  labels !== null &&
  "alertname" in labels &&
  labels.alertname === "TestAlert" &&
  "instance" in labels &&
  labels.instance === "Grafana";
