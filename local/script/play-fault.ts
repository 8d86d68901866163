import { isExpected, type LiveFault } from "../faults/fault.ts";
import { APPROVERS, OUTSIDER } from "../people.ts";
import type { Tryout } from "../tryout/tryout.ts";
import { until } from "../tryout/until.ts";
import { type Card, cards, conversation, slotOf } from "./cards.ts";
import { nameOf } from "./plain-text.ts";
import { type RunReport, readReport } from "./run-json.ts";
import { transcript } from "./transcript.ts";
import { ANSWERED_WITHIN_MS, approve, cardNow, isSettled } from "./votes.ts";

/** How a fault went: the rows of the final table. */
export interface Played {
  readonly fault: string;
  readonly cause: string;
  /** `(advice)`: a person did it by hand. */
  readonly remedy: string;
  readonly verified: boolean;
  readonly seconds: number;
  /** What was not as it must be; empty: passed. */
  readonly wrong: readonly string[];
}

const DECIDER = APPROVERS[0] ?? "";
const NOT_NEEDED = "not needed any more, the other remedy has helped";

const PROPOSED_WITHIN_MS = 120_000;
const DONE_WITHIN_MS = 240_000;
const QUIET_WITHIN_MS = 120_000;

const channelOf = ({ sample }: Tryout): string => sample.channel.id;

/** Breaks one thing and lets the people do what people do; `read` gets the conversation as it grows. Never throws. */
export async function playFault(
  tryout: Tryout,
  fault: LiveFault,
  read: (line: string) => void,
): Promise<Played> {
  const begun = performance.now();
  const seen = transcript(tryout.slack, channelOf(tryout), read);
  const seconds = (): number => Math.round((performance.now() - begun) / 100) / 10;
  try {
    const report = await breakAndRepair(tryout, fault, read);
    const after = seconds();
    const wrong = judge(fault, report);
    await quiet(tryout, fault).catch((error: Error) => wrong.push(error.message));
    return { fault: fault.id, ...account(fault, report), seconds: after, wrong };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { fault: fault.id, cause: "–", remedy: "–", verified: false, seconds: seconds(), wrong: [reason] };
  } finally {
    seen.stop();
    await fault.heal().catch(() => undefined);
  }
}

/** Breaks it, waits until monitoring and diagbot have noticed, and does what people do about it. */
async function breakAndRepair(
  tryout: Tryout,
  fault: LiveFault,
  read: (line: string) => void,
): Promise<RunReport> {
  const known = new Set(conversation(tryout.slack, channelOf(tryout)).map(({ ts }) => ts));
  await tryout.breaker.break(fault);
  read(`>>> broken: ${fault.description}`);
  return byHand(fault) ? followAdvice(tryout, fault, known, read) : approveRemedy(tryout, fault, known, read);
}

/** The run ends with advice for a person; a person carries it out. */
async function followAdvice(
  tryout: Tryout,
  fault: LiveFault,
  known: ReadonlySet<string>,
  read: (line: string) => void,
): Promise<RunReport> {
  const { slack, bot, breaker } = tryout;
  const diagnosed = (): string[] =>
    conversation(slack, channelOf(tryout))
      .filter(({ ts }) => !known.has(ts))
      .flatMap((message) => FINDINGS.exec(slotOf(message))?.[1] ?? []);
  // Another run may find something meanwhile, such as the one that was asked how the shop is.
  const report = await until(
    `a run of ${fault.runbook} that finds ${fault.expects.finding}`,
    async () => {
      for (const run of diagnosed()) {
        const seen = readReport(await bot.json("status", run));
        if (seen.runbook === fault.runbook && seen.findings.some(({ id }) => isExpected(fault, id)))
          return seen;
      }
      return undefined;
    },
    { timeoutMs: PROPOSED_WITHIN_MS, everyMs: 500 },
  );
  read(
    `>>> ${nameOf(DECIDER)} does it by hand: ${adviceIn(report, fault) ?? "the finding says what is wrong"}`,
  );
  await breaker.heal(fault);
  return report;
}

/** The slot of what a run has found. */
const FINDINGS = /(?:^|\/)run\/([^/]+)\/findings$/;

const adviceIn = (report: RunReport, { expects }: LiveFault): string | undefined =>
  report.remedies.find(({ id }) => id === expects.remedy)?.advice;

