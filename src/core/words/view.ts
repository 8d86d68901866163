import type { ApprovalState, Vote } from "./approval.ts";
import type { AutoView } from "./auto.ts";
import type { Caller } from "./caller.ts";
import type { ChangeView } from "./change.ts";
import type { ChecklistView } from "./checklist.ts";
import type { EscalationFacts } from "./escalation.ts";
import type { RecordedFinding, Severity } from "./finding.ts";
import type { FreezeView } from "./freeze.ts";
import type { GuideAsked } from "./guide.ts";
import type { ApprovalId, IncidentId, PrincipalId, RunId, ThreadId } from "./ids.ts";
import type { Json } from "./json.ts";
import type { HoldEnd, Outcome, RemedyStatus, RunOutcome, RunStatus, StepError } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { Policy } from "./policy.ts";
import type { Risk } from "./risk.ts";
import type { Before, RunbookVersion } from "./runbook.ts";
import type { AskedFor, SameAct } from "./same-act.ts";
import type { StormView } from "./storm.ts";

export const PHASES = ["diagnose", "apply", "verify", "undo"] as const;
/** Which part of a run a step belongs to. */
export type Phase = (typeof PHASES)[number];
/** `ready` may be claimed; `executing` its intent is written, the effect may be under way. Otherwise an outcome. */
export type StepState = "ready" | "executing" | Outcome;

export interface StepView {
  /** Unique in the run: `usage`, `terminateIdle/apply/1`, `terminateIdle/verify/usage`. */
  readonly name: string;
  readonly phase: Phase;
  readonly stage: number;
  readonly remedy?: string;
  readonly action: string;
  readonly title: string;
  readonly effect: "read" | "write";
  readonly on: string;
  readonly input: Json;
  readonly state: StepState;
  /** Counts the attempts of a write; 0: never tried. */
  readonly epoch: number;
  /** After this (database clock) an executing write can have no more effect. */
  readonly effectDeadline?: Date;
  /** Of a write: the state its plan was decided on. */
  readonly witness?: Json;
  readonly output?: Json;
  readonly error?: StepError;
  /** It gave no value, and a finding says what its error means. */
  readonly explained?: true;
  readonly startedAt?: Date;
  readonly durationMs?: number;
}

export interface AttemptView {
  readonly step: string;
  readonly epoch: number;
  readonly worker: string;
  readonly startedAt: Date;
  readonly deadline: Date;
  readonly outcome?: Outcome;
  readonly finishedAt?: Date;
  /** What the probe or the human said. */
  readonly evidence?: string;
}

export interface ApprovalView {
  readonly id: ApprovalId;
  readonly state: ApprovalState;
  readonly planSha256: string;
  readonly policy: Policy;
  readonly requester?: PrincipalId;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  /** Votes that carry it. */
  readonly need: number;
  readonly executeBefore?: Date;
  readonly decidedAt?: Date;
  /** Why it became void: the difference. */
  readonly voidBecause?: readonly string[];
  /** Where a system's `auto:` names the remedy and nobody asked for the run. */
  readonly auto?: AutoView;
  readonly votes: readonly Vote[];
}

export interface RemedyView {
  readonly key: string;
  readonly title: string;
  readonly risk: Risk;
  readonly status: RemedyStatus;
  /** Text for a human, where the machine does not do it. */
  readonly advice?: string;
  /** Why it stands where it stands, e.g. why it was refused, voided or failed. */
  readonly note?: string;
  readonly plan?: Plan;
  readonly planSha256?: string;
  readonly approval?: ApprovalView;
  readonly attempts: readonly AttemptView[];
  readonly appliedAt?: Date;
  readonly verifyUntil?: Date;
  /** In force; until then a human may undo, keep or extend it. `ends` is what happens by itself. */
  readonly held?: { readonly until: Date; readonly ends: HoldEnd };
  /** Another run asks for the same act: this one does not. */
  readonly sameAs?: SameAct;
  /** Alerts whose runs do not ask because this one does. */
  readonly askedFor?: readonly AskedFor[];
  /** What people have answered so far while the outcome is unknown. */
  readonly answers: readonly {
    readonly principal: PrincipalId;
    readonly answer: string;
    readonly reason?: string;
    /** Of the command line: `alice@web1`. */
    readonly account?: string;
    readonly onBehalf?: PrincipalId;
    readonly at: Date;
  }[];
  readonly endedAt?: Date;
}

/** A finding; `goneAt`: when the run looked again it was not there any more. */
export type FindingView = RecordedFinding & { readonly goneAt?: Date };

