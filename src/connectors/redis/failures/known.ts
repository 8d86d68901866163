import type { Damage, Severity } from "../../../core/words/finding.ts";

/** What an error of Redis, or of whatever answers in its place, means to the person on call. */
export interface Known {
  /** Stable name of the cause, e.g. `refused`. */
  readonly id: string;
  /** Default: critical. */
  readonly severity?: Severity;
  /** Only where the whole text says so: one word is answered for many reasons. */
  readonly when?: RegExp;
  readonly title: string;
  readonly because: string;
  readonly damage?: Damage;
  /** What a human does now. */
  readonly advice: string;
}

/** By an error's `detail`: several where the text beside it tells which; the first that fits, so the plain one stands last. */
export type Causes = Readonly<Record<string, Known | readonly Known[]>>;

/** What an error of Redis means to the person on call. */
export interface RedisFailure {
  /** Stable name of the cause, e.g. `refused`. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly because: string;
  readonly damage?: Damage;
  /** What a human does now. */
  readonly advice: string;
}
