import type { Healthy } from "../rules/since-healthy.ts";
import type { EffectClass } from "../words/action.ts";
import type { AutoRule, AutoVerdict } from "../words/auto.ts";
import type { RecordedFinding } from "../words/finding.ts";
import type { RunId } from "../words/ids.ts";
import type { Json } from "../words/json.ts";
import type { Limits } from "../words/limits.ts";
import type { HoldEnd, Outcome, RemedyStatus, RunStatus, StepError } from "../words/outcome.ts";
import type { Plan } from "../words/plan.ts";
import type { Policy } from "../words/policy.ts";
import type { Risk } from "../words/risk.ts";
import type { Before, RunbookVersion } from "../words/runbook.ts";
import type { Phase, RunView } from "../words/view.ts";
import type { RunRequest } from "./intake.ts";

/** Proof that this worker may move the run: every write of the engine is a compare-and-set on it. */
export interface Fence {
  readonly run: RunId;
  readonly epoch: number;
  readonly worker: string;
}

export interface NewStep {
  readonly name: string;
  readonly phase: Phase;
  readonly stage: number;
  readonly remedy?: string;
  readonly action: string;
  readonly title: string;
  readonly effect: "read" | "write";
  readonly class?: EffectClass;
  readonly on: string;
  readonly input: Json;
  readonly witness?: Json;
}

export interface StepResult {
  readonly outcome: Outcome;
  readonly output?: Json;
  readonly error?: StepError;
  readonly startedAt: Date;
}

/** What the read of that name saw. */
export interface ReadResult {
  readonly step: string;
  readonly result: StepResult;
}

export interface NewRemedy {
  readonly key: string;
  readonly title: string;
  readonly risk: Risk;
  /** `advice` or `planned`. */
  readonly status: "advice" | "planned";
  readonly advice?: string;
}

/** What a second look at everything came to. */
export interface SecondLook {
  /** The request it answers: one that came meanwhile stays. */
  readonly n: number;
  /** On the database's clock: the time findings and remedies were evaluated with. */
  readonly at: Date;
  /** The checks as they were answered now; they take the place of the earlier answers. */
  readonly steps: readonly (NewStep & { readonly result: StepResult })[];
  /** Checks without an answer that a finding speaks of. */
  readonly explained: readonly string[];
  /** In the order to be shown: what is there now, and what was there before and is gone. */
  readonly findings: readonly (RecordedFinding & { readonly gone: boolean })[];
  /** Remedies that nothing had named before. */
  readonly added: readonly NewRemedy[];
  /** Remedies that answer nothing any more, as far as they have not begun. */
  readonly withdrawn: { readonly keys: readonly string[]; readonly because: string };
  /** Remedies to be planned again, with what has changed; only where they still stand as they were seen. */
  readonly replanned: readonly {
    readonly key: string;
    readonly status: RemedyStatus;
    readonly because: readonly string[];
  }[];
}

/** How a run ends that was not cancelled. */
export type EndStatus = Exclude<RunStatus, "queued" | "running" | "waiting" | "cancelled">;

/** Why a write was not announced; nothing was done and nothing will be. `busy`: try again soon. */
export type NotAnnounced =
  | { readonly refused: "busy" | "limit"; readonly why: string }
  | { readonly refused: "frozen"; readonly why: string }
  | { readonly refused: "expired" | "cancelled" | "void"; readonly why: string };

export interface AnnouncedAttempt {
  readonly refused?: undefined;
  readonly epoch: number;
  /** The same for every attempt of the step. */
  readonly effectKey: string;
}

/** A run taken in hand. */
export interface Claim {
  readonly fence: Fence;
  readonly rev: number;
  /** Leases in a row that ended without a recorded step: the worker died, was frozen or blocked. */
  readonly lostLeases: number;
}

/** Renews leases while the main loop of this process is blocked. */
export interface LeaseKeeper {
  /** From now on; the returned function ends it. */
  hold(fence: Fence): () => void;
  /** Milliseconds since the last renewal that is known to have arrived. */
  sinceHeldMs(): number;
  stop(): Promise<void>;
}