/** A run with everything that hangs on it: what the engine decides on, the thread draws and the CLI prints. */
export interface RunView {
  readonly id: RunId;
  readonly system: string;
  readonly runbook: string;
  readonly title: string;
  /** Which text of the runbook it began with; absent: it has not begun, or that was not kept yet. */
  readonly runbookVersion?: RunbookVersion;
  readonly status: RunStatus;
  readonly caller: Caller;
  readonly params: Readonly<Record<string, unknown>>;
  /** Chosen connection per kind. */
  readonly connections: Readonly<Record<string, string>>;
  readonly thread: ThreadId;
  readonly incident?: IncidentId;
  readonly alert?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly endedAt?: Date;
  readonly error?: StepError;
  readonly cancelRequestedBy?: string;
  /** Stages of the runbook already written as steps; after the last one `diagnosed` says findings are recorded. */
  readonly stagesPlanned: number;
  readonly diagnosed: boolean;
  readonly dryRun: boolean;
  /** Remedies are taken back after so long. */
  readonly applyForMs?: number;
  readonly severity?: Severity;
  /** The alert has ended or fired again: everything is looked at once more. `n` counts the requests. */
  readonly lookAgain?: {
    readonly at: Date;
    readonly why: "resolved" | "fired" | "closed";
    readonly n: number;
  };
  /** When everything was last looked at once more. */
  readonly lookedAgainAt?: Date;
  /** What the run before it saw, where its runbook compares and somebody has asked for it. */
  readonly before?: Before;
  /** A later run of the incident asks instead of this one. */
  readonly supersededBy?: RunId;
  readonly steps: readonly StepView[];
  readonly findings: readonly FindingView[];
  readonly remedies: readonly RemedyView[];
}

/** Checks that gave no answer: we could not find out. */
export const unansweredSteps = ({ steps }: Pick<RunView, "steps">): StepView[] =>
  steps.filter(
    ({ phase, state }) => phase === "diagnose" && !["ready", "executing", "succeeded"].includes(state),
  );

/** Checks that gave no answer and that no finding speaks of: what is not known. */
export const gapsOf = (run: Pick<RunView, "steps">): StepView[] =>
  unansweredSteps(run).filter(({ explained }) => explained !== true);

/** A line of `/diag history` and of lists. */
export interface RunSummary {
  readonly id: RunId;
  readonly system: string;
  readonly runbook: string;
  readonly status: RunStatus;
  /** What it does, or what came of it: the word that lists show. */
  readonly state: RunOutcome | RunStatus;
  readonly severity?: Severity;
  readonly findings: number;
  readonly caller: Caller;
  readonly createdAt: Date;
  readonly endedAt?: Date;
}

export interface AlertView {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly status: "firing" | "resolved";
  readonly startsAt: Date;
  readonly endsAt?: Date;
  /** The page of its rule; text of others. */
  readonly generatorURL: string;
}

/** An alert group and its thread. */
export interface IncidentView {
  readonly id: IncidentId;
  readonly title: string;
  readonly system?: string;
  readonly severity: string;
  readonly status: "firing" | "resolved";
  readonly openedAt: Date;
  readonly lastSeenAt: Date;
  readonly resolvedAt?: Date;
  readonly receiver: string;
  readonly externalURL: string;
  readonly truncated: number;
  /** Why it is or is not looked at, where that needs saying; one sentence each, with words of others in it. */
  readonly remarks: readonly string[];
  /** What of the newest notification could not be read or kept. */
  readonly note?: string;
  readonly firing: number;
  readonly resolved: number;
  readonly deliveries: number;
  /** Every time it fired again after it was resolved, oldest first; `announced`: the channel hears of it. */
  readonly reopenings: readonly { readonly n: number; readonly at: Date; readonly announced: boolean }[];
  /** It flaps: it is diagnosed again then, if it still fires. */
  readonly runsDueAt?: Date;
  /** Nothing was heard of it for long; since when that is known. */
  readonly staleAt?: Date;
  /** A person has ended it: no notification said that it is over. */
  readonly closed?: { readonly by: string; readonly reason: string };
  /** Who was told that nobody answers, and who has answered. Absent: not looked at. */
  readonly escalation?: EscalationFacts;
  /** Of its system, from 2 h before it began on; the newest 5, newest first. Absent: none, or not looked at. */
  readonly changes?: readonly ChangeView[];
  /** At most 20, firing first. */
  readonly alerts: readonly AlertView[];
}

/** The record of an incident as it was then: a file of the thread. */
export interface PostmortemView {
  readonly n: number;
  readonly by: string;
  readonly at: Date;
  readonly markdown: string;
}

/** Everything one Slack thread shows. */
export interface ThreadView {
  readonly id: ThreadId;
  readonly channel: string;
  /** It belongs in another channel, which does not take it. `because`: a ChannelTrouble. */
  readonly moved?: { readonly meantFor: string; readonly because: string };
  readonly incident?: IncidentView;
  readonly runs: readonly RunView[];
  readonly checklists?: readonly ChecklistView[];
  readonly postmortems?: readonly PostmortemView[];
  /** A message that belongs to no run. */
  readonly notice?: string;
  /** Root of the thread the notice is about, once it is posted. */
  readonly about?: { readonly channel: string; readonly ts: string };
  /** Writes of the last hour and their limit, per system of this thread. */
  readonly writes: readonly {
    readonly system: string;
    readonly lastHour: number;
    readonly perHour: number;
  }[];
  /** Writes are stopped: by whom, until when, why. */
  readonly freeze?: FreezeView;
  readonly guide?: GuideAsked;
  /** Of a thread of scheduled runs. */
  readonly schedule?: ScheduleView;
  /** Of the thread of a storm. */
  readonly storm?: StormView;
  /** Shown as a line of a storm only. */
  readonly folded?: true;
}

/** What the scheduled runs of a thread have come to, those that found the same again included. */
export interface ScheduleView {
  readonly times: number;
  readonly since: Date;
  readonly newest: RunView;
  /** The scheduled run after the newest: it found nothing, or its findings are in another thread. */
  readonly next?: { readonly run: RunId; readonly at: Date; readonly isFine: boolean };
}

export type { FreezeView };
