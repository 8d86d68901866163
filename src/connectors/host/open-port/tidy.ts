import type { Chain, Protocol, Ruleset } from "../nft-ruleset.ts";
import { elementsOf, type Family, familyOf, nameOf } from "./opened.ts";

export const EVERYBODY: Readonly<Record<Family, string>> = { ip: "0.0.0.0/0", ip6: "::/0" };

/** Takes away rules that go to our chain, by their handles, which are never given twice. */
export const jumpsTo = (
  { rules }: Ruleset,
  { family, table }: Pick<Chain, "family" | "table">,
  name: string,
) =>
  rules
    .filter(
      (rule) =>
        rule.family === family && rule.table === table && JSON.stringify(rule.expr).includes(`"${name}"`),
    )
    .filter(({ expr }) => expr.some((one) => "jump" in one))
    .map(({ chain, handle }) => `delete rule ${family} ${table} ${chain} handle ${handle}`);

interface Port {
  readonly port: number;
  readonly protocol: Protocol;
}

/** Takes away set, chain and the way to it; everybody at once is no element beside another one, so that nft refuses it where somebody is let in. */
export function tidied(ruleset: Ruleset, set: Ruleset["sets"][number], family: Family): string {
  const table = `${set.family} ${set.table}`;
  return [
    `add element ${table} ${set.name} { ${EVERYBODY[family]} }`,
    ...jumpsTo(ruleset, set, set.name),
    `flush chain ${table} ${set.name}`,
    `delete chain ${table} ${set.name}`,
    `delete set ${table} ${set.name}`,
  ].join("\n");
}

/** Openings whose time is over leave their set and chain behind: those of other ports. */
export const leftOver = (ruleset: Ruleset, { port, protocol }: Port): string[] =>
  ruleset.sets.flatMap((set) => {
    const family = familyOf(set.name);
    const isOther = family !== undefined && set.name !== nameOf(port, protocol, family);
    return isOther && elementsOf(set).length === 0 ? [tidied(ruleset, set, family)] : [];
  });
