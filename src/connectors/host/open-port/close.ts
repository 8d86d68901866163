import { elementsOf, familyOf, isSame, nameOf, ufwRules } from "./opened.ts";
import { isOpened, type Plan, type Rules, ufwWords, type Wanted } from "./plan.ts";
import { EVERYBODY, tidied } from "./tidy.ts";

/**
 * How what diagbot has opened is closed; set, chain and the way to it go with the last element, and are what is left where its time is
 * over. Pure.
 */
export function planClose(seen: Rules, wanted: Wanted): Plan {
  const { ruleset } = seen;
  if (ruleset === undefined)
    return { refused: `the firewall cannot be read: ${seen.unread}`, lines: [], by: [] };
  const isOpen = isOpened(seen, wanted);
  const first = `close ${wanted.port}/${wanted.protocol} to ${wanted.from === "any" ? "everybody" : wanted.from} again`;
  if (ufwRules(seen.added, "ours").some((one) => isSame(one, wanted))) {
    const words = ["delete", ...ufwWords(wanted)];
    return { change: { way: "ufw", words }, lines: [first, `ufw ${words.join(" ")}`], by: [] };
  }
  const own = ruleset.sets.flatMap((set) => {
    const family = familyOf(set.name);
    if (family === undefined || set.name !== nameOf(wanted.port, wanted.protocol, family)) return [];
    const elements = elementsOf(set);
    const isIn = elements.some(({ from }) => from === wanted.from);
    const from = wanted.from === "any" ? EVERYBODY[family] : wanted.from;
    return isIn || elements.length === 0
      ? [
          {
            isLast: elements.length < 2,
            statement: isIn ? [`delete element ${set.family} ${set.table} ${set.name} { ${from} }`] : [],
            tidy: tidied(ruleset, set, family),
          },
        ]
      : [];
  });
  if (own.length === 0)
    return {
      already: `diagbot has not opened ${wanted.port}/${wanted.protocol} to ${wanted.from}`,
      lines: [],
      by: [],
    };
  const statements = own.flatMap(({ statement }) => statement);
  const tidy = own.map((one) => one.tidy);
  const shown = own.flatMap((one) => (one.isLast ? one.tidy.split("\n").slice(1) : []));
  const why = isOpen ? first : `${first}: its time is over, and what it left behind is taken away`;
  return {
    change: { way: "nft", text: statements.join("\n"), tidy },
    lines: [why, ...statements, ...shown],
    by: [],
  };
}
