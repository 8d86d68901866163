import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Bot } from "../../local/bot/bot.ts";
import { sayYaml } from "../../src/testing/recording.ts";
import type { Watch } from "./play.ts";
import type { Scenario } from "./words.ts";

/** Name of the file that says what was expected; the recordings lie beside it. */
export const SCENARIO_FILE = "scenario.yaml";

const Situation = z.strictObject({
  /** What was the matter, or what looked like it and was not. */
  situation: z.string(),
  /** The notification as Alertmanager sent it. */
  alert: z.unknown(),
  /** Recordings of the runs it started, in the order of the thread; files beside this one. */
  recordings: z.array(z.string()),
});

/** One scenario of an export; docs/lab.md. */
export const Exported = z.strictObject({
  /** Version of this format. */
  lab: z.literal(1),
  scenario: z.string(),
  items: z.array(z.string()),
  expect: z.strictObject({
    first: z.string(),
    remedy: z.string().optional(),
    apply: z.literal(true).optional(),
    elsewhere: z.array(z.string()).optional(),
  }),
  /** Checks that are no runbooks of diagbot: the knowledge the answer was made with. */
  checks: z.array(z.looseObject({ id: z.string() })).optional(),
  fault: Situation.optional(),
  twin: Situation.optional(),
});
export type Exported = z.infer<typeof Exported>;

/** Writes every situation it is told of below a folder: what each run saw, what the alert said, and what was expected. */
export function exporter(folder: string): (bot: Bot) => Watch {
  const written = new Map<string, Exported>();
  return (bot) =>
    async ({ scenario }, what, { runs }, { body }) => {
      const home = join(folder, scenario.id);
      mkdirSync(home, { recursive: true });
      const situation = what === "fault" ? scenario.situation : scenario.twin;
      const recordings: string[] = [];
      for (const [at, { id, runbook }] of runs.entries()) {
        const name = `${what}-${at + 1}-${runbook}.yaml`;
        await bot.json("record", id, "--out", join(home, name), "--situation", situation);
        recordings.push(name);
      }
      const known = {
        ...(written.get(scenario.id) ?? headOf(scenario)),
        [what]: { situation, alert: body, recordings },
      };
      written.set(scenario.id, known);
      writeFileSync(join(home, SCENARIO_FILE), sayYaml(known));
    };
}

const headOf = ({ id, items, expect, checks }: Scenario): Exported => ({
  ...(checks === undefined ? {} : { checks: [...checks] }),
  lab: 1,
  scenario: id,
  items: [...items],
  expect: expectedOf(expect),
});

const expectedOf = ({ elsewhere, ...expect }: Scenario["expect"]): Exported["expect"] => ({
  ...expect,
  ...(elsewhere === undefined ? {} : { elsewhere: [...elsewhere] }),
});
