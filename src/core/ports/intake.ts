import type { Notification } from "../words/alert.ts";
import type { Answer } from "../words/answer.ts";
import type { Caller } from "../words/caller.ts";
import type { Change } from "../words/change.ts";
import type { Checklist } from "../words/checklist.ts";
import type { Unfrozen } from "../words/freeze.ts";
import type { GuideAsked } from "../words/guide.ts";
import type { ApprovalId, IncidentId, PrincipalId, RunId, ThreadId } from "../words/ids.ts";
import type { Principal } from "../words/policy.ts";
import type { Decision } from "../words/route.ts";
import type { FreezeView } from "../words/view.ts";

/** A request as it came in; `dedupeKey` makes a second delivery a repeat. Stored in the transaction that acts on it. */
export interface Entry {
  readonly source: "slack" | "alertmanager" | "cli" | "schedule";
  readonly dedupeKey: string;
  /** What came in, without credentials. */
  readonly raw: string;
}

/** A run that has been checked and only needs to be written down. */
export interface RunRequest {
  readonly system: string;
  readonly runbook: string;
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly connections: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly channel: string;
  readonly dryRun?: boolean;
  /** Take remedies back after so long (`for=45m`). */
  readonly applyForMs?: number;
}

/** Runs that were asked for as one guide item: they share a thread, in the channel of each of them. */
export interface GuideRequest {
  readonly guide: GuideAsked;
  readonly channel: string;
  readonly runs: readonly RunRequest[];
}

/** A run an alert starts, with the alert of the group that asked for it. */
export interface AlertRun extends Omit<RunRequest, "caller" | "channel"> {
  readonly alert: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** Kinds whose connection was chosen for this alert. */
  readonly aimed?: readonly string[];
  /** The labels that chose its connection: `instance="db2:5432"`. Absent: nothing told them apart. */
  readonly aimedBy?: string;
}

/** An alert group that has been checked, with the runs it starts if it is new. */
export interface AlertRequest {
  readonly notification: Notification;
  readonly system?: string;
  readonly channel: string;
  readonly severity: string;
  /** For an open incident: only those of runbooks it has not run yet. */
  readonly runs: readonly AlertRun[];
  /** What people should know of why it is or is not looked at; one sentence each, with words of others in it. */
  readonly remarks?: readonly string[];
  /** Opened with a new incident, as its route says. */
  readonly checklists?: readonly Checklist[];
  /** What of the notification was changed or left out. */
  readonly notes?: readonly string[];
  /** The same is not diagnosed again within so long: the alert flaps. */
  readonly quietMs: number;
}

/** What becomes of a notification, and what each of its alerts that fires asked for. */
export interface Routed {
  readonly request: AlertRequest;
  readonly decisions: readonly Decision[];
}

/** A whole notification: heartbeats apart, and what becomes of each of its groups. */
export interface RoutedAll {
  /** Names of heartbeats of the alerting: nothing is stored or run for them. */
  readonly heartbeats: readonly string[];
  readonly groups: readonly Routed[];
}

export interface VoteRequest {
  readonly approval: ApprovalId;
  readonly voter: Principal;
  readonly decision: "approve" | "deny";
  readonly reason?: string;
  readonly via: "slack" | "cli";
  /** Of the command line: `alice@web1`. */
  readonly account?: string;
  /** For whom the voter says to decide. It counts as the voter's. */
  readonly onBehalf?: PrincipalId;
  /** Lower the quorum to this vote; needs a reason and a policy that allows it. */
  readonly breakGlass?: boolean;
  /** Where the button was clicked; a card elsewhere is not ours. Absent for the CLI. */
  readonly place?: { readonly channel: string; readonly ts: string };
}

/** What a vote came to. */
export interface VoteResult {
  readonly run: RunId;
  readonly remedy: string;
  readonly state: "pending" | "approved" | "denied";
  readonly need: number;
  readonly have: number;
  /** Approved, but it cannot begin while this holds; the approval lapses then. */
  readonly frozen?: {
    readonly by: string;
    readonly until?: Date;
    readonly system?: string;
    readonly quiet?: true;
    readonly lapsesAt: Date;
  };
}

