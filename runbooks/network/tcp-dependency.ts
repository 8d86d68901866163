import {
  type ConnectionFace,
  type Finding,
  network,
  onEach,
  rows,
  runbookOn,
  type Seen,
  type StepError,
  saySeconds,
  valueIn,
  z,
} from "../../src/sdk/index.ts";
import { chosen, nextStep, type Reached, sayAddress, sayEach, sayPlace, withEndpoint } from "./endpoints.ts";
import {
  answers,
  elsewhere,
  faultyServers,
  isBlocked,
  resolverFindings,
  sayOwn,
  sayResult,
} from "./name-servers.ts";

/** Each of the servers answers, and the machine's own lookup is slow all the same. */
const SLOW_LOOKUP =
  "Each name server answered when it was asked directly, so the wait is the machine's own: `time getent hosts NAME` there, and the same with a dot at its end; `resolvectl statistics`. Usual are search domains that are tried first (`ndots`), a source before DNS in /etc/nsswitch.conf (mdns, ldap), a lost packet (`options timeout:1 attempts:2` shortens the wait), IPv6 questions that a router drops.";

/** A lost first packet is sent again after one second: a connection that takes longer lost one. */
const SLOW_MS = 1000;

const wanted = (faces: readonly ConnectionFace[], name: string | undefined): Reached[] => {
  const reachable = withEndpoint(faces);
  const declared = reachable.filter(({ kind }) => kind === "tcp");
  return chosen(name === undefined && declared.length > 0 ? declared : reachable, name);
};

/** Name, then TCP connection, of every dependency: which layer fails and why. Guides: TWS connection failure, network connectivity. */
const book = runbookOn(
  [],
  {
    id: "tcp-dependency",
    title: "TCP dependencies",
    covers: ["resync.tws-connection-failure", "tektra.network-connectivity", "tektra.performance"],
    alerts: [
      "BlackboxProbeFailed",
      "ProbeFailed",
      "TcpProbeFailed",
      "DependencyDown",
      "DependencyUnreachable",
      "TWSConnectionDown",
      "DnsResolutionFailed",
    ],
    params: z.object({
      connection: z
        .string()
        .max(100)
        .optional()
        .describe("only this connection; empty: all of kind tcp, or all with an address"),
    }),
    explains: "all",
  },
  ({ params, system }) => {
    const faces = wanted(system.connections, params.connection);
    const encrypted = faces.filter(({ endpoint }) => endpoint.tls);
    return Object.assign(
      onEach(faces, { dns: network.resolve(), tcp: network.connect() }),
      onEach(encrypted, { tls: network.tlsCertificate() }),
    );
  },
);

export const tcpDependency = book
  .remedies({
    repairPath: book.advises.all("Repair the path to the dependency", "high", (seen, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), (face) => {
        const tcp = seen[`tcp:${face.name}`];
        const dns = valueIn(seen[`dns:${face.name}`]);
        if (tcp === undefined || (tcp.ok && !isBlocked(dns))) return undefined;
        return nextStep(tcp.ok ? BLOCKED : whyNot(tcp.error, dns), face);
      }),
    ),
    repairTls: book.advises.all("Let TLS come about", "high", (seen, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), (face) => {
        const refused = refusalOf(seen[`tls:${face.name}`]);
        return refused !== undefined && nextStep(refused, face);
      }),
    ),
    repairResolver: book.advises(
      "Repair or replace the name server",
      "high",
      (values, { system, params }) => {
        const faces = wanted(system.connections, params.connection);
        const faulty = faultyServers(faces.map(({ name }) => values[`dns:${name}`]));
        return faulty.map(({ next }) => next).join("\n") || SLOW_LOOKUP;
      },
    ),
    checkBackend: book.advises("Look behind the address", "low", (values, { system, params }) =>
      sayEach(wanted(system.connections, params.connection), ({ name, endpoint }) => {
        const tcp = values[`tcp:${name}`];
        if (tcp === undefined) return undefined;
        const bad = tcp.attempts.filter(({ isOpen }) => !isOpen).map(({ address }) => address);
        return bad.length > 0
          ? `take ${bad.join(", ")} out of DNS or repair the service there (port ${endpoint.port}).`
          : "if a proxy or load balancer listens there, look at its backends; otherwise read the service's log for connection limits and access lists.";
      }),
    ),
  })
  .findings((find) => [
    find([], (_values, { system, params }) =>
      wanted(system.connections, params.connection).length > 0
        ? undefined
        : nothingToReach(system.connections, params.connection),
    ),
    find.all((seen, { system, params }) =>
      wanted(system.connections, params.connection).flatMap((face) => {
        const tcp = seen[`tcp:${face.name}`];
        const dns = valueIn(seen[`dns:${face.name}`]);
        const found = [
          tcp?.ok === false && unreachable(face, whyNot(tcp.error, dns), dns),
          tcp?.ok && isBlocked(dns) && unreachable(face, BLOCKED, dns),
          tcp?.ok && hungUp(face, tcp.value),
          tcp?.ok && partly(face, tcp.value),
          tcp?.ok && slow(face, tcp.value, dns),
          tcp?.ok && tcp.value.after === "open" && noHandshake(face, seen[`tls:${face.name}`]),
        ];
        return found.some(Boolean) ? found : [tcp?.ok && saysNothing(face, tcp.value)];
      }),
    ),
    find.all((seen, { system, params }) =>
      resolverFindings(
        wanted(system.connections, params.connection).map(({ name }) => ({
          name,
          dns: valueIn(seen[`dns:${name}`]),
        })),
        SLOW_MS,
      ),
    ),
  ]);

const BLOCKED: StepError = {
  ...{ code: "target_unreachable", detail: "DNS_BLOCKED" },
  message: "The name leads to no address of a service",
};

