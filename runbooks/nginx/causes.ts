import type { Finding, nginx, OutputOf } from "../../src/sdk/index.ts";
import { tlsSaid } from "./tls-words.ts";

export type Logs = OutputOf<typeof nginx.logs>;
export type Upstreams = OutputOf<typeof nginx.upstreams>;
export type Remedy =
  | (
      | "reload"
      | "mendConfig"
      | "startNginx"
      | "startUpstream"
      | "speedUpstream"
      | "reachUpstream"
      | "findCrash"
    )
  | (
      | "keepConnections"
      | "raiseLimits"
      | "raiseBuffers"
      | "resolveNames"
      | "renewCertificate"
      | "trustUpstream"
      | "letConnect"
      | "namePid"
      | "reuseConnections"
      | "makeRoomInQueue"
      | "freeSpace"
      | "speakRight"
      | "endCycle"
      | "takeMore"
    );
type Cause = Logs["causes"][number];
type Found = Finding<Remedy>;

export interface Words {
  readonly severity: Found["severity"];
  readonly title: (cause: Cause, whom: string) => string;
  readonly because: string | ((cause: Cause) => string);
  readonly remedies: readonly Remedy[];
  /** Codes it gives, so that an answer of the upstream's own is told from nginx's. */
  readonly codes: readonly string[];
}

/** What each kind of line means. Those that are not here are no fault of nginx or what stands behind it. */
export const WORDS: Readonly<Partial<Record<Cause["kind"], Words>>> = {
  refused: {
    severity: "critical",
    title: (_cause, whom) => `Nothing listens at ${whom}: nginx answers 502`,
    because:
      "The machine answers at once that the port is closed (111): the service is down, restarts, or listens at another address.",
    remedies: ["startUpstream"],
    codes: ["502"],
  },
  "connect-timeout": {
    severity: "critical",
    title: (_cause, whom) => `No connection to ${whom} comes about: nginx answers 504`,
    because:
      "Nothing comes back within proxy_connect_timeout: a firewall drops it, the machine is away, or its queue of new connections is full.",
    remedies: ["reachUpstream"],
    codes: ["504"],
  },
  unreachable: {
    severity: "critical",
    title: (_cause, whom) => `${whom} cannot be reached: nginx answers 502`,
    because: "The network says that there is no way to it (101, 113).",
    remedies: ["reachUpstream"],
    codes: ["502"],
  },
  "no-local-port": {
    severity: "critical",
    title: (_cause, whom) => `nginx has no free port left for connections to ${whom}`,
    because:
      "99: each connection to one address takes a port here, and so does one that was closed a moment ago. The service is not at fault.",
    remedies: ["reuseConnections"],
    codes: ["502"],
  },
  "backlog-full": {
    severity: "critical",
    title: (_cause, whom) => `The queue of ${whom} is full: nginx answers 502`,
    because:
      "11: its socket is there, and it does not take connections as fast as they come: all its workers are busy or stuck. It is not down.",
    remedies: ["makeRoomInQueue", "speedUpstream"],
    codes: ["502", "504"],
  },
  "no-space": {
    severity: "critical",
    title: () => "nginx has no room left on the disk for what it buffers",
    because:
      "28 or 122: large answers and uploads are written to files first; those requests are cut off or answered with 500.",
    remedies: ["freeSpace"],
    codes: ["500"],
  },
  "no-http": {
    severity: "critical",
    title: (_cause, whom) => `What ${whom} says is not what nginx expects: it answers 502`,
    because:
      "It answers in another protocol (TLS where plain HTTP is spoken, HTTP/2, FastCGI), or another program listens there.",
    remedies: ["speakRight"],
    codes: ["502"],
  },
  "redirect-cycle": {
    severity: "critical",
    title: () => "The configuration leads requests back to themselves: nginx answers 500",
    because: "A redirection within nginx came ten times to no end.",
    remedies: ["endCycle"],
    codes: ["500"],
  },
  "answer-timeout": {
    severity: "critical",
    title: (_cause, whom) => `${whom} takes connections and does not answer in time: nginx answers 504`,
    because:
      "It was connected, and nothing came within proxy_read_timeout: the service is slow, stuck or out of workers; nginx only waits.",
    remedies: ["speedUpstream"],
    codes: ["504"],
  },
  "closed-early": {
    severity: "warning",
    title: (_cause, whom) => `${whom} closes connections without an answer: nginx answers 502`,
    because:
      "Either it ended while it worked on the request (a crash, a kill for memory), or it closed a kept connection just as it was used again (its keep-alive is shorter than nginx's). To tell them apart: did its process begin anew?",
    remedies: ["keepConnections"],
    codes: ["502"],
  },
  "no-socket": {
    severity: "critical",
    title: (_cause, whom) => `The socket of ${whom} is not there: nginx answers 502`,
    because: "The file does not exist (2): the service is down, or makes its socket elsewhere.",
    remedies: ["startUpstream"],
    codes: ["502"],
  },
  "not-allowed": {
    severity: "critical",
    title: (_cause, whom) => `nginx may not connect to ${whom}`,
    because: "Permission denied (13): the rights of a socket's file, or SELinux.",
    remedies: ["letConnect"],
    codes: ["502"],
  },
  unresolved: {
    severity: "critical",
    title: () => "A name of an upstream cannot be resolved",
    because:
      "nginx asks names of its configuration once, when it reads it; names in variables it asks of `resolver`.",
    remedies: ["resolveNames"],
    codes: ["502"],
  },
  "upstream-tls": {
    severity: "critical",
    title: ({ example }, whom) => tlsSaid(example).title(whom),
    because: ({ example }) => tlsSaid(example).because,
    remedies: ["trustUpstream"],
    codes: ["502"],
  },
  "header-too-big": {
    severity: "warning",
    title: (_cause, whom) => `Headers of ${whom} are too big for nginx: it answers 502`,
    because: "The answer's headers (mostly cookies) do not fit proxy_buffer_size.",
    remedies: ["raiseBuffers"],
    codes: ["502"],
  },
  "open-files": {
    severity: "critical",
    title: () => "nginx is out of open files",
    because:
      "No file may be opened any more (24): each request takes two, one to the client and one to the upstream.",
    remedies: ["raiseLimits"],
    codes: ["500", "502"],
  },
  "worker-connections": {
    severity: "critical",
    title: () => "Connections of the workers are used up",
    because:
      "worker_connections counts those to clients and to upstreams; what comes beyond is cut off without an answer.",
    remedies: ["raiseLimits"],
    codes: ["500", "502"],
  },
  "worker-died": {
    severity: "warning",
    title: (cause) => `Workers of nginx were ended by a signal (${cause.count})`,
    because: "A crash of a module, or a kill for memory; all requests of that worker are cut off.",
    remedies: ["findCrash"],
    codes: [],
  },
};

