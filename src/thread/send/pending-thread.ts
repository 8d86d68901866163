import type { ChangedThread, ShownMessage } from "../../core/ports/message-store.ts";
import type { ThreadId } from "../../core/words/ids.ts";
import type { ThreadView } from "../../core/words/view.ts";
import type { Budgets } from "./budgets.ts";
import type { Doubts } from "./difference.ts";
import type { Lane } from "./gate.ts";
import type { NextStep, Standing } from "./order.ts";

/** A changed thread and what is remembered of it until it shows everything. Losing it costs a look in Slack, nothing else. */
export interface PendingThread extends Standing {
  readonly thread: ThreadId;
  channel: string;
  rev: number;
  since: Date;
  asked: boolean;
  critical: boolean;
  open: boolean;
  /** Drawn at once when it changes. */
  urgent: boolean;
  /** `root`: what else changes meanwhile is drawn when its turn comes. */
  step: NextStep;
  /** Shows progress of something that is under way. */
  live: boolean;
  /** Not before; ticks. */
  at: number;
  /** What it waits its turn for. */
  lane: Lane | undefined;
  /** How long its next operation would still have to wait, in milliseconds, without drawing again. */
  remaining: () => number;
  failures: number;
  busy: boolean;
  lookedAt: number;
  readonly slots: Map<string, SlotMemory>;
  /** When each slot was sent last; ticks. */
  readonly sentAt: Map<string, number>;
}

/** One pass over a thread: its rows, what they want shown, and what it has shown. */
export interface Pass {
  readonly pending: PendingThread;
  readonly view: ThreadView;
  readonly shown: Map<string, ShownMessage>;
}

export interface SlotMemory {
  /** Not before; ticks. */
  at: number;
  /** Looks in Slack that did not find it. */
  absent: number;
  /** The call has ended without a word; otherwise (row found at the start) it may still be on its way. */
  callEnded: boolean;
  /** A person deleted the message. */
  deleted: boolean;
  /** Slack refused the blocks of this digest: its plain form is sent. */
  refused: string | undefined;
  /** Slack refused the plain form of this digest, too. */
  hopeless: string | undefined;
  /** Calls that ended without a word, or never began. */
  tries: number;
}

export const newPending = ({
  thread,
  channel,
  rev,
  urgent,
  since,
  asked,
  critical,
  open,
}: ChangedThread): PendingThread => ({
  thread,
  channel,
  rev,
  since,
  asked,
  critical,
  open,
  urgent,
  step: "root",
  live: false,
  at: 0,
  lane: undefined,
  remaining: () => 0,
  failures: 0,
  busy: false,
  lookedAt: -Infinity,
  slots: new Map(),
  sentAt: new Map(),
});

export function memoryOf(pending: PendingThread, slot: string): SlotMemory {
  const known = pending.slots.get(slot);
  if (known !== undefined) return known;
  const fresh: SlotMemory = {
    at: 0,
    absent: 0,
    callEnded: false,
    deleted: false,
    refused: undefined,
    hopeless: undefined,
    tries: 0,
  };
  pending.slots.set(slot, fresh);
  return fresh;
}

/** What memory adds to the rows. `now`: the clock that `intentAt` is read against. */
export const doubtsOf = (pending: PendingThread, budgets: Budgets, now: Date): Doubts => ({
  isAbsent: (shown: ShownMessage) => {
    const memory = pending.slots.get(shown.slot);
    if (memory === undefined || memory.absent < 2) return false;
    // The call of a sender that died may take its whole time limit to arrive.
    const age = now.getTime() - shown.intentAt.getTime();
    return memory.callEnded || age >= budgets.timeoutMs + budgets.arrivalMs;
  },
  isDeleted: (slot) => pending.slots.get(slot)?.deleted === true,
  isRefused: (slot, digest) => pending.slots.get(slot)?.hopeless === digest,
});
