import { APPROVERS } from "../people.ts";
import type { Tryout } from "../tryout/tryout.ts";
import { cards, conversation, hasButton } from "./cards.ts";
import { nameOf } from "./plain-text.ts";
import type { Played } from "./play-fault.ts";
import { readReport } from "./run-json.ts";
import { transcript } from "./transcript.ts";
import { approve, cardNow, isOver, isSettled } from "./votes.ts";

const ASKER = "U0ALICE";
const DECIDER = APPROVERS[0] ?? "";
const PROPOSED_WITHIN_MS = 120_000;
const DONE_WITHIN_MS = 240_000;
const UNDO = "remedy:undo";

/**
 * Alice types a write of the system's own, others approve it, and where it can be taken back somebody does. `words` stand behind
 * `/diag <system>`. Never throws.
 */
export async function playWrite(
  tryout: Tryout,
  words: string,
  read: (line: string) => void,
): Promise<Played> {
  const begun = performance.now();
  const { slack, sample, bot } = tryout;
  const channel = sample.channel.id;
  const seen = transcript(slack, channel, read);
  const done = (rest: Omit<Played, "fault" | "seconds">): Played => ({
    fault: words,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    ...rest,
  });
  try {
    const known = new Set(conversation(slack, channel).map(({ ts }) => ts));
    read(`>>> ${nameOf(ASKER)} types /diag ${sample.id} ${words}`);
    await slack.command(ASKER, channel, "/diag", `${sample.id} ${words}`);
    const card = await slack.waitFor(
      (now) => cards(now, channel).find((one) => !known.has(one.message.ts) && one.open),
      PROPOSED_WITHIN_MS,
    );
    await approve(slack, card, read);
    await slack.waitFor((now) => isSettled(now, card), DONE_WITHIN_MS);
    const report = readReport(await bot.json("status", card.run));
    const status = report.remedies.find(({ id }) => id === card.remedy)?.status ?? "not there";
    const wrong = status === "succeeded" ? [] : [`${words} is ${status}`];
    const message = cardNow(slack, card)?.message;
    const canUndo = message !== undefined && hasButton(message, UNDO);
    if (canUndo) {
      read(`>>> ${nameOf(DECIDER)} presses Undo now`);
      await slack.click(DECIDER, { channel, ts: card.message.ts }, UNDO);
      await slack.waitFor((now) => isOver(now, card), DONE_WITHIN_MS);
      const after = readReport(await bot.json("status", card.run));
      const back = after.remedies.find(({ id }) => id === card.remedy)?.status;
      if (back !== "undone") wrong.push(`${words} was to be taken back and is ${back}`);
    }
    const cause = report.findings[0]?.title ?? "–";
    return done({
      cause,
      remedy: canUndo ? "typed, undone" : "typed",
      verified: status === "succeeded",
      wrong,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return done({ cause: "–", remedy: "–", verified: false, wrong: [reason] });
  } finally {
    seen.stop();
  }
}
