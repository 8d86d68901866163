import { z } from "zod";
import { DurationMs } from "./duration.ts";

const DAY = 86_400_000;

/** `keep` of diagbot.yaml: what is forgotten, and when. Left out: nothing is. */
export const Keep = z.strictObject({
  /** Threads in which all has been over for so long go, with their runs and incidents. The audit record stays. */
  runs: DurationMs.refine((ms) => ms >= 7 * DAY, "at least 7d").optional(),
});
export type Keep = z.infer<typeof Keep>;
