import { z } from "zod";
import { headers, url } from "../settings.ts";

/** A `kind: http` connection. */
export const HttpSettings = z.strictObject({
  url,
  health: z.string().startsWith("/").default("/health"),
  /** External dependency (someone else's API) rather than a part of this system. */
  external: z.boolean().default(false),
  headers,
});
export type HttpSettings = z.output<typeof HttpSettings>;
