import { clip, saySeconds } from "../../../core/words/format.ts";
import { NO_MACHINE } from "../block.ts";
import { type Chain, isWithinNetwork, type Packet, type Protocol, type Ruleset } from "../nft-ruleset.ts";
import { type Decision, decisionOf, isSentOn } from "../nft-verdict.ts";
import { dataBehind } from "./data-ports.ts";
import { isSame, nameOf, openedByNft, ufwRules } from "./opened.ts";
import { EVERYBODY, jumpsTo, leftOver } from "./tidy.ts";

/** One port, and to whom. */
export interface Wanted {
  readonly port: number;
  readonly protocol: Protocol;
  /** Address or network by its first address, or `any`. */
  readonly from: string;
  readonly seconds?: number | undefined;
}

/** What the machine was seen to have. */
export interface Rules {
  /** Undefined: not readable, `unread` says why. */
  readonly ruleset: Ruleset | undefined;
  readonly unread: string;
  /** Tables of the older iptables, which nft does not show. */
  readonly legacy: readonly string[];
  readonly ufw: string;
  /** `ufw show added`. */
  readonly added: string;
  /** Programs that listen on the port. */
  readonly programs: readonly string[];
}

/** What is done: a file for nft, or ufw's arguments. */
export type Change =
  | {
      readonly way: "nft";
      /** Empty: nothing but what is left over goes. */
      readonly text: string;
      /** Each takes away a set of ours with its chain, and is refused by nft as a whole while somebody is in it. */
      readonly tidy: readonly string[];
    }
  | { readonly way: "ufw"; readonly words: readonly string[] };

export interface Plan {
  /** Why not. */
  readonly refused?: string;
  /** Why there is nothing to do. */
  readonly already?: string;
  readonly change?: Change;
  /** One for each change, with the very rules. */
  readonly lines: readonly string[];
  /** Rules or policies that decide now. */
  readonly by: readonly string[];
}

const no = (refused: string, by: readonly string[] = []): Plan => ({ refused, lines: [], by });

/** Whether the opening is there. Pure. */
export const isOpened = (seen: Rules, wanted: Wanted): boolean =>
  [...(seen.ruleset === undefined ? [] : openedByNft(seen.ruleset)), ...ufwRules(seen.added, "ours")].some(
    (one) => isSame(one, wanted),
  );

/**
 * How one port is opened: by ufw where its chain decides, by nft where a chain of nftables itself does; the rules are followed once more
 * with the new one among them, so that one which would do nothing is refused with what stands in its way. Pure.
 */
export function planOpen(seen: Rules, wanted: Wanted, allowed: readonly string[] | undefined): Plan {
  const why = whyNot(seen, wanted, allowed);
  if (why !== undefined) return no(why);
  const { ruleset } = seen;
  if (ruleset === undefined) return no(`the firewall cannot be read: ${seen.unread}`);
  const looked = packetsOf(wanted).map((packet) => ({ packet, ...decisionOf(ruleset, packet) }));
  const by = looked.map(({ verdict }) => verdict.by);
  const closed = looked.filter(({ verdict }) => verdict.is !== "accept");
  const [unsure] = looked.filter(({ verdict }) => verdict.is === "accept" && !verdict.isCertain);
  if (unsure !== undefined)
    return no(
      `as far as the rules can be read, it is let in already (${clip(unsure.verdict.by, 160)}); what keeps out a part of it cannot be told`,
      by,
    );
  if (closed.length === 0) return { already: `it is let in already: ${by.join("; ")}`, lines: [], by };
  const places = closed.map((one) => placeOf(seen, one.packet, one));
  const [refused] = places.flatMap((place) => ("refused" in place ? [place.refused] : []));
  if (refused !== undefined) return no(refused, by);
  const chains = places.flatMap((place) => ("chain" in place ? [place] : []));
  const left = closed.flatMap(({ packet }, index) => {
    const place = chains[index];
    const after = place && decisionOf(withAccept(ruleset, place), packet).verdict;
    return after === undefined || after.is === "accept" ? [] : [after.by];
  });
  if (left[0] !== undefined)
    return no(`it would be kept out all the same, by another rule: ${clip(left[0], 200)}`, by);
  const isUfw = chains.map(({ way }) => way === "ufw");
  if (isUfw.includes(true) && isUfw.includes(false))
    return no("IPv4 is decided by one tool and IPv6 by another: say one network of one of them", by);
  return isUfw[0] === true
    ? byUfw(seen, wanted, by)
    : byNft(
        ruleset,
        wanted,
        closed.flatMap(({ packet }, index) => {
          const place = chains[index];
          return place === undefined ? [] : [{ ...place, family: packet.family }];
        }),
        by,
      );
}

