import type { WantedMessage } from "../wanted.ts";
import type { Failure } from "./classify.ts";
import { digestOf } from "./difference.ts";
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
  const { method, why } = failure;
  const { slot } = wanted;
  logger.warn({ thread: pass.errand.thread, slot, method, outcome: failure.kind, why }, "Slack refused");
  switch (failure.kind) {
    case "limited":
      gate.block(method, failure.ms);
      return "on";
    case "access":
      gate.block(why === "missing_scope" ? method : "*", budgets.slowMs);
      return "on";
    case "place":
      return refusedThere(room, pass, why);
    case "missing":
      return rootIsMissing(room, pass, slot);
    case "content":
    case "fixed":
      return refusedContent(room, pass, wanted, digest);
    default:
      return noWord(room, pass, wanted);
  }
}

/** Said in plainer words, and when those are refused, too, tried again slowly. */
function refusedContent(
  room: Room,
  pass: Pass,
  wanted: WantedMessage,
  digest: string,
): Verdict | Promise<Verdict> {
  if (wanted.kind === "file") return noFile(pass, wanted) ? "on" : giveUp(room, pass, wanted.slot);
  const memory = memoryOf(pass.errand, wanted.slot);
  if (memory.refused === digest) {
    memory.hopeless = digest;
    memory.at = room.ticks() + 10 * room.budgets.slowMs;
  }
  memory.refused = digest;
  return "on";
}

/** Nobody knows what became of the call, or it never began. */
function noWord({ gate, ticks, budgets }: Room, pass: Pass, wanted: WantedMessage): Verdict {
  const memory = memoryOf(pass.errand, wanted.slot);
  gate.failed();
  memory.tries += 1;
  memory.at = ticks() + budgets.settleMs;
  // Where the host of uploads cannot be reached, the thread says in words what it can.
  if (wanted.kind === "file" && memory.tries === MOST_UPLOADS) noFile(pass, wanted);
  return "on";
}

/** Tries of an upload whose outcome is not known. */
const MOST_UPLOADS = 20;

/** Slack does not take this file: its words are posted. False: it has none, or they were refused, too. */
export function noFile({ errand }: Pass, wanted: WantedMessage): boolean {
  const memory = memoryOf(errand, wanted.slot);
  const digest = digestOf(wanted);
  if (wanted.blocks.length === 0 || memory.refused === digest) return false;
  memory.refused = digest;
  return true;
}

export const isInWords = ({ errand }: Pass, wanted: WantedMessage): boolean =>
  wanted.kind === "file" && memoryOf(errand, wanted.slot).refused === digestOf(wanted);

/** The thread's root was deleted: it is posted again before anything is added to the thread, and once only. */
function rootIsMissing(room: Room, pass: Pass, slot: string): Verdict | Promise<Verdict> {
  const root = pass.shown.get("head");
  if (slot !== "head" && root?.state === "sent" && root.attempts > 1) return giveUp(room, pass, "head");
  if (slot === "head" || root?.state !== "sent")
    memoryOf(pass.errand, slot).at = room.ticks() + room.budgets.slowMs;
  else memoryOf(pass.errand, "head").deleted = true;
  return "on";
}

/** The channel does not take it: where the thread goes instead is decided when it is looked at again. */
async function refusedThere(room: Room, pass: Pass, why: string): Promise<Verdict> {
  await room.channels.refused(pass.view.channel, why);
  return wait(room, pass, 0);
}