/** Where the name itself failed, that is why there is no connection. */
function whyNot(error: StepError, dns: network.Resolved | undefined): StepError {
  if (isBlocked(dns)) return BLOCKED;
  if (dns?.failure === undefined) return error;
  const { code, message, detail = error.detail } = dns.failure;
  return { code, message, ...(detail === undefined ? {} : { detail }) };
}

function unreachable(
  face: Reached,
  error: StepError,
  dns: network.Resolved | undefined,
): Finding<"repairPath"> {
  const { word, because } = network.causeOf(error);
  return {
    id: `unreachable:${face.name}`,
    severity: "critical",
    title: `${sayPlace(face)}: ${word}`,
    because: `${error.message}. ${because}${elsewhere(dns)}${sayOwn(face.endpoint.host, dns)}`,
    evidence: answers(dns),
    remedies: ["repairPath"],
  };
}

type Tls = Seen<network.Certificate> | undefined;

/** Why there is no TLS; of TLS 1.3 also what the server says to a client without a certificate once hands are shaken. */
function refusalOf(tls: Tls): StepError | undefined {
  if (tls?.ok === false) return tls.error;
  const detail = tls?.value.refusal ?? null;
  return detail === null
    ? undefined
    : { code: "target_unreachable", message: "The server ended the connection after the handshake", detail };
}

/** The port is open, but TLS does not come about: what the certificate is worth is for tls-expiry. */
function noHandshake(face: Reached, tls: Tls): Finding<"repairTls"> | false {
  const error = refusalOf(tls);
  if (error === undefined) return false;
  const { word, because } = network.causeOf(error);
  return {
    id: `no-tls:${face.name}`,
    severity: tls?.ok === true ? "warning" : "critical",
    title: `${sayPlace(face)} accepts, but TLS does not come about: ${word}`,
    because: `${error.message}. ${because}`,
    remedies: ["repairTls"],
  };
}

/** Nothing more can be asked of a connection of kind tcp; one that speaks by itself (SSH, SMTP, MySQL) shows that it lives. */
const saysNothing = (face: Reached, { after, greeting }: network.Connected): Finding<never> | false =>
  face.kind === "tcp" &&
  !face.endpoint.tls &&
  after === "open" &&
  greeting === undefined && {
    id: `says-nothing:${face.name}`,
    severity: "info",
    title: `${sayPlace(face)} accepts, says nothing`,
    because:
      "The port takes a connection; that shows that something listens, not that it works. Either the protocol waits for the client to speak, or the process hangs. To tell them apart ask it in its own protocol, or declare it with its own kind in diagbot.yaml.",
  };

function hungUp(face: Reached, { after, greeting }: network.Connected): Finding<"checkBackend"> | false {
  const said = greeting === undefined ? "" : ` It said: "${greeting}".`;
  return (
    after !== "open" && {
      id: `hangs-up:${face.name}`,
      severity: "critical",
      title: `${sayPlace(face)} takes the connection and ${after === "reset" ? "resets" : "closes"} it at once`,
      because: `The port is open, but the other side hung up before anything was sent.${said} Usual causes: a proxy without a healthy backend, a connection limit, or an access list that does not know this client.`,
      remedies: ["checkBackend"],
    }
  );
}

/** Failing addresses count only beside a working one of the same family: a host without IPv6 is no fault. */
function partly(face: Reached, { attempts }: network.Connected): Finding<"checkBackend"> | false {
  const works = new Set(attempts.filter(({ isOpen }) => isOpen).map(({ family }) => family));
  const bad = attempts.filter(({ isOpen, family }) => !isOpen && works.has(family));
  return (
    bad.length > 0 && {
      id: `partly:${face.name}`,
      severity: "warning",
      title: `${sayPlace(face)}: ${bad.length} of ${attempts.length} addresses do not take connections`,
      because:
        "The name has several addresses and only some work: every client that picks a dead one fails or waits, so the fault comes and goes.",
      evidence: [
        rows("", attempts, {
          address: (one) => one.address,
          result: (one) => (one.isOpen ? "open" : sayResult(one.code)),
          ms: (one) => one.ms,
        }),
      ],
      remedies: ["checkBackend"],
    }
  );
}

function slow(
  face: Reached,
  { attempts }: network.Connected,
  dns: network.Resolved | undefined,
): Finding<"checkBackend"> | Finding<"repairResolver"> | false {
  const fastest = Math.min(...attempts.filter(({ isOpen }) => isOpen).map(({ ms }) => ms));
  const lookup = dns?.ms ?? 0;
  const common = {
    id: `slow:${face.name}`,
    severity: "warning",
    evidence: answers(dns),
  } as const;
  if (lookup >= SLOW_MS)
    return {
      ...common,
      title: `${sayPlace(face)}: looking up the name takes ${saySeconds(lookup / 1000)}`,
      because:
        faultyServers([dns]).length > 0
          ? dns?.resolvers.some((one) => network.halfOf(one) !== undefined)
            ? "The name is found, but late: programs ask for both kinds of addresses and wait for the one that is not answered."
            : "The name is found, but late: a name server on the list does not answer and the next one is asked after a wait."
          : "The name is found, but late, though each name server answered when it was asked directly: what is slow is the machine's own way to an answer.",
      remedies: ["repairResolver"],
    };
  return (
    fastest >= SLOW_MS && {
      ...common,
      title: `${sayPlace(face)}: a TCP connection takes ${saySeconds(fastest / 1000)}`,
      because:
        "A connection that takes a second or more lost its first packet: packet loss on the way, or the service's accept queue is full.",
      remedies: ["checkBackend"],
    }
  );
}

function nothingToReach(faces: readonly ConnectionFace[], name: string | undefined): Finding<never> {
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
