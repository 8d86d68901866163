import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { partsOf as blocksOf, linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { IN_CONTAINER } from "./in-container.ts";
import { Arc, availableOf, numberAfter, Parts, parseArc, partsOf } from "./meminfo.ts";
import { Group, parseGroup } from "./memory-group.ts";
import { Pressure, parsePressure } from "./pressure.ts";

const { read } = actionsOn<HostClient>("host");

// Two looks at the paging counters, a second apart: totals since boot say nothing about now (trap `first-sample`).
const MEMORY = `${IN_CONTAINER}
cat /proc/meminfo; echo ==
cat /proc/pressure/memory 2>/dev/null; echo ==
grep -E '^(pswpin|pswpout|oom_kill) ' /proc/vmstat; sleep 1; echo ==
grep -E '^(pswpin|pswpout|oom_kill) ' /proc/vmstat; echo ==
getconf PAGESIZE 2>/dev/null || echo 4096; echo ==
g=/sys/fs/cgroup; v=$g/memory
if [ -r $g/memory.max ]; then cat $g/memory.max $g/memory.current $g/memory.stat
elif [ -r $v/memory.limit_in_bytes ]; then cat $v/memory.limit_in_bytes $v/memory.usage_in_bytes $v/memory.stat; fi; echo ==
grep -E '^(size|c_min|c_max) ' /proc/spl/kstat/zfs/arcstats 2>/dev/null; echo ==
cat /sys/block/zram*/mm_stat 2>/dev/null; echo ==
cat /proc/[0-9]*/status 2>/dev/null | awk '/^Pid:/ { n++ } /^RssAnon:/ { a += $2; seen = 1 } /^VmSwap:/ { s += $2 } END { print n + 0, seen ? a + 0 : "-", s + 0 }'; echo ==
grep -E ' (/proc/meminfo|/proc) ' /proc/self/mounts; id -u
in_container && echo container; true`;

const Output = z.object({
  total: z.number(),
  /** What programs can still get without swapping: MemAvailable (trap `free-used`), and what the ARC of ZFS gives back. */
  available: z.number(),
  /** The kernel does not say it: reckoned from its other figures. */
  isEstimate: z.boolean(),
  usedRatio: z.number(),
  /** What it is used for; adds up to the total. */
  parts: Parts,
  arc: Arc.nullable(),
  /** Of the huge pages (of the default size) those that nobody uses, in bytes. Absent in recordings from before. */
  hugePagesFree: z.number().optional(),
  /** Held by all processes that can be seen; null: the kernel does not tell their own memory from shared. */
  seenProcesses: z.object({ count: z.int(), bytes: z.number().nullable() }),
  swapTotal: z.number(),
  swapUsed: z.number(),
  /** Bytes per second over the last second. */
  swapInRate: z.number(),
  swapOutRate: z.number(),
  /** Share of time tasks waited for memory; null where the kernel does not say. */
  pressure: Pressure.nullable(),
  /** Processes the kernel killed for memory since boot; null where it does not count. */
  oomKills: z.int().nullable(),
  /** Limit of the control group (container) the commands run in, where it is lower than the machine's memory. */
  group: Group.nullable(),
  /**
   * Whose figures these are. `container`: of the container diagbot looks from (lxcfs); `machine-below`: of the machine, while
   * only the container's own processes can be seen.
   */
  scope: z.enum(["machine", "container", "machine-below"]),
  notSeen,
});
export type Memory = z.output<typeof Output>;

/** Memory and what it is used for, swap traffic, pressure and OOM kills. kernel.org proc/meminfo, psi; tektra.high-memory, sergas-accounts.high-memory. */
export const memory = read({
  name: "host.memory",
  title: "Memory, swap and pressure",
  input: z.object({}),
  output: Output,
  run: async (client, _input, context) => {
    const said = blocksOf(await script(client, MEMORY, [], context));
    const [meminfo = "", pressure = "", before = "", after = "", page = ""] = said;
    const [group = "", arcstats = "", zram = "", processes = "", place = ""] = said.slice(5);
    const bytes = (name: string) => (numberAfter(meminfo, `${name}:`) ?? 0) * 1024;
    const total = bytes("MemTotal");
    if (total === 0) throw new DiagError("bad_output", "the machine does not say how much memory it has");
    const arc = parseArc(arcstats);
    const parts = partsOf(meminfo, arc, zramBytes(zram));
    const available = availableOf(meminfo, parts, arc);
    const rate = (name: string) =>
      Math.max(0, (numberAfter(after, name) ?? 0) - (numberAfter(before, name) ?? 0)) *
      (Number(page) || 4096);
    const [count = 0, anonymous = Number.NaN] = processes.trim().split(" ").map(Number);
    return {
      total,
      available: available.bytes,
      isEstimate: available.isEstimate,
      usedRatio: 1 - available.bytes / total,
      parts,
      arc,
      hugePagesFree: (numberAfter(meminfo, "HugePages_Free:") ?? 0) * bytes("Hugepagesize"),
      seenProcesses: { count, bytes: Number.isFinite(anonymous) ? anonymous * 1024 : null },
      swapTotal: bytes("SwapTotal"),
      swapUsed: bytes("SwapTotal") - bytes("SwapFree"),
      swapInRate: rate("pswpin"),
      swapOutRate: rate("pswpout"),
      pressure: parsePressure(pressure),
      oomKills: numberAfter(after, "oom_kill") ?? null,
      group: parseGroup(group, total),
      ...placeOf(place),
    };
  },
});

/** Third figure of each line: bytes of memory a zram device takes (kernel.org admin-guide/blockdev/zram). */
const zramBytes = (text: string): number =>
  linesOf(text).reduce((sum, line) => sum + (Number(line.trim().split(/\s+/)[2]) || 0), 0);

/** From the mounts of /proc, the user and the marks container engines leave. Exported for its test. */
export function placeOf(text: string): Pick<Memory, "scope" | "notSeen"> {
  const lines = linesOf(text);
  const hides = lines.some((line) =>
    /^\S+ \/proc \S+ \S*hidepid=(1|2|noaccess|invisible|ptraceable)/.test(line),
  );
  const isLxcfs = lines.some((line) => /^\S+ \/proc\/meminfo fuse\.lxcfs /.test(line));
  const isContainer = lines.includes("container");
  return {
    scope: isLxcfs ? "container" : isContainer ? "machine-below" : "machine",
    ...(hides && !lines.includes("0")
      ? {
          notSeen: [
            {
              what: "processes of other users",
              why: "/proc is mounted with hidepid",
              fix: "add diagbot's user to the group that /proc is mounted with (`gid=`)",
            },
          ],
        }
      : {}),
  };
}
