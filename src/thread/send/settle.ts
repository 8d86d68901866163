import type { WantedMessage } from "../wanted.ts";
import type { Failure } from "./classify.ts";
import { memoryOf, type Pass } from "./errand.ts";
import type { Room } from "./room.ts";

/** `on`: see what is left to do. `stop`: this thread has to wait, `errand.at` says until when. */
export type Verdict = "on" | "stop";

/** Comes back to this thread after `ms`, whatever else it wants. */
export function wait(room: Room, { errand }: Pass, ms: number): Verdict {
  errand.at = room.ticks() + ms;
  errand.lane = undefined;
  return "stop";
}

/** The slot is not shown (again): a person deleted it, or it cannot be shown. */
export async function giveUp(room: Room, { errand, view, shown }: Pass, slot: string): Promise<Verdict> {
  await room.messages.gone(errand.thread, slot, view.channel);
  const { channel } = view;
  const row = shown.get(slot) ?? { slot, channel, digest: "", intentAt: new Date(), attempts: 0 };
  shown.set(slot, { ...row, state: "gone" });
  errand.slots.delete(slot);
  return "on";
}

/** What a failure makes everybody else wait for, and this slot. */
export async function settleFailure(
  room: Room,
  pass: Pass,
  wanted: WantedMessage,
  failure: Failure,
  digest: string,
): Promise<Verdict> {
  const { gate, budgets, logger } = room;
  const memory = memoryOf(pass.errand, wanted.slot);
  const { method, why } = failure;
  const { slot } = wanted;
  logger.warn({ thread: pass.errand.thread, slot, method, outcome: failure.kind, why }, "Slack refused");
  if (failure.kind === "limited") gate.block(method, failure.ms);
  else if (failure.kind === "access") gate.block(why === "missing_scope" ? method : "*", budgets.slowMs);
  else if (failure.kind === "place") return refusedThere(room, pass, why);
  else if (failure.kind === "missing") rootIsMissing(room, pass, slot);
  else if (failure.kind === "content" || failure.kind === "fixed") {
    if (wanted.kind === "file") return giveUp(room, pass, slot);
    if (memory.refused === digest) {
      memory.hopeless = digest;
      memory.at = room.ticks() + 10 * budgets.slowMs;
    }
    memory.refused = digest;
  } else {
    gate.failed();
    memory.at = room.ticks() + budgets.settleMs;
  }
  return "on";
}

/** The thread's root was deleted: it is posted again before anything is added to the thread. */
function rootIsMissing(room: Room, pass: Pass, slot: string): void {
  const root = pass.shown.get("head");
  if (slot === "head" || root?.state !== "sent")
    memoryOf(pass.errand, slot).at = room.ticks() + room.budgets.slowMs;
  else if (root.attempts > 1) memoryOf(pass.errand, slot).at = room.ticks() + 10 * room.budgets.slowMs;
  else memoryOf(pass.errand, "head").deleted = true;
}

/** The channel does not take it: where the thread goes instead is decided when it is looked at again. */
async function refusedThere(room: Room, pass: Pass, why: string): Promise<Verdict> {
  await room.channels.refused(pass.view.channel, why);
  return wait(room, pass, 0);
}