function whyNot(seen: Rules, wanted: Wanted, allowed: readonly string[] | undefined): string | undefined {
  const { port, from } = wanted;
  if (allowed === undefined) return "`firewall:` is not set at the connection in diagbot.yaml";
  const isAllowed = allowed.some((one) => one === "any" || (from !== "any" && isInside(from, one)));
  if (!isAllowed || (from === "any" && !allowed.includes("any")))
    return `${from} is not in \`firewall.open\` of the connection: networks that ports may be opened to`;
  const data = from === "any" ? dataBehind(port, seen.programs) : undefined;
  if (data !== undefined) return `port ${port} is ${data}: it is never opened to everybody`;
  if (from !== "any" && NO_MACHINE.some((network) => isInside(from, network)))
    return `${from} is no network of other machines`;
  if (seen.legacy.length > 0)
    return `the older iptables decides as well (${clip(seen.legacy.join(", "), 80)}), and nft does not show its rules: \`iptables-legacy -S\``;
  return undefined;
}

const isInside = (from: string, network: string): boolean => {
  const [base = "", length = base.includes(":") ? "128" : "32"] = from.split("/");
  const least = network.split("/")[1] ?? (network.includes(":") ? "128" : "32");
  return Number(length) >= Number(least) && isWithinNetwork(base, network);
};

const packetsOf = ({ port, protocol, from }: Wanted): Packet[] => {
  const of = (family: "ip" | "ip6"): Packet => ({
    ...{ family, port, protocol },
    from: from === "any" ? undefined : from,
  });
  return from === "any" ? [of("ip"), of("ip6")] : [of(from.includes(":") ? "ip6" : "ip")];
};

/** What nft takes as a name without quotes. */
const PLAIN = /^[A-Za-z_][\w-]{0,60}$/;

/** Where the new rule stands: before the one with this handle, or (absent) last. */
interface Place {
  readonly way: "nft" | "ufw";
  readonly chain: Chain;
  readonly before?: number;
}

/** Right before what decides now, so that whatever keeps somebody out earlier still does. */
function placeOf(seen: Rules, packet: Packet, { verdict, base, at }: Decision): { refused: string } | Place {
  const { ruleset = { chains: [], rules: [], sets: [] } } = seen;
  const by = clip(verdict.by, 200);
  if (isSentOn(ruleset, packet))
    return {
      refused: `port ${packet.port} is sent on to somewhere else (a container's published port): rules for what comes in do not reach it`,
    };
  if (base === undefined || base.hook !== "input")
    return { refused: `it is kept out before the rules for what comes in: ${by}` };
  if (base.table === "firewalld")
    return { refused: `firewalld decides (${by}): \`firewall-cmd --add-rich-rule\`` };
  if (at?.isMeant === true)
    return {
      refused: `a rule is meant for it, and stays: ${by}. Take that away first, where it is not wanted`,
    };
  if (base.family !== "inet" && base.table === "filter" && base.name === "INPUT") {
    const name = packet.family === "ip" ? "ufw-user-input" : "ufw6-user-input";
    const chain = ruleset.chains.find((one) => one.name === name && one.family === base.family);
    if (seen.ufw === "active" && chain !== undefined) return { way: "ufw", chain };
    return {
      refused: `iptables decides (${by}), and who loads its rules is not known: \`iptables -S INPUT\``,
    };
  }
  const chain = at?.chain ?? base;
  if (![chain.table, chain.name].every((name) => PLAIN.test(name)))
    return { refused: `the chain that decides has a name that is not written here: ${by}` };
  return { way: "nft", chain, ...(at === undefined ? {} : { before: at.handle }) };
}

