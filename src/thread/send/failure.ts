import { HEAD_SLOT } from "../../core/rules/slots.ts";
import type { WantedMessage } from "../wanted.ts";
import type { Failure } from "./classify.ts";
import type { SenderDeps } from "./deps.ts";
import { digestOf } from "./difference.ts";
import { memoryOf, type Pass } from "./pending-thread.ts";

/** `on`: see what is left to do. `stop`: this thread has to wait, `pending.at` says until when. */
export type Verdict = "on" | "stop";

/** Comes back to this thread after `ms`, whatever else it wants. */
export function wait(deps: SenderDeps, { pending }: Pass, ms: number): Verdict {
  pending.at = deps.ticks() + ms;
  pending.lane = undefined;
  return "stop";
}

/** The slot is not shown (again): a person deleted it, or it cannot be shown. */
export async function giveUp(
  deps: SenderDeps,
  { pending, view, shown }: Pass,
  slot: string,
): Promise<Verdict> {
  await deps.messages.gone(pending.thread, slot, view.channel);
  const { channel } = view;
  const row = shown.get(slot) ?? { slot, channel, digest: "", intentAt: new Date(), attempts: 0 };
  shown.set(slot, { ...row, state: "gone" });
  pending.slots.delete(slot);
  return "on";
}

/** What a failure makes everybody else wait for, and this slot. */
export async function handleFailure(
  deps: SenderDeps,
  pass: Pass,
  wanted: WantedMessage,
  failure: Failure,
  digest: string,
): Promise<Verdict> {
  const { gate, budgets, logger } = deps;
  const { method, why } = failure;
  const { slot } = wanted;
  logger.warn({ thread: pass.pending.thread, slot, method, outcome: failure.kind, why }, "Slack refused");
  switch (failure.kind) {
    case "limited":
      gate.block(method, failure.ms);
      return "on";
    case "access":
      gate.block(why === "missing_scope" ? method : "*", budgets.slowMs);
      return "on";
    case "place":
      return refusedThere(deps, pass, why);
    case "missing":
      return rootIsMissing(deps, pass, slot);
    case "content":
    case "fixed":
      return refusedContent(deps, pass, wanted, digest);
    default:
      return noWord(deps, pass, wanted);
  }
}

/** Said in plainer words, and when those are refused, too, tried again slowly. */
function refusedContent(
  deps: SenderDeps,
  pass: Pass,
  wanted: WantedMessage,
  digest: string,
): Verdict | Promise<Verdict> {
  if (wanted.kind === "file") return noFile(pass, wanted) ? "on" : giveUp(deps, pass, wanted.slot);
  const memory = memoryOf(pass.pending, wanted.slot);
  if (memory.refused === digest) {
    memory.hopeless = digest;
    memory.at = deps.ticks() + 10 * deps.budgets.slowMs;
  }
  memory.refused = digest;
  return "on";
}

/** Nobody knows what became of the call, or it never began. */
function noWord({ gate, ticks, budgets }: SenderDeps, pass: Pass, wanted: WantedMessage): Verdict {
  const memory = memoryOf(pass.pending, wanted.slot);
  gate.failed();
  memory.tries += 1;
  memory.at = ticks() + budgets.arrivalMs;
  // Where the host of uploads cannot be reached, the thread says in words what it can.
  if (wanted.kind === "file" && memory.tries === MOST_UPLOADS) noFile(pass, wanted);
  return "on";
}

/** Tries of an upload whose outcome is not known. */
const MOST_UPLOADS = 20;

/** Slack does not take this file: its words are posted. False: it has none, or they were refused, too. */
export function noFile({ pending }: Pass, wanted: WantedMessage): boolean {
  const memory = memoryOf(pending, wanted.slot);
  const digest = digestOf(wanted);
  if (wanted.blocks.length === 0 || memory.refused === digest) return false;
  memory.refused = digest;
  return true;
}

export const isInWords = ({ pending }: Pass, wanted: WantedMessage): boolean =>
  wanted.kind === "file" && memoryOf(pending, wanted.slot).refused === digestOf(wanted);

/** The thread's root was deleted: it is posted again before anything is added to the thread, and once only. */
function rootIsMissing(deps: SenderDeps, pass: Pass, slot: string): Verdict | Promise<Verdict> {
  const root = pass.shown.get(HEAD_SLOT);
  if (slot !== HEAD_SLOT && root?.state === "sent" && root.attempts > 1) return giveUp(deps, pass, HEAD_SLOT);
  if (slot === HEAD_SLOT || root?.state !== "sent")
    memoryOf(pass.pending, slot).at = deps.ticks() + deps.budgets.slowMs;
  else memoryOf(pass.pending, HEAD_SLOT).deleted = true;
  return "on";
}

/** The channel does not take it: where the thread goes instead is decided when it is looked at again. */
async function refusedThere(deps: SenderDeps, pass: Pass, why: string): Promise<Verdict> {
  await deps.channels.refused(pass.view.channel, why);
  return wait(deps, pass, 0);
}
