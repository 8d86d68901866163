import type { Probed } from "../core/words/action.ts";
import { toDiagError } from "../core/words/errors.ts";
import type { RemedyView, StepView } from "../core/words/view.ts";
import { lookAt } from "./call.ts";
import { type ClaimedRun, type EngineDeps, writeAction } from "./deps.ts";
import { MOST_LOST } from "./suspects.ts";

/**
 * An attempt whose outcome nobody recorded. The target is asked; what it cannot answer, and any guarded write that seems
 * not to have happened, is put to a human: the machine never repeats a guarded write.
 */
export async function resolveAttempt(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
  step: StepView,
): Promise<void> {
  const action = writeAction(deps, step.action);
  const probed = await probe(deps, claimed, step);
  const evidence = deps.redact(probed.evidence);
  const attempt = { run: claimed.fence.run, step: step.name, epoch: step.epoch };
  const startedAt = step.startedAt ?? new Date();
  if (probed.verdict === "done") {
    await deps.store.recordWrite(attempt, { outcome: "succeeded", startedAt, evidence });
    return;
  }
  const isOpen = await deps.store.recordWrite(attempt, {
    outcome: "unknown",
    startedAt,
    evidence,
    error: step.error ?? { code: "aborted", message: "the worker ended before it recorded the outcome" },
  });
  // Its own worker has thawed and told what it saw.
  if (!isOpen) return;
  if (probed.verdict === "not-done" && action.class !== "guarded")
    await deps.store.resend(claimed.fence, step.name, evidence);
  else
    await deps.store.askWhatHappened(claimed.fence, remedy.key, {
      step: step.name,
      epoch: step.epoch,
      note: `It is not known whether this happened. ${evidence}`,
    });
}

async function probe(deps: EngineDeps, claimed: ClaimedRun, step: StepView): Promise<Probed> {
  const action = writeAction(deps, step.action);
  // Its answer may be what stops the workers: a person can say, too.
  if (claimed.lostLeases >= MOST_LOST)
    return {
      verdict: "unknown",
      evidence: `Asking the target stopped the worker ${claimed.lostLeases} times`,
    };
  try {
    const reached = deps.targets.reach(claimed.system, step.on, action);
    const input = action.input.parse(step.input);
    return await lookAt(action, reached, claimed.letGo, (context) =>
      action.probe(reached.client, input, step.witness ?? null, context),
    );
  } catch (error) {
    if (claimed.letGo.aborted) throw error;
    return {
      verdict: "unknown",
      evidence: `The target could not be asked: ${toDiagError(error, "target_error").message}`,
    };
  }
}
