import { stateOfRun } from "../core/rules/run-outcome.ts";
import type { ApprovalView, AttemptView, RemedyView, RunView, StepView } from "../core/words/view.ts";

/** The JSON of a run: a contract (README, "Command line"). Dates are ISO 8601 in UTC, `durationMs` in milliseconds. */
export const runJson = (view: RunView) => ({
  id: view.id,
  runbook: view.runbook,
  /** The text of the runbook it began with; null: it has not begun. */
  runbookVersion: view.runbookVersion ?? null,
  system: view.system,
  status: view.status,
  /** What came of the problem; while the run goes on, its status. */
  state: stateOfRun(view),
  caller: view.caller,
  findings: view.findings.map(({ id, severity, title, because, evidence, remedies }) => ({
    id,
    severity,
    title,
    because,
    evidence,
    remedies,
  })),
  steps: view.steps.map(stepJson),
  remedies: view.remedies.map(remedyJson),
});

const stepJson = (step: StepView) => ({
  id: step.name,
  action: step.action,
  effect: step.effect,
  outcome: step.state,
  startedAt: step.startedAt?.toISOString() ?? null,
  durationMs: step.durationMs ?? null,
  ...(step.error === undefined ? {} : { error: step.error }),
});

const remedyJson = (remedy: RemedyView) => ({
  id: remedy.key,
  title: remedy.title,
  risk: remedy.risk,
  status: remedy.status,
  ...(remedy.advice === undefined ? {} : { advice: remedy.advice }),
  ...(remedy.note === undefined ? {} : { note: remedy.note }),
  ...(remedy.planSha256 === undefined ? {} : { planSha256: remedy.planSha256 }),
  ...(remedy.plan === undefined ? {} : { plan: remedy.plan }),
  approvals: remedy.approval === undefined ? [] : [approvalJson(remedy.approval)],
  attempts: remedy.attempts.map(attemptJson),
  ...(remedy.verifyUntil === undefined
    ? {}
    : { verify: { within: remedy.plan?.verifyWithin ?? null, until: remedy.verifyUntil.toISOString() } }),
});

// The approval's own id is what a button carries: it is not for printing.
const approvalJson = (approval: ApprovalView) => ({
  state: approval.state,
  planSha256: approval.planSha256,
  requester: approval.requester ?? null,
  requestedAt: approval.requestedAt.toISOString(),
  expiresAt: approval.expiresAt.toISOString(),
  from: approval.policy.from,
  needed: approval.policy.approvals,
  ...(approval.auto === undefined
    ? {}
    : {
        auto: {
          at: approval.auto.at?.toISOString() ?? null,
          note: approval.auto.note ?? null,
          stoppedBy: approval.auto.stoppedBy ?? null,
        },
      }),
  ...(approval.voidBecause === undefined ? {} : { voidBecause: approval.voidBecause }),
  votes: approval.votes.map((vote) => ({
    principal: vote.principal,
    decision: vote.decision,
    /** Of a system's `auto:`: no person has voted. */
    ...(vote.auto === undefined ? {} : { auto: vote.auto }),
    ...(vote.reason === undefined ? {} : { reason: vote.reason }),
    ...(vote.account === undefined ? {} : { account: vote.account }),
    ...(vote.onBehalf === undefined ? {} : { onBehalf: vote.onBehalf }),
    at: vote.at.toISOString(),
  })),
});

const attemptJson = (attempt: AttemptView) => ({
  step: attempt.step,
  epoch: attempt.epoch,
  worker: attempt.worker,
  startedAt: attempt.startedAt.toISOString(),
  deadline: attempt.deadline.toISOString(),
  outcome: attempt.outcome ?? null,
  finishedAt: attempt.finishedAt?.toISOString() ?? null,
  ...(attempt.evidence === undefined ? {} : { evidence: attempt.evidence }),
});