/** What the engine keeps. Methods with a fence throw `aborted` when the lease is lost: stop at once, somebody else goes on. */
export interface RunStore {
  /** The run, and the time on the database's clock it was read at: the one deadlines are kept on. */
  look(run: RunId): Promise<{ readonly view: RunView; readonly now: Date } | undefined>;
  /** Takes the run if nobody has it: epoch + 1, status running. Undefined: somebody has it or it has ended. */
  claim(
    run: RunId,
    worker: string,
    leaseMs: number,
    /** False: not a run whose last two leases ended without a recorded step. */
    suspects?: boolean,
  ): Promise<Claim | undefined>;
  /** `cancel`: someone asked to stop; `held`: go on. */
  renew(fence: Fence, leaseMs: number): Promise<"held" | "cancel">;
  /** Gives the run back. False: it was touched since `rev`, so keep it and look again. */
  release(
    fence: Fence,
    rev: number,
    as: { status: "queued" | "waiting"; wakeAt?: Date },
  ): Promise<{ released: boolean; rev: number }>;
  /** What the last finished run of the same runbook, system and connections before this one saw. Always the same. */
  before(run: RunId): Promise<Before>;
  /** What the newest run of the same before it saw that found nothing wrong; undefined: none is known. */
  healthyBefore(run: RunId): Promise<Healthy | undefined>;
  /** The steps of a stage. `begun`: of the first one, with the text of the runbook the run begins with, for good. */
  addSteps(
    fence: Fence,
    steps: readonly NewStep[],
    stagesPlanned: number,
    begun?: RunbookVersion,
  ): Promise<void>;
  /** What reads saw, at least one: those that finish together are recorded together. */
  recordReads(fence: Fence, results: readonly ReadResult[]): Promise<void>;
  /** `explained`: names of steps without a value whose error a finding rests on. */
  recordDiagnosis(
    fence: Fence,
    findings: readonly RecordedFinding[],
    remedies: readonly NewRemedy[],
    explained: readonly string[],
    /** The run is over with it, unless somebody has asked for something since it was looked at. True: it is. */
    end?: EndStatus,
  ): Promise<boolean>;
  /** The second look saw less than the first: it is tried again after so long. */
  lookAgainLater(fence: Fence, n: number, afterMs: number): Promise<void>;
  /** What was seen when the run looked again; nothing happens when it was cancelled meanwhile. */
  recordSecondLook(fence: Fence, look: SecondLook): Promise<void>;
  /**
   * The n-th request to look again, to a run whose runbook is another one now: nothing is looked at. `as`: with these a new
   * run of the same looks instead and supersedes this one; without, this one stays as it is.
   */
  lookAnew(
    fence: Fence,
    n: number,
    to: { because: string; as?: Pick<RunRequest, "params" | "title"> },
  ): Promise<void>;
  /**
   * Freezes the plan, writes its steps and opens the approval, all at once. `act`: what it does, whichever run asks; where
   * another alert's card asks for it already, the remedy is skipped and follows that one. Nothing happens when it was withdrawn.
   */
  propose(
    fence: Fence,
    remedy: string,
    proposal: {
      plan: Plan;
      canonical: string;
      sha256: string;
      act: string;
      policy: Policy;
      steps: readonly NewStep[];
      /** The system's `auto:` names it; `why`: people are asked all the same. */
      auto?: { rule: AutoRule; why?: string };
    },
  ): Promise<void>;
  /**
   * The policy's vote for a remedy whose grace time is over; `forbidden`: why diagbot.yaml does not allow it any more. `asked`:
   * people are, or it is decided already; `busy`: another one of the system is under way, try again soon.
   */
  approveByPolicy(fence: Fence, remedy: string, forbidden?: string): Promise<AutoVerdict>;
  /** The plan is shown but never asked for (dry run), or nothing could be planned. */
  setRemedy(
    fence: Fence,
    remedy: string,
    to: {
      status: RemedyStatus;
      note?: string;
      plan?: { canonical: string; sha256: string };
      /** It stays in force and open to a human's word until then. */
      hold?: { ms: number; ends: HoldEnd };
    },
  ): Promise<void>;
  /** It goes on being watched: the next look comes after so long. */
  watchOn(fence: Fence, remedy: string, ms: number): Promise<void>;
  /** Approved or pending approvals of the remedy become void; the difference is kept and shown. */
  voidApproval(fence: Fence, remedy: string, because: readonly string[]): Promise<void>;
  expireApproval(fence: Fence, remedy: string, why: string): Promise<void>;
  /** The point of no return: fence, approval, freeze, cancel, target lock and hash are checked in the transaction that announces it. */
  announceWrite(
    fence: Fence,
    write: {
      remedy: string;
      step: string;
      planSha256: string;
      target: string;
      timeoutMs: number;
      isUndo: boolean;
      limits: Limits;
    },
  ): Promise<AnnouncedAttempt | NotAnnounced>;
  /** Closes the attempt; false: somebody settled it before. Takes back the question put to a human where there is one. */
  recordWrite(
    attempt: { run: RunId; step: string; epoch: number },
    result: StepResult & { evidence?: string },
  ): Promise<boolean>;
  /** Nobody knows what became of the attempt: a human must say. Nothing happens when it was recorded after all. */
  askWhatHappened(
    fence: Fence,
    remedy: string,
    question: { step: string; epoch: number; note: string },
  ): Promise<void>;
  /** A keyed or conditional write is made ready to be sent again. */
  resend(fence: Fence, step: string, evidence: string): Promise<void>;
  /** All calls were made: is it better? */
  beginVerify(fence: Fence, remedy: string, withinMs: number): Promise<void>;
  /** Stores what the check saw last, replacing what it saw before. */
  recordCheck(fence: Fence, steps: readonly (NewStep & { result: StepResult })[]): Promise<void>;
  /** The time in force is over and it stays as it is. */
  endHold(fence: Fence, remedy: string): Promise<void>;
  beginUndo(fence: Fence, remedy: string, steps: readonly NewStep[], note: string): Promise<void>;
  cancel(fence: Fence): Promise<void>;
  finish(fence: Fence, status: EndStatus, error?: StepError): Promise<void>;
  /** Now on the database's clock: the one deadlines are kept on. */
  now(): Promise<Date>;
}
