import type { ApprovalState, Vote } from "../words/approval.ts";
import type { ApprovalId, PrincipalId } from "../words/ids.ts";
import type { Policy, Principal } from "../words/policy.ts";
import { mayVote } from "./policy.ts";

/** What an approval is decided on; all from its row, read under lock. */
export interface ApprovalFacts {
  readonly id: ApprovalId;
  readonly state: ApprovalState;
  readonly planSha256: string;
  readonly policy: Policy;
  readonly requester: PrincipalId | undefined;
  readonly expiresAt: Date;
  readonly votes: readonly Vote[];
}

export type VoteVerdict =
  | { readonly ok: true; readonly state: "pending" | "approved" | "denied"; readonly approvals: number }
  | { readonly ok: false; readonly code: "not_allowed" | "not_decidable" | "drifted"; readonly why: string };

/**
 * What a vote does; pure, so that every cell of principal × policy × state can be tested.
 * One veto ends it; distinct principals count; `now` is the database's clock; the voter saw `planSha256`.
 */
export function decideVote(
  approval: ApprovalFacts,
  vote: {
    readonly voter: Pick<Principal, "id" | "roles">;
    readonly decision: "approve" | "deny";
    readonly planSha256: string;
    readonly breakGlass?: boolean;
    readonly reason?: string;
    /** False: the plan is longer than its card, and the file with the rest is not up. Default true. */
    readonly sawAll?: boolean;
  },
  now: Date,
): VoteVerdict {
  if (approval.state !== "pending") return refuse("not_decidable", DECIDED[approval.state]);
  if (now >= approval.expiresAt) return refuse("not_decidable", "this approval has expired");
  if (vote.planSha256 !== approval.planSha256)
    return refuse("drifted", "the plan has changed since you saw it");
  const may = mayVote(approval.policy, vote.voter, approval.requester);
  if (!may.ok) return refuse("not_allowed", may.why);
  if (approval.votes.some((earlier) => earlier.principal === vote.voter.id))
    return refuse("not_decidable", "you have already voted");
  if (vote.decision === "deny")
    return { ok: true, state: "denied", approvals: countApprovals(approval.votes) };
  if (vote.sawAll === false)
    return refuse("not_decidable", "the file with all changes is not in the thread yet; approve when it is");
  const approvals = countApprovals(approval.votes) + 1;
  if (vote.breakGlass === true) return breakGlass(approval.policy, vote, approvals);
  return { ok: true, state: approvals >= approval.policy.approvals ? "approved" : "pending", approvals };
}

const DECIDED: Record<Exclude<ApprovalState, "pending">, string> = {
  approved: "this was already approved",
  denied: "this was already denied",
  expired: "this approval has expired",
  void: "this was withdrawn in the meantime; the card says why",
};

/** Lowers the quorum to this vote, and nothing else: role, four eyes, expiry and plan were checked before. */
function breakGlass(
  policy: Policy,
  vote: { readonly voter: Pick<Principal, "roles">; readonly reason?: string },
  approvals: number,
): VoteVerdict {
  const allowed = policy.breakGlass?.from ?? [];
  if (!allowed.some((role) => vote.voter.roles.includes(role)))
    return refuse(
      "not_allowed",
      allowed.length === 0
        ? "the policy allows no break-glass"
        : `break-glass needs the role ${allowed.join(" or ")}`,
    );
  if ((vote.reason ?? "").trim().length < 10)
    return refuse("not_allowed", "break-glass needs a reason of at least 10 characters");
  return { ok: true, state: "approved", approvals };
}

/** Distinct people who approved. The policy's vote is nobody's. */
export const countApprovals = (votes: readonly Vote[]): number =>
  new Set(
    votes.filter((vote) => vote.decision === "approve" && vote.auto !== true).map((vote) => vote.principal),
  ).size;

const refuse = (code: "not_allowed" | "not_decidable" | "drifted", why: string): VoteVerdict => ({
  ok: false,
  code,
  why,
});
