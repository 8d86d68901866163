import type { Notification } from "../words/alert.ts";
import type { Answer } from "../words/answer.ts";
import type { Caller } from "../words/caller.ts";
import type { Unfrozen } from "../words/freeze.ts";
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
  readonly frozen?: { readonly by: string; readonly until?: Date; readonly lapsesAt: Date };
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

/** A person says that an incident is over. Named by its number or by a message of its thread. */
export interface CloseRequest {
  readonly incident?: IncidentId;
  readonly message?: { readonly channel: string; readonly ts: string };
  readonly by: Caller;
  readonly reason: string;
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
  /** Throws DiagError `not_allowed`, `not_decidable` or `drifted`; the refused vote is audited. */
  castVote(entry: Entry, request: VoteRequest): Promise<VoteResult>;
  /** Throws DiagError `not_allowed` or `not_decidable`. */
  answer(entry: Entry, request: AnswerRequest): Promise<AnswerResult>;
  /** `closed` false: it had ended already. Throws DiagError `unknown_incident`. */
  closeIncident(entry: Entry, request: CloseRequest): Promise<{ incident: IncidentId; closed: boolean }>;
  /** `opened` false: it is shown by itself already. Throws DiagError `unknown_incident`. */
  openThread(entry: Entry, request: OpenRequest): Promise<{ channel: string; opened: boolean }>;
  /** A message to a channel that belongs to no run; the same `dedupeKey` posts once. */
  notice(entry: Entry, channel: string, text: string): Promise<void>;
  requestCancel(entry: Entry, run: RunId, caller: Caller): Promise<"requested" | "ended">;
  freeze(entry: Entry, freeze: FreezeRequest): Promise<FreezeView>;
  /** `channels` hear of it, besides those that heard of the freeze. */
  unfreeze(entry: Entry, by: Caller, channels?: readonly string[]): Promise<Unfrozen>;
  /** Writes a request down that changes nothing by itself. False: some process has seen it before. */
  isFirst(entry: Entry): Promise<boolean>;
}
