import { placeOfThread } from "../../core/rules/channel.ts";
import { NO_CHANNEL } from "../../core/words/channel.ts";
import { isEnded } from "../../core/words/outcome.ts";
import type { ThreadView } from "../../core/words/view.ts";
import type { Failure } from "./classify.ts";
import type { SenderDeps } from "./deps.ts";
import { type Verdict, wait } from "./failure.ts";
import type { Pass } from "./pending-thread.ts";

/**
 * Before anything of a thread is sent: its channel must take messages and be read by nobody outside. Where it does not,
 * the thread moves on to one that does; where none does, it waits and is looked at again. `on`: send.
 */
export async function choosePlace(deps: SenderDeps, pass: Pass): Promise<Verdict> {
  const { pending, view } = pass;
  const { channels, fallback } = deps;
  const meantFor = view.moved?.meantFor;
  if (view.channel === NO_CHANNEL) return leaveNowhere(deps, pass);
  const home = await ask(deps, pass, view.channel);
  if (home !== undefined) return home;
  const here = channels.of(view.channel);
  if (here === "fine") return "on";
  for (const channel of [meantFor, fallback]) {
    const verdict =
      channel === undefined || channel === NO_CHANNEL ? undefined : await ask(deps, pass, channel);
    if (verdict !== undefined) return verdict;
  }
  const place = placeOfThread({ channel: view.channel, meantFor }, fallback, (channel) => {
    const known = channel === NO_CHANNEL ? "not-found" : channels.of(channel);
    return known === "fine" ? undefined : (known ?? "unreadable");
  });
  if (place === "stay") return "on";
  if (place === "nowhere") return holdUp(deps, pass);
  if (await deps.messages.move(pending.thread, view.channel, place.move, here ?? "unreadable")) {
    deps.logger.warn(
      { thread: pending.thread, from: view.channel, to: place.move, because: here },
      "a thread is shown in another channel",
    );
    pending.slots.clear();
  }
  return wait(deps, pass, 0);
}

/** It began while Slack was not set up. What is still open is shown from now on; `isWorthShowing` has seen to the rest. */
async function leaveNowhere(deps: SenderDeps, pass: Pass): Promise<Verdict> {
  const { pending, view } = pass;
  if (deps.fallback === undefined) return holdUp(deps, pass);
  await deps.messages.move(pending.thread, view.channel, deps.fallback, "not-found");
  return wait(deps, pass, 0);
}

/** What ended before Slack was set up was told elsewhere; nobody wants hundreds of it on the first day. */
export const isWorthShowing = ({ channel, incident, runs }: ThreadView): boolean =>
  channel !== NO_CHANNEL || incident?.status === "firing" || runs.some((run) => !isEnded(run.status));

/** Undefined: an answer is there. Otherwise the thread waits for it. */
async function ask(deps: SenderDeps, pass: Pass, channel: string): Promise<Verdict | undefined> {
  if (deps.channels.of(channel) !== undefined) return undefined;
  const blocked = deps.gate.untilRead(METHOD);
  if (blocked > 0) return wait(deps, pass, blocked);
  const failure = await deps.channels.look(channel);
  if (failure === undefined) {
    deps.gate.answered();
    return undefined;
  }
  return wait(deps, pass, blockFor(deps, failure));
}

const METHOD = "conversations.info";

/** How long nobody needs to ask about channels again, in milliseconds. */
export function blockFor({ gate, budgets }: SenderDeps, failure: Failure): number {
  if (failure.kind === "limited") gate.block(METHOD, failure.ms);
  else if (failure.kind === "access") gate.block("*", budgets.slowMs);
  else gate.failed();
  return Math.max(gate.untilRead(METHOD), budgets.arrivalMs);
}

/** Only a person can mend the channels: try again slowly, and at once when the thread changes after that. */
async function holdUp(deps: SenderDeps, pass: Pass): Promise<Verdict> {
  await deps.channels.holdsUp(pass.view.channel);
  await deps.messages.later(pass.pending.thread, deps.budgets.slowMs);
  return wait(deps, pass, deps.budgets.slowMs);
}
