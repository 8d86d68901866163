import {
  count,
  type Evidence,
  type Finding,
  facts,
  type host,
  rows,
  sayPercent,
} from "../../src/sdk/index.ts";

type Sockets = host.Sockets;
export type NetworkRemedy =
  | "reuseConnections"
  | "raiseConntrack"
  | "acceptFaster"
  | "raiseNeighbours"
  | "raiseTcpMemory";

/** From this share on a limit is near; beyond the second, new ones fail now or within moments. */
export const NEAR = 0.8;
export const REACHED = 0.97;

/** Ephemeral ports to one destination: the limit is per source address, destination and its port, never of the machine. */
export function portFindings(seen: Sockets): Finding<NetworkRemedy>[] {
  return seen.destinations
    .filter(({ ratio }) => ratio >= NEAR)
    .slice(0, 5)
    .map(({ from, to, port, open, timeWait, held, ratio, owner }) => {
      const waits = timeWait > open;
      const who = owner === null ? "" : `; ${owner.name} (pid ${owner.pid}) holds some of them`;
      const why = waits
        ? "Most are in TIME_WAIT: connections are opened and closed for each request rather than kept, and each keeps its port for a minute after."
        : "Most are open: more are held at once than the destination's port can tell apart; a leak of connections looks the same, and grows.";
      return {
        id: `ports:${to}:${port}`,
        severity: ratio >= REACHED ? "critical" : "warning",
        title: `${held} of ${seen.ports} ephemeral ports from ${from} to ${to} port ${port} are taken (${sayPercent(ratio)})${who}`,
        because: `A connection to the same address and port needs a local port of its own; without one it fails with EADDRNOTAVAIL ("cannot assign requested address"). ${why}`,
        evidence: [
          facts({
            open,
            "in TIME_WAIT": timeWait,
            "tcp_tw_reuse (effective)": seen.reuse,
            "ports to be had": seen.ports,
          }),
          destinations(seen),
        ],
        remedies: ["reuseConnections"],
      };
    });
}

const destinations = (seen: Sockets): Evidence =>
  rows("Destinations", seen.destinations.slice(0, 8), {
    to: (one) => `${one.to}:${one.port}`,
    open: (one) => one.open,
    TIME_WAIT: (one) => one.timeWait,
    "of the ports": (one) => sayPercent(one.ratio),
    owner: (one) => (one.owner === null ? "" : `${one.owner.name} (${one.owner.pid})`),
  });

/** The table of tracked connections. Packets that were dropped say more than how full it is at a moment. */
export function conntrackFinding({ conntrack, seconds }: Sockets): Finding<NetworkRemedy> | undefined {
  if (conntrack === null) return undefined;
  const { count: entries, max, drops, earlyDrops, top } = conntrack;
  const ratio = entries / max;
  const dropped = drops ?? 0;
  const isFull = ratio >= NEAR;
  if (!isFull && dropped === 0) return undefined;
  const largest = top[0];
  return {
    id: "conntrack",
    severity: dropped > 0 || ratio >= REACHED ? "critical" : "warning",
    title: `${entries} of ${max} tracked connections (${sayPercent(ratio)})${dropped > 0 ? `; ${count(dropped, "packet")} dropped within ${seconds} s` : ""}`,
    because: `${dropped > 0 && !isFull ? "Packets are dropped though the table is not full now: it was full for moments, or an entry could not be allocated. " : "Where the table is full, packets of new connections are dropped without a word: they time out, from here and through here. "}${largest === undefined ? "" : `Most entries lead to ${largest.to} (${largest.entries}). `}The limit is the kernel's, for the whole machine.`,
    evidence: [
      facts({
        entries,
        limit: max,
        "dropped now": drops ?? "not counted",
        "pushed out early now": earlyDrops ?? "not counted",
      }),
      ...(top.length === 0
        ? []
        : [rows("Where they lead", top, { to: (one) => one.to, entries: (one) => one.entries })]),
    ],
    remedies: ["raiseConntrack"],
  };
}

/** Queues of listening sockets: full now, or overflowing now. What overflowed since boot is long over. */
export function listenFindings(seen: Sockets): Finding<NetworkRemedy>[] {
  const full = seen.listeners.filter(
    ({ waiting, backlog }) => backlog !== null && backlog > 0 && waiting >= backlog,
  );
  const lost = seen.overflows?.now ?? 0;
  if (full.length === 0 && lost === 0) return [];
  const first = full[0];
  const evidence = [
    facts({
      [`overflows within ${seen.seconds} s`]: seen.overflows?.now ?? "not counted",
      "overflows since boot": seen.overflows?.since ?? "not counted",
    }),
    rows("Listening sockets with a queue", seen.listeners.slice(0, 8), {
      address: (one) => one.address,
      waiting: (one) => one.waiting,
      backlog: (one) => one.backlog ?? "unknown",
      owner: (one) => one.owner,
    }),
  ];
  const more = full.length > 1 ? `, and ${full.length - 1} more` : "";
  return [
    {
      id: "listen-queue",
      severity: lost > 0 && full.length > 0 ? "critical" : "warning",
      title:
        first === undefined
          ? `${count(lost, "connection")} found the queue of a listening socket full within ${seen.seconds} s`
          : `The queue of ${first.address} is full: ${first.waiting} wait, ${first.backlog ?? 0} may${first.owner === "" ? "" : ` (${first.owner})`}${more}`,
      because:
        first === undefined
          ? "None is full at this moment: they come in bursts. Clients whose handshake was dropped try again after a second or more, or give up."
          : "The program takes connections more slowly than they come, or not at all; further ones are dropped, and clients see a time-out. Either it hangs or is overloaded, or its backlog is too small for bursts; to tell them apart: whether the queue stays full while its CPU is idle.",
      evidence,
      remedies: ["acceptFaster"],
    },
  ];
}

/** Tables of the kernel for the whole machine: neighbours on the link, memory of all TCP sockets. Pure. */
export function kernelTables({ neighbours, tcpMemory }: Sockets): Finding<NetworkRemedy>[] {
  const found: Finding<NetworkRemedy>[] = [];
  if (neighbours != null && neighbours.entries / neighbours.max >= NEAR)
    found.push({
      id: "neighbours",
      severity: neighbours.entries / neighbours.max >= REACHED ? "critical" : "warning",
      title: `${neighbours.entries} of ${neighbours.max} neighbours on the link are known (${sayPercent(neighbours.entries / neighbours.max)})`,
      because:
        "Beyond it the kernel forgets some at once (“neighbour table overflow”): packets to machines, containers or pods of the same network are lost at random, and connections that work now hang. It has nothing to do with tracked connections.",
      remedies: ["raiseNeighbours"],
    });
  if (tcpMemory != null && tcpMemory.pages / tcpMemory.max >= NEAR)
    found.push({
      id: "tcp-memory",
      severity: tcpMemory.pages / tcpMemory.max >= REACHED ? "critical" : "warning",
      title: `TCP sockets hold ${tcpMemory.pages} of ${tcpMemory.max} pages of memory (${sayPercent(tcpMemory.pages / tcpMemory.max)})`,
      because:
        "The limit is of all sockets together (tcp_mem); beyond it buffers are cut and connections dropped (“TCP: out of memory”), however much memory the machine has. Most often a program does not read what came in, or peers do not take what is sent.",
      remedies: ["raiseTcpMemory"],
    });
  return found;
}
