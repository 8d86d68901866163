import { z } from "zod";
import { DurationMs } from "./duration.ts";

const DAY = 86_400_000;

/** The youngest rows of the audit record that may be archived. */
export const LEAST_AUDIT_MS = 30 * DAY;

/** `keep` of diagbot.yaml: what is forgotten, and when. Left out: nothing is. */
export const Keep = z.strictObject({
  /** Threads in which all has been over for so long go, with their runs and incidents. The audit record stays. */
  runs: DurationMs.refine((ms) => ms >= 7 * DAY, "at least 7d").optional(),
  /** Older rows of the audit record go to a file by `diagbot archive`; `doctor` says when it is time. Nothing of it goes by itself. */
  audit: DurationMs.refine((ms) => ms >= LEAST_AUDIT_MS, "at least 30d").optional(),
});
export type Keep = z.infer<typeof Keep>;
