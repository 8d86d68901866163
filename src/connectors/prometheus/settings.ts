import { z } from "zod";
import { headers, url } from "../settings.ts";

/** A `kind: prometheus` connection. */
export const PrometheusSettings = z.strictObject({
  url,
  headers,
  /** Names of the system's metrics where they differ from the usual ones. */
  metrics: z
    .strictObject({
      requests: z.string().default("http_requests_total"),
      duration: z.string().default("http_request_duration_seconds"),
      statusLabel: z.string().default("status"),
    })
    .prefault({}),
  /** Label matchers that select this system, e.g. `{ job: sergas-agents }`. */
  labels: z.record(z.string(), z.string()).default({}),
});
export type PrometheusSettings = z.output<typeof PrometheusSettings>;