/** What a human says of a remedy whose outcome is unknown, or that is still in force. */
export interface AnswerRequest {
  readonly approval: ApprovalId;
  readonly voter: Principal;
  readonly answer: Answer;
  readonly reason?: string;
  readonly via: "slack" | "cli";
  /** Of the command line: `alice@web1`. */
  readonly account?: string;
  /** For whom the voter says to answer. It counts as the voter's. */
  readonly onBehalf?: PrincipalId;
  readonly place?: { readonly channel: string; readonly ts: string };
}

/** What an answer came to. `decided`: enough people said the same. */
export interface AnswerResult {
  readonly run: RunId;
  readonly remedy: string;
  readonly decided: boolean;
  readonly need: number;
  readonly have: number;
}

/** `forMs` left out: until somebody ends it. */
export interface FreezeRequest {
  readonly by: Caller;
  readonly reason: string;
  readonly forMs?: number;
  /** Where it is announced. */
  readonly channels?: readonly string[];
  /** May a freeze that holds already be made shorter? Default: yes. */
  readonly mayShorten?: boolean;
}

/** `quiet`: it is in maintenance, which has an end. */
export interface FreezeSystemRequest extends FreezeRequest {
  readonly system: string;
  readonly quiet: boolean;
  /** The window of diagbot.yaml it stands for: it is opened once, and is not one that a person has frozen. */
  readonly planned?: string;
}

/** A person turns the policy `auto` of a system off, or on again. */
export interface SetAutoRequest {
  readonly system: string;
  readonly on: boolean;
  readonly by: Caller;
  readonly reason: string;
}

/** A person keeps the policy from applying something: of a run, or of the card that was clicked. */
export interface StopAutoRequest {
  readonly run?: RunId;
  readonly approval?: ApprovalId;
  readonly place?: { readonly channel: string; readonly ts: string };
  readonly by: Caller;
}

/** A person says that an incident is over. Named by its number or by a message of its thread. */
export interface CloseRequest {
  readonly incident?: IncidentId;
  readonly message?: { readonly channel: string; readonly ts: string };
  readonly by: Caller;
  readonly reason: string;
}

/** A person says that they look after an incident. Named as in CloseRequest; `words`: what they say besides. */
export interface AcknowledgeRequest {
  readonly incident?: IncidentId;
  readonly message?: { readonly channel: string; readonly ts: string };
  readonly by: Caller;
  readonly words: string;
}

/** A person opens a checklist for an incident. Named as in CloseRequest. */
export interface ChecklistRequest {
  readonly checklist: Checklist;
  readonly incident?: IncidentId;
  readonly message?: { readonly channel: string; readonly ts: string };
  readonly by: Caller;
}

/** A person ticks an item (from 1 on), or opens it again. */
export interface TickRequest {
  readonly incident: IncidentId;
  readonly checklist: string;
  readonly item: number;
  readonly done: boolean;
  /** What the item asks for, in the words of the person. */
  readonly said?: string;
  readonly by: Caller;
}

/** `changed` false: it was so already. */
export interface Ticked {
  readonly incident: IncidentId;
  readonly text: string;
  readonly changed: boolean;
}

/** Somebody wants the record of an incident in its thread. */
export interface PostmortemRequest {
  readonly incident: IncidentId;
  /** At most `LONGEST_POSTMORTEM` characters. */
  readonly markdown: string;
  readonly by: Caller;
}

/** `taken`: somebody else had said so already, or the incident is over. */
export interface Acknowledged {
  readonly incident: IncidentId;
  readonly state: "yours" | "taken" | "over";
  /** Who has it. */
  readonly by: string;
}

/** A person wants an alert group of a storm in a thread of its own. */
export interface OpenRequest {
  readonly incident: IncidentId;
  readonly by: Caller;
}

