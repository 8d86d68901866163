import type { AlertSettings, Notification } from "../words/alert.ts";
import type { Answer } from "../words/answer.ts";
import type { Caller } from "../words/caller.ts";
import type { FreezeRules, SetOff, Unfrozen } from "../words/freeze.ts";
import type { ApprovalId, IncidentId, PrincipalId, RunId, ThreadId } from "../words/ids.ts";
import type { ConnectionKind } from "../words/kind.ts";
import type { Limits } from "../words/limits.ts";
import type { Policies, Principal } from "../words/policy.ts";
import type { Decision, Route } from "../words/route.ts";
import type { Runbook } from "../words/runbook.ts";
import type { System } from "../words/system.ts";
import type { FreezeView, PendingView, RunSummary, RunView, ThreadView } from "../words/view.ts";

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
  /** A message to a channel that belongs to no run; the same `dedupeKey` posts once. */
  notice(entry: Entry, channel: string, text: string): Promise<void>;
  requestCancel(entry: Entry, run: RunId, caller: Caller): Promise<"requested" | "ended">;
  freeze(entry: Entry, freeze: FreezeRequest): Promise<FreezeView>;
  /** `channels` hear of it, besides those that heard of the freeze. */
  unfreeze(entry: Entry, by: Caller, channels?: readonly string[]): Promise<Unfrozen>;
  /** Writes a request down that changes nothing by itself. False: some process has seen it before. */
  isFirst(entry: Entry): Promise<boolean>;
}

/** Everything read by people: doors, CLI, thread. */
export interface Reader {
  run(id: RunId): Promise<RunView | undefined>;
  runs(filter: { systems?: readonly string[]; limit: number }): Promise<RunSummary[]>;
  /** What waits for people, what ends first first. `systems`: of these only. */
  pending(systems?: readonly string[]): Promise<PendingView[]>;
  /** Where the thread's first message stands; undefined: not posted yet. */
  root(thread: ThreadId): Promise<{ channel: string; ts: string } | undefined>;
  /** What goes on by itself once the freeze ends. */
  setsOff(): Promise<SetOff[]>;
  thread(id: ThreadId): Promise<ThreadView | undefined>;
  freeze(): Promise<FreezeView | undefined>;
  /** The run and remedy an approval belongs to. */
  approval(id: ApprovalId): Promise<{ run: RunId; remedy: string } | undefined>;
}

/** What Slack has been shown of one message slot. `sending`: a post may have arrived; find it before posting again. */
export interface ShownMessage {
  readonly slot: string;
  readonly channel: string;
  readonly ts?: string;
  readonly state: "sending" | "sent" | "gone";
  /** Digest of the content last sent (or being sent). */
  readonly digest: string;
  readonly intentAt: Date;
  readonly attempts: number;
  /** A person deleted that one; this message has taken its place. */
  readonly formerTs?: string;
}

/** The remedy a message is the card of. */
export interface CardOf {
  readonly run: RunId;
  readonly remedy: string;
}

/** A thread whose rows changed since it was last drawn, with what decides whose turn it is. */
export interface ChangedThread {
  readonly thread: ThreadId;
  /** Counts the changes. */
  readonly rev: number;
  /** Draw it at once. */
  readonly urgent: boolean;
  /** When the first change came that is not shown yet. */
  readonly since: Date;
  /** A person asked for it in Slack. */
  readonly asked: boolean;
  /** Its alert or what was found is critical, or it is a notice. */
  readonly critical: boolean;
  /** Its alert fires, a run of it has not ended, or it is a notice that nobody has seen. */
  readonly open: boolean;
}

/** Something that keeps messages from being shown. */
export interface DeliveryTrouble {
  /** A channel's id, `token`, or `scope:` and the method of Slack it is missing for. */
  readonly subject: string;
  /** Of a channel: a ChannelTrouble. Otherwise Slack's own word. */
  readonly reason: string;
  readonly since: Date;
}

/** What the thread room keeps: which threads changed, and what each slot has shown. */
export interface MessageStore {
  /** Threads whose rows changed since they were last drawn, in no order; of more than `limit` those that changed last. */
  dirty(limit: number): Promise<ChangedThread[]>;
  /** Takes the thread off the list unless it changed again since `rev`. */
  drawn(thread: ThreadId, rev: number): Promise<void>;
  /** Do not look at this thread before `delayMs` from now (it shows running clocks or waits for Slack). */
  later(thread: ThreadId, delayMs: number): Promise<void>;
  shown(thread: ThreadId): Promise<ShownMessage[]>;
  /**
   * Records the intention to post a slot before the call is made. `seen`: `attempts` of the slot as it was read (0: no
   * row). False: somebody else has sent or is sending it since, so do not post. An intention that is renewed keeps
   * its first `intentAt`: an earlier post of it may still turn up. `card`: the remedy that is decided on by this message.
   */
  sending(
    thread: ThreadId,
    slot: string,
    channel: string,
    digest: string,
    seen: number,
    card?: CardOf,
  ): Promise<boolean>;
  /** The slot shows `digest` in the message `ts` (of a file: its file id). */
  sent(thread: ThreadId, slot: string, ts: string, digest: string): Promise<void>;
  /** The post surely did not happen: forget the intention; a message it was to replace stands in the row again. */
  unsent(thread: ThreadId, slot: string): Promise<void>;
  /** A person deleted it and it is not shown again, or it cannot be shown at all. */
  gone(thread: ThreadId, slot: string, channel: string): Promise<void>;
  /** Threads that do not show everything, whatever they wait for, and for how long the oldest does not; 0: none. */
  backlog(): Promise<{ threads: number; oldestSeconds: number }>;
  /**
   * The thread is shown in another channel from now on, with every slot anew. False: it is not in `from` any more.
   * `because`: a ChannelTrouble of `from`.
   */
  move(thread: ThreadId, from: string, to: string, because: string): Promise<boolean>;
  troubles(): Promise<DeliveryTrouble[]>;
  /** Messages are held up by it now. */
  trouble(subject: string, reason: string): Promise<void>;
  /** It holds up nothing any more. */
  mended(subject: string): Promise<void>;
  /** Forgets troubles of subjects not in `keep` that have held up nothing for `ms`. */
  forgetTroubles(keep: readonly string[], ms: number): Promise<void>;
}

export const JOB_KINDS = ["run", "thread"] as const;
/** `run`: move a run on; `thread`: somebody should look at the threads. Jobs carry ids only. */
export type JobKind = (typeof JOB_KINDS)[number];

/** The side of the queue that doors and engine use. Failing is harmless: the sweeper dispatches what is left. */
export interface Dispatcher {
  /** Resolves once the queue has it, rejects with `queue_unavailable` after `1.5 s`. A waiting job of that id is not doubled. */
  dispatch(kind: JobKind, id: number): Promise<void>;
  close(): Promise<void>;
}

/** What the product knows, from configuration and code: the same in every process. */
export interface Catalog {
  /** Kinds of connections that may be configured. */
  readonly kinds: readonly ConnectionKind[];
  readonly runbooks: readonly Runbook[];
  readonly systems: readonly System[];
  readonly people: readonly Principal[];
  readonly policies: Policies;
  readonly limits: Limits;
  readonly alerts: AlertSettings;
  readonly routes: readonly Route[];
  /** Channel of alerts whose system has none. */
  readonly channel: string | undefined;
  /** Undefined: the defaults. */
  readonly freeze?: FreezeRules;
}

/** Looks up a human; undefined: unknown. */
export type FindPrincipal = (id: PrincipalId) => Principal | undefined;
