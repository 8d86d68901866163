import { clip, type Evidence, type Finding, facts, host, rows, saySeconds } from "../../src/sdk/index.ts";
import { ownersOf, sayOwner } from "./port-owners.ts";

export type FirewallRemedy = "open" | "close" | "openTo" | "removeBlock" | "listenThere" | "closeData";
type Found = Finding<FirewallRemedy>;
type Verdict = NonNullable<host.Firewall["ip4"]>;

const chainsOf = (firewall: host.Firewall) =>
  rows("Chains that see what comes in", firewall.chains.slice(0, 20), {
    chain: (one) => one.chain,
    policy: (one) => one.policy,
    rules: (one) => one.rules,
  });

/** What holds for all ports. Pure. */
export const overview = (firewall: host.Firewall): Found => {
  const closed = firewall.chains.filter(({ policy }) => policy === "drop").length;
  return {
    id: "policies",
    severity: "info",
    title:
      firewall.chains.length === 0
        ? "No chain looks at what comes in: nothing is kept out by this machine"
        : closed === 0
          ? "What no rule names is let in (policy accept)"
          : "What no rule names is dropped (policy drop)",
    because: `ufw: ${firewall.ufw || "not there, or not readable"}. For what becomes of one port: \`port=…\`. A firewall of the provider is another one, before this.`,
    evidence: [
      chainsOf(firewall),
      rows("Opened by diagbot", firewall.opened.slice(0, 12), {
        port: (one) => `${one.port}/${one.protocol}`,
        to: (one) => one.from,
        "closed in": (one) => (one.leftSeconds === null ? "kept" : saySeconds(one.leftSeconds)),
      }),
    ],
  };
};

/** What was seen about one port. */
interface Seen {
  readonly port: number;
  readonly verdict: Verdict;
  /** From where, in words. */
  readonly whom: string;
  readonly who: string;
  readonly isHeld: boolean;
  /** It is known to whom it would be opened. */
  readonly mayOpen: boolean;
  /** What makes the verdict less than certain, or about something else. */
  readonly notes: string;
  readonly evidence: readonly Evidence[];
}

/** What becomes of new connections to one port, by IPv4 and by IPv6: rules of the one say nothing of the other. Pure. */
export function portFindings(
  firewall: host.Firewall,
  holders: host.PortHolders,
  from: string | undefined,
): Found[] {
  const { ip4, ip6, hasIp6 } = firewall;
  const first = ip4 ?? ip6;
  if (first === null) return [];
  const found = ofFamily(firewall, first, holders, from);
  const isBySix =
    hasIp6 && holders.listeners.some(({ address }) => address.startsWith("[") && address !== "[::1]");
  if (ip4 === null || ip6 === null || !isBySix || ip6.is === ip4.is) return found;
  // Where both say the same, one finding is enough.
  const [other] = ofFamily(firewall, ip6, holders, from);
  if (other === undefined) return found;
  return [
    {
      ...other,
      id: `${other.id.split(":")[0]}-by-ipv6:${holders.port}`,
      title: `By IPv6: ${other.title}`,
      because: `By IPv4 new connections are ${SAID[ip4.is]} (${clip(ip4.by, 120)}): the rules treat the two differently, and a name with both addresses leads to either. ${other.because}`,
    },
    ...found,
  ];
}

const SAID = { accept: "let in", drop: "dropped", reject: "rejected" } as const;

