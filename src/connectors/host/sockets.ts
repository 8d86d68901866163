import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { Conntrack, conntrackOf } from "./conntrack.ts";
import { Listener, netstatOf, parseListeners, parseQueues } from "./listeners.ts";
import { Destination, parseDestinations, parseOwners, portsIn } from "./ports.ts";

const { read } = actionsOn<HostClient>("host");
const SECONDS = 2;

// Ports stand in the tables as four hexadecimal digits, so text compares as numbers do. Two passes: what was accepted on a
// listening port takes no ephemeral one, and listeners of IPv6 come after the connections of IPv4.
const SOCKETS = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin; k=/proc/sys/net
cat $k/ipv4/ip_local_port_range; cat $k/ipv4/ip_local_reserved_ports 2>/dev/null; echo ==
cat $k/ipv4/tcp_tw_reuse $k/ipv4/tcp_timestamps; echo ==
look() { cat /proc/net/netstat; echo ==; cat /proc/net/stat/nf_conntrack 2>/dev/null; echo ==; }
look
t=/proc/net/tcp; [ -r /proc/net/tcp6 ] && t="$t /proc/net/tcp6"
set -- $(cat $k/ipv4/ip_local_port_range)
table=$(awk -v lo="$(printf %04X "$1")" -v hi="$(printf %04X "$2")" '
function port(a) { return substr(a, length(a) - 3) "" }
pass == 1 { if ($4 == "0A") l[port($2)] = 1; next }
FNR == 1 { next }
$4 == "0A" { if ($5 !~ /:0+$/) print "9999999998 queue", $2, $5; next }
{ s = $4 == "06" ? "wait" : "open"; all[s]++; p = port($2)
  if (!(p in l) && p >= lo "" && p <= hi "") { key = s " " substr($2, 1, length($2) - 5) " " $3; n[key]++; if ($10 > 0) i[key] = $10 } }
END { print "9999999999 all", all["open"] + 0, all["wait"] + 0; for (key in n) print n[key], key, i[key] + 0 }' pass=1 $t pass=2 $t | sort -rn | head -n 80)
printf '%s\\n==\\n' "$table"
inodes=$(printf '%s\\n' "$table" | awk '$2 == "open" && $5 > 0 { printf " %s ", $5 }')
[ -z "$inodes" ] || ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v wanted="$inodes" '
/^\\/proc\\// { split($1, d, "/"); pid = d[3]; next }
{ w = $NF; if (w !~ /^socket:/) next; gsub(/[^0-9]/, "", w); if (index(wanted, " " w " ")) print pid, w }' | head -n 40 |
while read -r pid inode; do echo "$pid $inode $(cat "/proc/$pid/comm" 2>/dev/null)"; done; echo ==
if command -v ss >/dev/null 2>&1; then echo ss; ss -Hltnp 2>/dev/null | head -n 500; fi; echo ==
cat $k/netfilter/nf_conntrack_count $k/netfilter/nf_conntrack_max 2>/dev/null; echo ==
head -n 200000 /proc/net/nf_conntrack 2>/dev/null | awk '{ to = ""; for (f = 3; f <= NF; f++) { if ($f ~ /^dst=/) to = substr($f, 5); if ($f ~ /^dport=/) { to = to ":" substr($f, 7); break } } n[$3 " " to]++ } END { for (key in n) print n[key], key }' | sort -rn | head -n 5; echo ==
sleep ${SECONDS}; look
ls -l /proc/[0-9]*/ns/net 2>/dev/null | sed 's/.*net:/net:/' | sort -u | wc -l; echo ==
for f in arp ndisc; do awk 'NR == 2 { print $1 }' /proc/net/stat/"$f"_cache 2>/dev/null || echo; done; cat $k/ipv4/neigh/default/gc_thresh3 $k/ipv6/neigh/default/gc_thresh3 2>/dev/null; echo ==
awk '$1 == "TCP:" { print $NF }' /proc/net/sockstat; awk '{ print $3 }' $k/ipv4/tcp_mem; true`;

const Output = z.object({
  /** Ephemeral ports a connection can have: ip_local_port_range without what is reserved. */
  ports: z.int(),
  /** tcp_tw_reuse, 0 where timestamps are off: 1 takes ports in TIME_WAIT again for new connections, 2 on loopback only. */
  reuse: z.int(),
  connections: z.object({ open: z.int(), timeWait: z.int() }),
  /** Those with the most ports held, most first. */
  destinations: z.array(Destination).max(20),
  /** Null: connections are not tracked here. */
  conntrack: Conntrack.nullable(),
  /** Listening sockets in whose queue connections wait now. */
  listeners: z.array(Listener).max(50),
  /** Connections refused because a listening socket's queue was full; `since`: since boot. Null: not counted. */
  overflows: z.object({ now: z.int(), since: z.int() }).nullable(),
  drops: z.object({ now: z.int(), since: z.int() }).nullable(),
  /** Machines on the same link whose hardware address is known, and how many the table takes. Absent in recordings from before. */
  neighbours: z.object({ entries: z.int(), max: z.int() }).nullable().optional(),
  /** Pages of memory that all TCP sockets hold, and how many they may. Absent in recordings from before. */
  tcpMemory: z.object({ pages: z.int(), max: z.int() }).nullable().optional(),
  seconds: z.number(),
  notSeen,
});
export type Sockets = z.output<typeof Output>;

/**
 * What the network of a machine has limits for: ephemeral ports per destination, tracked connections, queues of listening
 * sockets; counters by difference over two seconds. Of the network namespace diagbot's commands run in: containers have their
 * own. kernel.org networking/ip-sysctl, nf_conntrack-sysctl.
 */
export const sockets = read({
  name: "host.sockets",
  title: "Ports, tracked connections and listen queues",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 20,
  run: async (client, _input, context) => judgeSockets(await script(client, SOCKETS, [], context)),
});

/** Pure. Exported for its test. */
export function judgeSockets(said: string): Sockets {
  const [range = "", sysctl = "", netBefore = "", trackBefore = "", table = "", owners = "", ss = ""] =
    partsOf(said);
  const [figures = "", top = "", netAfter = "", trackAfter = "", spaces = "", link = "", tcp = ""] =
    partsOf(said).slice(7);
  const [low = "", reserved = ""] = range.split("\n");
  const [reuse = 0, timestamps = 1] = linesOf(sysctl).map(Number);
  const ports = portsIn(low, reserved);
  const taken = timestamps === 0 ? 0 : reuse;
  const rows = linesOf(table);
  const [, , open = "0", wait = "0"] = (rows.find((row) => row.includes(" all ")) ?? "").split(" ");
  const counter = (name: string) => {
    const first = netstatOf(netBefore, name);
    const since = netstatOf(netAfter, name);
    if (first === undefined || since === undefined) return null;
    return { now: since >= first ? since - first : since, since };
  };
  const hasSs = ss.startsWith("ss\n");
  const queues = rows.flatMap((row) => (row.startsWith("9999999998 queue ") ? [row.slice(17)] : []));
  const others = Number(spaces.trim()) - 1;
  return {
    ...{ ports, reuse: taken, connections: { open: Number(open), timeWait: Number(wait) } },
    destinations: parseDestinations(table, { ports, reuse: taken }, parseOwners(owners)),
    conntrack: conntrackOf(figures, trackBefore, trackAfter, top),
    listeners: (hasSs ? parseListeners(ss.slice(3)) : parseQueues(queues.join("\n")))
      .sort((a, b) => b.waiting - a.waiting)
      .slice(0, 50),
    ...{ neighbours: neighboursOf(link), tcpMemory: tcpMemoryOf(tcp) },
    ...{ overflows: counter("ListenOverflows"), drops: counter("ListenDrops"), seconds: SECONDS },
    notSeen: [
      ...(hasSs
        ? []
        : [
            {
              what: "how long the queues of listening sockets may be",
              why: "`ss` is not there, and /proc/net/tcp does not show it",
              fix: "install iproute2",
            },
          ]),
      ...(others > 0
        ? [
            {
              what: `connections within ${others} other network ${others === 1 ? "namespace" : "namespaces"}`,
              why: "each container with a network of its own has its own ports, queues and table",
              fix: "as root on that machine: `nsenter -t PID -n ss -s`",
            },
          ]
        : []),
    ],
  };
}

/** Entries of ARP and of neighbour discovery (hexadecimal, one a line), then the limit of each; the nearer to its own. */
function neighboursOf(text: string): Sockets["neighbours"] {
  const [arp = "", ndisc = "", max4 = "", max6 = ""] = text.split("\n");
  const tables = [
    { entries: Number.parseInt(arp, 16), max: Number(max4) },
    { entries: Number.parseInt(ndisc, 16), max: Number(max6) },
  ].filter(({ entries, max }) => Number.isSafeInteger(entries) && max > 0);
  return tables.toSorted((a, b) => b.entries / b.max - a.entries / a.max)[0] ?? null;
}

function tcpMemoryOf(text: string): Sockets["tcpMemory"] {
  const [pages, max] = linesOf(text).map(Number);
  return pages === undefined || max === undefined || !(max > 0) || !Number.isSafeInteger(pages)
    ? null
    : { pages, max };
}
