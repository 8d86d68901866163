import type { NewStep } from "../core/ports/run-store.ts";
import { sayDuration } from "../core/words/duration.ts";
import { toDiagError } from "../core/words/errors.ts";
import { canonical } from "../core/words/json.ts";
import type { Plan, PlannedCall } from "../core/words/plan.ts";
import { eligible, policyFor } from "../core/words/policy.ts";
import { highestRisk } from "../core/words/risk.ts";
import type { RemedyView } from "../core/words/view.ts";
import { sha256 } from "../lib/sha256.ts";
import { lookAt } from "./call.ts";
import { plannedChecks } from "./checks.ts";
import { ask, contextOf, seenOf } from "./context.ts";
import { newStep } from "./diagnose.ts";
import { type EngineHouse, executable, type Grip, writeAction } from "./house.ts";
import { lockKey } from "./targets.ts";

/** Previews what a remedy would do, freezes it and asks for approval; or says why it is not offered. */
export async function propose(house: EngineHouse, grip: Grip, remedy: RemedyView): Promise<void> {
  const { store } = house;
  const settle = (
    status: "skipped" | "denied" | "errored",
    note: string,
    plan?: { canonical: string; sha256: string },
  ) =>
    store.settleRemedy(grip.fence, remedy.key, {
      status,
      note: house.redact(note),
      ...(plan === undefined ? {} : { plan }),
    });
  try {
    const previewed = await previewCalls(house, grip, remedy);
    if ("skip" in previewed) return await settle("skipped", previewed.skip);
    const plan = freeze(house, grip, remedy, previewed.calls);
    const text = canonical(plan);
    const frozen = { canonical: text, sha256: sha256(text) };
    if (grip.view.dryRun) return await settle("skipped", "Dry run: this is what would be asked for", frozen);
    const policy = policyFor(house.catalog.policies, plan.risk);
    if (policy === undefined)
      return await settle("denied", `No policy in diagbot.yaml allows a ${plan.risk}-risk remedy`, frozen);
    const voters = eligible(policy, house.catalog.people, grip.view.caller.principal);
    if (voters.length < policy.approvals)
      return await settle(
        "denied",
        `${policy.approvals} approvals are needed, but only ${voters.length} people may give one`,
        frozen,
      );
    await store.propose(grip.fence, remedy.key, {
      plan,
      ...frozen,
      act: actOf(plan),
      policy,
      steps: stepsOf(house, grip, remedy.key, plan),
    });
  } catch (error) {
    if (
      grip.stop.aborted ||
      toDiagError(error).code === "aborted" ||
      toDiagError(error).code === "store_unavailable"
    )
      throw error;
    await settle("errored", `It could not be planned: ${toDiagError(error, "target_error").message}`);
  }
}

/** What a plan does, whichever run and runbook has made it. */
const actOf = ({ system, calls }: Plan): string =>
  sha256(canonical({ system, calls: calls.map(({ action, on, input }) => ({ action, on, input })) }));

/** The calls a remedy would make now, or why it would make none. */
export async function previewCalls(
  house: EngineHouse,
  grip: Pick<Grip, "view" | "runbook" | "system" | "stop">,
  remedy: Pick<RemedyView, "key">,
): Promise<{ calls: PlannedCall[] } | { skip: string }> {
  const { view, runbook, system } = grip;
  const spec = executable(grip, remedy.key);
  const wanted = ask(runbook, `${remedy.key}.do`, () => spec.do(seenOf(view), contextOf(view, system)));
  const calls: PlannedCall[] = [];
  const reasons: string[] = [];
  for (const call of wanted) {
    const step = newStep(house, view, { name: call.action, call, phase: "apply", stage: 0 });
    const action = writeAction(house, step.action);
    const reached = house.targets.reach(system, step.on, action);
    const input = action.input.parse(step.input);
    const preview = await lookAt(action, reached, grip.stop, (context) =>
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
      risk: action.risk,
      target: lockKey(system, reached.face, action.target(input)),
      // Only the words: what is executed and compared must stay what it is, even where a password is an everyday word.
      changes: preview.changes.map(house.redact),
      witness: preview.witness,
      timeoutSeconds: action.timeoutSeconds,
      ...(action.leaves === undefined ? {} : { leaves: action.leaves }),
    });
  }
  return calls.length > 0 ? { calls } : { skip: reasons.join("; ") || "There is nothing to do" };
}

function freeze(house: EngineHouse, grip: Grip, remedy: RemedyView, calls: readonly PlannedCall[]): Plan {
  const spec = executable(grip, remedy.key);
  return {
    version: 1,
    run: grip.view.id,
    system: grip.view.system,
    runbook: grip.view.runbook,
    remedy: remedy.key,
    title: remedy.title,
    risk: highestRisk([spec.risk, ...calls.map((call) => call.risk)]),
    calls,
    verifyWithin: spec.verify.within,
    verify: plannedChecks(house, grip, remedy.key, calls),
    undo: spec.undo,
    ...(grip.view.applyForMs === undefined || spec.undo !== "actions"
      ? {}
      : { appliedFor: sayDuration(grip.view.applyForMs) }),
  };
}

const stepsOf = (house: EngineHouse, grip: Grip, key: string, plan: Plan): NewStep[] =>
  plan.calls.map((call, index) => ({
    ...newStep(house, grip.view, {
      name: `${key}/apply/${index + 1}`,
      call,
      phase: "apply",
      stage: index,
      remedy: key,
    }),
    witness: call.witness,
  }));
