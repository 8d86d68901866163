import { COULD_NOT_LOOK } from "../core/words/finding.ts";
import { isEnded, isRemedyOpen, type RunStatus } from "../core/words/outcome.ts";
import type { RemedyView, RunView, StepView } from "../core/words/view.ts";

/** The next thing to do with a run. */
export type Move =
  | { readonly move: "plan-stage"; readonly stage: number }
  | { readonly move: "read"; readonly steps: readonly StepView[] }
  | { readonly move: "diagnose" }
  | { readonly move: "look-again" }
  | { readonly move: "look-anew" }
  | { readonly move: "propose"; readonly remedy: RemedyView }
  | { readonly move: "withdraw"; readonly remedy: RemedyView; readonly why: string }
  | { readonly move: "supersede"; readonly remedy: RemedyView; readonly by: RemedyView }
  | { readonly move: "expire"; readonly remedy: RemedyView; readonly why: string }
  | { readonly move: "auto"; readonly remedy: RemedyView }
  | { readonly move: "apply"; readonly remedy: RemedyView; readonly step: StepView }
  | { readonly move: "resolve"; readonly remedy: RemedyView; readonly step: StepView }
  | { readonly move: "fail"; readonly remedy: RemedyView; readonly step: StepView }
  | { readonly move: "begin-verify"; readonly remedy: RemedyView }
  | { readonly move: "verify"; readonly remedy: RemedyView }
  | { readonly move: "begin-undo"; readonly remedy: RemedyView }
  | { readonly move: "end-hold"; readonly remedy: RemedyView }
  | { readonly move: "watch"; readonly remedy: RemedyView }
  | { readonly move: "end-undo"; readonly remedy: RemedyView }
  | { readonly move: "cancel" }
  | { readonly move: "wait"; readonly until?: Date }
  | { readonly move: "finish"; readonly status: "succeeded" | "failed" | "errored" }
  | { readonly move: "none" };

/** Time after an attempt's deadline before anybody asks the target what became of it: the effect must be over by then. */
export const PROBE_GRACE_MS = 1_000;

/**
 * What to do next: a pure function of the rows, so that any worker comes to the same answer after any crash.
 * `stages` is the number of stages of the runbook the run began with; undefined: that one is not here, so nothing that its
 * rules would have to say is asked. `now` is the database's clock; `putOff` are approved remedies that cannot begin just now,
 * and those the policy cannot let begin yet; they must not hold up the others.
 */
export function decide(
  run: RunView,
  stages: number | undefined,
  now: Date,
  putOff: ReadonlySet<string> = new Set(),
): Move {
  if (isEnded(run.status)) return { move: "none" };
  const open = openAttempt(run, now);
  if (open !== undefined) return open;
  if (run.cancelRequestedBy !== undefined) return cancelling(run, now);
  if (!run.diagnosed) return diagnosis(run, stages);
  const look = lookMove(run, stages !== undefined, now);
  if (look !== undefined) return look;
  for (const remedy of begunFirst(run.remedies)) {
    const move =
      stages === undefined && remedy.status === "planned"
        ? ({ move: "withdraw", remedy, why: CHANGED } as const)
        : remedyMove(run, remedy, now, putOff);
    if (move !== undefined) return move;
  }
  if (run.remedies.some((remedy) => isRemedyOpen(remedy))) return wait(run, now);
  return { move: "finish", status: endStatus(run) };
}

/** An attempt whose outcome nobody recorded comes first: it blocks everything else, cancel included. */
function openAttempt(run: RunView, now: Date): Move | undefined {
  const step = run.steps.find(
    (candidate) => candidate.effect === "write" && ["executing", "unknown"].includes(candidate.state),
  );
  const remedy = run.remedies.find((candidate) => candidate.key === step?.remedy);
  if (step === undefined || remedy === undefined || !["applying", "undoing"].includes(remedy.status))
    return undefined;
  const probeAt = new Date((step.effectDeadline ?? now).getTime() + PROBE_GRACE_MS);
  return now < probeAt ? { move: "wait", until: probeAt } : { move: "resolve", remedy, step };
}

