import { z } from "zod";
import { headers, url } from "../settings.ts";

/** A `kind: jaeger` connection: Jaeger's query service (v1, v2), or Tempo where `api: tempo` says so. */
export const TraceSettings = z.strictObject({
  url,
  headers,
  api: z.enum(["jaeger", "tempo"]).default("jaeger"),
  /** The service whose traces are looked at where nobody names one. */
  service: z.string().min(1).max(200).optional(),
});
export type TraceSettings = z.output<typeof TraceSettings>;
