import type { Catalog } from "../core/ports/catalog.ts";
import type { Entry, Intake } from "../core/ports/intake.ts";
import { type GuideItem, type GuidePlan, itemsOn, planOf } from "../core/rules/guide-items.ts";
import type { Caller } from "../core/words/caller.ts";
import { DiagError } from "../core/words/errors.ts";
import { count } from "../core/words/format.ts";
import { asTable, type Reply, say } from "../core/words/reply.ts";
import type { System } from "../core/words/system.ts";
import { checkRun } from "./check-run.ts";
import { askedIn } from "./guide-words.ts";
import { mustRead, readable } from "./rights.ts";

interface GuideDeps {
  readonly catalog: Catalog;
  readonly intake: Pick<Intake, "submitGuide">;
}

interface Asked {
  readonly entry: Entry;
  readonly caller: Caller;
  readonly where: { readonly channel?: string; readonly dryRun?: boolean };
}

/** Items that are listed at once. */
const MOST_LISTED = 40;

/** What the guide treats, or one item of it begun as one thing, in one thread. Throws user errors. */
export async function askGuide(deps: GuideDeps, asked: Asked, words: readonly string[]): Promise<Reply> {
  const { catalog } = deps;
  const mine = readable(catalog, asked.caller);
  const systems = catalog.systems.filter(({ id }) => mine.includes(id));
  const wanted = askedIn(catalog, systems, words);
  if (wanted.do === "systems") return listSystems(catalog, systems);
  mustRead(catalog, asked.caller, wanted.system.id);
  return wanted.do === "list"
    ? listItems(catalog, wanted.system, wanted.words)
    : beginItem(deps, asked, wanted.system, planOf(catalog, wanted.system, wanted.item));
}

function listSystems(catalog: Catalog, systems: readonly System[]): Reply {
  const rows = systems.map((system) => ({ system: system.id, ...counted(catalog, system) }));
  return {
    ...say(
      "Items of guides",
      asTable(
        ["system", "own items", "of other guides"],
        rows.map(({ system, own, others }) => [system, String(own), String(others)]),
      ),
      "`/diag guide <system>` lists them; `/diag guide <item> <system>` starts all that treats one of them.",
    ),
    data: { systems: rows },
  };
}

function counted(catalog: Catalog, system: System) {
  const { own, others } = itemsOn(catalog, system);
  return { own: own.length, others: others.length };
}

/** Those of its own guide; of all guides, where it has none or words are searched for that no own item has. */
function listItems(catalog: Catalog, system: System, words: readonly string[]): Reply {
  const { own, others } = itemsOn(catalog, system);
  const fits = (one: GuideItem) =>
    words.every((word) => `${one.id} ${one.title}`.toLowerCase().includes(word));
  const mine = own.filter(fits);
  const found = mine.length > 0 || (words.length === 0 && own.length > 0) ? mine : others.filter(fits);
  const shown = found.slice(0, MOST_LISTED);
  const rest = found.length - shown.length;
  return {
    ...say(
      `${count(found.length, "item")} of ${mine.length > 0 ? `the guide of ${system.id}` : "guides"} on ${system.id}`,
      ...(shown.length === 0
        ? ["Nothing that can be asked there has these words."]
        : [
            asTable(
              ["item", "what it is about", "parts"],
              shown.map(({ id, title, parts }) => [id, title, String(parts)]),
            ),
          ]),
      ...(rest > 0 ? [`and ${rest} more: say a word of them, \`/diag guide ${system.id} redis\``] : []),
      `\`/diag guide <item> ${system.id}\` starts all that treats it, in one thread.`,
    ),
    data: { system: system.id, items: found },
  };
}

async function beginItem(
  { catalog, intake }: GuideDeps,
  { entry, caller, where }: Asked,
  system: System,
  { begin, ...guide }: GuidePlan,
): Promise<Reply> {
  const sections = [...saidOffers(guide), ...saidGaps(guide)];
  if (begin.length === 0)
    return {
      ...say(`Nothing of ${guide.item} only looks on ${system.id}: nothing was begun`, ...sections),
      data: { ...guide, runs: [] },
    };
  const channel = where.channel ?? system.channel ?? catalog.channel ?? "";
  if (channel === "")
    throw new DiagError("bad_config", `${system.id} has no Slack channel`, {
      hint: "set `slack.channel` in diagbot.yaml",
    });
  const dryRun = where.dryRun === undefined ? {} : { dryRun: where.dryRun };
  const runs = begin.map(({ id }) =>
    checkRun(catalog, { system: system.id, runbook: id, params: {} }, { caller, channel, ...dryRun }),
  );
  const stored = await intake.submitGuide(entry, { guide, channel, runs });
  const [first] = stored.runs;
  const title = stored.repeated
    ? `${guide.item} was asked for already: ${sayRuns(stored.runs)}`
    : `${guide.title} on ${system.id}: ${sayRuns(stored.runs)}`;
  return {
    ...say(
      title,
      ...(stored.repeated
        ? []
        : [begin.map((book, at) => `• run #${stored.runs[at]}: ${book.title}`).join("\n"), ...sections]),
    ),
    ...(first === undefined ? {} : { run: first }),
    thread: stored.thread,
    channel,
    data: { ...guide, runs: stored.runs },
  };
}

const sayRuns = (runs: readonly number[]): string => `${count(runs.length, "run")} in one thread`;

const saidOffers = ({ offers }: Omit<GuidePlan, "begin">): string[] =>
  offers.length === 0
    ? []
    : [
        `Not begun, for a person to ask:\n${offers.map(({ title, type, why }) => `• ${title}: \`${type}\` (${why})`).join("\n")}`,
      ];

const saidGaps = ({ gaps }: Omit<GuidePlan, "begin">): string[] =>
  gaps.length === 0
    ? []
    : [`Cannot be asked there:\n${gaps.map(({ title, why }) => `• ${title}: ${why}`).join("\n")}`];