/**
 * Nothing new begins. What has begun comes to its end first: a change that was made is verified, an undo finished, what was
 * to be in force for a time only taken back. A question to people (did it happen, undo what did not help) stays a question:
 * one person's cancel must not sweep it away.
 */
function cancelling(run: RunView, now: Date): Move {
  for (const remedy of begunFirst(run.remedies)) {
    const move = endOfBegun(run, remedy, now);
    if (move !== undefined) return move;
  }
  const isAsked = run.remedies.some(
    (remedy) => remedy.status === "unknown" || (remedy.held !== undefined && isRemedyOpen(remedy)),
  );
  return isAsked
    ? wait({ ...run, remedies: run.remedies.filter(({ held }) => held !== undefined) }, now)
    : { move: "cancel" };
}

function endOfBegun(run: RunView, remedy: RemedyView, now: Date): Move | undefined {
  if (remedy.held?.ends === "undo") return { move: "begin-undo", remedy };
  if (remedy.held?.ends === "watch" || (remedy.held !== undefined && isPast(remedy.held.until, now)))
    return { move: "end-hold", remedy };
  if (remedy.status === "undoing") return nextWrite(run, remedy, "undo");
  if (remedy.status === "verifying") return { move: "verify", remedy };
  if (remedy.status !== "applying") return undefined;
  const calls = run.steps.filter((step) => step.remedy === remedy.key && step.phase === "apply");
  const refused = calls.find((step) => step.state === "failed");
  if (refused !== undefined) return { move: "fail", remedy, step: refused };
  return calls.some((step) => step.state === "succeeded") ? { move: "begin-verify", remedy } : undefined;
}

/** Why a remedy is not planned any more. */
const CHANGED = "The runbook has changed since this run began; a new run offers it again";

/** A run that has not come to its findings yet begins anew where its runbook has changed: two texts are never mixed. */
function diagnosis(run: RunView, stages: number | undefined): Move {
  if (stages === undefined) return { move: "plan-stage", stage: 0 };
  const ready = run.steps.filter((step) => step.phase === "diagnose" && step.state === "ready");
  if (ready.length > 0) return { move: "read", steps: ready };
  return run.stagesPlanned < stages ? { move: "plan-stage", stage: run.stagesPlanned } : { move: "diagnose" };
}

/** One remedy at a time: what has begun holds its target, and another remedy of the same run may want that target. */
const begunFirst = (remedies: readonly RemedyView[]): RemedyView[] => {
  const hasBegun = ({ status }: RemedyView) => ["applying", "verifying", "undoing"].includes(status);
  return [...remedies.filter(hasBegun), ...remedies.filter((remedy) => !hasBegun(remedy))];
};

const AFTER_HOLD = { undo: "begin-undo", keep: "end-hold", watch: "watch" } as const;

function remedyMove(
  run: RunView,
  remedy: RemedyView,
  now: Date,
  putOff: ReadonlySet<string>,
): Move | undefined {
  if (remedy.held !== undefined && isPast(remedy.held.until, now))
    return { move: AFTER_HOLD[remedy.held.ends], remedy };
  const by = ["planned", "waiting", "approved"].includes(remedy.status) ? fixerOf(run, remedy) : undefined;
  if (by !== undefined) return { move: "supersede", remedy, by };
  switch (remedy.status) {
    case "planned":
      return plan(run, remedy);
    case "waiting":
      return waiting(remedy, now, putOff);
    case "approved":
      return isPast(remedy.approval?.executeBefore, now)
        ? { move: "expire", remedy, why: "It was approved, but could not be begun in time" }
        : putOff.has(remedy.key)
          ? undefined
          : nextWrite(run, remedy, "apply");
    case "applying":
      return nextWrite(run, remedy, "apply");
    case "verifying":
      return { move: "verify", remedy };
    case "undoing":
      return nextWrite(run, remedy, "undo");
    default:
      return undefined;
  }
}

function waiting(remedy: RemedyView, now: Date, putOff: ReadonlySet<string>): Move | undefined {
  if (isPast(remedy.approval?.expiresAt, now))
    return { move: "expire", remedy, why: "Nobody decided in time" };
  return isPast(remedy.approval?.auto?.at, now) && !putOff.has(remedy.key)
    ? { move: "auto", remedy }
    : undefined;
}

