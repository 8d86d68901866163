import { commands } from "../../commands/index.ts";
import type { IngressMetrics } from "../ingress/metrics.ts";
import { createDoor, type Door } from "../ingress/receive.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AppDeps } from "./deps.ts";

/** The door all ways in share. */
export function doorOf(deps: AppDeps): Door {
  const { catalog, logger, redactKnown: redact } = deps;
  const { intake, reader } = deps.store;
  const { hasTaken: queueTakes } = deps.dispatcher;
  const metrics = ingressMetrics(deps.metrics);
  return createDoor({ catalog, commands, intake, reader, logger, metrics, queueTakes, redact });
}

/** What the ways in tell. */
export const ingressMetrics = (metrics: Metrics): IngressMetrics => ({
  received: metrics.requestAnswered,
  turnedAway: metrics.webhookRejected,
  heartbeat: () => metrics.heartbeat(Date.now() / 1000),
});
