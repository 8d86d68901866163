import {
  type Call,
  type ConnectionFace,
  type Finding,
  network,
  on,
  runbook,
  type Seen,
  shellWord,
  table,
  z,
} from "../src/sdk.ts";
import { chosen, nextStep, type Reached, sayAddress, sayPlace, withEndpoint } from "./support/endpoints.ts";

type Remedy = "repairPath" | "repairResolver" | "checkBackend";
type Steps = Readonly<Record<string, Call<network.Resolved | network.Connected>>>;
type AnySeen = Readonly<Record<string, Seen<network.Resolved | network.Connected>>>;
/** A lost first packet is sent again after one second: a connection that takes longer lost one. */
const SLOW_MS = 1000;

const wanted = (faces: readonly ConnectionFace[], name: string | undefined): Reached[] => {
  const reachable = withEndpoint(faces);
  const declared = reachable.filter(({ kind }) => kind === "tcp");
  return chosen(name === undefined && declared.length > 0 ? declared : reachable, name);
};
const dnsOf = (seen: AnySeen, name: string) => seen[`dns:${name}`] as Seen<network.Resolved> | undefined;
const tcpOf = (seen: AnySeen, name: string) => seen[`tcp:${name}`] as Seen<network.Connected> | undefined;

/** Name, then TCP connection, of every dependency: which layer fails and why. Guides: TWS connection failure, network connectivity. */
export const tcpDependency = runbook({
  id: "tcp-dependency",
  title: "TCP dependencies",
  needs: [],
  covers: ["resync.tws-connection-failure", "tektra.network-connectivity"],
  alerts: [
    { alertname: "BlackboxProbeFailed" },
    { alertname: "ProbeFailed" },
    { alertname: "TcpProbeFailed" },
    { alertname: "DependencyDown" },
    { alertname: "DependencyUnreachable" },
    { alertname: "TWSConnectionDown" },
    { alertname: "DnsResolutionFailed" },
  ],
  params: z.object({
    connection: z
      .string()
      .max(100)
      .optional()
      .describe("only this connection; empty: all of kind tcp, or all with an address"),
  }),
})
  .diagnose(
    ({ connection }, { system }): Steps =>
      Object.fromEntries(
        wanted(system.connections, connection).flatMap(({ name }) => [
          [`dns:${name}`, on(name, network.resolve())] as const,
          [`tcp:${name}`, on(name, network.connect())] as const,
        ]),
      ),
  )
  .findings((seen, { params, system }): Finding<Remedy>[] => {
    const faces = wanted(system.connections, params.connection);
    if (faces.length === 0) return [nothingToReach(system.connections, params.connection)];
    return [...faces.flatMap((face) => findingsOf(face, seen)), ...faultyResolvers(faces, seen)];
  })
  .remedies({
    repairPath: {
      title: "Repair the path to the dependency",
      risk: "high",
      advice: (seen, { system, params }) =>
        wanted(system.connections, params.connection)
          .flatMap((face) => {
            const tcp = tcpOf(seen, face.name);
            if (tcp === undefined || tcp.ok) return [];
            const dns = dnsOf(seen, face.name);
            const error = dns?.ok ? (dns.value.failure ?? tcp.error) : tcp.error;
            return [`${sayPlace(face)}: ${nextStep({ ...tcp.error, ...withoutUndefined(error) }, face)}`];
          })
          .join("\n"),
    },
    repairResolver: {
      title: "Repair or replace the name server",
      risk: "high",
      advice: (seen, { system, params }) =>
        faultyServers(wanted(system.connections, params.connection), seen)
          .map(
            ({ server, outcome, host }) =>
              `Ask it directly: dig ${shellWord(`@${server}`)} ${shellWord(host)} (it answered ${outcome}). Restart it or take it out of /etc/resolv.conf: programs wait about 5 s for it before they ask the next one.`,
          )
          .join("\n"),
    },
    checkBackend: {
      title: "Look behind the address",
      risk: "low",
      advice: (seen, { system, params }) =>
        wanted(system.connections, params.connection)
          .flatMap((face) => {
            const tcp = tcpOf(seen, face.name);
            if (!tcp?.ok) return [];
            const bad = tcp.value.attempts.filter(({ isOpen }) => !isOpen).map(({ address }) => address);
            const what =
              bad.length > 0
                ? `take ${bad.join(", ")} out of DNS or repair the service there (port ${face.endpoint.port})`
                : "if a proxy or load balancer listens there, look at its backends; otherwise read the service's log for connection limits and access lists";
            return [`${sayPlace(face)}: ${what}.`];
          })
          .join("\n"),
    },
  });

function findingsOf(face: Reached, seen: AnySeen): Finding<Remedy>[] {
  const dns = dnsOf(seen, face.name);
  const tcp = tcpOf(seen, face.name);
  if (tcp === undefined) return [];
  if (!tcp.ok) return [unreachable(face, tcp.error, dns)];
  return [...hungUp(face, tcp.value), ...partly(face, tcp.value), ...slow(face, tcp.value, dns)];
}

function unreachable(
  face: Reached,
  error: { code: string; message: string; detail?: string },
  dns: Seen<network.Resolved> | undefined,
): Finding<Remedy> {
  const failure = dns?.ok ? dns.value.failure : undefined;
  const told = failure === undefined ? error : { ...error, ...withoutUndefined(failure) };
  const cause = network.causeOf(told);
  return {
    id: `unreachable:${face.name}`,
    severity: "critical",
    title: `${sayPlace(face)}: ${cause.word}`,
    because: `${told.message}. ${cause.because}`,
    evidence: dns?.ok ? answers(dns.value) : [],
    remedies: ["repairPath"],
  };
}

