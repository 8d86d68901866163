import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { underSignal, within } from "../../lib/deadline.ts";
import { codeOf, reachError, stopped, timeoutAt } from "../reach.ts";
import { type Answered, believed, isNo, outcomeOf, whyNoAddress } from "./answers.ts";
import type { NetworkClient } from "./client.ts";
import { searchDomains } from "./search-domains.ts";

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

export interface Resolution {
  readonly addresses: readonly Address[];
  readonly ms: number;
  readonly resolvers: readonly Answered[];
  readonly failure?: DiagError;
}

const MOST_SERVERS = 3;
const MOST_ADDRESSES = 6;
const SERVER_MS = 2000;
const LOOKUP_MS = 8000;
/** Resolves the way the machine's programs do (hosts file, search domains), or by the injected servers. Throws DiagError. */
export async function addressesOf(
  client: NetworkClient,
  context: ActionContext,
): Promise<readonly Address[]> {
  const { host } = client.endpoint();
  const literal = literalOf(host);
  if (literal !== undefined) return [literal];
  const { addresses, failure } =
    client.servers === undefined
      ? await systemLookup(host, context)
      : fromServers(host, await askServers(host, client.servers, context));
  if (failure !== undefined) throw failure;
  return addresses;
}

/** The name as programs see it and, beside it, what every configured name server says. Failure is part of the value. */
export async function resolution(client: NetworkClient, context: ActionContext): Promise<Resolution> {
  const { host } = client.endpoint();
  const literal = literalOf(host);
  if (literal !== undefined) return { addresses: [literal], ms: 0, resolvers: [] };
  const servers = (client.servers ?? dns.getServers()).slice(0, MOST_SERVERS);
  const begin = performance.now();
  const [resolvers, system] = await Promise.all([
    askServers(host, servers, context),
    client.servers === undefined ? systemLookup(host, context) : undefined,
  ]);
  const ms = Math.round(performance.now() - begin);
  const seen = system ?? { ...fromServers(host, resolvers), ms };
  // getaddrinfo cannot tell SERVFAIL from silence: the servers' own answers can.
  const failure = seen.failure === undefined ? undefined : (whyNoAddress(host, resolvers) ?? seen.failure);
  const told = failure === undefined || host.includes(".") ? failure : await withoutDot(failure, client);
  return { ...seen, resolvers, ...(told === undefined ? {} : { failure: told }) };
}

/** A name without a dot is looked up in the search domains, which differ from machine to machine and in containers. */
async function withoutDot(failure: DiagError, { servers }: NetworkClient): Promise<DiagError> {
  const domains = servers === undefined ? await searchDomains() : [];
  const where =
    domains.length === 0
      ? "it has no dot, and no search domain is added here: use the full name"
      : `it has no dot: programs here look for it in ${domains.join(", ")}`;
  return new DiagError(failure.code, `${failure.message} (${where})`, {
    ...(failure.detail === undefined ? {} : { detail: failure.detail }),
    cause: failure,
  });
}

const literalOf = (host: string): Address | undefined =>
  isIP(host) === 0 ? undefined : { address: host, family: isIP(host) === 4 ? 4 : 6 };

async function systemLookup(host: string, context: ActionContext): Promise<Omit<Resolution, "resolvers">> {
  const begin = performance.now();
  const limit = Math.min(LOOKUP_MS, context.timeoutMs);
  const took = () => Math.round(performance.now() - begin);
  try {
    // getaddrinfo cannot be cancelled: it is left behind, its answer is dropped.
    const found = await within(dns.lookup(host, { all: true, verbatim: true }), {
      ms: limit,
      signal: context.signal,
      late: () =>
        context.signal.aborted ? stopped(context.signal, "dns", host, limit) : timeoutAt("dns", host, limit),
    });
    const addresses = found.slice(0, MOST_ADDRESSES).map(({ address, family }) => asAddress(address, family));
    return { addresses, ms: took() };
  } catch (thrown) {
    return { addresses: [], ms: took(), failure: reachError(thrown, host) };
  }
}

const asAddress = (address: string, family: number): Address => ({ address, family: family === 6 ? 6 : 4 });

const askServers = (
  host: string,
  servers: readonly string[],
  context: ActionContext,
): Promise<readonly Answered[]> => Promise.all(servers.map((server) => ask(host, server, context)));

async function ask(host: string, server: string, context: ActionContext): Promise<Answered> {
  const timeout = Math.min(SERVER_MS, context.timeoutMs);
  const resolver = new dns.Resolver({ timeout, tries: 1 });
  resolver.setServers([server]);
  const cancel = () => resolver.cancel();
  const begin = performance.now();
  const [four, six, isOver] = await underSignal({ until: [context.signal], ms: timeout }, async (end) => {
    end.addEventListener("abort", cancel, { once: true });
    const both = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return [...both, end.aborted] as const;
  });
  const addresses = [four, six].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const ms = Math.round(performance.now() - begin);
  const [a, aaaa] = [wordOf(four), wordOf(six)];
  const answered = {
    server,
    outcome: outcomeOf(a, aaaa),
    a,
    aaaa,
    ms,
    addresses: addresses.slice(0, MOST_ADDRESSES),
  };
  if (!isNo(answered.outcome) || isOver) return answered;
  const alias = await aliasOf(host, server, context);
  return alias === undefined ? answered : { ...answered, alias };
}

/** No addresses of a kind is an answer, too. */
const wordOf = (answer: PromiseSettledResult<readonly string[]>): string =>
  answer.status === "rejected" ? serverCode(answer.reason) : answer.value.length > 0 ? "ok" : "ENODATA";

/** Where a name without an address leads to. */
async function aliasOf(host: string, server: string, context: ActionContext): Promise<string | undefined> {
  const resolver = new dns.Resolver({ timeout: Math.min(SERVER_MS, context.timeoutMs), tries: 1 });
  resolver.setServers([server]);
  const found = await resolver.resolveCname(host).catch(() => []);
  return found[0]?.slice(0, 253);
}

const serverCode = (reason: unknown): string => {
  const code = codeOf(reason);
  return code === "ECANCELLED" ? "ETIMEOUT" : code;
};

function fromServers(host: string, answered: readonly Answered[]): Omit<Resolution, "resolvers"> {
  const said = believed(answered);
  const ms = said?.ms ?? Math.max(0, ...answered.map((one) => one.ms));
  const failure = said?.outcome === "ok" ? undefined : whyNoAddress(host, answered);
  const addresses = (said?.addresses ?? []).map((address) => asAddress(address, isIP(address)));
  return { addresses, ms, ...(failure === undefined ? {} : { failure }) };
}
