import type { Tryout } from "../tryout/tryout.ts";
import { until } from "../tryout/until.ts";
import { conversation } from "./cards.ts";
import { plainText } from "./plain-text.ts";
import { readReport } from "./run-json.ts";
import { transcript } from "./transcript.ts";

const ASKER = "U0ALICE";
const ENDED_WITHIN_MS = 120_000;

/**
 * Before anything is broken Alice asks how the system is: nothing above a remark may be found (such as that of a port nobody can
 * ask more of than whether it takes connections).
 * Resolves with what was wrong about the answer; empty: all is well.
 */
export async function askHealth(
  { slack, bot, sample }: Tryout,
  read: (line: string) => void,
): Promise<string[]> {
  const {
    id: system,
    channel: { id: channel },
  } = sample;
  const seen = transcript(slack, channel, read);
  const known = new Set(conversation(slack, channel).map(({ ts }) => ts));
  try {
    read(`>>> Alice types /diag ${system}`);
    await slack.command(ASKER, channel, "/diag", system);
    const run = await slack.waitFor(
      (now) =>
        conversation(now, channel)
          .filter(({ ts }) => !known.has(ts))
          .map((message) => /\brun #?(\d+)\b/.exec(plainText(message))?.[1])
          .find((id) => id !== undefined),
      ENDED_WITHIN_MS,
    );
    const report = await until(
      "the answer about the system's health",
      async () => [readReport(await bot.json("status", run))].find(({ status }) => !OPEN.has(status)),
      { timeoutMs: ENDED_WITHIN_MS, everyMs: 200 },
    );
    return report.findings
      .filter(({ id, title, severity }) => severity !== "info" && id !== MATRIX && !MACHINE.test(title))
      .map(({ title }) => `nothing is broken, but it found: ${title}`);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  } finally {
    seen.stop();
  }
}

/** The machine the demo runs on may really be busy or full; that is true, and nothing of the system's. */
const MACHINE = /^machine\b/;
/** The table of all components repeats what has a finding of its own. */
const MATRIX = "matrix";

const OPEN: ReadonlySet<string> = new Set(["queued", "running", "waiting"]);
