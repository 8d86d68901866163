import { z } from "zod";
import { DurationMs } from "./duration.ts";
import type { RunId } from "./ids.ts";

/** `freeze:` of diagbot.yaml. */
export const FreezeRules = z.strictObject({
  /** Roles that may let remedies begin again. Default: the roles the policies ask for. */
  unfreeze: z.array(z.string().min(1)).min(1).optional(),
  /** Letting them begin again after so long is asked once more. */
  askAgainAfter: DurationMs.default(3_600_000),
});
export type FreezeRules = z.infer<typeof FreezeRules>;

/** Something that goes on by itself when a freeze ends. */
export interface SetOff {
  readonly run: RunId;
  readonly system: string;
  readonly remedy: string;
  readonly title: string;
  /** `apply`: approved, not begun; `go on`: begun, not finished; `take back`: its undo. */
  readonly act: "apply" | "go on" | "take back";
}

/** What letting remedies begin again came to. `was`: they were frozen. */
export interface Unfrozen {
  readonly was: boolean;
  readonly setsOff: readonly SetOff[];
}

/** A freeze that holds. */
export interface FreezeView {
  /** Of this system only; absent: of all. */
  readonly system?: string;
  /** It is in maintenance: its alerts are shown and nothing more. */
  readonly quiet?: true;
  readonly by: string;
  readonly reason: string;
  readonly since: Date;
  readonly until?: Date;
}
