import type { Answer } from "../words/answer.ts";
import type { PrincipalId } from "../words/ids.ts";
import type { Policy, Principal } from "../words/policy.ts";
import type { Risk } from "../words/risk.ts";
import { mayVote } from "./policy.ts";

/** Before so long after the attempt's deadline nobody can know that it did not happen. */
export const DID_NOT_AFTER_MS = 60_000;

/** What an answer is decided on; all from rows read under lock. */
export interface QuestionFacts {
  readonly kind: "unknown" | "held";
  readonly policy: Policy;
  readonly requester: PrincipalId | undefined;
  readonly risk: Risk;
  /** The attempt can have no effect after this. */
  readonly effectDeadline: Date | undefined;
  readonly undoable: boolean;
  /** Earlier answers to the same question. */
  readonly answers: readonly { readonly principal: PrincipalId; readonly answer: Answer }[];
}

export type AnswerVerdict =
  | { readonly ok: true; readonly decided: boolean; readonly need: number; readonly have: number }
  | { readonly ok: false; readonly code: "not_allowed" | "not_decidable"; readonly why: string };

const OF: Readonly<Record<QuestionFacts["kind"], readonly Answer[]>> = {
  unknown: ["happened", "did-not", "abandon"],
  held: ["undo", "keep", "extend"],
};

/**
 * What an answer does; pure. Two people must agree on the outcome of a destructive write; taking a remedy back or keeping
 * it needs one. `didNotAfterMs` is shorter in tests only.
 */
export function decideAnswer(
  question: QuestionFacts,
  { voter, answer }: { readonly voter: Pick<Principal, "id" | "roles">; readonly answer: Answer },
  now: Date,
  didNotAfterMs = DID_NOT_AFTER_MS,
): AnswerVerdict {
  if (!OF[question.kind].includes(answer)) return refuse("not_decidable", "this is no longer the question");
  const may = mayVote(question.policy, voter, question.kind === "unknown" ? question.requester : undefined);
  if (!may.ok) return refuse("not_allowed", may.why);
  if (answer === "undo" && !question.undoable) return refuse("not_decidable", "this cannot be undone");
  if (question.answers.some((earlier) => earlier.principal === voter.id))
    return refuse("not_decidable", "you have already answered");
  const sure = new Date((question.effectDeadline ?? now).getTime() + didNotAfterMs);
  if (answer === "did-not" && now < sure)
    return refuse(
      "not_decidable",
      `it may still happen; this can be said from ${sure.toISOString().slice(11, 19)} UTC on`,
    );
  const need = question.kind === "unknown" && question.risk === "destructive" ? 2 : 1;
  const have = question.answers.filter((earlier) => earlier.answer === answer).length + 1;
  return { ok: true, decided: have >= need, need, have };
}

const refuse = (code: "not_allowed" | "not_decidable", why: string): AnswerVerdict => ({
  ok: false,
  code,
  why,
});