function ofFamily(
  firewall: host.Firewall,
  verdict: Verdict,
  holders: host.PortHolders,
  from: string | undefined,
): Found[] {
  const owners = ownersOf(holders);
  const isPublished = owners.some(({ proxy }) => proxy !== null);
  const who = owners[0] === undefined ? "nobody listens on it" : `${sayOwner(owners[0])} listens on it`;
  const unsure = verdict.isCertain
    ? ""
    : " A rule before it cannot be read with certainty (an interface, a limit, a mark): it may be otherwise.";
  const seen: Seen = {
    ...{ port: holders.port, verdict, whom: from ?? "outside", who, isHeld: owners.length > 0 },
    mayOpen: firewall.mayOpenTo.length > 0 && (from ?? onlyOne(firewall)) !== undefined,
    notes: unsure,
    evidence: [
      facts({
        rule: clip(verdict.by, 300),
        "packets it counted": verdict.packets ?? "not counted",
        "who listens": clip(who, 200),
        ufw: firewall.ufw || "–",
      }),
      chainsOf(firewall),
    ],
  };
  const isWide = holders.listeners.some(({ address }) => address === "0.0.0.0" || address === "[::]");
  if (isPublished)
    return [published(seen, isWide ? host.DATA_PORTS.get(holders.port) : undefined, firewall.dockerUser)];
  if (verdict.is !== "accept") return [keptOut(seen)];
  const data =
    isWide && from === undefined && verdict.isCertain ? host.DATA_PORTS.get(holders.port) : undefined;
  if (data !== undefined) return [openData(seen, data)];
  return seen.isHeld ? [] : [nobody(seen)];
}

/**
 * Sent on to a container before the rules for what comes in: these decide nothing, whatever they say. Only DOCKER-USER does, and what
 * it may keep out nobody is warned of.
 */
function published(
  { port, verdict, whom, who, evidence }: Seen,
  data: string | undefined,
  user: host.Firewall["dockerUser"],
): Found {
  const isOut = user?.isCertain === true && (user.is === "drop" || user.is === "reject");
  const mayBeOut = user !== undefined && user.rules > 0 && !(user.isCertain && user.is === null);
  const what = `Port ${port}${data === undefined ? "" : ` (${data})`} is published by Docker, past the rules for what comes in`;
  return {
    id: `published:${port}`,
    severity: data === undefined || mayBeOut ? "info" : "warning",
    title: `${what}: new connections from ${whom} ${isOut ? "are kept out by DOCKER-USER" : mayBeOut ? "go to the container unless DOCKER-USER keeps them out" : "go to the container"}`,
    because: `${who}. Docker sends them on before those rules (destination NAT), so what is said there does not hold (${SAID[verdict.is]} by ${clip(verdict.by, 160)}), \`ufw deny\` included. Only rules in the chain DOCKER-USER, or in front of it, keep anybody out; ${sayUser(user, isOut, mayBeOut)}`,
    evidence,
    remedies: isOut ? [] : ["closeData"],
  };
}

function sayUser(user: host.Firewall["dockerUser"], isOut: boolean, mayBeOut: boolean): string {
  if (user === undefined)
    return "whether there are such for this port is not told here: `iptables -S DOCKER-USER`.";
  if (isOut) return `it ${user.is === "drop" ? "drops" : "rejects"} them, whatever the port.`;
  return mayBeOut
    ? `it has ${user.rules} that depend on a port of the container, an interface or a state: \`iptables -S DOCKER-USER\` tells whether they are meant for this one.`
    : "it has none that does.";
}

function keptOut({ port, verdict, whom, who, isHeld, mayOpen, notes, evidence }: Seen): Found {
  const isDrop = verdict.is === "drop";
  return {
    id: `${isDrop ? "dropped" : "rejected"}:${port}`,
    severity: isHeld && verdict.isCertain ? "warning" : "info",
    title: `New connections from ${whom} to port ${port} are ${isDrop ? "dropped" : "rejected"}: ${clip(verdict.by, 160)}`,
    because: `${isDrop ? "Clients see a time-out" : 'Clients see "connection refused" at once, as if nobody listened'}; ${who}.${notes} Whether it is meant to be open the rules do not say.`,
    evidence,
    remedies: isHeld ? ["removeBlock", ...(mayOpen ? (["open"] as const) : []), "openTo"] : ["removeBlock"],
  };
}

