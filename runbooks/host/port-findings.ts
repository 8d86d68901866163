import {
  count,
  type Evidence,
  type Finding,
  facts,
  type host,
  rows,
  saySeconds,
} from "../../src/sdk/index.ts";
import { isOf, type Owner, ownersOf, sayOwner } from "./port-owners.ts";

type Holders = host.PortHolders;
type Failure = host.BindFailure;
export type PortRemedy =
  | "freePort"
  | "stopHolder"
  | "movePort"
  | "reservePort"
  | "allowPort"
  | "fixAddress"
  | "oneOwner"
  | "seeStart";

/** What the question is: who should have the port, where that is known, and who could not have it. */
export interface Asked {
  readonly service: string | undefined;
  /** The newest line about this port. */
  readonly failure: Failure | undefined;
  readonly now: Date;
}

/** Units that speak of ports of others. */
const SPEAKS_FOR_OTHERS = /^(docker|containerd|podman|init|systemd-.*)\.(service|scope)$/;

/** Whom the port is for: as the person says, else the unit that could not have it. */
export const meant = ({ service, failure }: Asked): string | undefined => {
  if (service !== undefined) return service;
  const unit = failure?.unit ?? "";
  return unit === "" || SPEAKS_FOR_OTHERS.test(unit) ? undefined : unit;
};

/** What is wrong about one port. Pure. */
export function portFindings(seen: Holders, asked: Asked, isEndable: boolean): Finding<PortRemedy>[] {
  const { failure } = asked;
  if (failure?.why === "denied" && seen.port < seen.privilegedBelow) return [denied(seen, failure, asked)];
  if (failure?.why === "no-address") return [noAddress(seen, failure, asked)];
  const owners = ownersOf(seen);
  return owners.length === 0
    ? free(seen, asked)
    : [...taken(seen, owners, asked, isEndable), ...split(seen, owners)];
}

const lineOf = (failure: Failure | undefined): Evidence[] =>
  failure === undefined
    ? []
    : [facts({ line: failure.line, unit: failure.unit || "–", program: failure.program || "–" })];

const ago = ({ at }: Failure, now: Date): string => saySeconds(Math.max(0, now.getTime() / 1000 - at));

const table = (seen: Holders): Evidence =>
  rows(
    `Who holds ${seen.protocol === "udp" ? "UDP " : ""}port ${seen.port}`,
    seen.listeners.flatMap(({ processes, ...one }) =>
      (processes.length === 0 ? [null] : processes.slice(0, 4)).map((process) => ({ ...one, process })),
    ),
    {
      address: (one) => `${one.address}${one.v6Only === true ? " (IPv6 only)" : ""}`,
      process: (one) => one.process?.command || one.process?.name || "not visible",
      pid: (one) => one.process?.pid,
      uid: (one) => one.uid,
      unit: (one) => one.process?.unit,
      "runs for": (one) => (one.process === null ? "" : saySeconds(one.process.ageSeconds)),
    },
  );

/** Who has it is not who should; or, where nobody said who should, who has it. */
function taken(
  seen: Holders,
  owners: readonly Owner[],
  asked: Asked,
  isEndable: boolean,
): Finding<PortRemedy>[] {
  const { failure, now } = asked;
  const service = meant(asked);
  const { port } = seen;
  const others = owners.filter((owner) => service === undefined || !isOf(owner, service));
  const [first] = others;
  if (first === undefined) {
    // One that failed before its holder came up has its port by now.
    const own = owners.find(({ process }) => (process?.afterBoot ?? 0) < (failure?.afterBoot ?? 0));
    return own === undefined || failure === undefined ? [] : [earlier(seen, own, failure, asked)];
  }
  if (service === undefined && failure === undefined)
    return [
      {
        id: `held:${port}`,
        severity: "info",
        title: `Port ${port} is held by ${sayOwner(first)}${others.length > 1 ? `, and ${count(others.length - 1, "further holder")}` : ""}`,
        because:
          "Nothing in the journal says that anybody else wanted it, and nobody was named who should have it (`service=…`): that may be as it should be.",
        evidence: [table(seen)],
      },
    ];
  const whom = service ?? (failure?.program || "a program");
  const wanted =
    failure === undefined
      ? `It is to be ${whom}'s.`
      : `${failure.unit || whom} wanted it ${ago(failure, now)} ago and could not have it.`;
  return [
    {
      id: `taken:${port}`,
      severity: "critical",
      title: `Port ${port} is held by ${sayOwner(first)}${service === undefined ? "" : `, not by ${service}`}`,
      because: `${wanted} ${whyHolder(first, seen, failure)}`,
      evidence: [table(seen), ...lineOf(failure)],
      remedies: [...(isEndable ? (["freePort"] as const) : (["stopHolder"] as const)), "movePort"],
    },
  ];
}

