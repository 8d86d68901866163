import type { Vote } from "../core/words/approval.ts";
import type { ApprovalView, AttemptView, RemedyView } from "../core/words/view.ts";
import { type Told, time } from "./told.ts";

/** A remedy as JSON: what is to be done, who has decided, and what became of it. */
export const remedyJson = (remedy: RemedyView) => ({
  ...({
    id: remedy.key,
    title: remedy.title,
    risk: remedy.risk,
    status: remedy.status,
    approvals: remedy.approval === undefined ? [] : [approvalJson(remedy.approval)],
    attempts: remedy.attempts.map(attemptJson),
    appliedAt: time(remedy.appliedAt),
    endedAt: time(remedy.endedAt),
    /** In force until then; `ends` is what happens by itself. */
    held: remedy.held === undefined ? null : { until: time(remedy.held.until), ends: remedy.held.ends },
    /** The run whose approval serves this one, too. */
    sameAs:
      remedy.sameAs === undefined ? null : { run: remedy.sameAs.run, status: remedy.sameAs.status ?? null },
    /** Runs of other alerts that this approval serves. */
    askedFor: remedy.askedFor?.map(({ run, incident, title }) => ({ run, incident, title })) ?? [],
    /** What people say became of it, while nobody knows. */
    answers: remedy.answers.map(({ at, ...answer }) => ({ ...answer, at: time(at) })),
  } satisfies Told<
    RemedyView,
    "key" | "advice" | "note" | "plan" | "planSha256" | "approval" | "verifyUntil"
  >),
  ...(remedy.advice === undefined ? {} : { advice: remedy.advice }),
  ...(remedy.note === undefined ? {} : { note: remedy.note }),
  ...(remedy.planSha256 === undefined ? {} : { planSha256: remedy.planSha256 }),
  ...(remedy.plan === undefined ? {} : { plan: remedy.plan }),
  ...(remedy.verifyUntil === undefined
    ? {}
    : { verify: { within: remedy.plan?.verifyWithin ?? null, until: time(remedy.verifyUntil) } }),
});

// The approval's own id is what a button carries: it is not for printing.
const approvalJson = (approval: ApprovalView) => ({
  ...({
    state: approval.state,
    planSha256: approval.planSha256,
    requester: approval.requester ?? null,
    requestedAt: time(approval.requestedAt),
    expiresAt: time(approval.expiresAt),
    executeBefore: time(approval.executeBefore),
    decidedAt: time(approval.decidedAt),
    from: approval.policy.from,
    needed: approval.policy.approvals,
    /** Votes that carry it as it stands: one, once a vote has broken the glass. */
    need: approval.need,
    votes: approval.votes.map(voteJson),
  } satisfies Told<ApprovalView, "id" | "policy" | "auto" | "voidBecause">),
  ...(approval.auto === undefined
    ? {}
    : {
        auto: {
          at: time(approval.auto.at),
          note: approval.auto.note ?? null,
          stoppedBy: approval.auto.stoppedBy ?? null,
        },
      }),
  ...(approval.voidBecause === undefined ? {} : { voidBecause: approval.voidBecause }),
});

const voteJson = (vote: Vote) => ({
  ...({ principal: vote.principal, decision: vote.decision, at: time(vote.at) } satisfies Told<
    Vote,
    "auto" | "breakGlass" | "reason" | "account" | "onBehalf"
  >),
  /** Of a system's `auto:`: no person has voted. */
  ...(vote.auto === undefined ? {} : { auto: vote.auto }),
  /** It lowered the quorum to this one vote. */
  ...(vote.breakGlass === true ? { breakGlass: true } : {}),
  ...(vote.reason === undefined ? {} : { reason: vote.reason }),
  ...(vote.account === undefined ? {} : { account: vote.account }),
  ...(vote.onBehalf === undefined ? {} : { onBehalf: vote.onBehalf }),
});

const attemptJson = (attempt: AttemptView) => ({
  ...({
    step: attempt.step,
    epoch: attempt.epoch,
    worker: attempt.worker,
    startedAt: time(attempt.startedAt),
    deadline: time(attempt.deadline),
    outcome: attempt.outcome ?? null,
    finishedAt: time(attempt.finishedAt),
  } satisfies Told<AttemptView, "evidence">),
  ...(attempt.evidence === undefined ? {} : { evidence: attempt.evidence }),
});