/** By member what asking it now showed, in words. */
export function askedNow(
  { members }: Upstreams,
  addresses: readonly string[],
): { now: string; answers: boolean | null } {
  const mine = members.filter(({ address }) => addresses.some((one) => isSame(one, address)));
  if (mine.length === 0) return { now: "It could not be asked now.", answers: null };
  const bad = mine.filter(({ state }) => state !== "answers");
  const many = mine.find(({ addresses = [] }) => addresses.length > 1);
  if (bad.length === 0 && many !== undefined)
    return {
      now: `Asked now by its name, ${many.address} answers by one of its addresses (${(many.addresses ?? []).slice(0, 5).join(", ")}): nginx tries each of them.`,
      answers: null,
    };
  if (bad.length === 0) return { now: "Asked now, it answers.", answers: true };
  return {
    now: `Asked now: ${bad
      .map(({ address, state }) => `${address} ${SAID[state]}`)
      .slice(0, 5)
      .join(", ")}.`,
    answers: false,
  };
}

const SAID: Readonly<Record<Upstreams["members"][number]["state"], string>> = {
  answers: "answers",
  silent: "takes the connection and does not answer",
  refused: "refuses",
  timeout: "lets nothing through",
  unresolved: "has no address",
  closed: "closes without an answer",
  tls: "speaks no TLS that is accepted",
  "marked-down": "is marked down",
};
export const sayState = (state: keyof typeof SAID): string => SAID[state];

/** A name of the configuration that has that port, and no longer the address nginx asks; undefined: there is none, or it is not known. */
export function leftBehind({ members }: Upstreams, logged: string): Upstreams["members"][number] | undefined {
  const [host, port] = [hostOf(logged), withPort(logged).split(":").at(-1)];
  const named = members.filter(
    ({ address, addresses = [] }) => addresses.length > 0 && withPort(address).split(":").at(-1) === port,
  );
  if (members.some(({ address }) => withPort(address) === withPort(logged))) return undefined;
  return named.some(({ addresses = [] }) => addresses.includes(host)) ? undefined : named[0];
}
const hostOf = (address: string): string => address.replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");

/** `127.0.0.1:80` of a log is `127.0.0.1` of a configuration; names stand in logs as addresses, which only the port tells. */
export function isSame(logged: string, configured: string): boolean {
  const [a, b] = [withPort(logged), withPort(configured)];
  if (a === b) return true;
  const isName = /[a-z]/i.test(b.replace(/:\d+$/, "")) && !b.startsWith("unix:");
  return isName && a.split(":").at(-1) === b.split(":").at(-1);
}
const withPort = (address: string): string =>
  address.startsWith("unix:") || /:\d+$/.test(address) ? address : `${address}:80`;
