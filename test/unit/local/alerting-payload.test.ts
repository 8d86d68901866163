import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fingerprint, type LiveAlert, notificationOf } from "../../../local/alerting/payload.ts";
import { isResolved, Notification } from "../../../src/core/words/alert.ts";

const PLACE = { receiver: "diagbot", url: "http://127.0.0.1:9093" };
const alert = (more: Partial<LiveAlert> = {}): LiveAlert => ({
  labels: { alertname: "PostgresLocks", job: "shop", severity: "critical" },
  annotations: { summary: "Sessions wait" },
  startsAt: new Date("2026-11-22T01:00:00Z"),
  ...more,
});

describe("the emulated Alertmanager's notifications", () => {
  it("are what the webhook accepts", () => {
    const sent = notificationOf([alert()], ["alertname"], PLACE);
    expect(Notification.parse(JSON.parse(JSON.stringify(sent)))).toEqual(sent);
    expect(sent).toMatchObject({
      status: "firing",
      groupKey: '{}:{alertname="PostgresLocks"}',
      groupLabels: { alertname: "PostgresLocks" },
    });
    expect(isResolved(sent)).toBe(false);
  });

  it("say resolved when nothing fires any more", () => {
    const ended = notificationOf([alert({ endsAt: new Date("2026-11-22T01:05:00Z") })], ["alertname"], PLACE);
    expect(ended.status).toBe("resolved");
    expect(ended.alerts[0]).toMatchObject({ status: "resolved", endsAt: "2026-11-22T01:05:00.000Z" });
    expect(isResolved(ended)).toBe(true);
  });

  it("keep only what all alerts of a group share as common", () => {
    const other = alert({ labels: { alertname: "PostgresLocks", job: "shop", severity: "warning" } });
    const sent = notificationOf([alert(), other], ["alertname", "folder"], PLACE);
    expect(sent.commonLabels).toEqual({ alertname: "PostgresLocks", job: "shop" });
    expect(sent.groupLabels).toEqual({ alertname: "PostgresLocks" });
  });

  it("carry the fingerprint a real Alertmanager computed for the same labels", async () => {
    const recorded = JSON.parse(
      await readFile(
        new URL("../../fixtures/alertmanager/01-firing-single-with-bearer-header.json", import.meta.url),
        "utf8",
      ),
    ) as { body: { alerts: { labels: Record<string, string>; fingerprint: string }[] } };
    const [real] = recorded.body.alerts;
    expect(fingerprint(real!.labels)).toBe(real!.fingerprint);
  });
});