const openData = ({ port, verdict, who, notes, evidence }: Seen, data: string): Found => ({
  id: `open:${port}`,
  severity: "warning",
  title: `Everybody who reaches this machine may connect to port ${port} (${data}): ${clip(verdict.by, 120)}`,
  because: `${who}, on any address.${notes} Whether a firewall of the provider stands before it cannot be seen from here.`,
  evidence,
  remedies: ["closeData"],
});

const nobody = ({ port, whom, notes, evidence }: Seen): Found => ({
  id: `nobody:${port}`,
  severity: "info",
  title: `Port ${port} is let in from ${whom}, and nobody listens on it`,
  because: `Clients see "connection refused": it is not the firewall.${notes}`,
  evidence,
  remedies: ["listenThere"],
});

/** The one network that diagbot.yaml lets ports be opened to; undefined: none, several, or everybody. Pure. */
export const onlyOne = ({ mayOpenTo: [only, ...others] }: host.Firewall): string | undefined =>
  only === "any" || others.length > 0 ? undefined : only;

/** What is asked for: to open one port. */
export interface Asked {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly from: string;
  readonly minutes: number | undefined;
}

/** Of a port that somebody asks to open: how it stands, and whether it is diagbot that has opened it. Pure. */
export function askedFinding(firewall: host.Firewall, holders: host.PortHolders, asked: Asked): Found[] {
  const { port, protocol, from, minutes } = asked;
  const verdicts = [firewall.ip4, firewall.ip6].filter((one) => one !== null);
  if (verdicts.length === 0) return [];
  const what = `${port}/${protocol}`;
  const whom = from === "any" ? "everybody" : from;
  const owner = ownersOf(holders)[0];
  const who = owner === undefined ? "Nobody listens on it now" : `${sayOwner(owner)} listens on it`;
  const evidence = [
    rows("What decides now", verdicts, {
      "new connections are": (one) => SAID[one.is],
      by: (one) => clip(one.by, 200),
      certain: (one) => (one.isCertain ? "yes" : "no"),
    }),
    chainsOf(firewall),
  ];
  const is = openingOf(firewall, asked);
  if (is !== undefined)
    return [
      {
        id: `opened:${what}`,
        severity: "info",
        title: `${what} is open to ${whom} by diagbot${is.leftSeconds === null ? "" : ` for another ${saySeconds(is.leftSeconds)}`}`,
        because: `${who}. Whether a firewall of the provider lets it in cannot be seen from here: try it from there.`,
        evidence,
        remedies: ["close"],
      },
    ];
  if (verdicts.every((one) => one.is === "accept" && one.isCertain))
    return [
      {
        id: `open-already:${what}`,
        severity: "info",
        title: `${what} is let in from ${whom} already: ${clip(verdicts[0]?.by ?? "", 160)}`,
        because: `${who}. Where clients cannot connect all the same, it is not this machine's firewall: the provider's, the way between, or the address that is listened on.`,
        evidence,
        remedies: ["listenThere"],
      },
    ];
  return [
    {
      id: `asked-to-open:${what}`,
      severity: "warning",
      title: `${what} is to be opened to ${whom}${minutes === undefined ? "" : ` for ${minutes} min`}`,
      because: `A person asked for it; that it is missing nobody has shown here. ${who}.`,
      evidence,
      remedies: ["open", "openTo"],
    },
  ];
}

/** It was asked to open a port, and not said to whom. Pure. */
export const toWhom = (open: string): Found => ({
  id: `to-whom:${open}`,
  severity: "info",
  title: `To whom ${open} is to be opened has to be said`,
  because:
    "Nothing is opened without that: `from=10.0.3.0/24` for the network of the clients; `from=any` for everybody, which `firewall.open` of the connection has to allow.",
  evidence: [],
});

/** What diagbot has opened, as it was asked for; undefined: nothing. */
export const openingOf = ({ opened }: host.Firewall, { port, protocol, from }: Asked) =>
  opened.find((one) => one.port === port && one.protocol === protocol && one.from === host.networkOf(from));