function whyHolder(owner: Owner, seen: Holders, failure: Failure | undefined): string {
  if (owner.socketUnit !== null)
    return "systemd listens in its place and hands the socket over at the first connection: the service must take that socket, or the socket unit be stopped.";
  if (owner.proxy !== null) return "The engine listens there for the container and passes connections on.";
  if (owner.process === null) return "Which process that is only root can see.";
  const isSame = failure !== undefined && failure.program !== "" && failure.program === owner.process.name;
  if (owner.manager === null)
    return `${isSame ? "It is the same program, most likely an earlier start of it" : "Somebody started it by hand, or what started it has ended"}: nothing will start it again.`;
  const wide = owner.addresses.find((one) => one === "[::]" && !owner.isV6Only && seen.protocol === "tcp");
  return `Two services are set to the same port${wide === undefined ? "" : "; a socket of IPv6 on any address takes that of IPv4 along"}.`;
}

/** The unit itself had it when it asked for it again. */
const earlier = (seen: Holders, owner: Owner, failure: Failure, { now }: Asked): Finding<PortRemedy> => ({
  id: `taken:${seen.port}`,
  severity: "warning",
  title: `Port ${seen.port} was refused to ${failure.unit || failure.program} ${ago(failure, now)} ago by a process of its own: ${sayOwner(owner)}`,
  because:
    "Either a process of an earlier start was left over (KillMode=process or none, a worker that did not end), or the program asks for the port twice (an exporter on the port of the API, workers that each listen). To tell them apart: a left-over is older than the unit's last start (`systemctl status`).",
  evidence: [table(seen), ...lineOf(failure)],
  remedies: ["oneOwner"],
});

/** Two programs answer on one port: which of them a client reaches is chance, or the family of its address. */
function split(seen: Holders, owners: readonly Owner[]): Finding<PortRemedy>[] {
  if (seen.protocol === "udp") return [];
  for (const one of owners)
    for (const other of owners.slice(owners.indexOf(one) + 1)) {
      const shared = one.addresses.find((address) => other.addresses.includes(address));
      const families = [one, other].map(({ addresses }) =>
        addresses.find((a) => a === "[::]" || a === "0.0.0.0"),
      );
      const isByFamily =
        families[0] !== undefined && families[1] !== undefined && families[0] !== families[1];
      if (shared === undefined && !isByFamily) continue;
      return [
        {
          id: `split:${seen.port}`,
          severity: "warning",
          title: `Port ${seen.port} is answered by two programs: ${sayOwner(one)}; ${sayOwner(other)}`,
          because:
            shared !== undefined
              ? `Both listen on ${shared} (SO_REUSEPORT), and the kernel gives each new connection to either. After a deployment that is the old release still answering; two workers of one service would be one unit.`
              : "One listens for IPv4, the other for IPv6: `localhost` and names with both addresses lead to the one or the other, by client.",
          evidence: [table(seen)],
          remedies: ["oneOwner"],
        },
      ];
    }
  return [];
}

