import type { NewStep } from "../core/ports/run-store.ts";
import { eligible, policyFor } from "../core/rules/policy.ts";
import { isRemedyDisabled, riskOn, sayDisabled } from "../core/rules/restrict.ts";
import { parseDuration, sayDuration } from "../core/words/duration.ts";
import { toDiagError } from "../core/words/errors.ts";
import { canonical } from "../core/words/json.ts";
import type { Plan, PlannedCall } from "../core/words/plan.ts";
import { highestRisk } from "../core/words/risk.ts";
import type { AnyExecutable } from "../core/words/runbook.ts";
import type { RemedyView, RunView } from "../core/words/view.ts";
import { sha256 } from "../lib/sha256.ts";
import { autoOf } from "./auto.ts";
import { lookAt } from "./call.ts";
import { plannedChecks } from "./checks.ts";
import { newStep, wantedCalls } from "./conclude.ts";
import { contextOf } from "./context.ts";
import { type ClaimedRun, type EngineDeps, executable, unchanged, writeAction } from "./deps.ts";
import { lockKey } from "./targets.ts";

/** Previews what a remedy would do, freezes it and asks for approval; or says why it is not offered. */
export async function propose(deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): Promise<void> {
  const { store } = deps;
  const endWith = (
    status: "skipped" | "denied" | "errored",
    note: string,
    plan?: { canonical: string; sha256: string },
  ) =>
    store.setRemedy(claimed.fence, remedy.key, {
      status,
      note: deps.redact(note),
      ...(plan === undefined ? {} : { plan }),
    });
  try {
    const { view, system } = claimed;
    if (isRemedyDisabled(system, view.runbook, remedy.key))
      return await endWith("denied", sayDisabled(system, view.runbook, remedy.key));
    const previewed = await previewCalls(deps, claimed, remedy);
    if ("skip" in previewed) return await endWith("skipped", previewed.skip);
    const plan = freeze(deps, claimed, remedy, previewed.calls);
    const text = canonical(plan);
    const frozen = { canonical: text, sha256: sha256(text) };
    if (claimed.view.dryRun)
      return await endWith("skipped", "Dry run: this is what would be asked for", frozen);
    const policy = policyFor(deps.catalog.policies, plan.risk);
    if (policy === undefined)
      return await endWith("denied", `No policy in diagbot.yaml allows a ${plan.risk}-risk remedy`, frozen);
    const voters = eligible(policy, deps.catalog.people, claimed.view.caller.principal);
    if (voters.length < policy.approvals)
      return await endWith(
        "denied",
        `${policy.approvals} approvals are needed, but only ${voters.length} people may give one`,
        frozen,
      );
    await store.propose(claimed.fence, remedy.key, {
      plan,
      ...frozen,
      act: actOf(plan),
      policy,
      steps: stepsOf(deps, claimed, remedy.key, plan),
      ...autoOf(deps, claimed, plan),
    });
  } catch (error) {
    if (
      claimed.stop.aborted ||
      toDiagError(error).code === "aborted" ||
      toDiagError(error).code === "store_unavailable"
    )
      throw error;
    await endWith("errored", `It could not be planned: ${toDiagError(error, "target_error").message}`);
  }
}

/** What a plan does, whichever run and runbook has made it. */
const actOf = ({ system, calls }: Plan): string =>
  sha256(canonical({ system, calls: calls.map(({ action, on, input }) => ({ action, on, input })) }));

/** The calls a remedy would make now, or why it would make none. */
export async function previewCalls(
  deps: EngineDeps,
  claimed: Pick<ClaimedRun, "view" | "runbook" | "system" | "stop">,
  remedy: Pick<RemedyView, "key">,
): Promise<{ calls: PlannedCall[] } | { skip: string }> {
  const { view, system } = claimed;
  const runbook = unchanged(claimed);
  const wanted = wantedCalls({ runbook, context: contextOf(view, system), steps: view.steps }, remedy.key);
  const calls: PlannedCall[] = [];
  const reasons: string[] = [];
  for (const call of wanted) {
    const step = newStep(deps, view, { name: call.action, call, phase: "apply", stage: 0 });
    const action = writeAction(deps, step.action);
    const reached = deps.targets.reach(system, step.on, action);
    const input = action.input.parse(step.input);
    const preview = await lookAt(action, reached, claimed.stop, (context) =>
      action.preview(reached.client, input, context),
    );
    if (preview.refused !== undefined) return { skip: `Refused by a guard: ${preview.refused}` };
    if (preview.nothingToDo !== undefined) {
      reasons.push(preview.nothingToDo);
      continue;
    }
    calls.push({
      action: action.name,
      on: step.on,
      input: step.input,
      class: action.class,
      risk: highestRisk([action.risk, preview.risk ?? action.risk]),
      target: lockKey(system, reached.face, action.target(input)),
      // Only the words: what is executed and compared must stay what it is, even where a password is an everyday word.
      changes: preview.changes.map(deps.redact),
      witness: preview.witness,
      timeoutSeconds: Math.min(action.timeoutSeconds, preview.timeoutSeconds ?? action.timeoutSeconds),
      ...(action.leaves === undefined ? {} : { leaves: action.leaves }),
    });
  }
  return calls.length > 0 ? { calls } : { skip: reasons.join("; ") || "There is nothing to do" };
}

function freeze(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
  calls: readonly PlannedCall[],
): Plan {
  const spec = executable(unchanged(claimed), remedy.key);
  return {
    version: 1,
    run: claimed.view.id,
    system: claimed.view.system,
    runbook: claimed.view.runbook,
    remedy: remedy.key,
    title: remedy.title,
    risk: riskOn(claimed.system, claimed.view.runbook, remedy.key, [
      spec.risk,
      ...calls.map((call) => call.risk),
    ]),
    calls,
    verifyWithin: spec.verify.within,
    verify: plannedChecks(deps, claimed, remedy.key, calls),
    undo: spec.undo,
    ...timeOf(claimed.view, spec),
  };
}

/** How long it is in force: as the request says, or the remedy itself. What cannot be taken back stays. */
function timeOf({ applyForMs }: RunView, { undo, inForce }: AnyExecutable) {
  const ms = applyForMs ?? parseDuration(inForce ?? "");
  return ms === undefined || undo !== "actions" ? {} : { appliedFor: sayDuration(ms), appliedForMs: ms };
}

const stepsOf = (deps: EngineDeps, claimed: ClaimedRun, key: string, plan: Plan): NewStep[] =>
  plan.calls.map((call, index) => ({
    ...newStep(deps, claimed.view, {
      name: `${key}/apply/${index + 1}`,
      call,
      phase: "apply",
      stage: index,
      remedy: key,
    }),
    witness: call.witness,
  }));
