import { readFileSync } from "node:fs";
import type { AlertRequest } from "../../../src/core/ports/intake.ts";
import { Notification } from "../../../src/core/words/alert.ts";
import { createIntake } from "../../../src/store/intake.ts";
import type { Pool } from "../../../src/store/pool.ts";

/** A notification as Alertmanager 0.25 sent it (see the fixtures' README). */
export function recorded(name: string): Notification {
  const file = new URL(`../../fixtures/alertmanager/${name}.json`, import.meta.url);
  return Notification.parse(JSON.parse(readFileSync(file, "utf8")).body);
}

export interface AlertLine {
  readonly name: string;
  readonly at?: number;
  readonly status?: "firing" | "resolved";
  readonly note?: string;
}

const moment = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 60_000).toISOString();

/** A notification of alerts told apart by `name` and when they began, in minutes. */
export const notification = (
  alerts: readonly AlertLine[],
  more: { groupKey?: string; truncated?: number; source?: string } = {},
): Notification =>
  Notification.parse({
    version: "4",
    groupKey: more.groupKey ?? "{}:{alertname=DiskFull}",
    truncatedAlerts: more.truncated ?? 0,
    status: alerts.some(({ status }) => status !== "resolved") ? "firing" : "resolved",
    receiver: "diagbot",
    externalURL: more.source ?? "http://alertmanager-0:9093",
    groupLabels: { alertname: "DiskFull" },
    alerts: alerts.map(({ name, at = 0, status = "firing", note = "" }) => ({
      status,
      labels: { alertname: "DiskFull", instance: name },
      annotations: { summary: note },
      startsAt: moment(at),
      endsAt: status === "resolved" ? moment(at + 1) : "0001-01-01T00:00:00Z",
    })),
  });

export const asRequest = (what: Notification, runbooks: readonly string[] = ["disk-full"]): AlertRequest => ({
  notification: what,
  system: "orders",
  channel: "C0OPS",
  severity: "critical",
  quietMs: 300_000,
  runs: what.alerts.some(({ status }) => status === "firing")
    ? runbooks.map((runbook) => ({
        system: "orders",
        runbook,
        title: runbook,
        params: {},
        connections: {},
        alert: { labels: what.alerts[0]?.labels ?? {}, annotations: {} },
      }))
    : [],
});

let deliveries = 0;

/** Delivers to the real store; every delivery is an entry of its own, as peers' are. */
export function deliverTo(pool: Pool) {
  const intake = createIntake({ pool, onCommit: () => {} });
  return (what: Notification, runbooks?: readonly string[]) => {
    deliveries += 1;
    return intake.receiveAlerts(
      { source: "alertmanager", dedupeKey: `test:${deliveries}`, raw: "{}" },
      asRequest(what, runbooks),
    );
  };
}
