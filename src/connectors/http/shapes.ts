import { z } from "zod";
import { AnswerShape } from "./answer/shape.ts";

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

/** One look at a health endpoint. */
export const HealthShape = AnswerShape.extend({ timings: TimingsShape });
export type Health = z.infer<typeof HealthShape>;

/** One of several timed requests; either `answer` and `timings`, or `error`. */
export const SampleShape = z.object({
  totalMs: z.number(),
  answer: AnswerShape.optional(),
  timings: TimingsShape.optional(),
  error: z.object({ code: z.string(), detail: z.string().optional(), message: z.string() }).optional(),
});
export type Sample = z.infer<typeof SampleShape>;
