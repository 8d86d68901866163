import type { RunId, ThreadId } from "../words/ids.ts";
import type { UnfoldedBecause } from "../words/storm.ts";
import type { StormStore } from "./storm-store.ts";

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
  readonly channel: string;
  /** Of an alert group whose first message nobody has seen and that is in no storm. */
  readonly unseen: boolean;
  /** In a storm, and not shown by itself. `unfold`: why it has to be. */
  readonly folded?: { readonly unfold?: UnfoldedBecause };
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
export interface MessageStore extends StormStore {
  /** Threads whose rows changed since they were last drawn, in no order; of more than `limit` those that changed last. */
  dirty(limit: number): Promise<ChangedThread[]>;
  /** Takes the thread off the list unless it changed again since `rev`. */
  drawn(thread: ThreadId, rev: number): Promise<void>;
  /** Do not look at this thread before `delayMs` from now (it shows running clocks or waits for Slack). */
  later(thread: ThreadId, delayMs: number): Promise<void>;
  shown(thread: ThreadId): Promise<ShownMessage[]>;
  /**
   * Records the intention to post a slot before the call is made. `seen`: `attempts` of the slot as it was read (0: no
   * row). False: somebody else has sent or is sending it since, or the thread was folded, so do not post. An intention
   * that is renewed keeps its first `intentAt`: an earlier post of it may still turn up. `card`: the remedy that is decided
   * on by this message.
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
