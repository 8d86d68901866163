import { z } from "zod";

/** A path of the service itself: no scheme, no host, nothing that climbs. */
export const Path = z
  .string()
  .max(500)
  .regex(/^\/(?!\/)[^\s#\\]*$/, "a path of the service, beginning with one /");

export const TimingsShape = z.object({
  dnsMs: z.number().nullable(),
  connectMs: z.number().nullable(),
  tlsMs: z.number().nullable(),
  waitMs: z.number().nullable(),
  downloadMs: z.number().nullable(),
  totalMs: z.number(),
});

const VerdictShape = z.enum(["healthy", "degraded", "unhealthy", "unknown"]);

/** One look at a health endpoint. */
export const HealthShape = z.object({
  path: z.string(),
  status: z.int(),
  verdict: VerdictShape,
  /** The service's own word for its state. */
  says: z.string().optional(),
  components: z.array(z.object({ name: z.string(), status: z.string(), verdict: VerdictShape })),
  isBrokenJson: z.boolean(),
  /** Title of the web page that came instead of a health answer; empty: it has none. */
  page: z.string().optional(),
  redirect: z.string().optional(),
  retryAfterSeconds: z.number().optional(),
  /** Beginning of the body, only where the answer is not healthy. */
  excerpt: z.string().optional(),
  timings: TimingsShape,
});
export type Health = z.infer<typeof HealthShape>;

/** One of several timed requests; either `status` and `timings`, or `error`. */
export const SampleShape = z.object({
  status: z.int().optional(),
  totalMs: z.number(),
  timings: TimingsShape.optional(),
  retryAfterSeconds: z.number().optional(),
  redirect: z.string().optional(),
  /** The body's own word, where it says that the service is not well although the status is good. */
  says: z.string().optional(),
  error: z.object({ code: z.string(), detail: z.string().optional(), message: z.string() }).optional(),
});
export type Sample = z.infer<typeof SampleShape>;
