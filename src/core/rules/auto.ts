import type { AutoOff, AutoRule } from "../words/auto.ts";
import type { Caller } from "../words/caller.ts";
import { sayDuration } from "../words/duration.ts";
import { count, sayWhen } from "../words/format.ts";
import type { Policies, Policy } from "../words/policy.ts";
import { highestRisk, type Risk } from "../words/risk.ts";
import type { AnyExecutable } from "../words/runbook.ts";
import type { System } from "../words/system.ts";
import type { ApprovalView } from "../words/view.ts";
import { policyFor } from "./policy.ts";

/** What diagbot.yaml says of this remedy on this system; undefined: people are asked. */
export const autoRuleOf = (
  { auto }: Pick<System, "auto">,
  runbook: string,
  remedy: string,
): AutoRule | undefined => {
  const name = `${runbook}.${remedy}`;
  return Object.hasOwn(auto, name) ? auto[name] : undefined;
};

/** A person who asked is there to decide: the policy acts for alerts and schedules only. */
export const isUnattended = ({ via }: Pick<Caller, "via">): boolean => via === "alert" || via === "schedule";

/** Whether its calls can be taken back, or leave everything as it was set before. */
export const isReversible = ({ undo, asBefore }: Pick<AnyExecutable, "undo" | "asBefore">): boolean =>
  undo === "actions" || asBefore !== undefined;

/** What is asked of a remedy or of its plan. `changes` undefined: not known yet. */
export interface AutoFacts {
  readonly risk: Risk;
  readonly isReversible: boolean;
  readonly changes?: number;
}

/** Why the policy never applies this, in a clause; undefined: it may. The same for `check` and for a frozen plan. Pure. */
export function whyNotAuto(rule: AutoRule, facts: AutoFacts, policies: Policies): string | undefined {
  const { risk, changes } = facts;
  if (risk === "destructive") return "its risk is destructive";
  if (highestRisk([risk, rule.upTo]) !== rule.upTo)
    return `its risk is ${risk}, and \`auto\` allows ${rule.upTo} (\`upTo: ${risk}\` would allow it)`;
  if (!facts.isReversible) return "it cannot be taken back";
  const policy = policyFor(policies, risk);
  if (policy === undefined) return `no policy allows a ${risk}-risk remedy`;
  const needs = whyNeedsPeople(policy);
  if (needs !== undefined) return needs;
  if (rule.grace >= policy.expires)
    return `its grace time is not shorter than the ${sayDuration(policy.expires)} after which it expires`;
  if (changes !== undefined && changes > rule.changes)
    return `it makes ${count(changes, "change")}, and \`auto\` allows ${rule.changes}`;
  return undefined;
}

/** Four eyes are people's. */
export const whyNeedsPeople = ({ approvals }: Pick<Policy, "approvals">): string | undefined =>
  approvals === 1 ? undefined : `it needs ${approvals} people`;

/** The budget is spent. */
export const saySpent = ({ most, within }: Pick<AutoRule, "most" | "within">): string =>
  `it was applied without a person ${count(most, "time")} within ${sayDuration(within)} already: once more will not help`;

/** `the policy auto is off for shop since 14:30 (bob): release`. */
export const sayAutoOff = (system: string, { since, by, because }: AutoOff, now: Date): string =>
  `the policy auto is off for ${system} since ${sayWhen(since, now)} (${by}): ${because}`;

/** It was carried by the policy's vote, not by a person's. */
export const isByPolicy = ({ votes }: Pick<ApprovalView, "votes">): boolean =>
  votes.some(({ auto, decision }) => auto === true && decision === "approve");
