import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { groupMemory } from "../../lib/group-memory.ts";
import { type HostClient, partsOf, script } from "./client.ts";
import { Pressure, parsePressure } from "./pressure.ts";

const { read } = actionsOn<HostClient>("host");

// Two looks at the paging counters, a second apart: totals since boot say nothing about now (trap `first-sample`).
const MEMORY = `cat /proc/meminfo; echo ==
cat /proc/pressure/memory 2>/dev/null; echo ==
grep -E '^(pswpin|pswpout|oom_kill) ' /proc/vmstat; sleep 1; echo ==
grep -E '^(pswpin|pswpout|oom_kill) ' /proc/vmstat; echo ==
getconf PAGESIZE 2>/dev/null || echo 4096; echo ==
if [ -r /sys/fs/cgroup/memory.max ]; then cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.current; grep -E '^(anon|shmem|inactive_file|active_file|slab_reclaimable) ' /sys/fs/cgroup/memory.stat
elif [ -r /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory/memory.usage_in_bytes; grep -E '^total_(rss|shmem|inactive_file|active_file) ' /sys/fs/cgroup/memory/memory.stat; fi; true`;

const Output = z.object({
  total: z.number(),
  /** What programs can still get without swapping (MemAvailable); not "free" (trap `free-used`). */
  available: z.number(),
  usedRatio: z.number(),
  swapTotal: z.number(),
  swapUsed: z.number(),
  /** Bytes per second over the last second. */
  swapInRate: z.number(),
  swapOutRate: z.number(),
  /** Memory of tmpfs and shared segments: belongs to no process. */
  shared: z.number(),
  /** Kernel memory that cannot be reclaimed. */
  kernel: z.number(),
  hugePages: z.number(),
  /** Share of time tasks waited for memory; null where the kernel does not say. */
  pressure: Pressure.nullable(),
  /** Processes the kernel killed for memory since boot; null where it does not count. */
  oomKills: z.int().nullable(),
  /** The control group (container) the commands run in, where its limit is lower than the machine's memory; file cache left out. */
  group: z.object({ limit: z.number(), used: z.number() }).nullable(),
});

/** Memory, swap traffic, pressure and OOM kills. kernel.org proc/meminfo, psi; tektra.high-memory, sergas-accounts.high-memory. */
export const memory = read({
  name: "host.memory",
  title: "Memory, swap and pressure",
  input: z.object({}),
  output: Output,
  run: async (client, _input, context) => {
    const said = partsOf(await script(client, MEMORY, [], context));
    const [meminfo = "", pressure = "", before = "", after = "", page = "", group = ""] = said;
    const bytes = (name: string) => (numberAfter(meminfo, `${name}:`) ?? 0) * 1024;
    const total = bytes("MemTotal");
    if (total === 0 || numberAfter(meminfo, "MemAvailable:") === undefined)
      throw new DiagError("bad_output", "the machine does not say how much memory is available");
    const rate = (name: string) =>
      Math.max(0, (numberAfter(after, name) ?? 0) - (numberAfter(before, name) ?? 0)) *
      (Number(page) || 4096);
    return {
      total,
      available: bytes("MemAvailable"),
      usedRatio: 1 - bytes("MemAvailable") / total,
      swapTotal: bytes("SwapTotal"),
      swapUsed: bytes("SwapTotal") - bytes("SwapFree"),
      swapInRate: rate("pswpin"),
      swapOutRate: rate("pswpout"),
      shared: bytes("Shmem"),
      kernel: bytes("SUnreclaim"),
      hugePages: bytes("Hugetlb"),
      pressure: parsePressure(pressure),
      oomKills: numberAfter(after, "oom_kill") ?? null,
      group: parseGroup(group, total),
    };
  },
});

/** First number of the line that begins with the name. */
export function numberAfter(text: string, name: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  const digits = /\d+/.exec(line?.slice(name.length) ?? "");
  return digits === null ? undefined : Number(digits[0]);
}

/** Limit, usage and memory.stat of the group. Exported for its test. */
export function parseGroup(text: string, total: number): { limit: number; used: number } | null {
  const [limitText = "", usageText = "", ...stat] = text.split("\n");
  const limit = Number(limitText);
  // "max", or v1's huge number: no limit.
  if (!Number.isFinite(limit) || limit <= 0 || limit >= total) return null;
  const usage = Number(usageText) || 0;
  const parts = Object.fromEntries(
    stat.flatMap((line) => {
      const [name = "", bytes = ""] = line.split(" ");
      return /^\d+$/.test(bytes) ? [[name, Number(bytes)]] : [];
    }),
  );
  return { limit, used: groupMemory(usage, parts)?.held ?? usage };
}
