import { clip, type Evidence, type Finding, facts, type host, rows } from "../../src/sdk/index.ts";
import { ownersOf, sayOwner } from "./port-owners.ts";

export type FirewallRemedy = "openTo" | "removeBlock" | "listenThere" | "closeData";
type Found = Finding<FirewallRemedy>;
type Verdict = NonNullable<host.Firewall["ip4"]>;

/** Ports of databases and the like, which nobody outside needs. */
const DATA: ReadonlyMap<number, string> = new Map<number, string>([
  ...([
    [5432, "Postgres"],
    [3306, "MySQL"],
    [6379, "Redis"],
    [27_017, "MongoDB"],
    [9200, "Elasticsearch"],
  ] as const),
  ...([
    [11_211, "memcached"],
    [5672, "RabbitMQ"],
    [2379, "etcd"],
    [2375, "Docker"],
  ] as const),
]);

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
    evidence: [chainsOf(firewall)],
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
  if (isPublished) return [published(seen, isWide ? DATA.get(holders.port) : undefined, firewall.dockerUser)];
  if (verdict.is !== "accept") return [keptOut(seen)];
  const data = isWide && from === undefined && verdict.isCertain ? DATA.get(holders.port) : undefined;
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

function keptOut({ port, verdict, whom, who, isHeld, notes, evidence }: Seen): Found {
  const isDrop = verdict.is === "drop";
  return {
    id: `${isDrop ? "dropped" : "rejected"}:${port}`,
    severity: isHeld && verdict.isCertain ? "warning" : "info",
    title: `New connections from ${whom} to port ${port} are ${isDrop ? "dropped" : "rejected"}: ${clip(verdict.by, 160)}`,
    because: `${isDrop ? "Clients see a time-out" : 'Clients see "connection refused" at once, as if nobody listened'}; ${who}.${notes} Whether it is meant to be open the rules do not say.`,
    evidence,
    remedies: isHeld ? ["removeBlock", "openTo"] : ["removeBlock"],
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
