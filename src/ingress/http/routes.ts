import type { IncomingMessage, ServerResponse } from "node:http";
import { inTime } from "../../lib/deadline.ts";
import { answerJson } from "../respond-http.ts";
import type { Route } from "./server.ts";

/** What `/health` says. `degraded`: it works, something is missing. `ready`: may be given traffic. */
export interface HealthReport {
  readonly status: "ok" | "degraded" | "down";
  readonly ready: boolean;
  readonly components: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Nobody who asks for health waits longer than this. */
const HEALTH_MS = 2_000;

/** Doors for the world; `slack` is absent in Socket Mode. */
export interface DoorHandlers {
  readonly slack?: Handler;
  readonly alertmanager?: Handler;
  /** Absent: nobody may tell of changes. */
  readonly changes?: Handler;
}

/** For operators: `health` is asked at each request and counts as down after 2 s; `metrics` gives Prometheus' text format. */
export interface OpsHandlers {
  readonly health: () => Promise<HealthReport>;
  readonly metrics: () => Promise<{ contentType: string; text: string }>;
}

/** All paths of the program's contract, on one port. */
export const standardRoutes = (handlers: DoorHandlers & OpsHandlers): Route[] => [
  ...doorRoutes(handlers),
  ...opsRoutes(handlers),
];

const ALERTS = "/webhooks/alertmanager";
/** Alertmanager's own, also below ours as a `path_prefix`: who sends there takes diagbot for one, and is told what to do. */
const OF_AN_ALERTMANAGER = ["/api/v2/alerts", "/api/v1/alerts"];
const ALERT_PATHS = [
  ...[ALERTS, `${ALERTS}/`],
  ...OF_AN_ALERTMANAGER.flatMap((path) => [path, `${ALERTS}${path}`]),
];

/** The paths that may be published. */
export const doorRoutes = ({ slack, alertmanager, changes }: DoorHandlers): Route[] => [
  ...(slack === undefined ? [] : [{ method: "POST" as const, path: "/slack/events", handle: slack }]),
  ...(alertmanager === undefined
    ? []
    : ALERT_PATHS.map((path) => ({ method: "POST" as const, path, handle: alertmanager }))),
  ...(changes === undefined ? [] : [{ method: "POST" as const, path: "/webhooks/changes", handle: changes }]),
];

/** The paths that may not. */
export function opsRoutes(handlers: OpsHandlers): Route[] {
  const health = () => bounded(handlers.health());
  return [
    get("/health/live", (response) => answerJson(response, 200, { status: "live" })),
    get("/health/ready", async (response) => {
      const report = await health();
      answerJson(response, report.ready ? 200 : 503, { status: report.ready ? "ready" : "not ready" });
    }),
    get("/health", async (response) => {
      const { status, components } = await health();
      answerJson(response, status === "down" ? 503 : 200, { status, components });
    }),
    get("/metrics", async (response) => {
      const { contentType, text } = await handlers.metrics();
      response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" });
      response.end(text);
    }),
  ];
}

const get = (path: string, answer: (response: ServerResponse) => void | Promise<void>): Route => ({
  method: "GET",
  path,
  handle: (_request, response) => answer(response),
});

async function bounded(report: Promise<HealthReport>): Promise<HealthReport> {
  const down = (detail: string): HealthReport => ({
    status: "down",
    ready: false,
    components: { health: { status: "down", detail } },
  });
  const first = await inTime(report, { ms: HEALTH_MS });
  if (first.state === "done") return first.value;
  if (first.state === "late") return down(`no answer within ${HEALTH_MS} ms`);
  return down(first.error instanceof Error ? first.error.message : "failed");
}
