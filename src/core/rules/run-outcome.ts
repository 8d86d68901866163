import { COULD_NOT_LOOK, type Severity } from "../words/finding.ts";
import { isEnded, type RemedyStatus, type RunOutcome, type RunStatus } from "../words/outcome.ts";
import { type RunView, unansweredSteps } from "../words/view.ts";

/** What the outcome is decided on. */
export interface OutcomeFacts {
  readonly status: RunStatus;
  readonly findings: readonly {
    readonly id: string;
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
  const { status, remedies, gaps } = facts;
  const findings = facts.findings.filter(({ id }) => id !== COULD_NOT_LOOK);
  if (findings.length === 0) {
    if (status === "cancelled") return "cancelled";
    return status === "errored" || gaps + facts.findings.length > 0 ? "could not look" : "healthy";
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

const factsOf = (run: RunView): OutcomeFacts => ({
  ...run,
  findings: run.findings.map((finding) => ({ ...finding, gone: finding.goneAt !== undefined })),
  gaps: unansweredSteps(run).length,
});

/** What came of the problem; see `outcomeOf`. */
export const outcomeOfRun = (run: RunView): RunOutcome => outcomeOf(factsOf(run));

/** What a run does, or what came of it; see `stateOf`. */
export const stateOfRun = (run: RunView): RunOutcome | RunStatus => stateOf(factsOf(run));
