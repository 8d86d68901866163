import type { Catalog } from "../core/ports/catalog.ts";
import { type GuideItem, itemsOn, planOf } from "../core/rules/guide-items.ts";
import { DiagError } from "../core/words/errors.ts";
import { GUIDE_ITEM } from "../core/words/guide.ts";
import type { System } from "../core/words/system.ts";
import { closest } from "../lib/closest.ts";
import { systemNamed } from "./check-run.ts";

/** What the words behind `/diag guide` mean. `list`: items that hold all the words (lower case). */
export type GuideAsk =
  | { readonly do: "systems" }
  | { readonly do: "list"; readonly system: System; readonly words: readonly string[] }
  | { readonly do: "begin"; readonly system: System; readonly item: string };

/**
 * `[item] [system]` in either order. An item is `shop.queue-stuck`, or `queue-stuck` where it is of the system's own guide; a
 * system may be left out where the item's first word is one, or where there is only one. Words behind a system that are no item
 * are searched for. Throws `usage` and `unknown_system` with what may be meant.
 */
export function askedIn(catalog: Catalog, systems: readonly System[], words: readonly string[]): GuideAsk {
  const [only] = systems;
  const [first, second, ...more] = words;
  if (first === undefined)
    return only !== undefined && systems.length === 1
      ? { do: "list", system: only, words: [] }
      : { do: "systems" };
  const named = systems.find(({ id }) => id === first);
  if (named !== undefined) return behind(catalog, named, words.slice(1));
  if (more.length > 0)
    throw new DiagError("usage", "guide takes an item and a system", {
      hint: "`/diag guide <item> <system>`; `/diag guide <system> <words>` searches",
    });
  const system = second === undefined ? systemFor(systems, first) : systemNamed(catalog, second);
  return { do: "begin", system, item: itemNamed(catalog, system, first) };
}

function behind(catalog: Catalog, system: System, words: readonly string[]): GuideAsk {
  const [word] = words;
  const item = words.length === 1 && word !== undefined ? knownItem(catalog, system, word) : undefined;
  return item === undefined
    ? { do: "list", system, words: words.map((one) => one.toLowerCase()) }
    : { do: "begin", system, item };
}

/** The system of an item that was named alone. */
function systemFor(systems: readonly System[], item: string): System {
  const prefix = item.slice(0, Math.max(0, item.indexOf(".")));
  const [only] = systems;
  const found = systems.find(({ id }) => id === prefix) ?? (systems.length === 1 ? only : undefined);
  if (found !== undefined) return found;
  throw new DiagError("usage", `on which system? "${item}" does not say`, {
    hint: `\`/diag guide ${item} <system>\`; known: ${systems.map(({ id }) => id).join(", ") || "none"}`,
  });
}

/** Something treats it, whether it can be asked there or not: what cannot is said with its reason. */
function knownItem(catalog: Catalog, system: System, word: string): string | undefined {
  return [word, `${system.id}.${word}`].find((id) => {
    if (!GUIDE_ITEM.test(id)) return false;
    const { begin, offers, gaps } = planOf(catalog, system, id);
    return begin.length + offers.length + gaps.length > 0;
  });
}

function itemNamed(catalog: Catalog, system: System, word: string): string {
  const known = knownItem(catalog, system, word);
  if (known !== undefined) return known;
  const { own, others } = itemsOn(catalog, system);
  const near = closest(word, [
    ...own.map(lastWord),
    ...own.map(({ id }) => id),
    ...others.map(({ id }) => id),
  ]);
  throw new DiagError("usage", `there is no item "${word}" that anything here treats`, {
    hint:
      near === undefined
        ? `\`/diag guide ${system.id}\` lists them`
        : `did you mean \`/diag guide ${near} ${system.id}\`?`,
  });
}

const lastWord = ({ id }: GuideItem): string => id.slice(id.indexOf(".") + 1);
