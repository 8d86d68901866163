/**
 * How things end. Never merged:
 * `failed` it ran and the answer is no; `errored` we could not find out; `unknown` it may have happened.
 */
export const OUTCOMES = [
  "succeeded",
  "failed",
  "errored",
  "unknown",
  "denied",
  "expired",
  "cancelled",
  "skipped",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Where a run stands. `waiting`: suspended until a human decides; the worker is free. */
export const RUN_STATUSES = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "errored",
  "cancelled",
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** The run has ended: nothing moves it any more. */
export const isEnded = (status: RunStatus): boolean => !["queued", "running", "waiting"].includes(status);

/**
 * Where a remedy stands.
 * `advice` a human does it; `planned` being previewed; `waiting` for approval; `approved` may be applied;
 * `applying` calls are being made; `verifying` done, is it better?; `void` plan or witness moved after approval;
 * `unknown` a call may have happened: a human must say; `undoing`/`undone`.
 */
export const REMEDY_STATUSES = [
  "advice",
  "planned",
  "waiting",
  "approved",
  "applying",
  "verifying",
  "undoing",
  "succeeded",
  "failed",
  "errored",
  "unknown",
  "denied",
  "expired",
  "void",
  "cancelled",
  "skipped",
  "undone",
] as const;
export type RemedyStatus = (typeof REMEDY_STATUSES)[number];

/** What happens by itself when its time is over: taken back, kept, or looked at again (see `AutoRule.watch`). */
export type HoldEnd = "undo" | "keep" | "watch";

/** Still needs a worker or a human before the run can end. */
export const isRemedyOpen = ({
  status,
  held,
}: {
  readonly status: RemedyStatus;
  readonly held?: { readonly ends: HoldEnd } | undefined;
}): boolean =>
  // What has helped may be taken back for a while, but nothing waits for that.
  (held !== undefined && (status !== "succeeded" || held.ends !== "keep")) ||
  ["planned", "waiting", "approved", "applying", "verifying", "undoing", "unknown"].includes(status);

/** What was seen of a step. An errored step is evidence too, so findings get this, never a bare value that may be missing. */
export type Seen<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: StepError };

/** Why a step has no value: `code` of the closed set, `detail` the target's own code (SQLSTATE, errno, HTTP status). */
export interface StepError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  /** What else the target said with its error, field by field, untranslated where it is (`hint`, `routine`, a header). */
  readonly said?: Readonly<Record<string, string>>;
  /** What gives the answer, where the one who asked knows: a GRANT, a flag, a setting. */
  readonly hint?: string;
}

/**
 * What came of the problem a run was asked about: the one list of words that people are shown (docs/glossary.md).
 * A run's status says how its work ended, which is something else: a run that found a fault and offered nothing succeeded.
 */
export const RUN_OUTCOMES = [
  "fixed",
  "gone",
  "healthy",
  "found",
  "open",
  "denied",
  "expired",
  "void",
  "could not look",
  "cancelled",
] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];
