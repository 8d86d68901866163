import type { ShownMessage } from "../../core/ports/message-store.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import type { WantedFile, WantedMessage } from "../wanted.ts";
import { degrade } from "./degrade.ts";
import type { SenderDeps } from "./deps.ts";
import { digestOf, type Operation } from "./difference.ts";
import { giveUp, handleFailure, isInWords, noFile, type Verdict, wait } from "./failure.ts";
import { findPosted } from "./find.ts";
import { isAnswer } from "./order.ts";
import { memoryOf, type Pass } from "./pending-thread.ts";
import type { CallResult, Place } from "./slack-calls.ts";

/** Carries out one operation. The intention to post is a row before the call, so that a crash leaves a question. */
export function perform(deps: SenderDeps, pass: Pass, operation: Operation): Promise<Verdict> {
  if (operation.do === "post") return post(deps, pass, operation.wanted, operation.shown);
  if (operation.do === "find") return find(deps, pass, operation.wanted, operation.shown);
  return update(deps, pass, operation.wanted, operation.shown);
}

const placeOf = ({ view, shown }: Pass, slot: string): Place => ({
  channel: view.channel,
  root: slot === HEAD_SLOT ? undefined : shown.get(HEAD_SLOT)?.ts,
});

const keyOf = ({ pending }: Pass, slot: string): string => `${pending.thread}/${slot}`;

async function post(
  deps: SenderDeps,
  pass: Pass,
  wanted: WantedMessage,
  before: ShownMessage | undefined,
): Promise<Verdict> {
  const { pending, view, shown } = pass;
  const { slot } = wanted;
  const whom = isAnswer(pending, deps.now()) ? "person" : "all";
  // The channel's turn is taken before anything is awaited, and again when the call begins.
  deps.gate.posting(view.channel, whom);
  const digest = digestOf(wanted);
  const bytes =
    wanted.file === undefined || isInWords(pass, wanted) ? undefined : await render(deps, wanted.file);
  if (bytes === "impossible") return noFile(pass, wanted) ? "on" : giveUp(deps, pass, slot);
  const isOurs = await deps.messages.sending(
    pending.thread,
    slot,
    view.channel,
    digest,
    before?.attempts ?? 0,
    wanted.card,
  );
  // Another sender was quicker: what it made of it is in the rows next time.
  if (!isOurs) return wait(deps, pass, deps.budgets.arrivalMs);
  const memory = memoryOf(pending, slot);
  memory.absent = 0;
  memory.deleted = false;
  shown.set(slot, intended(before, slot, view.channel, digest));
  deps.gate.posting(view.channel, whom);
  const answer = await send(deps, pass, wanted, digest, bytes);
  if (answer.kind === "ok") return adopt(deps, pass, slot, answer.value, digest);
  memory.callEnded = true;
  // Only a first try may be forgotten: an earlier one may still turn up.
  if (answer.kind !== "ambiguous" && before?.state !== "sending") await forget(deps, pass, slot, before);
  return handleFailure(deps, pass, wanted, answer, digest);
}

function send(
  deps: SenderDeps,
  pass: Pass,
  wanted: WantedMessage,
  digest: string,
  bytes: Buffer | undefined,
): Promise<CallResult<string>> {
  const place = placeOf(pass, wanted.slot);
  if (wanted.file !== undefined && bytes !== undefined) return deps.slack.upload(place, wanted.file, bytes);
  const isRefused = memoryOf(pass.pending, wanted.slot).refused === digest;
  const content = isRefused && wanted.kind === "message" ? degrade(wanted) : wanted;
  return deps.slack.post(place, content, keyOf(pass, wanted.slot), digest);
}

async function forget(
  deps: SenderDeps,
  { pending, shown }: Pass,
  slot: string,
  before: ShownMessage | undefined,
): Promise<void> {
  await deps.messages.unsent(pending.thread, slot);
  if (before?.ts === undefined) {
    shown.delete(slot);
    return;
  }
  // It was to take the place of a message that is deleted: that still has to be done.
  shown.set(slot, { ...before, digest: "" });
  memoryOf(pending, slot).deleted = true;
}

const intended = (
  before: ShownMessage | undefined,
  slot: string,
  channel: string,
  digest: string,
): ShownMessage => ({
  slot,
  channel,
  state: "sending",
  digest,
  intentAt: before?.state === "sending" ? before.intentAt : new Date(),
  attempts: (before?.attempts ?? 0) + 1,
  ...formerly(before, channel),
});

const formerly = (before: ShownMessage | undefined, channel: string): { formerTs?: string } => {
  const former = before?.state === "sent" && before.channel === channel ? before.ts : before?.formerTs;
  return former === undefined ? {} : { formerTs: former };
};