/** Nobody listens on it. */
function free(seen: Holders, asked: Asked): Finding<PortRemedy>[] {
  const { port, connections } = seen;
  const { failure, now, service } = asked;
  if (connections.length > 0 && (failure ?? service) !== undefined) return [byConnection(seen, failure)];
  const also = `${sayTimeWait(seen)}${sayElsewhere(seen)}`;
  if (failure !== undefined)
    return [
      {
        id: `free-again:${port}`,
        severity: "warning",
        title: `Port ${port} was taken ${ago(failure, now)} ago and is free now, and nobody listens on it`,
        because: `Whoever had it has ended since; ${failure.unit || failure.program || "the program"} has not come back by itself.${also}`,
        evidence: lineOf(failure),
        remedies: ["seeStart"],
      },
    ];
  return [
    {
      id: `free:${port}`,
      severity: service === undefined ? "info" : "warning",
      title: `Nobody listens on port ${port}${service === undefined ? "" : `, ${service} neither`}`,
      because: `It is no conflict: the port is free.${also}`,
      remedies: service === undefined ? [] : ["seeStart"],
    },
  ];
}

/** A connection has it as its local port. */
function byConnection(seen: Holders, failure: Failure | undefined): Finding<PortRemedy> {
  const { port, connections, isEphemeral } = seen;
  const [taker] = connections;
  const process = taker?.process ?? null;
  const who = process === null ? "a process" : `${process.name} (pid ${process.pid})`;
  return {
    id: `ephemeral:${port}`,
    severity: failure === undefined ? "warning" : "critical",
    title: `Nobody listens on port ${port}, but ${who} has it as its own port of a connection to ${taker?.peer ?? "somebody"}`,
    because: isEphemeral
      ? "The kernel gives ports of this range to outgoing connections (ip_local_port_range), and this one is not kept back: whoever came first has it, until the connection ends."
      : "The connection was accepted by a server that listens no more; while it is open, the port is not free for a program that does not set SO_REUSEADDR.",
    evidence: [
      rows("Connections with this local port", connections, {
        from: (one) => one.address,
        to: (one) => one.peer,
        state: (one) => one.state,
        process: (one) => one.process?.name,
        pid: (one) => one.process?.pid,
      }),
      ...lineOf(failure),
    ],
    remedies: isEphemeral ? ["reservePort"] : ["seeStart"],
  };
}

const sayTimeWait = ({ timeWait }: Holders): string =>
  timeWait === 0
    ? ""
    : ` ${count(timeWait, "ended connection is", "ended connections are")} in TIME_WAIT there: that keeps away only a program that does not set SO_REUSEADDR, for a minute.`;

function sayElsewhere({ elsewhere: [inner] }: Holders): string {
  if (inner === undefined) return "";
  const { name, pid, unit } = inner.process;
  return ` In a network of its own ${name} (pid ${pid}${unit === "" ? "" : `, ${unit}`}) listens on it: that is no conflict, and not reachable as the machine's port unless it is published.`;
}

const denied = (seen: Holders, failure: Failure, { now }: Asked): Finding<PortRemedy> => ({
  id: `privileged:${seen.port}`,
  severity: "critical",
  title: `${failure.unit || failure.program || "A program"} may not listen on port ${seen.port}: it is not root`,
  because: `${ago(failure, now)} ago the kernel refused it. Ports below ${seen.privilegedBelow} need the right CAP_NET_BIND_SERVICE; that nobody holds the port does not help.`,
  evidence: lineOf(failure),
  remedies: ["allowPort", "movePort"],
});

const noAddress = (seen: Holders, failure: Failure, { now }: Asked): Finding<PortRemedy> => ({
  id: `no-address:${seen.port}`,
  severity: "critical",
  title: `${failure.unit || failure.program || "A program"} wants to listen on an address this machine does not have (port ${seen.port})`,
  because: `${ago(failure, now)} ago the kernel refused it: the address is not on any interface. Either it is wrong (another machine's, a container's), or it comes later than the program: after the network is up, or with a floating address.`,
  evidence: lineOf(failure),
  remedies: ["fixAddress"],
});
