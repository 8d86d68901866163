import { z } from "zod";
import { type Card, cards, conversation, slotOf } from "../../local/script/cards.ts";
import { plainText } from "../../local/script/plain-text.ts";
import { approve, isSettled } from "../../local/script/votes.ts";
import type { LocalSlack } from "../../local/slack/local-slack.ts";
import type { LocalMessage } from "../../local/slack/types.ts";
import type { Delivered } from "./alerting/relay.ts";
import { firstOf, ofSituation } from "./judge.ts";
import type { Stage } from "./stage.ts";
import type { Seen } from "./words.ts";

/** Nothing takes nearly as long: it only ends what hangs. */
export const PATIENCE_MS = 180_000;

/** What the lab reads of `diagbot status <run> --json`. */
const Run = z.object({
  id: z.coerce.string(),
  runbook: z.string(),
  status: z.string(),
  findings: z.array(
    z.object({ id: z.string(), severity: z.string(), title: z.string(), remedies: z.array(z.string()) }),
  ),
  remedies: z.array(z.object({ id: z.string(), status: z.string(), advice: z.string().optional() })),
});

const NOT_YET = /(?:⏳ Queued|🔎 Checking): /u;

/** Waits until every run of the incident has been diagnosed, as its thread says, and reads what was found by the command line. */
export async function follow(
  { slack, bot }: Pick<Stage, "slack" | "bot">,
  channel: string,
  { incident, runs, at }: Delivered,
  elsewhere: readonly string[] = [],
): Promise<Seen> {
  const evidenceAt = firstEvidence(slack, channel, runs);
  await slack.waitFor((now) => {
    const head = headOf(now, channel, incident);
    return head !== undefined && !NOT_YET.test(plainText(head));
  }, PATIENCE_MS);
  const seen: z.infer<typeof Run>[] = [];
  for (const run of runs) seen.push(Run.parse(await bot.json("status", run)));
  const findings = ofSituation(
    seen.flatMap((run) => run.findings.map((finding) => ({ run: run.id, ...finding }))),
    elsewhere,
  );
  const first = firstOf(findings);
  evidenceAt.stop();
  const seenAt = evidenceAt.at();
  return {
    findings,
    runs: seen.map(({ id, runbook, status }) => ({ id, runbook, status })),
    remedies: Object.fromEntries(
      (seen.find(({ id }) => id === first?.run)?.remedies ?? []).map(({ id, status, advice }) => [
        id,
        { status, ...(advice === undefined ? {} : { advice }) },
      ]),
    ),
    ...(seenAt === undefined ? {} : { evidenceSeconds: (seenAt - at) / 1000 }),
  };
}

/** The first message of the incident's thread; the small line below it names the incident. */
const headOf = (slack: LocalSlack, channel: string, incident: string): LocalMessage | undefined =>
  slack.messages(channel).find((message) => new RegExp(`incident #${incident}\\b`).test(plainText(message)));

/** Notes when the first message with findings of one of these runs stands in the thread. */
function firstEvidence(slack: LocalSlack, channel: string, runs: readonly string[]) {
  let seenAt: number | undefined;
  let isOver = false;
  const slots = new Set(runs.map((run) => `run/${run}/findings`));
  void slack
    .waitFor((now) => {
      if (isOver) return true;
      const is = conversation(now, channel).some((message) =>
        [...slots].some((slot) => slotOf(message).endsWith(slot)),
      );
      if (is) seenAt = performance.now();
      return is;
    }, PATIENCE_MS)
    .catch(() => undefined);
  return {
    at: () => seenAt,
    stop: () => {
      isOver = true;
      slack.panelChanged();
    },
  };
}

/** Approves the remedy in the thread as a colleague would; resolves with the status it ended with, by the command line. */
export async function applyRemedy(
  { slack, bot }: Pick<Stage, "slack" | "bot">,
  channel: string,
  run: string,
  remedy: string,
): Promise<string> {
  const mine = (now: LocalSlack): Card | undefined =>
    cards(now, channel).find((one) => one.run === run && one.remedy === remedy);
  const card = await slack.waitFor((now) => {
    const found = mine(now);
    return found !== undefined && (found.open || isSettled(now, found)) ? found : undefined;
  }, PATIENCE_MS);
  if (card.open) await approve(slack, card, () => undefined);
  await slack.waitFor((now) => isSettled(now, card), PATIENCE_MS);
  const { remedies } = Run.parse(await bot.json("status", run));
  return remedies.find(({ id }) => id === remedy)?.status ?? "not there";
}
