import { z } from "zod";
import { headers, url } from "../settings.ts";

/** A `kind: loki` connection. A tenant is a header: `headers: { X-Scope-OrgID: shop }`. */
export const LokiSettings = z.strictObject({
  url,
  headers,
  /** Labels that select the logs of this system, e.g. `{ namespace: shop }`; Loki asks no question without one. */
  labels: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,100}$/), z.string().min(1).max(300))
    .refine((labels) => Object.keys(labels).length > 0, "at least one label"),
});
export type LokiSettings = z.output<typeof LokiSettings>;
