import { autoRuleOf, isByPolicy, isReversible, isUnattended, whyNotAuto } from "../core/rules/auto.ts";
import type { AutoRule } from "../core/words/auto.ts";
import type { Plan } from "../core/words/plan.ts";
import type { RemedyView } from "../core/words/view.ts";
import { type ClaimedRun, type EngineDeps, writeAction } from "./deps.ts";

/** Until another remedy that was applied without a person is seen to hold. */
const BUSY_MS = 2_000;

/** What a system's `auto:` makes of a frozen plan: nothing where it does not name it, or where a person has asked. */
export function autoOf(
  deps: EngineDeps,
  { system, view }: Pick<ClaimedRun, "system" | "view">,
  plan: Plan,
): { auto?: { rule: AutoRule; why?: string } } {
  const rule = isUnattended(view.caller) ? autoRuleOf(system, plan.runbook, plan.remedy) : undefined;
  if (rule === undefined) return {};
  const why = whyNotPlan(deps, rule, plan);
  return { auto: { rule, ...(why === undefined ? {} : { why }) } };
}

const whyNotPlan = (deps: EngineDeps, rule: AutoRule, plan: Plan): string | undefined =>
  whyNotAuto(
    rule,
    {
      risk: plan.risk,
      isReversible: plan.calls.every(({ action }) => {
        const { undo, asBefore } = writeAction(deps, action);
        return isReversible({ undo: typeof undo === "string" ? undo : "actions", asBefore });
      }),
      changes: plan.calls.reduce((sum, { changes }) => sum + Math.max(1, changes.length), 0),
    },
    deps.catalog.policies,
  );

/** The grace time is over and nobody has stopped it: the policy votes, or people are asked after all. */
export async function letPolicyAct(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
): Promise<{ readonly wakeAt: Date } | undefined> {
  deps.crash("before_auto");
  const verdict = await deps.store.approveByPolicy(
    claimed.fence,
    remedy.key,
    whyNotNow(deps, claimed, remedy),
  );
  deps.crash("after_auto");
  return verdict === "busy" ? { wakeAt: new Date(Date.now() + BUSY_MS) } : undefined;
}

/** As diagbot.yaml and the runbooks are now: a new process may know others than the one that has planned it. */
const whyNotNow = (deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): string | undefined =>
  claimed.runbook === undefined
    ? "its runbook has changed since it was planned"
    : whyNotConfigured(deps, claimed, remedy);

function whyNotConfigured(
  deps: EngineDeps,
  { system, view }: ClaimedRun,
  { key, plan }: RemedyView,
): string | undefined {
  const rule = autoRuleOf(system, view.runbook, key);
  if (rule === undefined) return "diagbot.yaml no longer names it under `auto`";
  return plan === undefined ? "it has no plan" : whyNotPlan(deps, rule, plan);
}

/** Just before the first write of what the policy has voted for: the plan is frozen, but diagbot.yaml may have changed. */
export const whyNoLonger = (deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): string | undefined =>
  remedy.approval !== undefined && isByPolicy(remedy.approval)
    ? whyNotConfigured(deps, claimed, remedy)
    : undefined;
