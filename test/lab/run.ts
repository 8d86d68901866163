import type { Bot } from "../../local/bot/bot.ts";
import { lastLines } from "../../local/tryout/child.ts";
import { cleanStaleFolders } from "../helpers/folder.ts";
import { ALERTING_PACKAGES, whyNoAlerting } from "./alerting/alerting.ts";
import { missingFor, missingPackages, type Running, sayComponent, startComponents } from "./components.ts";
import { ISSUES } from "./issues.ts";
import { totalsOf } from "./judge.ts";
import { play, type Ready, readyOf, type Watch } from "./play.ts";
import { startStage } from "./stage.ts";
import type { Outcome, Scenario } from "./words.ts";

export interface LabOptions {
  /** A line of progress, for people. */
  say(line: string): void;
  /** Made once diagbot serves; told of every situation while it is there. */
  watch?(bot: Bot): Watch;
  /** Resolves when somebody wants it to end: what was not played is not run, and everything is taken down. */
  readonly interrupted?: Promise<unknown>;
}

const ENDED = "the lab was ended before";

/** Plays what can be played here, one after the other; what cannot is in the result as not run. Throws when the stage does not come up. */
export async function runLab(scenarios: readonly Scenario[], options: LabOptions): Promise<Outcome[]> {
  const playable = scenarios.filter((one) => missingFor(one) === undefined);
  const played = new Map<string, Outcome>();
  if (playable.length > 0) {
    await cleanStaleFolders();
    const undo: (() => unknown)[] = [];
    const running = await startComponents(playable, options.say);
    try {
      const ready = await placed(playable, running, (one) => void undo.push(one));
      await playAll(ready, running, options, played);
    } finally {
      for (const one of undo.reverse()) await one();
      await running.stop();
    }
  }
  return scenarios.map(
    (one) =>
      played.get(one.id) ?? {
        ...{ id: one.id, items: one.items, components: one.needs.map(sayComponent), wrong: [] },
        notRun: missingFor(one) ?? ENDED,
      },
  );
}

async function placed(
  scenarios: readonly Scenario[],
  { parts }: Running,
  keep: (undo: () => unknown) => void,
): Promise<Ready[]> {
  const ready: Ready[] = [];
  for (const [at, one] of scenarios.entries()) ready.push(readyOf(one, await one.place(parts, keep), at));
  return ready;
}

async function playAll(
  ready: readonly Ready[],
  running: Running,
  { say, watch = () => async () => undefined, interrupted = new Promise<never>(() => undefined) }: LabOptions,
  played: Map<string, Outcome>,
): Promise<void> {
  const stage = await startStage(
    ready.map(({ system, channel, place, scenario: { runbook, checks } }) => ({
      id: system,
      channel,
      ...place,
      ...(runbook === undefined ? {} : { runbook }),
      ...(checks === undefined ? {} : { checks }),
    })),
    ready.flatMap(({ fault, twin }) => [fault, twin]),
    { say, authority: running.authority },
  );
  const watching = watch(stage.bot);
  const { bot } = stage;
  const ended = Promise.race([
    interrupted.then(() => "ended" as const),
    bot.ended.then((how) =>
      Promise.reject(new Error(`diagbot ended by itself (${how}):\n${lastLines(bot.log)}`)),
    ),
  ]);
  try {
    for (const [at, one] of ready.entries()) {
      const { id, needs } = one.scenario;
      const outcome = await Promise.race([play(stage, one, () => running.reset(needs), watching), ended]);
      if (outcome === "ended") return;
      played.set(id, outcome);
      const word = outcome.wrong.length === 0 ? "right" : "WRONG";
      say(`${at + 1}/${ready.length} ${id}: ${word} (${outcome.seconds?.toFixed(1)} s)`);
      for (const line of outcome.wrong) say(`  ${line}`);
    }
  } finally {
    await stage.stop();
  }
}

/** What is to be installed so that more of these can be played. */
export const packagesFor = (scenarios: readonly Scenario[]): string[] => [
  ...missingPackages(scenarios),
  ...(whyNoAlerting() === undefined ? [] : ALERTING_PACKAGES),
];

/** Issues of the guides that no scenario stands for. */
export const uncovered = (scenarios: readonly Scenario[]): string[] => {
  const covered = new Set(scenarios.flatMap(({ items }) => items));
  return ISSUES.filter((id) => !covered.has(id));
};

/** 1: something that ran is not as it must be; 130: it was ended by Ctrl-C. */
export function exitOf(outcomes: readonly Outcome[]): number {
  if (totalsOf(outcomes).wrong > 0) return 1;
  return outcomes.some(({ notRun }) => notRun === ENDED) ? 130 : 0;
}
