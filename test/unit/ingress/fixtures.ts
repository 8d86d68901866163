import { readFileSync } from "node:fs";
import { z } from "zod";
import { type KindName, kinds } from "../../../src/connectors/index.ts";
import type { Catalog } from "../../../src/core/ports/catalog.ts";
import { AlertSettings, Notification } from "../../../src/core/words/alert.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { type Head, runbookOn } from "../../../src/sdk/runbook.ts";
import { makeSystem } from "../../make/system.ts";

/** A notification as Alertmanager 0.25 sent it. */
export const recorded = (name: string): Notification =>
  Notification.parse(
    JSON.parse(readFileSync(new URL(`../../fixtures/alertmanager/${name}.json`, import.meta.url), "utf8"))
      .body,
  );

/** A runbook that asks nothing and finds nothing. */
export const bookOf = <P extends z.ZodObject>({
  needs = [],
  ...head
}: Partial<Head<P>> & { id: string; params: P; needs?: readonly KindName[] }) =>
  runbookOn(needs, { title: head.id, ...head }, () => ({}))
    .remedies({})
    .findings(() => []);

export const none = z.object({});
const postgres = { kind: "postgres", url: "postgres://db/app" };
const system = makeSystem;

export const catalogOf = (more: Partial<Catalog> = {}): Catalog => ({
  kinds,
  runbooks: [
    bookOf({ id: "service-health", params: none }),
    bookOf({
      id: "high-latency",
      params: z.object({ service: z.string().max(20).default("all"), minutes: z.int().max(60).default(5) }),
      alerts: [{ alertname: "HighLatency" }],
      fromAlert: (labels) => ({ service: labels.service, minutes: labels.minutes, stray: "x" }),
    }),
    bookOf({ id: "pod-down", params: none, alerts: [{ alertname: "PodDown" }] }),
    bookOf({ id: "pg-locks", params: none, needs: ["postgres"], alerts: [{ alertname: "PodDown" }] }),
  ],
  systems: [
    system("checkout", {
      channel: "C0CHECKOUT",
      match: [{ service: "checkout" }],
      connections: { db: postgres },
    }),
    system("web", { match: [{ service: "web", job: "lab" }] }),
  ],
  people: [],
  policies: {},
  limits: Limits.parse({}),
  alerts: AlertSettings.parse({}),
  routes: [],
  channel: "C0OPS",
  ...more,
});