async function adopt(
  deps: SenderDeps,
  { pending, shown }: Pass,
  slot: string,
  ts: string,
  digest: string,
): Promise<Verdict> {
  const row = shown.get(slot);
  await deps.messages.sent(pending.thread, slot, ts, digest);
  pending.slots.delete(slot);
  deps.gate.answered();
  if (row !== undefined) await deps.channels.took(row.channel);
  if (row !== undefined) shown.set(slot, { ...row, state: "sent", ts, digest });
  return "on";
}

/** A chart that cannot be drawn must not hold up the thread. */
async function render(deps: SenderDeps, file: WantedFile): Promise<Buffer | "impossible"> {
  if (typeof file.content === "string") return Buffer.from(file.content || "(empty)", "utf8");
  try {
    const { renderPlot } = await import("../plot/render.ts");
    return renderPlot(file.content);
  } catch (error) {
    deps.logger.error({ err: error, file: file.name }, "a chart could not be drawn");
    return "impossible";
  }
}

async function update(
  deps: SenderDeps,
  pass: Pass,
  wanted: WantedMessage,
  shown: ShownMessage,
): Promise<Verdict> {
  const { slot } = wanted;
  if (shown.ts === undefined) return giveUp(deps, pass, slot);
  const digest = digestOf(wanted);
  const content = memoryOf(pass.pending, slot).refused === digest ? degrade(wanted) : wanted;
  deps.gate.updating(pass.pending.thread);
  const answer = await deps.slack.update(shown.channel, shown.ts, content, keyOf(pass, slot), digest);
  if (answer.kind === "ok") return adopt(deps, pass, slot, shown.ts, digest);
  if (answer.kind === "fixed") return cannotBeChanged(deps, pass, wanted, digest);
  if (answer.kind === "missing") return postAgainOrGiveUp(deps, pass, wanted, shown);
  return handleFailure(deps, pass, wanted, answer, digest);
}

/**
 * The workspace lets nobody change messages (any more). A card is posted anew: people decide by it, and an older one counts
 * no more. The root stays as it is, or the thread would end with it; what is over is said by the summary.
 */
async function cannotBeChanged(
  deps: SenderDeps,
  pass: Pass,
  { slot, card }: WantedMessage,
  digest: string,
): Promise<Verdict> {
  deps.logger.warn({ thread: pass.pending.thread, slot }, "Slack lets nobody change the message");
  const row = pass.shown.get(slot);
  if (card !== undefined) memoryOf(pass.pending, slot).deleted = true;
  else if (row?.ts === undefined) return giveUp(deps, pass, slot);
  else {
    await deps.messages.sent(pass.pending.thread, slot, row.ts, digest);
    pass.shown.set(slot, { ...row, digest });
  }
  return "on";
}

/** A person deleted it. What people decide on comes back once; the rest stays away. */
function postAgainOrGiveUp(
  deps: SenderDeps,
  pass: Pass,
  { slot, card }: WantedMessage,
  shown: ShownMessage,
): Verdict | Promise<Verdict> {
  const matters = slot === HEAD_SLOT || card !== undefined;
  deps.logger.info({ thread: pass.pending.thread, slot, ts: shown.ts }, "the message was deleted in Slack");
  if (!matters || shown.attempts > 1) return giveUp(deps, pass, slot);
  memoryOf(pass.pending, slot).deleted = true;
  return "on";
}

async function find(
  deps: SenderDeps,
  pass: Pass,
  wanted: WantedMessage,
  shown: ShownMessage,
): Promise<Verdict> {
  const { slot } = wanted;
  const memory = memoryOf(pass.pending, slot);
  const place = placeOf(pass, slot);
  const sought = { place, key: keyOf(pass, slot), wanted, shown };
  const answer = await findPosted(deps.slack, deps.identity, sought, deps.budgets.clockSkewMs);
  if (answer.kind === "ok" && answer.value !== undefined) {
    deps.logger.info({ thread: pass.pending.thread, slot }, "found a post whose answer was lost");
    return adopt(deps, pass, slot, answer.value.ts, answer.value.digest);
  }
  memory.at = deps.ticks() + deps.budgets.rereadMs;
  if (answer.kind === "ok") {
    deps.gate.answered();
    memory.absent += 1;
    // Absent twice: it may be posted again at once.
    if (memory.absent > 1) memory.at = 0;
    return memory.absent > 1 && !memory.callEnded ? pause(deps, pass, slot) : "on";
  }
  return handleFailure(deps, pass, wanted, answer, shown.digest);
}

// Until the call of a sender that died cannot arrive any more.
function pause(deps: SenderDeps, pass: Pass, slot: string): Verdict {
  memoryOf(pass.pending, slot).at = deps.ticks() + deps.budgets.rereadMs;
  return "on";
}
