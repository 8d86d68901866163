import type { ShownMessage } from "../../core/ports.ts";
import { renderPlot } from "../plot/render.ts";
import type { WantedFile, WantedMessage } from "../wanted.ts";
import type { Pass } from "./advance.ts";
import type { Failure } from "./classify.ts";
import { degrade } from "./degrade.ts";
import { digestOf, type Operation } from "./difference.ts";
import { memoryOf } from "./errand.ts";
import { findPosted } from "./find.ts";
import type { Room } from "./room.ts";
import type { Answer, Place } from "./slack-calls.ts";

/** `on`: see what is left to do. `stop`: this thread has to wait, `errand.at` says until when. */
export type Verdict = "on" | "stop";

/** Carries out one operation. The intention to post is a row before the call, so that a crash leaves a question. */
export function perform(room: Room, pass: Pass, operation: Operation): Promise<Verdict> {
  if (operation.do === "post") return post(room, pass, operation.wanted, operation.shown);
  if (operation.do === "find") return find(room, pass, operation.wanted, operation.shown);
  return update(room, pass, operation.wanted, operation.shown);
}

const placeOf = ({ view, shown }: Pass, slot: string): Place => ({
  channel: view.channel,
  root: slot === "head" ? undefined : shown.get("head")?.ts,
});

const keyOf = ({ errand }: Pass, slot: string): string => `${errand.thread}/${slot}`;

async function post(
  room: Room,
  pass: Pass,
  wanted: WantedMessage,
  before: ShownMessage | undefined,
): Promise<Verdict> {
  const { errand, view, shown } = pass;
  const { slot } = wanted;
  // The channel's turn is taken before anything is awaited, and again when the call begins.
  room.gate.posting(view.channel);
  const digest = digestOf(wanted);
  const bytes = wanted.file === undefined ? undefined : render(room, wanted.file);
  if (bytes === "impossible") return giveUp(room, pass, slot);
  const isOurs = await room.messages.sending(
    errand.thread,
    slot,
    view.channel,
    digest,
    before?.attempts ?? 0,
  );
  // Another sender was quicker: what it made of it is in the rows next time.
  if (!isOurs) return wait(room, pass, room.budgets.settleMs);
  const memory = memoryOf(errand, slot);
  memory.absent = 0;
  memory.deleted = false;
  shown.set(slot, intended(before, slot, view.channel, digest));
  room.gate.posting(view.channel);
  const answer = await send(room, pass, wanted, digest, bytes);
  if (answer.kind === "ok") return adopt(room, pass, slot, answer.value, digest);
  memory.callEnded = true;
  // Only a first try may be forgotten: an earlier one may still turn up.
  if (answer.kind !== "ambiguous" && before?.state !== "sending") await forget(room, pass, slot);
  return settleFailure(room, pass, wanted, answer, digest);
}

function send(
  room: Room,
  pass: Pass,
  wanted: WantedMessage,
  digest: string,
  bytes: Buffer | undefined,
): Promise<Answer<string>> {
  const place = placeOf(pass, wanted.slot);
  if (wanted.file !== undefined && bytes !== undefined) return room.slack.upload(place, wanted.file, bytes);
  const content = memoryOf(pass.errand, wanted.slot).refused === digest ? degrade(wanted) : wanted;
  return room.slack.post(place, content, keyOf(pass, wanted.slot), digest);
}

async function forget(room: Room, { errand, shown }: Pass, slot: string): Promise<void> {
  await room.messages.unsent(errand.thread, slot);
  shown.delete(slot);
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
});

async function adopt(
  room: Room,
  { errand, shown }: Pass,
  slot: string,
  ts: string,
  digest: string,
): Promise<Verdict> {
  const row = shown.get(slot);
  await room.messages.sent(errand.thread, slot, ts, digest);
  errand.slots.delete(slot);
  room.gate.answered();
  if (row !== undefined) shown.set(slot, { ...row, state: "sent", ts, digest });
  return "on";
}

/** A chart that cannot be drawn must not hold up the thread. */
function render(room: Room, file: WantedFile): Buffer | "impossible" {
  if (typeof file.content === "string") return Buffer.from(file.content || "(empty)", "utf8");
  try {
    return renderPlot(file.content);
  } catch (error) {
    room.logger.error({ err: error, file: file.name }, "a chart could not be drawn");
    return "impossible";
  }
}