async function approveRemedy(
  tryout: Tryout,
  fault: LiveFault,
  known: ReadonlySet<string>,
  read: (line: string) => void,
): Promise<RunReport> {
  const { slack } = tryout;
  const card = await slack.waitFor(
    (now) =>
      cards(now, channelOf(tryout)).find(
        (one) => !known.has(one.message.ts) && one.remedy === fault.expects.remedy && one.open,
      ),
    PROPOSED_WITHIN_MS,
  );
  await refuseOutsider(tryout, card, read);
  await approve(slack, card, read);
  await slack.waitFor((now) => isSettled(now, card), DONE_WITHIN_MS);
  await declineOthers(tryout, card, read);
  return readReport(await tryout.bot.json("status", card.run));
}

/** Carol has no role; her click must change nothing. Somebody should see that once in a while, so every time. */
async function refuseOutsider(tryout: Tryout, card: Card, read: (line: string) => void): Promise<void> {
  const { slack } = tryout;
  const before = slack.ephemerals(OUTSIDER).length;
  await slack.click(OUTSIDER, { channel: card.message.channel, ts: card.message.ts }, "remedy:approve");
  const told = await slack.waitFor((now) => now.ephemerals(OUTSIDER)[before], ANSWERED_WITHIN_MS);
  read(`>>> Carol presses Approve and is told: ${told.text}`);
}

/** What was offered besides is not needed any more: the run ends when nothing is open. */
async function declineOthers(tryout: Tryout, done: Card, read: (line: string) => void): Promise<void> {
  const { slack } = tryout;
  const rest = cards(slack, channelOf(tryout)).filter((card) => card.run === done.run && card.open);
  for (const card of rest) {
    read(`>>> ${nameOf(DECIDER)} denies ${card.remedy}: ${NOT_NEEDED}`);
    await slack.click(DECIDER, { channel: card.message.channel, ts: card.message.ts }, "remedy:deny");
    await slack.waitFor((now) => now.view(DECIDER), ANSWERED_WITHIN_MS);
    const answer = await slack.submit(DECIDER, { reason: NOT_NEEDED });
    if (answer.errors === undefined) continue;
    const told = Object.values(answer.errors).join("; ");
    read(`>>> and is told: ${told}`);
    // Fine where the bot itself has found in the meantime that nobody needs it.
    await slack
      .waitFor((now) => cardNow(now, card)?.open !== true, ANSWERED_WITHIN_MS)
      .catch(() => {
        throw new Error(`denying ${card.remedy}: ${told}`);
      });
  }
  await slack.waitFor(
    (now) =>
      conversation(now, channelOf(tryout)).some((message) =>
        slotOf(message).endsWith(`run/${done.run}/summary`),
      ),
    DONE_WITHIN_MS,
  );
}

function judge(fault: LiveFault, report: RunReport): string[] {
  const { finding, remedy } = fault.expects;
  const wrong: string[] = [];
  if (report.runbook !== fault.runbook) wrong.push(`runbook ${report.runbook}, not ${fault.runbook}`);
  if (!report.findings.some(({ id }) => isExpected(fault, id)))
    wrong.push(`found ${report.findings.map(({ id }) => id).join(", ") || "nothing"}, not ${finding}`);
  const status = report.remedies.find(({ id }) => id === remedy)?.status;
  if (remedy !== undefined && status !== goodEnd(fault)) wrong.push(`${remedy} is ${status ?? "not there"}`);
  if (fault.expects.advice === true && (adviceIn(report, fault) ?? "") === "")
    wrong.push(`${remedy} says nothing`);
  return wrong;
}

/** Nothing a machine may do: a person puts it right. */
const byHand = ({ expects }: LiveFault): boolean => expects.advice === true || expects.remedy === undefined;

/** How the expected remedy stands when all went well. */
const goodEnd = ({ expects }: LiveFault): string => (expects.advice === true ? "advice" : "succeeded");

const account = (fault: LiveFault, report: RunReport): Pick<Played, "cause" | "remedy" | "verified"> => ({
  cause: (report.findings.find(({ id }) => isExpected(fault, id)) ?? report.findings[0])?.title ?? "–",
  remedy: fault.expects.advice === true ? "(advice)" : (fault.expects.remedy ?? "(by hand)"),
  verified:
    fault.expects.remedy === undefined ||
    report.remedies.some(({ id, status }) => id === fault.expects.remedy && status === goodEnd(fault)),
});

/** Verified is what the product says; this is what the system says: no symptom, and monitoring has nothing left to report. */
async function quiet(tryout: Tryout, fault: LiveFault): Promise<void> {
  await until(`${fault.id} was repaired but its symptom stays`, async () => !(await fault.symptom()), {
    timeoutMs: QUIET_WITHIN_MS,
    everyMs: 200,
  });
  await until("monitoring still reports something", async () => tryout.alerting.firing().length === 0, {
    timeoutMs: QUIET_WITHIN_MS,
    everyMs: 200,
  });
}
