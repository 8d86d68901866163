import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { isWithin, ownersOf, type PortSocket, parsePortTable, socketUnitOf, v6OnlyOf } from "./port-table.ts";
import { factsOf, ProcessFacts } from "./process-facts.ts";

const { read } = actionsOn<HostClient>("host");
const MOST_SPACES = 60;

// Arguments: port, the same in four hexadecimal digits, tcp or udp. Everything from /proc, so that it works without ss; ss adds
// whether a socket of IPv6 leaves IPv4 alone. Whoever is in another network namespace is read there: /proc/PID/net is its own.
const HOLDERS = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; port=$1; hex=$2; proto=$3; k=/proc/sys/net
cat $k/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024; cat $k/ipv4/ip_local_port_range; echo "reserved $(cat $k/ipv4/ip_local_reserved_ports 2>/dev/null)"
cut -d' ' -f1 /proc/uptime; getconf CLK_TCK 2>/dev/null || echo 100; id -u; echo ==
rows() { for t in "$proto" "\${proto}6"; do [ -r "$1/net/$t" ] && awk -v h=":$hex" -v t="$t" '
FNR == 1 || substr($2, length($2) - 4) != h { next }
t ~ /^udp/ || $4 == "0A" { print "listen", t, $2, $3, $8, $10; next }
$4 == "06" || $4 == "03" { if ($4 == "06") w++; next }
n++ < 20 { print "other", t, $2, $3, $4, $8, $10 }
END { if (w) print "wait", w }' "$1/net/$t"; done; }
table=$(rows /proc/self | head -n 400); printf '%s\\n==\\n' "$table"
inodes=$(printf '%s\\n' "$table" | awk '$1 != "wait" && $NF > 0 { printf " %s ", $NF }')
[ -z "$inodes" ] || ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v wanted="$inodes" '
/^\\/proc\\// { split($1, d, "/"); pid = d[3]; next }
{ w = $NF; if (w !~ /^socket:/) next; gsub(/[^0-9]/, "", w); if (index(wanted, " " w " ") && !((pid " " w) in s)) { s[pid " " w] = 1; print pid, w } }' | head -n 200; echo ==
command -v ss >/dev/null 2>&1 && ss -Hlne --tcp --udp "sport = :$port" 2>/dev/null | head -n 100; echo ==
[ -d /run/systemd/system ] && timeout -s KILL 3 systemctl list-sockets --all --full --no-legend --no-pager 2>/dev/null | grep -F ":$port " | head -n 20; echo ==
own=$(readlink /proc/self/ns/net)
ls -l /proc/[0-9]*/ns/net 2>/dev/null | awk -v own="$own" '{ n = $NF; split($(NF - 2), d, "/"); if (n != own && !(n in s)) { s[n] = 1; print d[3] } }' | head -n ${MOST_SPACES} | while read -r pid; do
  rows "/proc/$pid" 2>/dev/null | grep '^listen' | head -n 4 | sed "s/^/$pid /"
  awk -v p="$pid" '/32 host LOCAL/ && a !~ /^127\\./ && n++ < 8 { print p, "at", a } { a = $NF }' "/proc/$pid/net/fib_trie" 2>/dev/null
done; true`;

const Process = ProcessFacts.extend({
  ageSeconds: z.number(),
  /** When it was started, in seconds after boot. */
  afterBoot: z.number(),
});

const Holder = z.object({
  address: z.string(),
  family: z.enum(["IPv4", "IPv6"]),
  /** A socket of IPv6 that leaves IPv4 alone; null: not said (no `ss`). Always false of IPv4. */
  v6Only: z.boolean().nullable(),
  uid: z.int(),
  /** Everybody who has the socket open, e.g. a server and its workers; empty: not visible to diagbot's user. */
  processes: z.array(Process).max(20),
});
export type Holder = z.output<typeof Holder>;

const Output = z.object({
  port: z.int(),
  protocol: z.enum(["tcp", "udp"]),
  /** Sockets that listen (UDP: are bound) in the network namespace of diagbot's commands. */
  listeners: z.array(Holder).max(40),
  /** Connections of which it is the local port although nobody listens: each keeps a listener away. */
  connections: z
    .array(
      z.object({ address: z.string(), peer: z.string(), state: z.string(), process: Process.nullable() }),
    )
    .max(20),
  /** Ended connections in TIME_WAIT: they keep away only who binds without SO_REUSEADDR. */
  timeWait: z.int(),
  /** A socket unit of systemd that holds it, and what it starts. */
  socketUnit: z.object({ unit: z.string(), activates: z.string() }).nullable(),
  /** Where docker-proxy passes it on to, and which container has that address; empty where it cannot be seen. */
  published: z.object({ to: z.string(), container: z.string() }).nullable(),
  /** Who listens on it in another network namespace: no conflict. */
  elsewhere: z.array(z.object({ address: z.string(), process: Process })).max(20),
  /** Below it a program needs CAP_NET_BIND_SERVICE (net.ipv4.ip_unprivileged_port_start). */
  privilegedBelow: z.int(),
  /** The kernel may give it to any outgoing connection (ip_local_port_range, not reserved). */
  isEphemeral: z.boolean(),
  notSeen,
});
export type PortHolders = z.output<typeof Output>;

/**
 * Who holds one port: listeners with their processes, units and containers, connections that have it as their local port, TIME_WAIT, and
 * other network namespaces. From /proc (traps `net-tools`, `port-8001-clash`). tektra.startup-port-conflict, sergas-accounts.port-in-use.
 */
export const portHolders = read({
  name: "host.port-holders",
  title: "Who holds a port",
  input: z.object({
    port: z.int().min(1).max(65_535),
    protocol: z.enum(["tcp", "udp"]).default("tcp"),
  }),
  output: Output,
  timeoutSeconds: 20,
  run: (client, input, context) => lookAtPort(client, input, context),
});

/** The look itself, for the write that frees a port as well. */
export async function lookAtPort(
  client: HostClient,
  { port, protocol }: { port: number; protocol: "tcp" | "udp" },
  context: ActionContext,
): Promise<PortHolders> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const said = partsOf(await script(client, HOLDERS, [String(port), hex, protocol], context));
  const [head = "", rows = "", fds = "", ss = "", units = "", others = ""] = said;
  const [start = "1024", range = "", reserved = "", uptime = "0", ticks = "100", me = ""] = linesOf(head);
  const table = parsePortTable(rows);
  const owners = ownersOf(fds);
  const only = v6OnlyOf(ss);
  const spaces = spacesOf(others);
  const holdersOf = ({ inode }: PortSocket) => owners.get(inode) ?? [];
  const held = table.listeners.length === 0 ? table.others : [];
  const pids = [...table.listeners, ...held].flatMap((socket) => holdersOf(socket).slice(0, 20));
  const facts = new Map(
    (await factsOf(client, [...new Set([...pids, ...spaces.pids])], context)).map((one) => [
      one.pid,
      { ...one, ...startOf(one.startTicks, Number(uptime), Number(ticks) || 100) },
    ]),
  );
  const of = (all: readonly number[]) =>
    all.flatMap((pid) => facts.get(pid) ?? []).sort((a, b) => a.startTicks - b.startTicks);
  const listeners = table.listeners.slice(0, 40).map(
    (socket): Holder => ({
      ...{ address: socket.address, family: socket.family, uid: socket.uid },
      v6Only: socket.family === "IPv4" ? false : (only.get(socket.inode) ?? null),
      processes: of(holdersOf(socket)).slice(0, 20),
    }),
  );
  const [low = 0, high = -1] = range.split(/\s+/).map(Number);
  const to = proxiedTo(listeners, port);
  const container = facts.get(spaces.at.get(to.split(":")[0] ?? "") ?? -1)?.unit ?? "";
  return {
    ...{ port, protocol, listeners, timeWait: table.timeWait, socketUnit: socketUnitOf(units, port) },
    connections: held.slice(0, 20).map((socket) => ({
      ...{ address: socket.address, peer: socket.peer, state: socket.state },
      process: of(holdersOf(socket))[0] ?? null,
    })),
    published: to === "" ? null : { to, container },
    elsewhere: spaces.listening
      .flatMap(({ pid, address }) => of([pid]).map((process) => ({ address, process })))
      .slice(0, 20),
    privilegedBelow: Number(start),
    isEphemeral: port >= low && port <= high && !isWithin(reserved.replace("reserved", ""), port),
    notSeen: hidden(listeners, me),
  };
}

function startOf(startTicks: number, uptime: number, ticksPerSecond: number) {
  const afterBoot = startTicks / ticksPerSecond;
  return { afterBoot, ageSeconds: Math.max(0, uptime - afterBoot) };
}

/** Lines `pid listen table local …` and `pid at address` of other network namespaces. */
function spacesOf(text: string) {
  const lines = linesOf(text).map((line) => line.split(" "));
  const listening = lines
    .filter(([, what]) => what === "listen")
    .flatMap(([pid = "", ...rest]) =>
      parsePortTable(rest.join(" ")).listeners.map(({ address }) => ({ pid: Number(pid), address })),
    );
  const at = new Map(
    lines.flatMap(([pid, what, address]) =>
      what === "at" && address !== undefined ? [[address, Number(pid)] as const] : [],
    ),
  );
  return {
    listening,
    at,
    pids: [...new Set([...listening.map(({ pid }) => pid), ...at.values()])].slice(0, 20),
  };
}

/** `docker-proxy … -host-port 80 -container-ip 172.17.0.2 -container-port 8080`: where the port leads to; empty: it is none. */
function proxiedTo(listeners: readonly Holder[], port: number): string {
  for (const { name, command } of listeners.flatMap(({ processes }) => processes)) {
    if (name !== "docker-proxy" || !command.includes(`-host-port ${port} `)) continue;
    const [, address = ""] = /-container-ip (\S+)/.exec(command) ?? [];
    const [, inner = ""] = /-container-port (\d+)/.exec(command) ?? [];
    return clip(`${address}:${inner}`, 80);
  }
  return "";
}

function hidden(listeners: readonly Holder[], me: string): NotSeen[] {
  const unknown = listeners.filter(({ processes }) => processes.length === 0);
  if (unknown.length === 0) return [];
  const users = [...new Set(unknown.map(({ uid }) => uid))].join(", ");
  return [
    {
      what: "which process holds the port",
      why:
        me === "0"
          ? "none of the processes that can be seen has the socket open: it belongs to the kernel, or to a process that this /proc does not show"
          : `the socket is of uid ${users}, and only root sees what others have open`,
      fix: "as root on that machine: `ss -ltnp`",
    },
  ];
}