/** The same rules with one more that fits, at this place. */
function withAccept({ rules, ...rest }: Ruleset, { chain, before }: Place): Ruleset {
  const { family, table, name } = chain;
  const isNext = (rule: Ruleset["rules"][number]) =>
    rule.handle === before && rule.family === family && rule.table === table;
  const at = before === undefined ? rules.length : rules.findIndex(isNext);
  const added = { family, table, chain: name, handle: 0, expr: [{ accept: null }] };
  return { ...rest, rules: [...rules.slice(0, at), added, ...rules.slice(at)] };
}

const whoAndWhat = ({ port, protocol, from }: Wanted): string =>
  `let ${from === "any" ? "everybody" : from} reach ${port}/${protocol}`;
const nobody = ({ programs }: Rules): string => (programs.length === 0 ? "; nobody listens on it now" : "");

/** ufw's words for the rule, without what is done with it. */
export const ufwWords = ({ port, protocol, from }: Wanted): string[] => [
  ...["allow", "proto", protocol, "from", from, "to", "any", "port", String(port)],
];

function byUfw(seen: Rules, wanted: Wanted, by: readonly string[]): Plan {
  if (wanted.seconds !== undefined)
    return no(
      "ufw keeps a rule until it is deleted, it knows no time: leave the time out, and close it then",
      by,
    );
  if (ufwRules(seen.added, "others").some((one) => isSame(one, wanted)))
    return no(`ufw has this rule already, and another before it decides: ${clip(by[0] ?? "", 200)}`, by);
  const words = [...ufwWords(wanted), "comment", "diagbot"];
  const lines = [
    `${whoAndWhat(wanted)}, until it is closed, over restarts too${nobody(seen)}; now decides ${clip(by.join("; "), 300)}`,
    `ufw ${words.join(" ")}`,
  ];
  return { change: { way: "ufw", words }, lines, by };
}

function byNft(
  ruleset: Ruleset,
  wanted: Wanted,
  places: readonly (Place & { family: "ip" | "ip6" })[],
  by: readonly string[],
): Plan {
  const { port, protocol, from, seconds } = wanted;
  const statements = places.flatMap(({ family, chain, before }) => {
    const name = nameOf(port, protocol, family);
    const table = `${chain.family} ${chain.table}`;
    return [
      `add set ${table} ${name} { type ${family === "ip" ? "ipv4" : "ipv6"}_addr; flags interval, timeout; }`,
      `add chain ${table} ${name}`,
      `flush chain ${table} ${name}`,
      `add rule ${table} ${name} ${family} saddr @${name} ${protocol} dport ${port} counter accept`,
      ...jumpsTo(ruleset, chain, name),
      before === undefined
        ? `add rule ${table} ${chain.name} jump ${name}`
        : `insert rule ${table} ${chain.name} handle ${before} jump ${name}`,
      `add element ${table} ${name} { ${from === "any" ? EVERYBODY[family] : from}${seconds === undefined ? "" : ` timeout ${seconds}s`} }`,
    ];
  });
  const span =
    seconds === undefined
      ? "until it is closed or the rules are loaded anew (a restart)"
      : `for ${saySeconds(seconds)}`;
  return {
    change: { way: "nft", text: statements.join("\n"), tidy: leftOver(ruleset, wanted) },
    lines: [`${whoAndWhat(wanted)}, ${span}; now decides ${clip(by.join("; "), 300)}`, ...statements],
    by,
  };
}
