import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { within } from "../../lib/deadline.ts";
import { codeOf, reachError, sayCode, stopped, timeoutAt } from "../reach.ts";
import type { NetworkClient } from "./client.ts";

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** What one name server said; `outcome` is `ok` or the resolver's code (ENOTFOUND, ESERVFAIL, ETIMEOUT, ECONNREFUSED…). */
export interface Answered {
  readonly server: string;
  readonly outcome: string;
  readonly ms: number;
  readonly addresses: readonly string[];
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
/** The answer "no" is surer than no answer. */
const SUREST: readonly string[] = [
  "ENOTFOUND",
  "ENODATA",
  "ESERVFAIL",
  "EREFUSED",
  "ETIMEOUT",
  "ECONNREFUSED",
];

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
  const failure = seen.failure === undefined ? undefined : (failureOf(host, resolvers) ?? seen.failure);
  return { ...seen, resolvers, ...(failure === undefined ? {} : { failure }) };
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
  const end = AbortSignal.any([context.signal, AbortSignal.timeout(timeout)]);
  end.addEventListener("abort", cancel, { once: true });
  const begin = performance.now();
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  end.removeEventListener("abort", cancel);
  const addresses = [four, six].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const ms = Math.round(performance.now() - begin);
  if (addresses.length > 0)
    return { server, outcome: "ok", ms, addresses: addresses.slice(0, MOST_ADDRESSES) };
  const codes = [four, six].flatMap((answer) =>
    answer.status === "rejected" ? [serverCode(answer.reason)] : [],
  );
  return { server, outcome: surest(codes) ?? "ENODATA", ms, addresses: [] };
}

const serverCode = (reason: unknown): string => {
  const code = codeOf(reason);
  return code === "ECANCELLED" ? "ETIMEOUT" : code;
};

const surest = (codes: readonly string[]): string | undefined =>
  SUREST.find((code) => codes.includes(code)) ?? codes[0];

function fromServers(host: string, answered: readonly Answered[]): Omit<Resolution, "resolvers"> {
  const good = answered.find(({ outcome }) => outcome === "ok");
  const ms = good?.ms ?? Math.max(0, ...answered.map((one) => one.ms));
  const failure = good === undefined ? failureOf(host, answered) : undefined;
  const addresses = (good?.addresses ?? []).map((address) => asAddress(address, isIP(address)));
  return { addresses, ms, ...(failure === undefined ? {} : { failure }) };
}

/** Why no server knew the name; the surest answer counts. */
function failureOf(host: string, answered: readonly Answered[]): DiagError | undefined {
  if (answered.some(({ outcome }) => outcome === "ok")) return undefined;
  const code = surest(answered.map(({ outcome }) => outcome));
  const servers = answered.map(({ server }) => server).join(", ");
  if (code === undefined) return undefined;
  if (code === "ETIMEOUT")
    return new DiagError("timeout", `${host}: no answer from the name servers (${servers})`, {
      detail: "dns",
    });
  // The name server's refusal must not be taken for the service's.
  if (code === "ECONNREFUSED")
    return new DiagError("target_unreachable", `${host}: nothing answers at the name servers (${servers})`, {
      detail: "NO_RESOLVER",
    });
  return new DiagError("target_unreachable", `${host}: ${sayCode(code)} (asked ${servers})`, {
    detail: code,
  });
}
