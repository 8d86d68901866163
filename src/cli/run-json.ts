import { stateOfRun } from "../core/rules/run-outcome.ts";
import type { FindingView, RunView, StepView } from "../core/words/view.ts";
import { remedyJson } from "./remedy-json.ts";
import { type Told, time } from "./told.ts";

/** The JSON of a run: a contract (README, "Command line"). Dates are ISO 8601 in UTC, `durationMs` in milliseconds; null: not so, or not yet. */
export const runJson = (view: RunView) =>
  ({
    id: view.id,
    runbook: view.runbook,
    title: view.title,
    /** The text of the runbook it began with; null: it has not begun. */
    runbookVersion: view.runbookVersion ?? null,
    system: view.system,
    status: view.status,
    /** What came of the problem; while the run goes on, its status. */
    state: stateOfRun(view),
    /** Of the gravest finding. */
    severity: view.severity ?? null,
    diagnosed: view.diagnosed,
    caller: view.caller,
    params: view.params,
    connections: view.connections,
    dryRun: view.dryRun,
    applyForMs: view.applyForMs ?? null,
    incident: view.incident ?? null,
    alert: view.alert ?? null,
    createdAt: time(view.createdAt),
    startedAt: time(view.startedAt),
    endedAt: time(view.endedAt),
    /** Why it broke off. */
    error: view.error ?? null,
    cancelRequestedBy: view.cancelRequestedBy ?? null,
    /** A later run of the incident that asks instead of this one. */
    supersededBy: view.supersededBy ?? null,
    /** Everything is looked at once more at this time. */
    lookAgain: view.lookAgain === undefined ? null : { at: time(view.lookAgain.at), why: view.lookAgain.why },
    lookedAgainAt: time(view.lookedAgainAt),
    findings: view.findings.map(findingJson),
    steps: view.steps.map(stepJson),
    remedies: view.remedies.map(remedyJson),
    // Which thread and which stage of the runbook is the engine's own; what an earlier run saw is that run's.
  }) satisfies Told<RunView, "thread" | "stagesPlanned" | "before">;

const findingJson = (finding: FindingView) =>
  ({
    id: finding.id,
    severity: finding.severity,
    title: finding.title,
    because: finding.because,
    evidence: finding.evidence,
    remedies: finding.remedies,
    /** The harm that it proves or makes likely (docs/escalation.md). */
    damage: finding.damage ?? null,
    /** When the run looked again it was not there any more. */
    goneAt: time(finding.goneAt),
  }) satisfies Told<FindingView>;

/** Inputs and outputs are what was asked of a system and said by it: findings show what matters of them, `diagbot record` all. */
const stepJson = (step: StepView) => ({
  ...({
    id: step.name,
    action: step.action,
    title: step.title,
    on: step.on,
    phase: step.phase,
    remedy: step.remedy ?? null,
    effect: step.effect,
    outcome: step.state,
    startedAt: time(step.startedAt),
    durationMs: step.durationMs ?? null,
    /** It gave no value, and a finding says what its error means. */
    explained: step.explained ?? false,
  } satisfies Told<
    StepView,
    "name" | "state" | "stage" | "epoch" | "effectDeadline" | "input" | "output" | "witness" | "error"
  >),
  ...(step.error === undefined ? {} : { error: step.error }),
});
