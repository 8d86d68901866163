import type { Severity } from "../words/finding.ts";
import { isEnded, type RemedyStatus, type RunStatus } from "../words/outcome.ts";

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

/** What the outcome is decided on. */
export interface OutcomeFacts {
  readonly status: RunStatus;
  readonly findings: readonly {
    readonly severity: Severity;
    readonly remedies: readonly string[];
    /** It was not there any more when the run looked again. */
    readonly gone?: boolean;
  }[];
  readonly remedies: readonly {
    readonly key: string;
    readonly status: RemedyStatus;
    readonly held?: unknown;
  }[];
  /** Checks that gave no answer. */
  readonly gaps: number;
}

/** A remedy of the finding was applied and its verification held. */
export const isFixedBy = ({ remedies }: Pick<OutcomeFacts, "remedies">, keys: readonly string[]): boolean =>
  remedies.some(({ key, status }) => status === "succeeded" && keys.includes(key));

/** What came of the problem so far, whether the run has ended or not; pure. */
export function outcomeOf(facts: OutcomeFacts): RunOutcome {
  const { status, findings, remedies, gaps } = facts;
  if (findings.length === 0) {
    if (status === "cancelled") return "cancelled";
    return status === "errored" || gaps > 0 ? "could not look" : "healthy";
  }
  const grave = findings.filter(({ severity }) => severity !== "info");
  const matter = grave.length > 0 ? grave : findings;
  const left = matter.filter((finding) => finding.gone !== true && !isFixedBy(facts, finding.remedies));
  if (left.length === 0 && matter.some((finding) => isFixedBy(facts, finding.remedies))) return "fixed";
  const has = (...statuses: readonly RemedyStatus[]) =>
    remedies.some((remedy) => statuses.includes(remedy.status));
  // Something was changed and it is not all well: nobody may read that as merely found.
  if (has("succeeded", "failed", "errored", "unknown", "undone", "applying", "verifying", "undoing"))
    return "open";
  if (left.length === 0) return "gone";
  if (status === "cancelled") return "cancelled";
  const undecided = (["denied", "void", "expired"] as const).find((word) => has(word));
  if (undecided !== undefined) return undecided;
  return status === "errored" ? "open" : "found";
}

/** The word for a run in a list: what it does while it goes on, then what came of it. */
export const stateOf = (facts: OutcomeFacts): RunOutcome | RunStatus =>
  isEnded(facts.status) ? outcomeOf(facts) : facts.status;
