import { readFileSync } from "node:fs";
import type { Product, Served } from "../../helpers/product.ts";

type Labels = Record<string, string>;

export interface AlertBody {
  receiver: string;
  status: "firing" | "resolved";
  alerts: {
    status: "firing" | "resolved";
    labels: Labels;
    annotations: Labels;
    startsAt: string;
    endsAt: string;
    generatorURL: string;
    fingerprint: string;
  }[];
  groupLabels: Labels;
  commonLabels: Labels;
  commonAnnotations: Labels;
  externalURL: string;
  version: string;
  groupKey: string;
  truncatedAlerts: number;
}

/** A notification as Alertmanager 0.25 sent it. */
export function recorded(name: string): AlertBody {
  const file = new URL(`../../fixtures/alertmanager/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { body: AlertBody }).body;
}

/**
 * The recorded single alert with other labels, begun now unless `startsAt` says otherwise. `labels` must name the
 * alert and what makes it match a system.
 */
export function alertOf(
  labels: Labels & { alertname: string },
  more: { startsAt?: string; annotations?: Labels; status?: "firing" | "resolved" } = {},
): AlertBody {
  const body = recorded("01-firing-single-with-bearer-header");
  const [alert] = body.alerts;
  if (alert === undefined) throw new Error("the recorded notification has no alert");
  const all = { ...alert.labels, ...labels };
  const status = more.status ?? "firing";
  const startsAt = more.startsAt ?? new Date().toISOString();
  return {
    ...body,
    status,
    alerts: [
      {
        ...alert,
        status,
        labels: all,
        annotations: more.annotations ?? { summary: `${labels.alertname} is firing` },
        startsAt,
        endsAt: status === "resolved" ? new Date().toISOString() : "0001-01-01T00:00:00Z",
      },
    ],
    groupLabels: labels,
    commonLabels: all,
    commonAnnotations: {},
    groupKey: `{}/{}:${JSON.stringify(labels)}`,
  };
}

/** The recorded group of four, with other labels, begun at `startsAt`. */
export function groupOf(labels: Labels & { alertname: string }, startsAt: string): AlertBody {
  const body = recorded("04-firing-grouped-4-alerts");
  return {
    ...body,
    alerts: body.alerts.map((alert) => ({ ...alert, labels: { ...alert.labels, ...labels }, startsAt })),
    groupLabels: labels,
    commonLabels: { ...body.commonLabels, ...labels },
    groupKey: `{}/{}:${JSON.stringify(labels)}`,
  };
}

/** `POST /webhooks/alertmanager`, as Alertmanager does it. */
export const send = (
  product: Pick<Product, "alertmanagerToken">,
  served: Pick<Served, "url">,
  body: AlertBody | string,
): Promise<Response> =>
  fetch(`${served.url}/webhooks/alertmanager`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${product.alertmanagerToken}`,
      "content-type": "application/json",
      "user-agent": "Alertmanager/0.25.0",
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
