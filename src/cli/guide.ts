import { z } from "zod";
import { RUN_WAITS } from "../core/rules/queue-away.ts";
import { type Together, together } from "../core/rules/together.ts";
import { GuideAsked } from "../core/words/guide.ts";
import { RunId } from "../core/words/ids.ts";
import type { RunView } from "../core/words/view.ts";
import { accepted, replyText } from "./ask.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT, exitOfRun } from "./exit.ts";
import { runInShell } from "./in-shell.ts";
import { indent, oneLine } from "./plain.ts";
import { finish, mayOffer, noteQueue } from "./run.ts";
import { runJson } from "./run-json.ts";
import { runText } from "./run-text.ts";

/** What the door says of an item that was begun; a list of items has no runs. */
const Begun = GuideAsked.extend({ runs: z.array(RunId).min(1) });
type Begun = z.infer<typeof Begun>;

export interface GuideOptions {
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly wait: boolean;
}

/**
 * `guide`: lists the items, or starts all that treats one and shows what it came to, causes first. Exits as the gravest of its
 * runs does. Throws what the door refuses.
 */
export async function guide(
  deps: CliDeps,
  io: CliIo,
  words: readonly string[],
  { json, wait, dryRun }: GuideOptions,
): Promise<number> {
  const isKnown = deps.who().person !== undefined;
  const reply = accepted(await deps.ask("guide", words, { dryRun: dryRun || !isKnown }));
  const begun = Begun.safeParse(reply.data);
  // Only now: a list needs no requester.
  if (begun.success) mayOffer(deps, io, { dryRun });
  if (!begun.success || !wait) {
    io.stdout(json ? `${JSON.stringify(reply.data ?? { title: reply.title })}\n` : `${replyText(reply)}\n`);
    return EXIT.ok;
  }
  await noteQueue(deps, io, RUN_WAITS);
  const views: RunView[] = [];
  for (const id of begun.data.runs) views.push(await finish(deps, io, id));
  io.stdout(`${json ? JSON.stringify(guideJson(begun.data, views)) : guideText(begun.data, views)}\n`);
  return Math.max(...views.map(exitOfRun));
}

/** The JSON of a guide item: a contract (docs/guide.md). */
const guideJson = ({ runs: _ids, ...asked }: Begun, views: readonly RunView[]) => {
  const { found, unseen, fine } = together(views);
  return {
    ...asked,
    found: found.map(({ finding: { id, severity, title }, runs }) => ({
      id,
      severity,
      title,
      runs: runs.map((run) => run.id),
    })),
    couldNotLook: unseen.map(({ run, what }) => ({ run: run.id, what })),
    fine: fine.map(({ id }) => id),
    runs: views.map(runJson),
  };
};

/** What all runs came to, what was not begun, and each run whole. */
function guideText(asked: Begun, views: readonly RunView[]): string {
  return [
    `${oneLine(asked.title)} (${asked.item}) on ${asked.system}`,
    togetherText(together(views)),
    ...offersText(asked),
    ...views.map((view) => runText(view)),
  ].join("\n\n");
}

function togetherText({ found, unseen, fine }: Together): string {
  const lines = [
    ...found.map(
      ({ finding, runs, more }) =>
        `${finding.severity}: ${oneLine(finding.title)} (${nameAll(runs)}${more > 0 ? `, and ${more} more there` : ""})`,
    ),
    ...unseen.map(({ run, what }) => `could not look: ${run.runbook} (run ${run.id}): ${oneLine(what)}`),
    ...(fine.length === 0 ? [] : [`nothing found by ${nameAll(fine)}`]),
  ];
  return `TOGETHER\n${indent(lines.join("\n"), 2)}`;
}

const nameAll = (runs: readonly RunView[]): string =>
  runs.map(({ id, runbook }) => `run ${id} ${runbook}`).join(", ");

function offersText({ offers, gaps }: Begun): string[] {
  const lines = [
    ...offers.map(({ title, type, why }) => `${oneLine(title)}: ${runInShell(type)} (${why})`),
    ...gaps.map(({ title, why }) => `cannot be asked here: ${oneLine(title)} (${oneLine(why)})`),
  ];
  return lines.length === 0 ? [] : [`NOT BEGUN\n${indent(lines.join("\n"), 2)}`];
}
