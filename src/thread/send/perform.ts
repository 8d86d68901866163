import type { ShownMessage } from "../../core/ports/ports.ts";
import { renderPlot } from "../plot/render.ts";
import type { WantedFile, WantedMessage } from "../wanted.ts";
import { degrade } from "./degrade.ts";
import { digestOf, type Operation } from "./difference.ts";
import { memoryOf, type Pass } from "./errand.ts";
import { findPosted } from "./find.ts";
import type { Room } from "./room.ts";
import { giveUp, isInWords, noFile, settleFailure, type Verdict, wait } from "./settle.ts";
import type { Answer, Place } from "./slack-calls.ts";

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
  const bytes = wanted.file === undefined || isInWords(pass, wanted) ? undefined : render(room, wanted.file);
  if (bytes === "impossible") return noFile(pass, wanted) ? "on" : giveUp(room, pass, slot);
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
  if (answer.kind !== "ambiguous" && before?.state !== "sending") await forget(room, pass, slot, before);
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
  const isRefused = memoryOf(pass.errand, wanted.slot).refused === digest;
  const content = isRefused && wanted.kind === "message" ? degrade(wanted) : wanted;
  return room.slack.post(place, content, keyOf(pass, wanted.slot), digest);
}

async function forget(
  room: Room,
  { errand, shown }: Pass,
  slot: string,
  before: ShownMessage | undefined,
): Promise<void> {
  await room.messages.unsent(errand.thread, slot);
  if (before?.ts === undefined) {
    shown.delete(slot);
    return;
  }
  // It was to take the place of a message that is deleted: that still has to be done.
  shown.set(slot, { ...before, digest: "" });
  memoryOf(errand, slot).deleted = true;
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
  if (row !== undefined) await room.channels.took(row.channel);
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

async function update(room: Room, pass: Pass, wanted: WantedMessage, shown: ShownMessage): Promise<Verdict> {
  const { slot } = wanted;
  if (shown.ts === undefined) return giveUp(room, pass, slot);
  const digest = digestOf(wanted);
  const content = memoryOf(pass.errand, slot).refused === digest ? degrade(wanted) : wanted;
  room.gate.updating(pass.errand.thread);
  const answer = await room.slack.update(shown.channel, shown.ts, content, keyOf(pass, slot), digest);
  if (answer.kind === "ok") return adopt(room, pass, slot, shown.ts, digest);
  if (answer.kind === "fixed") return cannotBeChanged(room, pass, slot, digest);
  if (answer.kind === "missing") return postAgainOrGiveUp(room, pass, slot, shown);
  return settleFailure(room, pass, wanted, answer, digest);
}

/**
 * The workspace lets nobody change messages (any more). A card is posted anew: people decide by it, and an older one counts
 * no more. The root stays as it is, or the thread would end with it; what is over is said by the summary.
 */
async function cannotBeChanged(room: Room, pass: Pass, slot: string, digest: string): Promise<Verdict> {
  room.logger.warn({ thread: pass.errand.thread, slot }, "Slack lets nobody change the message");
  const row = pass.shown.get(slot);
  if (slot.includes("/remedy/")) memoryOf(pass.errand, slot).deleted = true;
  else if (row?.ts === undefined) return giveUp(room, pass, slot);
  else {
    await room.messages.sent(pass.errand.thread, slot, row.ts, digest);
    pass.shown.set(slot, { ...row, digest });
  }
  return "on";
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