function hungUp(face: Reached, { after, greeting }: network.Connected): Finding<Remedy>[] {
  if (after === "open") return [];
  const how = after === "reset" ? "resets" : "closes";
  const said = greeting === undefined ? "" : ` It said: "${greeting}".`;
  return [
    {
      id: `hangs-up:${face.name}`,
      severity: "critical",
      title: `${sayPlace(face)} takes the connection and ${how} it at once`,
      because: `The port is open, but the other side hung up before anything was sent.${said} Usual causes: a proxy without a healthy backend, a connection limit, or an access list that does not know this client.`,
      remedies: ["checkBackend"],
    },
  ];
}

/** Failing addresses count only beside a working one of the same family: a host without IPv6 is no fault. */
function partly(face: Reached, { attempts }: network.Connected): Finding<Remedy>[] {
  const works = new Set(attempts.filter(({ isOpen }) => isOpen).map(({ family }) => family));
  const bad = attempts.filter(({ isOpen, family }) => !isOpen && works.has(family));
  if (bad.length === 0) return [];
  return [
    {
      id: `partly:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)}: ${bad.length} of ${attempts.length} addresses do not take connections`,
      because:
        "The name has several addresses and only some work: every client that picks a dead one fails or waits, so the fault comes and goes.",
      evidence: [
        table(
          ["address", "result", "ms"],
          attempts.map(({ address, isOpen, code, ms }) => [address, isOpen ? "open" : sayResult(code), ms]),
        ),
      ],
      remedies: ["checkBackend"],
    },
  ];
}

function slow(
  face: Reached,
  { attempts }: network.Connected,
  dns: Seen<network.Resolved> | undefined,
): Finding<Remedy>[] {
  const fastest = Math.min(...attempts.filter(({ isOpen }) => isOpen).map(({ ms }) => ms));
  const lookup = dns?.ok ? dns.value.ms : 0;
  if (fastest < SLOW_MS && lookup < SLOW_MS) return [];
  const isLookup = lookup >= SLOW_MS;
  return [
    {
      id: `slow:${face.name}`,
      severity: "warning",
      title: isLookup
        ? `${sayPlace(face)}: looking up the name takes ${lookup} ms`
        : `${sayPlace(face)}: a TCP connection takes ${Math.round(fastest)} ms`,
      because: isLookup
        ? "The name is found, but late: a name server on the list does not answer and the next one is asked after a wait."
        : "A connection that takes a second or more lost its first packet: packet loss on the way, or the service's accept queue is full.",
      evidence: dns?.ok ? answers(dns.value) : [],
      remedies: [isLookup ? "repairResolver" : "checkBackend"],
    },
  ];
}

const BROKEN = new Set(["ETIMEOUT", "ESERVFAIL", "EREFUSED", "ECONNREFUSED"]);

/** Name servers that fail where another one answers. */
function faultyServers(faces: readonly Reached[], seen: AnySeen) {
  const faulty = new Map<string, { server: string; outcome: string; host: string }>();
  for (const { name, endpoint } of faces) {
    const dns = dnsOf(seen, name);
    if (!dns?.ok || dns.value.resolvers.every(({ outcome }) => BROKEN.has(outcome))) continue;
    for (const { server, outcome } of dns.value.resolvers)
      if (BROKEN.has(outcome) && !faulty.has(server))
        faulty.set(server, { server, outcome, host: endpoint.host });
  }
  return [...faulty.values()];
}

const faultyResolvers = (faces: readonly Reached[], seen: AnySeen): Finding<Remedy>[] =>
  faultyServers(faces, seen).map(({ server, outcome, host }) => ({
    id: `resolver:${server}`.slice(0, 100),
    severity: "warning",
    title: `Name server ${server} ${sayResult(outcome)}`,
    because: `Another name server answers for ${host}, this one does not: lookups succeed late or only sometimes.`,
    remedies: ["repairResolver"],
  }));

const RESULTS: Readonly<Record<string, string>> = {
  ETIMEOUT: "does not answer",
  ESERVFAIL: "answers SERVFAIL",
  EREFUSED: "refuses to answer",
  ECONNREFUSED: "refused",
  tcp: "timeout",
};
const sayResult = (code: string | undefined): string => RESULTS[code ?? ""] ?? code ?? "failed";

const answers = ({ resolvers }: network.Resolved) =>
  resolvers.length === 0
    ? []
    : [
        table(
          ["name server", "answer", "ms"],
          resolvers.map(({ server, outcome, ms, addresses }) => [
            server,
            outcome === "ok" ? addresses.join(", ") : outcome,
            ms,
          ]),
        ),
      ];

function withoutUndefined({
  code,
  message,
  detail,
}: {
  code: string;
  message: string;
  detail?: string | undefined;
}) {
  return { code, message, ...(detail === undefined ? {} : { detail }) };
}

function nothingToReach(faces: readonly ConnectionFace[], name: string | undefined): Finding<Remedy> {
  const known = withEndpoint(faces).map((face) => `${face.name} (${sayAddress(face.endpoint)})`);
  return {
    id: "no-endpoint",
    severity: "info",
    title:
      name === undefined ? "No connection with a network address" : `No connection "${name}" with an address`,
    because:
      known.length === 0
        ? "diagbot.yaml lists no connection of this system that has a host and a port."
        : `Connections with an address: ${known.join(", ")}.`,
  };
}