async function giveUp(room: Room, { errand, view, shown }: Pass, slot: string): Promise<Verdict> {
  await room.messages.gone(errand.thread, slot, view.channel);
  const row = shown.get(slot) ?? intended(undefined, slot, view.channel, "");
  shown.set(slot, { ...row, state: "gone" });
  errand.slots.delete(slot);
  return "on";
}

async function update(room: Room, pass: Pass, wanted: WantedMessage, shown: ShownMessage): Promise<Verdict> {
  const { slot } = wanted;
  if (shown.ts === undefined) return giveUp(room, pass, slot);
  const digest = digestOf(wanted);
  const content = memoryOf(pass.errand, slot).refused === digest ? degrade(wanted) : wanted;
  room.gate.updating(pass.errand.thread);
  const answer = await room.slack.update(shown.channel, shown.ts, content, keyOf(pass, slot), digest);
  if (answer.kind === "ok") return adopt(room, pass, slot, shown.ts, digest);
  if (answer.kind === "fixed") return giveUp(room, pass, slot);
  if (answer.kind === "missing") return postAgainOrGiveUp(room, pass, slot, shown);
  return settleFailure(room, pass, wanted, answer, digest);
}

/** A person deleted it. What people decide on comes back once; the rest stays away. */
function postAgainOrGiveUp(
  room: Room,
  pass: Pass,
  slot: string,
  shown: ShownMessage,
): Verdict | Promise<Verdict> {
  const matters = slot === "head" || slot.includes("/remedy/");
  room.logger.info({ thread: pass.errand.thread, slot, ts: shown.ts }, "the message was deleted in Slack");
  if (!matters || shown.attempts > 1) return giveUp(room, pass, slot);
  memoryOf(pass.errand, slot).deleted = true;
  return "on";
}

async function find(room: Room, pass: Pass, wanted: WantedMessage, shown: ShownMessage): Promise<Verdict> {
  const { slot } = wanted;
  const memory = memoryOf(pass.errand, slot);
  const place = placeOf(pass, slot);
  const sought = { place, key: keyOf(pass, slot), wanted, shown };
  const answer = await findPosted(room.slack, room.identity, sought, room.budgets.clockSkewMs);
  if (answer.kind === "ok" && answer.value !== undefined) {
    room.logger.info({ thread: pass.errand.thread, slot }, "found a post whose answer was lost");
    return adopt(room, pass, slot, answer.value.ts, answer.value.digest);
  }
  memory.at = room.ticks() + room.budgets.rereadMs;
  if (answer.kind === "ok") {
    room.gate.answered();
    memory.absent += 1;
    // Absent twice: it may be posted again at once.
    if (memory.absent > 1) memory.at = 0;
    return memory.absent > 1 && !memory.callEnded ? pause(room, pass, slot) : "on";
  }
  return settleFailure(room, pass, wanted, answer, shown.digest);
}

// Until the call of a sender that died cannot arrive any more.
function pause(room: Room, pass: Pass, slot: string): Verdict {
  memoryOf(pass.errand, slot).at = room.ticks() + room.budgets.rereadMs;
  return "on";
}

function wait(room: Room, { errand }: Pass, ms: number): Verdict {
  errand.at = room.ticks() + ms;
  errand.lane = undefined;
  return "stop";
}

/** What a failure makes everybody else wait for, and this slot. */
async function settleFailure(
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
  else if (failure.kind === "place") return moveBack(room, pass);
  else if (failure.kind === "missing") rootIsMissing(room, pass, slot);
  else if (failure.kind === "content" || failure.kind === "fixed") {
    if (wanted.kind === "file") return giveUp(room, pass, slot);
    if (memory.refused === digest) memory.at = room.ticks() + 10 * budgets.slowMs;
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

/** Only a person can mend the channel: try again slowly, and at once when the thread changes after that. */
async function moveBack(room: Room, pass: Pass): Promise<Verdict> {
  room.gate.block(pass.view.channel, room.budgets.slowMs);
  await room.messages.later(pass.errand.thread, room.budgets.slowMs);
  return wait(room, pass, room.budgets.slowMs);
}
