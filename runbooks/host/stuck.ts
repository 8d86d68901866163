import { clip, count, type Evidence, type Finding, type host, rows } from "../../src/sdk/index.ts";

type Stuck = host.Stuck;
type Group = Stuck["stuck"][number];
type WaitsFor = Group["waitsFor"];

/** What is waited for, in words; the remedy for it; types of file systems it can be about. */
const WAITS: Readonly<
  Record<WaitsFor, { words: string; remedy: StuckRemedy; because: string; types?: RegExp }>
> = {
  nfs: {
    ...{ words: "an NFS server", remedy: "reachServer", types: /^nfs/ },
    because: "The server does not answer, or the way to it is gone; a hard mount waits for it for ever.",
  },
  smb: {
    ...{ words: "an SMB server", remedy: "reachServer", types: /^(cifs|smb)/ },
    because: "The server does not answer, or the way to it is gone.",
  },
  ceph: {
    ...{ words: "Ceph", remedy: "reachServer", types: /^ceph/ },
    because: "Monitors or OSDs do not answer, or the cluster is full and takes no writes.",
  },
  fuse: {
    ...{ words: "a FUSE program", remedy: "restartFuse", types: /^fuse\./ },
    because: "The program behind the mount (sshfs, s3fs, glusterfs, …) took the request and does not answer.",
  },
  disk: {
    ...{ words: "a disk", remedy: "findDisk" },
    because:
      "One answer of the disk takes longer than two seconds. Either the device fails or its path is gone, or it is overloaded; to tell them apart: errors in the kernel's log, and `iostat -x 1` (utilisation, await).",
  },
  memory: {
    ...{ words: "memory", remedy: "findMemory" },
    because: "The kernel makes them wait until it has freed or written back memory.",
  },
  frozen: {
    ...{ words: "a frozen file system", remedy: "thaw" },
    because: "Somebody froze it for a snapshot (fsfreeze, a backup) and has not let go; every write waits.",
  },
  lock: {
    ...{ words: "a lock in the kernel", remedy: "findHolder" },
    because: "Another task holds it; the one that waits for something else is the cause, not these.",
  },
  unknown: {
    ...{ words: "something in the kernel", remedy: "findHolder" },
    because: "What it is, the name of the function does not tell.",
  },
};
export type StuckRemedy = "reachServer" | "restartFuse" | "findDisk" | "findMemory" | "thaw" | "findHolder";

/** One finding for each thing that is waited for. What the kernel's own threads do is not one: some wait for ever. */
export function stuckFindings(seen: Stuck): Finding<StuckRemedy>[] {
  const groups = seen.stuck.filter(({ isKernel }) => !isKernel);
  const kinds = [...new Set(groups.map(({ waitsFor }) => waitsFor))];
  return kinds.map((kind): Finding<StuckRemedy> => {
    const mine = groups.filter(({ waitsFor }) => waitsFor === kind);
    const pids = new Set(mine.map(({ pid }) => pid));
    const { words, because, remedy, types } = WAITS[kind];
    const mounts = types === undefined ? [] : seen.network.filter(({ type }) => types.test(type));
    const isLong = seen.kernelSays.some((line) => mine.some(({ name }) => line.includes(`task ${name}:`)));
    return {
      id: `stuck:${kind}`,
      severity: isLong || pids.size >= MANY || mounts.length > 0 ? "critical" : "warning",
      title: `${count(pids.size, "process waits", "processes wait")} for ${words}: ${sayNames(mine)}`,
      because: `In ${seen.seconds} s ${count(pids.size, "process has", "processes have")} not run once (state D): no signal ends that wait, SIGKILL only where the kernel lets it. ${because}${sayMounts(mounts)}${isLong ? " The kernel's log says that it goes on for minutes." : ""} Each counts 1 in the load and uses no CPU.`,
      evidence: [
        rows("", mine.slice(0, 10), {
          process: (one) => one.name,
          pid: (one) => one.pid,
          threads: (one) => one.threads,
          "waits in": (one) => one.channel || "not shown",
        }),
        ...mountRows(mounts),
      ],
      remedies: [remedy],
      ...(kind === "lock" || kind === "unknown" ? {} : { explains: ["stuck:lock", "stuck:unknown"] }),
    };
  });
}

/** From so many on the machine is not one process's matter. */
const MANY = 5;

const sayNames = (groups: readonly Group[]): string => {
  const names = groups.slice(0, 4).map(({ name, pid }) => `${name} (pid ${pid})`);
  return `${clip(names.join(", "), 160)}${groups.length > 4 ? ", …" : ""}`;
};

const mountRows = (mounts: Stuck["network"]): Evidence[] =>
  mounts.length === 0
    ? []
    : [
        rows("Mounts it can be about", mounts.slice(0, 8), {
          mount: (one) => one.path,
          type: (one) => one.type,
          device: (one) => one.device,
        }),
      ];

const sayMounts = (mounts: Stuck["network"]): string => {
  if (mounts.length === 0) return "";
  const names = mounts
    .slice(0, 4)
    .map(({ path, server }) => (server === null ? path : `${path} of ${server}`));
  return ` Mounted of this kind: ${names.join(", ")}${mounts.length > 4 ? ", …" : ""}.`;
};

/** Advice for each: title, risk, what to do. */
export const STUCK_ADVICE = {
  findDisk: [
    "Find the disk that does not answer",
    "low",
    "`dmesg -T | tail -50` (I/O errors, resets, time-outs, paths that failed), `iostat -x 1 3` (which device, await), `multipath -ll`, and for a cloud volume its limits and state. A device that is gone lets its processes go only when it is back, or after a restart of the machine.",
  ],
  findMemory: [
    "See what memory waits for",
    "low",
    "Run high-memory. If they wait in balance_dirty_pages, it is the disk that takes writes too slowly (`grep -E 'Dirty|Writeback' /proc/meminfo`, `iostat -x 1 3`).",
  ],
  thaw: [
    "Let the frozen file system go",
    "high",
    "Find out which backup or snapshot froze it and whether it still runs. If it does not: `fsfreeze --unfreeze MOUNT` (`findmnt -t ext4,xfs,btrfs` lists the candidates); the guest agent of a hypervisor does it by `guest-fsfreeze-thaw`.",
  ],
  findHolder: [
    "Find who holds the lock",
    "low",
    "As root: `cat /proc/PID/stack` of each, and `echo w > /proc/sysrq-trigger; dmesg | tail -200` lists all that wait with their stacks (Linux 6 and `CONFIG_LOCKDEP`: also who holds what). The task whose stack is in a disk or network function is the cause.",
  ],
} as const;
