import type { AnswerResult, RoutedAll, VoteResult } from "../core/ports/intake.ts";
import type { QueueTakes } from "../core/rules/queue-away.ts";
import type { Answer } from "../core/words/answer.ts";
import type { Archived, AuditReport } from "../core/words/audit.ts";
import type { ConnectionCheck } from "../core/words/connector.ts";
import type { RunId } from "../core/words/ids.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Principal } from "../core/words/policy.ts";
import type { Reply } from "../core/words/reply.ts";
import type { Route } from "../core/words/route.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import type { ApprovalView, RunView } from "../core/words/view.ts";
import type { CliCaller, Decider } from "./who.ts";

export type ServeRole = "all" | "ingress" | "worker";

/** What the command line needs to know of the configuration. */
export interface CliConfig {
  readonly systems: readonly System[];
  readonly people: readonly Principal[];
  readonly routes: readonly Route[];
  readonly path: string;
  /** Not wrong, but probably not what was meant; one line each. */
  readonly warnings: readonly string[];
}

/** A pack of diagbot.yaml. */
export interface CliPack {
  readonly name: string;
  /** Of its files; undefined where it was not found. */
  readonly sha256: string | undefined;
  readonly isLocked: boolean;
  readonly runbooks: readonly { readonly runbook: Runbook }[];
  readonly kinds: readonly { readonly kind: ConnectionKind }[];
}

/** The runbooks of diagbot and of diagbot.yaml, in the order people see them. */
export interface CliKnowledge {
  /** Kinds of connections that may be configured. */
  readonly kinds: readonly ConnectionKind[];
  readonly runbooks: readonly Runbook[];
  readonly packs: readonly CliPack[];
  /** What was left out and why, a line each. */
  readonly leftOut: readonly string[];
  /** What of diagbot.yaml probably does not mean what it says of them, a line each. */
  readonly warnings: readonly string[];
}

/** What was typed after `run`, names already checked. */
export interface RunAsk {
  readonly system: string;
  readonly runbook: string;
  readonly params: Readonly<Record<string, string>>;
  readonly dryRun: boolean;
}

export interface VoteAsk extends Decider {
  readonly approval: ApprovalView["id"];
  readonly decision: "approve" | "deny";
  /** Lower the quorum to this vote; the policy must allow it. */
  readonly breakGlass: boolean;
}

export interface AnswerAsk extends Decider {
  readonly approval: ApprovalView["id"];
  readonly answer: Answer;
}

/** One thing `doctor` looked at; `fix` is what to do where it is not well, `paste` the lines to do it with. */
export interface DoctorCheck extends ConnectionCheck {
  /** Set where `serve` would refuse to start. */
  readonly stopsServe?: true;
}

/** Where a recording goes; without `file` beside diagbot.yaml, named after what was found. */
export interface RecordAsk {
  readonly file?: string;
  /** What was the matter, in a line for people. */
  readonly situation?: string;
}

export interface Recorded {
  readonly file: string;
  /** Ids of what was found. */
  readonly findings: readonly string[];
}

export interface TestAsk {
  /** Parts of a recording's path, `*` for anything; none: all. */
  readonly patterns: readonly string[];
  /** Write what is concluded now. */
  readonly update: boolean;
}

/** What came of replaying a recording; `lines`: what changed, as a diff, or why it could not be replayed. */
export interface Tested {
  readonly file: string;
  readonly result: "same" | "changed" | "updated" | "errored";
  readonly lines: readonly string[];
}

/** `archive`, as it was typed. */
export interface ArchiveAsk {
  /** A folder. */
  readonly to: string;
  readonly olderThanMs: number;
  /** Says what would be done. */
  readonly dryRun: boolean;
}

/**
 * Everything the command line asks of the product; app.ts implements it. Nothing is opened before it is needed, so that
 * `check --runbooks-only` work without configuration. Functions throw DiagError.
 */