/**
 * Everything the doors write. Each call is one transaction; it throws `store_unavailable` when nothing was stored. A
 * repeated `entry` changes nothing and gets the first one's result or refusal (alerts: see `receiveAlerts`).
 */
export interface Intake {
  submitRun(entry: Entry, request: RunRequest): Promise<{ run: RunId; thread: ThreadId; repeated: boolean }>;
  submitGuide(
    entry: Entry,
    request: GuideRequest,
  ): Promise<{ runs: RunId[]; thread: ThreadId; repeated: boolean }>;
  /** Repeats are known by the alerts themselves: the same text again hours later may be news. */
  receiveAlerts(
    entry: Entry,
    request: AlertRequest,
  ): Promise<{
    incident: IncidentId;
    thread: ThreadId;
    news: "opened" | "reopened" | "updated" | "repeated";
    runs: RunId[];
  }>;
  /** How many of them are new: one told twice is one (see Change). */
  noteChanges(changes: readonly Change[]): Promise<number>;
  /** Throws DiagError `not_allowed`, `not_decidable` or `drifted`; the refused vote is audited. */
  castVote(entry: Entry, request: VoteRequest): Promise<VoteResult>;
  /** Throws DiagError `not_allowed` or `not_decidable`. */
  answer(entry: Entry, request: AnswerRequest): Promise<AnswerResult>;
  /** `closed` false: it had ended already. Throws DiagError `unknown_incident`. */
  closeIncident(entry: Entry, request: CloseRequest): Promise<{ incident: IncidentId; closed: boolean }>;
  /** Nobody further is told of it while it fires this time. Throws DiagError `unknown_incident`. */
  acknowledge(entry: Entry, request: AcknowledgeRequest): Promise<Acknowledged>;
  /** `opened` false: it is open already. Throws DiagError `unknown_incident` or `not_decidable` (there are enough). */
  openChecklist(entry: Entry, request: ChecklistRequest): Promise<{ incident: IncidentId; opened: boolean }>;
  /** Throws DiagError `unknown_incident` or `not_decidable` (there is no such item). */
  tick(entry: Entry, request: TickRequest): Promise<Ticked>;
  /** The n-th file of its kind in the thread. Throws DiagError `unknown_incident` or `not_decidable` (there are enough). */
  keepPostmortem(entry: Entry, request: PostmortemRequest): Promise<{ n: number }>;
  /** `opened` false: it is shown by itself already. Throws DiagError `unknown_incident`. */
  openThread(entry: Entry, request: OpenRequest): Promise<{ channel: string; opened: boolean }>;
  /** A message to a channel that belongs to no run; the same `dedupeKey` posts once. */
  notice(entry: Entry, channel: string, text: string): Promise<void>;
  /** `all`: every run of its thread that has not ended. `ended`: there was none. */
  requestCancel(entry: Entry, run: RunId, caller: Caller, all?: boolean): Promise<"requested" | "ended">;
  freeze(entry: Entry, freeze: FreezeRequest): Promise<FreezeView>;
  /** `channels` hear of it, besides those that heard of the freeze. */
  unfreeze(entry: Entry, by: Caller, channels?: readonly string[]): Promise<Unfrozen>;
  /** As `freeze`, of one system. */
  freezeSystem(entry: Entry, freeze: FreezeSystemRequest): Promise<FreezeView>;
  /** Ends freeze and maintenance of one system. */
  unfreezeSystem(entry: Entry, system: string, by: Caller, channels?: readonly string[]): Promise<Unfrozen>;
  /** `changed` false: it was so already. */
  setAuto(entry: Entry, request: SetAutoRequest): Promise<{ changed: boolean }>;
  /** Keys of the remedies that wait for people now. Throws DiagError `not_decidable` (there is none). */
  stopAuto(entry: Entry, request: StopAutoRequest): Promise<{ run: RunId; stopped: string[] }>;
  /** Writes a request down that changes nothing by itself. False: some process has seen it before. */
  isFirst(entry: Entry): Promise<boolean>;
}
