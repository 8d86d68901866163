import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { fileFindings, inotifyFindings, taskFindings } from "./limits-handles.ts";
import { conntrackFinding, kernelTables, listenFindings, NEAR, portFindings } from "./limits-network.ts";

/** What a machine has a fixed number of besides memory and disk, and who uses it up. */
const book = runbookOn(
  "host",
  {
    id: "host-limits",
    title: "Ports, connections, open files and processes against their limits",
    covers: [],
    alerts: [
      "NodeFileDescriptorLimit",
      "NodeHighNumberConntrackEntriesUsed",
      "HostConntrackLimit",
      "HostFileDescriptorsLimit",
      "ProcessTooManyOpenFiles",
      "TooManyOpenFiles",
      "HostOutOfPids",
      "NodePIDPressure",
      "TcpListenOverflows",
      "EphemeralPortsExhausted",
    ],
    params: z.object({}),
  },
  () => ({ sockets: host.sockets(), handles: host.handles() }),
);

type Handles = host.Handles | undefined;

/** The one that is nearest its own limit of open files, and the one that has most of them. */
const nearest = (handles: Handles) =>
  [...(handles?.processes ?? [])]
    .sort((a, b) => b.ratio - a.ratio)
    .find(({ ratio, limit }) => ratio >= NEAR && limit !== null);
const most = (handles: Handles) => [...(handles?.processes ?? [])].sort((a, b) => b.open - a.open)[0];

export const hostLimits = book
  .remedies({
    reuseConnections: book.advises("Keep connections, or spread them", "high", ({ sockets }) => {
      const one = sockets?.destinations[0];
      const to = one === undefined ? "the destination" : `${one.to} port ${one.port}`;
      const reuse =
        one !== undefined && one.timeWait > one.open && sockets?.reuse === 0
          ? " Until then `sysctl -w net.ipv4.tcp_tw_reuse=1` lets new connections take ports in TIME_WAIT (never tcp_tw_recycle, which breaks clients behind NAT)."
          : "";
      return `Let the client of ${to} keep its connections (keep-alive, a pool with a limit, one client object for all requests); close what it leaks.${reuse} More room: a wider range (\`sysctl -w net.ipv4.ip_local_port_range="1024 65000"\`, with the ports of services in ip_local_reserved_ports), a second address on either side. Ports to other destinations are not concerned.`;
    }),
    raiseConntrack: book.advises("Make room in the table of tracked connections", "high", ({ sockets }) => {
      const max = sockets?.conntrack?.max ?? 0;
      const next = max > 0 ? String(max * 2) : "N";
      return `Find what opens so many (\`conntrack -L 2>/dev/null | awk '{print $5}' | sort | uniq -c | sort -rn | head\`). Room now: \`sysctl -w net.netfilter.nf_conntrack_max=${shellWord(next)}\` (some 320 bytes each), and a quarter of it in /sys/module/nf_conntrack/parameters/hashsize. Where entries are idle, shorten \`nf_conntrack_tcp_timeout_established\` (five days by default); traffic that needs no state can skip it (\`notrack\`). Keep it in /etc/sysctl.d.`;
    }),
    acceptFaster: book.advises("Let the program accept connections", "high", ({ sockets }) => {
      const one = sockets?.listeners[0];
      const where = one === undefined ? "the socket" : one.address;
      return `See whether the program behind ${where} works (\`ss -ltnp\` names it; a thread dump, its CPU): one that hangs has to be mended or restarted, and more backlog only lets clients wait longer. Only for bursts: a larger backlog in its own settings (listen(), \`backlog=\`) and \`sysctl net.core.somaxconn\`, which cuts it; it holds after the program listens anew.`;
    }),
    raiseNeighbours: book.advises(
      "Let the kernel know more neighbours",
      "low",
      "`ip -s neigh | wc -l` and which network they are of: a link with so many (a flat network, pods without routes of their own) is the reason. `sysctl -w net.ipv4.neigh.default.gc_thresh1=8192 net.ipv4.neigh.default.gc_thresh2=16384 net.ipv4.neigh.default.gc_thresh3=32768` (the same for ipv6), and in /etc/sysctl.d.",
    ),
    raiseTcpMemory: book.advises(
      "Find whose sockets are full",
      "high",
      "`ss -tnmp | sort -k2 -rn | head` (Recv-Q: the program does not read; Send-Q: its peer does not). Only where so many connections are meant: `sysctl -w net.ipv4.tcp_mem='MIN PRESSURE MAX'` (pages of 4 KiB).",
    ),
    closeFiles: book.advises("Close what is not used any more", "high", ({ handles }) => {
      const one = nearest(handles) ?? most(handles);
      const pid = one === undefined ? "PID" : String(one.pid);
      return `See whether it grows, or stays where it is: \`ls /proc/${shellWord(pid)}/fd | wc -l\` some minutes apart. A number that only grows is a leak: find what is opened per request and never closed (\`ls -l /proc/${shellWord(pid)}/fd\`, \`ss -tnp | grep pid=${shellWord(pid)},\`: CLOSE-WAIT means that the program does not close what its peer has). A restart gives time until it is mended, no more.`;
    }),
    raiseFiles: book.advises("Raise the limit of open files", "low", ({ handles }) => {
      const one = nearest(handles);
      // Where the machine's own limit is near, a higher one of a program only takes more of it.
      if (handles !== undefined && one === undefined)
        return "`sysctl fs.file-nr` shows how many there are, and the most. Once it is known that they are needed: `sysctl -w fs.file-max=N` and the same in /etc/sysctl.d (about 1 KiB of memory each).";
      const pid = one === undefined ? "PID" : String(one.pid);
      const wanted = one?.limit === undefined || one.limit === null ? 65_536 : one.limit * 2;
      return `Where it needs so many by design: at once for the running process \`prlimit --pid ${shellWord(pid)} --nofile=${wanted}:${wanted}\`; for good \`LimitNOFILE=${wanted}\` in its unit, \`ulimits:\` of the container. Of the machine: \`sysctl -w fs.file-max=N\`.`;
    }),
    raiseInotify: book.advises(
      "Raise the limits of inotify",
      "low",
      "`sysctl -w fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024` (about 1 KiB of kernel memory for each watch used), and the same in /etc/sysctl.d. Or let what watches leave out large folders (node_modules, build output, logs of many containers).",
    ),
    raiseTasks: book.advises(
      "Find who starts so many, then raise the limit",
      "high",
      "`ps -eo nlwp,pid,user,comm --sort=-nlwp | head` shows threads by process, `ps -eo stat,ppid,comm | grep '^Z'` what ended and was not taken note of by its parent. A number that only grows is a leak, and a higher limit puts it off. Where it is needed: `systemctl set-property --runtime UNIT TasksMax=N`, `pids_limit:` of the container, `podPidsLimit` of the kubelet, `LimitNPROC=` of the unit, `sysctl -w kernel.pid_max=N kernel.threads-max=N`.",
    ),
  })
  .findings((find) => [
    find(["sockets"], ({ sockets }) => portFindings(sockets)),
    find(["sockets"], ({ sockets }) => conntrackFinding(sockets)),
    find(["sockets"], ({ sockets }) => kernelTables(sockets)),
    find(["handles"], ({ handles }) => fileFindings(handles)),
    find(["handles"], ({ handles }) => taskFindings(handles)),
    find(["sockets"], ({ sockets }) => listenFindings(sockets)),
    find(["handles"], ({ handles }) => inotifyFindings(handles)),
  ]);