export interface CliDeps {
  /** Takes the configured secrets out of what is printed. Without a readable configuration nothing is known to be one. */
  redact(text: string): string;
  /** The working directory: where `new` writes. */
  cwd(): string;
  /** What diagbot ships: from code alone. */
  shipped(): readonly Runbook[];
  /** Everything that can be run here, and what was left out. Throws `bad_config`. */
  knowledge(): Promise<CliKnowledge>;
  /** Pins every pack as it is now, without running any. Throws `bad_config`. */
  lockPacks(): readonly { readonly name: string; readonly sha256: string }[];
  /** From code alone. */
  kinds(): readonly ConnectionKind[];
  /** Environment and diagbot.yaml, held to the kinds of packs, too. Throws `bad_config` with every complaint. */
  config(): Promise<CliConfig>;
  /** The account that asks, and the person whose account it is. Throws `bad_config`. */
  who(): CliCaller;
  /** Stores the run and dispatches it. Throws user errors and `store_unavailable`. */
  submit(ask: RunAsk): Promise<RunId>;
  /** A subcommand of `/diag` with its words, through the same door. Throws `usage`; what the door refuses is in the reply. */
  ask(command: string, words: readonly string[], more?: { readonly dryRun: boolean }): Promise<Reply>;
  /** Throws `not_allowed` where the account may not read what is found on that system. */
  run(id: RunId): Promise<RunView | undefined>;
  /** Whether workers hear of what was stored; false: the queue is away, and they do as soon as it is back. */
  queueTakes: QueueTakes;
  /** Is a worker alive that would take the run? */
  hasWorker(): Promise<boolean>;
  /** Resolves when the run has ended or waits for a human; looks again at most every second. */
  waitForRun(id: RunId): Promise<RunView>;
  /** Works the run in this process until it has ended or waits for a human. */
  workInline(id: RunId): Promise<RunView>;
  /** Writes what a run saw as a recording. Throws `usage` and `bad_recording`. */
  record(run: RunView, ask: RecordAsk): Promise<Recorded>;
  /** Replays recordings without any service. Throws `usage` where there are none. */
  testRecordings(ask: TestAsk, note: (line: string) => void): Promise<readonly Tested[]>;
  /** Throws `not_allowed`, `not_decidable` or `drifted`. */
  vote(ask: VoteAsk): Promise<Pick<VoteResult, "state" | "need" | "have" | "frozen">>;
  /** What a person says of a remedy whose outcome is unknown or that is in force. Throws as `vote` does. */
  answer(ask: AnswerAsk): Promise<Pick<AnswerResult, "decided" | "need" | "have">>;
  /** `checkpoints`: a file of signed heads; default: the configured one. `archives`: the folder archives are read from. */
  auditVerify(from: { checkpoints?: string; archives?: string }): Promise<AuditReport>;
  /** Old rows of the audit record go to a file. Throws `not_allowed` to whom diagbot.yaml does not know, and `bad_audit`. */
  archive(ask: ArchiveAsk, say: (line: string) => void): Promise<Archived>;
  /** `keep.audit`; undefined: not set. */
  keepsAuditMs(): number | undefined;
  /** Names of the migrations it applied. */
  migrate(): Promise<readonly string[]>;
  /** As `serve --role <role>` would find it. `tell`: webhooks that are sent a test. */
  doctor(role: ServeRole, tell: readonly string[]): Promise<readonly DoctorCheck[]>;
  /** What a notification (the body as it came) would lead to; has no effects. Throws `bad_notification`. */
  route(body: string): Promise<RoutedAll>;
  /** Says that an incident is over, by its number or a link to its thread; resolves to what people are told. */
  closeIncident(ask: { readonly incident: string; readonly reason: string }): Promise<string>;
  /** Resolves when the process has been told to stop and has stopped. */
  serve(role: ServeRole): Promise<void>;
  /** Closes what was opened. */
  close(): Promise<void>;
}

/** Where the command line writes. stdout belongs to answers, stderr to everything else. */
export interface CliIo {
  stdout(text: string): void;
  stderr(text: string): void;
  /** Characters of a line; undefined: not a terminal. */
  readonly width?: number | undefined;
}
