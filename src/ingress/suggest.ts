import type { Catalog } from "../core/ports/catalog.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import { closest } from "../lib/closest.ts";

/** Suggestions of one answer. */
const MOST = 3;

/** Words of a question that name no trouble. */
const EMPTY = new Set([
  "the",
  "and",
  "not",
  "has",
  "have",
  "are",
  "was",
  "with",
  "why",
  "what",
  "how",
  "very",
  "too",
]);

/** A system nobody knows: the words may stand in the other order, or there is one of a like name. */
export function suggestForSystem(
  { systems, runbooks }: Pick<Catalog, "systems" | "runbooks">,
  typed: { readonly system: string; readonly runbook: string },
  also: readonly string[] = [],
): string {
  const ids = systems.map(({ id }) => id);
  const book = runbooks.find(({ id }) => id === typed.system)?.id;
  const rest = typed.runbook.split(" ");
  if (book !== undefined) {
    const meant =
      rest.flatMap((word) => closest(word, ids) ?? [])[0] ?? (ids.length === 1 ? ids[0] : undefined);
    return meant === undefined
      ? `the system comes first: \`/diag <system> ${book}\`, with one of ${ids.slice(0, 10).join(", ")}`
      : `did you mean \`/diag ${meant} ${book}\`?`;
  }
  const swapped = rest.find((word) => ids.includes(word));
  if (swapped !== undefined) return suggestForRunbook(runbooks, swapped, typed.system);
  const near = closest(typed.system, [...ids, ...also]);
  return near === undefined ? "type `/diag list` to see the systems" : `did you mean \`/diag ${near}\`?`;
}

/** A runbook nobody knows: one of a like name, or those whose names or titles hold a word that was typed. */
export function suggestForRunbook(runbooks: readonly Runbook[], system: System["id"], typed: string): string {
  const name = nameOf(runbooks, typed);
  const found = name === undefined ? aboutWords(runbooks, typed.split(" ")) : [name];
  return found.length === 0
    ? `type \`/diag list ${system}\` to see its runbooks, or \`/diag ${system}\` to check everything`
    : `did you mean ${found.map((id) => `\`/diag ${system} ${id}\``).join(" or ")}?`;
}

const nameOf = (runbooks: readonly Runbook[], typed: string): string | undefined => {
  const ids = runbooks.map(({ id }) => id);
  return ids.find((id) => id === typed) ?? closest(typed, ids);
};

/** Ids of the runbooks that are about the words, those that hold most of them first. */
function aboutWords(runbooks: readonly Runbook[], typed: readonly string[]): string[] {
  const words = typed.map((word) => stem(word)).filter((word) => word.length >= 3 && !EMPTY.has(word));
  const scored = runbooks.map(({ id, title }) => {
    const inId = id.split("-").map(stem);
    const inTitle = title.split(/[^\p{L}\p{N}]+/u).map(stem);
    const score = words.reduce(
      (sum, word) => sum + (inId.includes(word) ? 2 : 0) + (inTitle.includes(word) ? 1 : 0),
      0,
    );
    return { id, score };
  });
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ id }) => id);
}

/** `locks` and `lock` are one word, and so are `queries` and `query`. */
const stem = (word: string): string =>
  word
    .toLowerCase()
    .replace(/ies$/, "y")
    .replace(/(?<=..)s$/, "");
