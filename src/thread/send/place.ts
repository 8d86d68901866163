import { NO_CHANNEL, placeOfThread } from "../../core/words/channel.ts";
import { isEnded } from "../../core/words/outcome.ts";
import type { ThreadView } from "../../core/words/view.ts";
import type { Failure } from "./classify.ts";
import type { Pass } from "./errand.ts";
import type { Room } from "./room.ts";
import { type Verdict, wait } from "./settle.ts";

/**
 * Before anything of a thread is sent: its channel must take messages and be read by nobody outside. Where it does not,
 * the thread moves on to one that does; where none does, it waits and is looked at again. `on`: send.
 */
export async function settlePlace(room: Room, pass: Pass): Promise<Verdict> {
  const { errand, view } = pass;
  const { channels, fallback } = room;
  const meantFor = view.moved?.meantFor;
  if (view.channel === NO_CHANNEL) return leaveNowhere(room, pass);
  const home = await ask(room, pass, view.channel);
  if (home !== undefined) return home;
  const here = channels.of(view.channel);
  if (here === "fine") return "on";
  for (const channel of [meantFor, fallback]) {
    const verdict =
      channel === undefined || channel === NO_CHANNEL ? undefined : await ask(room, pass, channel);
    if (verdict !== undefined) return verdict;
  }
  const place = placeOfThread({ channel: view.channel, meantFor }, fallback, (channel) => {
    const known = channel === NO_CHANNEL ? "not-found" : channels.of(channel);
    return known === "fine" ? undefined : (known ?? "unreadable");
  });
  if (place === "stay") return "on";
  if (place === "nowhere") return holdUp(room, pass);
  if (await room.messages.move(errand.thread, view.channel, place.move, here ?? "unreadable")) {
    room.logger.warn(
      { thread: errand.thread, from: view.channel, to: place.move, because: here },
      "a thread is shown in another channel",
    );
    errand.slots.clear();
  }
  return wait(room, pass, 0);
}

/** It began while Slack was not set up. What is still open is shown from now on; `isWorthShowing` has seen to the rest. */
async function leaveNowhere(room: Room, pass: Pass): Promise<Verdict> {
  const { errand, view } = pass;
  if (room.fallback === undefined) return holdUp(room, pass);
  await room.messages.move(errand.thread, view.channel, room.fallback, "not-found");
  return wait(room, pass, 0);
}

/** What ended before Slack was set up was told elsewhere; nobody wants hundreds of it on the first day. */
export const isWorthShowing = ({ channel, incident, runs }: ThreadView): boolean =>
  channel !== NO_CHANNEL || incident?.status === "firing" || runs.some((run) => !isEnded(run.status));

/** Undefined: an answer is there. Otherwise the thread waits for it. */
async function ask(room: Room, pass: Pass, channel: string): Promise<Verdict | undefined> {
  if (room.channels.of(channel) !== undefined) return undefined;
  const blocked = room.gate.untilRead(METHOD);
  if (blocked > 0) return wait(room, pass, blocked);
  const failure = await room.channels.look(channel);
  if (failure === undefined) {
    room.gate.answered();
    return undefined;
  }
  return wait(room, pass, blockFor(room, failure));
}

const METHOD = "conversations.info";

/** How long nobody needs to ask about channels again, in milliseconds. */
export function blockFor({ gate, budgets }: Room, failure: Failure): number {
  if (failure.kind === "limited") gate.block(METHOD, failure.ms);
  else if (failure.kind === "access") gate.block("*", budgets.slowMs);
  else gate.failed();
  return Math.max(gate.untilRead(METHOD), budgets.settleMs);
}

/** Only a person can mend the channels: try again slowly, and at once when the thread changes after that. */
async function holdUp(room: Room, pass: Pass): Promise<Verdict> {
  await room.channels.holdsUp(pass.view.channel);
  await room.messages.later(pass.errand.thread, room.budgets.slowMs);
  return wait(room, pass, room.budgets.slowMs);
}
