import type { EffectClass } from "./action.ts";
import type { Json } from "./json.ts";
import type { Risk } from "./risk.ts";

/** One write of a plan, with what its preview said when it was frozen. */
export interface PlannedCall {
  readonly action: string;
  readonly on: string;
  readonly input: Json;
  readonly class: EffectClass;
  readonly risk: Risk;
  readonly target: string;
  readonly changes: readonly string[];
  readonly witness: Json;
  readonly timeoutSeconds: number;
  /** What undoing it cannot bring back. */
  readonly leaves?: string;
}

/** A read that shows afterwards whether it helped; frozen with the plan, so that nothing is worked out again. */
export interface PlannedCheck {
  /** Unique in the plan; of the checks of its first call `1.sessions`. */
  readonly name: string;
  readonly action: string;
  readonly on: string;
  readonly input: Json;
}

/**
 * What was approved is this value and nothing else: `planSha256` is the SHA-256 of its canonical JSON.
 * The runbook's functions are not asked again after it is frozen.
 */
export interface Plan {
  readonly version: 1;
  readonly run: number;
  readonly system: string;
  readonly runbook: string;
  readonly remedy: string;
  readonly title: string;
  readonly risk: Risk;
  readonly calls: readonly PlannedCall[];
  /** Verification, in words and time: what must hold afterwards and by when. */
  readonly verifyWithin: string;
  /** Absent in plans that were frozen before 0.2.0. */
  readonly verify?: readonly PlannedCheck[];
  readonly undo: string;
  /** In force for so long, e.g. `45 min`, then undone unless somebody keeps it. */
  readonly appliedFor?: string;
  /** The same in milliseconds; absent in plans that were frozen before it was asked for by remedies, too. */
  readonly appliedForMs?: number;
}
