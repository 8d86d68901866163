import { type Evidence, type Finding, network, rows, shellWord } from "../../src/sdk/index.ts";

type Answered = network.Resolved["resolvers"][number];
type Lookups = readonly (network.Resolved | undefined)[];

/** No answer at all, where another server has one. */
const BROKEN = new Set([
  ...["ETIMEOUT", "ESERVFAIL", "EREFUSED", "ECONNREFUSED"],
  ...["ENOTIMP", "EFORMERR", "EBADRESP"],
]);
const NO = new Set(["ENOTFOUND", "ENODATA"]);

/** What is wrong with one name server: it fails, denies what another one knows, or answers one kind of address wrongly. */
interface Fault {
  readonly server: string;
  readonly host: string;
  readonly what: string;
  readonly because: string;
  readonly next: string;
}

/** Name servers at fault, each once, with a name it shows for. Pure. */
export function faultyServers(lookups: Lookups): Fault[] {
  const faulty = new Map<string, Fault>();
  for (const { host, resolvers } of lookups.flatMap((lookup) => lookup ?? []))
    for (const answered of resolvers) {
      const fault = faultOf(host, answered, resolvers);
      if (fault !== undefined && !faulty.has(answered.server)) faulty.set(answered.server, fault);
    }
  return [...faulty.values()];
}

function faultOf(host: string, answered: Answered, all: readonly Answered[]): Fault | undefined {
  const { server, outcome } = answered;
  const ask = (kind: string) => `Ask it directly: dig ${shellWord(`@${server}`)} ${kind}${shellWord(host)}`;
  const half = network.halfOf(answered);
  if (half !== undefined)
    return {
      server,
      host,
      what: `answers ${half.kind} wrongly (${sayResult(half.code)}), though the name exists`,
      because: `It gives ${host} an address (${answered.addresses.join(", ")}) and for the other kind, ${half.kind}, ${sayResult(half.code)}, where "no record" is right. musl (Alpine) then takes the name for missing; glibc takes what there is, or waits.`,
      next: `${ask(`${half.kind} `)} must answer NOERROR without a record. A fixed list of addresses in a router, VPN or DNS filter is the usual reason: update or replace it.`,
    };
  const others = all.filter((one) => one !== answered);
  if (BROKEN.has(outcome) && others.some((one) => !BROKEN.has(one.outcome)))
    return {
      server,
      host,
      what: sayResult(outcome),
      because: `Another name server answers for ${host}, this one does not: lookups succeed late or only sometimes.`,
      next: `${ask("")} (it answered ${outcome}). Restart it or take it out of /etc/resolv.conf: programs wait about 5 s for it before they ask the next one.`,
    };
  const knows = others.find((one) => one.outcome === "ok");
  if (NO.has(outcome) && knows !== undefined)
    return {
      server,
      host,
      what: `denies ${host}, which ${knows.server} knows`,
      because: `${server} ${sayResult(outcome)}, ${knows.server} gives ${knows.addresses.join(", ")}. Programs believe the first answer (glibc) or the quickest (musl): it works on one machine and not on the next.`,
      next: `${ask("")} and the other one; list only those in /etc/resolv.conf that know the zone, or let the others forward it.`,
    };
  return undefined;
}

/** A lookup that takes `slowMs` and more beside a server at fault is slow by it. */
export const resolverFindings = (
  lookups: readonly { readonly name: string; readonly dns: network.Resolved | undefined }[],
  slowMs: number,
): Finding<"repairResolver">[] =>
  faultyServers(lookups.map(({ dns }) => dns)).map(({ server, what, because }) => ({
    id: `resolver:${server}`.slice(0, 100),
    severity: "warning",
    title: `Name server ${server} ${what}`,
    because,
    explains: lookups.flatMap(({ name, dns }) =>
      (dns?.ms ?? 0) >= slowMs && dns?.resolvers.some((one) => one.server === server) ? [`slow:${name}`] : [],
    ),
    remedies: ["repairResolver"],
  }));

const RESULTS: Readonly<Record<string, string>> = {
  ENOTFOUND: "answers NXDOMAIN",
  ENODATA: "answers that there is no address",
  ETIMEOUT: "does not answer",
  ESERVFAIL: "answers SERVFAIL",
  EREFUSED: "refuses to answer",
  ENOTIMP: "answers NOTIMP",
  EFORMERR: "answers FORMERR",
  EBADRESP: "answers no DNS",
  ECONNREFUSED: "refused",
  tcp: "timeout",
};
export const sayResult = (code: string | undefined): string => RESULTS[code ?? ""] ?? code ?? "failed";

/** What each name server says, for a table. */
export const answers = (dns: network.Resolved | undefined): Evidence[] =>
  dns === undefined || dns.resolvers.length === 0
    ? []
    : [
        rows("", dns.resolvers, {
          "name server": (one) => one.server,
          answer: (one) => (one.outcome === "ok" ? one.addresses.join(", ") : one.outcome),
          IPv4: (one) => one.a,
          IPv6: (one) => one.aaaa,
          ms: (one) => one.ms,
        }),
      ];

/**
 * Where the answers do not tell of one place: programs of this machine go elsewhere than the name servers say (a line of the hosts
 * file, a cache), or each name server says another address. Empty: they tell of one.
 */
export function elsewhere(dns: network.Resolved | undefined): string {
  const told = dns?.resolvers.flatMap(({ addresses }) => addresses) ?? [];
  const used = dns?.addresses.map(({ address }) => address) ?? [];
  if (told.length === 0 || used.length === 0) return "";
  if (!used.some((address) => told.includes(address)))
    return ` This machine goes to ${used.join(", ")}, the name servers say ${[...new Set(told)].join(", ")}: a line in /etc/hosts, or a cache that is out of date, stands before them.`;
  const others = (dns?.resolvers ?? []).filter(
    ({ outcome, addresses }) => outcome === "ok" && !addresses.some((one) => used.includes(one)),
  );
  return others.length === 0
    ? ""
    : ` Another name server says otherwise (${others.map(({ server, addresses }) => `${server}: ${addresses.join(", ")}`).join("; ")}): two views of the zone, or one is out of date; see whether it answers there.`;
}

/** What DNS filters answer for names they block. */
const NOWHERE = new Set(["0.0.0.0", "::"]);

/** The name leads to no address at all: what is asked then is this machine. */
export const isBlocked = (dns: network.Resolved | undefined): boolean =>
  dns !== undefined && dns.addresses.length > 0 && dns.addresses.every(({ address }) => NOWHERE.has(address));

const OWN = /^(?:127\.|::1$)/;

/** What it says that a name leads to this machine; empty: it does not, or is known to. */
export function sayOwn(host: string, dns: network.Resolved | undefined): string {
  const used = dns?.addresses.map(({ address }) => address) ?? [];
  return used.length > 0 && used.every((address) => OWN.test(address)) && !NAMES_ITSELF.test(host)
    ? ` ${host} leads to ${used.join(", ")}, this machine itself: usually a placeholder in DNS or /etc/hosts, and right only where the service runs beside diagbot.`
    : "";
}

/** `localhost`, and addresses. */
const NAMES_ITSELF = /(?:^|\.)localhost\.?$|^[\d.]+$|:/;
