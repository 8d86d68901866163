import type { Schedule } from "../words/check.ts";
import type { Checklist } from "../words/checklist.ts";
import { clip, sayConnections } from "../words/format.ts";
import { type GuideAsked, type GuideTitles, titleOfItem } from "../words/guide.ts";
import { HEALTH_RUNBOOK } from "../words/intent.ts";
import type { Runbook } from "../words/runbook.ts";
import type { System } from "../words/system.ts";
import { paramFields } from "./param-field.ts";
import { isRunbookDisabled } from "./restrict.ts";
import { mayRunOn, missingKinds, needsNoWords, otherwhere } from "./runnable.ts";

/** What carries out items of guides. */
export interface GuideKnown {
  readonly runbooks: readonly Runbook[];
  readonly checklists?: readonly Checklist[] | undefined;
  readonly schedules?: readonly Pick<Schedule, "system" | "runbook" | "covers">[] | undefined;
  readonly guideItems?: GuideTitles | undefined;
}

/** A guide item on a system: what is begun, in this order, and what is only offered or cannot be asked there. */
export interface GuidePlan extends GuideAsked {
  readonly begin: readonly Runbook[];
}

/** A line of the list of items. `parts`: what of it can be asked there. */
export interface GuideItem {
  readonly id: string;
  readonly title: string;
  readonly parts: number;
}

/** So many runs begin at once for one item: more would keep everybody's workers busy. */
export const MOST_BEGUN = 8;
const MOST_NAMED = 12;

/**
 * Everything that treats an item on a system. What only looks is begun: the health of the whole first, because it says what else is
 * down, then runbooks, checks and commands in the order of lists. What changes something, needs a word from a person or is a
 * checklist is offered. Pure.
 */
export function planOf(known: GuideKnown, system: System, item: string): GuidePlan {
  const all = treating(known, system, item).toSorted(byHealth);
  const asked = all.filter((one) => mayRunOn(system, one));
  const looks = asked.filter((one) => whyOffered(one) === undefined);
  return {
    item,
    title: titleOfItem(known.guideItems, item),
    system: system.id,
    begin: looks.slice(0, MOST_BEGUN),
    offers: [
      ...looks
        .slice(MOST_BEGUN)
        .map((one) => offer(system, one, `more than ${MOST_BEGUN} would begin at once`)),
      ...asked.flatMap((one) => {
        const why = whyOffered(one);
        return why === undefined ? [] : [offer(system, one, why)];
      }),
      ...(known.checklists ?? [])
        .filter(({ covers }) => covers?.includes(item) === true)
        .map(({ id, title }) => ({
          title: clip(title, 120),
          type: `/diag checklist ${id} <incident>`,
          why: "a checklist belongs to an incident",
        })),
    ].slice(0, MOST_NAMED),
    gaps: all
      .filter((one) => !asked.includes(one))
      .map((one) => ({ title: clip(one.title, 120), why: clip(whyNot(system, one), 200) }))
      .slice(0, MOST_NAMED),
  };
}

/**
 * Items known for a system: those of its own guide where there are any (`shop.…` for shop), else those of every guide of which
 * something can be asked there. Items that nothing there can treat are left out. Pure; in the order of their ids.
 */
export function itemsOn(known: GuideKnown, system: System): { own: GuideItem[]; others: GuideItem[] } {
  const counts = new Map<string, number>();
  const add = (covers: readonly string[] | undefined) => {
    for (const id of covers ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
  };
  for (const runbook of known.runbooks) if (mayRunOn(system, runbook)) add(coversOn(known, system, runbook));
  for (const { covers } of known.checklists ?? []) add(covers);
  const items = [...counts]
    .map(([id, parts]) => ({ id, title: titleOfItem(known.guideItems, id), parts }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const isOwn = ({ id }: GuideItem) => id.startsWith(`${system.id}.`);
  return { own: items.filter(isOwn), others: items.filter((one) => !isOwn(one)) };
}

/** The items a runbook carries out on a system: by itself, and by schedules of it there. */
export const coversOn = (known: GuideKnown, system: System, { id, covers }: Runbook): readonly string[] => [
  ...new Set([
    ...covers,
    ...(known.schedules ?? [])
      .filter((one) => one.system === system.id && one.runbook === id)
      .flatMap((one) => one.covers),
  ]),
];

const treating = (known: GuideKnown, system: System, item: string): Runbook[] =>
  known.runbooks.filter((runbook) => coversOn(known, system, runbook).includes(item));

const byHealth = (a: Runbook, b: Runbook): number =>
  Number(b.id === HEALTH_RUNBOOK) - Number(a.id === HEALTH_RUNBOOK);

/** Why a person has to ask for it; undefined: it only looks, and nothing has to be typed. */
function whyOffered(runbook: Runbook): string | undefined {
  if (!needsNoWords(runbook)) return "it needs to be told more";
  const writes =
    runbook.forPeople === true && Object.values(runbook.remedies).some((one) => one.advice === undefined);
  return writes ? "it changes something: it is asked for by itself" : undefined;
}

function offer(system: System, runbook: Runbook, why: string): GuideAsked["offers"][number] {
  const words = paramFields(runbook)
    .filter(({ required }) => required)
    .map(({ name }) => ` ${name}=<${name}>`);
  return {
    title: clip(runbook.title, 120),
    type: clip(`/diag ${system.id} ${runbook.id}${words.join("")}`, 300),
    why,
  };
}

function whyNot(system: System, runbook: Runbook): string {
  if (isRunbookDisabled(system, runbook.id)) return `${runbook.id} is disabled for ${system.id}`;
  const missing = missingKinds(system, runbook);
  return missing.length > 0
    ? `${runbook.id} needs ${sayConnections(missing)}`
    : `${runbook.id}: ${otherwhere(system, runbook) ?? "it cannot run here"}`;
}