const plan = ({ supersededBy }: RunView, remedy: RemedyView): Move =>
  supersededBy === undefined
    ? { move: "propose", remedy }
    : { move: "withdraw", remedy, why: `Run #${supersededBy} looks at this now and asks instead` };

/** A remedy that has verifiably ended every finding this one answers, for good: nobody needs this one any more. */
function fixerOf(run: RunView, remedy: RemedyView): RemedyView | undefined {
  const fixers = run.remedies.filter(({ status, held }) => status === "succeeded" && held?.ends !== "undo");
  const answered = run.findings.filter((finding) => finding.remedies.includes(remedy.key));
  const of = answered.map((finding) => fixers.find((fixer) => finding.remedies.includes(fixer.key)));
  return of.length > 0 && of.every((fixer) => fixer !== undefined) ? of[0] : undefined;
}

function nextWrite(run: RunView, remedy: RemedyView, phase: "apply" | "undo"): Move {
  const steps = run.steps.filter((step) => step.remedy === remedy.key && step.phase === phase);
  const bad = steps.find((step) => step.state === "failed");
  if (bad !== undefined) return { move: "fail", remedy, step: bad };
  const next = steps.find((step) => step.state === "ready");
  if (next !== undefined) return { move: "apply", remedy, step: next };
  return phase === "apply" ? { move: "begin-verify", remedy } : { move: "end-undo", remedy };
}

/** Not while something is under way: its verification compares with what was seen before it. */
function mustLookAgain({ lookAgain, supersededBy, remedies }: RunView, now: Date): boolean {
  const isUnderWay = remedies.some(({ status }) =>
    ["applying", "verifying", "undoing", "unknown"].includes(status),
  );
  const isAsking = remedies.some(({ status }) => ["planned", "waiting", "approved"].includes(status));
  return isPast(lookAgain?.at, now) && supersededBy === undefined && isAsking && !isUnderWay;
}

function lookMove(run: RunView, isUnchanged: boolean, now: Date): Move | undefined {
  if (!mustLookAgain(run, now)) return undefined;
  if (isUnchanged) return { move: "look-again" };
  // What was approved is still carried out as it was: a new run would take it back.
  return run.remedies.some(({ status }) => status === "approved") ? undefined : { move: "look-anew" };
}

function wait(run: RunView, now: Date): Move {
  const look = run.lookAgain !== undefined && run.lookAgain.at > now ? [run.lookAgain.at.getTime()] : [];
  const decisions = run.remedies.flatMap((remedy) => {
    const { expiresAt, auto } = (remedy.status === "waiting" ? remedy.approval : undefined) ?? {};
    // What is past and still here was put off: there is a time for that already.
    const policy = isPast(auto?.at, now) ? undefined : auto?.at;
    return [expiresAt, policy, remedy.held?.until].flatMap((time) =>
      time === undefined ? [] : [time.getTime()],
    );
  });
  const times = [...look, ...decisions];
  return times.length === 0 ? { move: "wait" } : { move: "wait", until: new Date(Math.min(...times)) };
}

/**
 * `errored`: checks could not be made and nothing was found, so nobody may call it healthy.
 * `failed`: a remedy was tried and did not help. Denied and expired remedies leave a good diagnosis.
 */
function endStatus(run: RunView): Extract<RunStatus, "succeeded" | "failed" | "errored"> {
  const diagnose = run.steps.filter((step) => step.phase === "diagnose");
  const isNothingFound = run.findings.every(({ id }) => id === COULD_NOT_LOOK);
  const blind = diagnose.some((step) => step.state === "errored") && isNothingFound;
  if (blind) return "errored";
  const isBad = ({ status, plan }: RemedyView) =>
    ["failed", "errored", "unknown"].includes(status) ||
    (status === "undone" && plan?.appliedFor === undefined);
  const bad = run.remedies.some(isBad);
  return bad ? "failed" : "succeeded";
}

const isPast = (time: Date | undefined, now: Date): boolean => time !== undefined && time <= now;
