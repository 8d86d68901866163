import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { numberAfter } from "./meminfo.ts";
import { parseThinPools, ThinPool } from "./thin-pools.ts";
import { Throttled, throttledOf } from "./throttled.ts";

const { read } = actionsOn<HostClient>("host");
const SECONDS = 2;

// Everything but the kernel's own averages is a difference of two looks: totals since boot say nothing about now.
const STALLS = `export LC_ALL=C; PATH=$PATH:/usr/sbin:/sbin
files=$(find /sys/fs/cgroup -name cpu.stat 2>/dev/null | head -n 3000)
look() { for r in cpu io memory; do sed "s/^/$r /" "/proc/pressure/$r" 2>/dev/null; done; echo ==
grep -E '^(pswpin|pswpout) ' /proc/vmstat; cut -d' ' -f1 /proc/uptime; echo ==
[ -z "$files" ] || printf '%s\\n' "$files" | tr '\\n' '\\0' | xargs -0 grep -HE '^(nr_periods|nr_throttled|throttled_usec|throttled_time) [1-9]' /dev/null 2>/dev/null; echo ==; }
look; sleep ${SECONDS}; look
getconf PAGESIZE 2>/dev/null || echo 4096; echo ==
grep -l 'tpool$' /sys/block/dm-*/dm/uuid 2>/dev/null | wc -l
a=$(timeout -s KILL 3 dmsetup status --target thin-pool 2>/dev/null); printf '%s\\n' "$a"`;

/** Shares (0..1) of the time in which some, or all, tasks waited: between the two looks, and over the last minute. */
const Waited = z.object({ some: z.number(), full: z.number(), some60: z.number(), full60: z.number() });
export type Waited = z.output<typeof Waited>;

const Output = z.object({
  /** Null: the kernel does not count it (before 4.20, or switched off). */
  pressure: z.object({ cpu: Waited.nullable(), io: Waited.nullable(), memory: Waited.nullable() }),
  /** Bytes a second between the two looks. */
  swapInRate: z.number(),
  swapOutRate: z.number(),
  /** Control groups whose quota held them back between the two looks, most first. */
  throttled: z.array(Throttled).max(10),
  /** LVM thin pools (device mapper); a full one lets every write wait, then fail. */
  thinPools: z.array(ThinPool).max(20),
  seconds: z.number(),
  notSeen,
});
export type Stalls = z.output<typeof Output>;

/**
 * What programs of a machine wait for: pressure (PSI), swap traffic, CPU quotas of control groups (versions 1 and 2), full thin
 * pools. kernel.org accounting/psi, scheduler/sched-bwc, device-mapper/thin-provisioning.
 */
export const stalls = read({
  name: "host.stalls",
  title: "Pressure, swap traffic, CPU quotas and thin pools",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 15,
  run: async (client, _input, context) =>
    judgeStalls(await script(client, STALLS, [], context, { maxBytes: 4_000_000 })),
});

/** Pure. Exported for its test. */
export function judgeStalls(said: string): Stalls {
  const [before = "", swapBefore = "", groupsBefore = "", after = "", swapAfter = "", groupsAfter = ""] =
    partsOf(said);
  const [page = "", pools = ""] = partsOf(said).slice(6);
  const uptime = (text: string) => Number(linesOf(text).at(-1) ?? 0);
  const seconds = Math.max(0.1, uptime(swapAfter) - uptime(swapBefore));
  const rate = (name: string) =>
    (Math.max(0, (numberAfter(swapAfter, name) ?? 0) - (numberAfter(swapBefore, name) ?? 0)) *
      (Number(page) || 4096)) /
    seconds;
  const of = (name: string) => waited(before, after, name, seconds);
  const pressure = { cpu: of("cpu"), io: of("io"), memory: of("memory") };
  const [pooled = "0", ...status] = linesOf(pools);
  const thinPools = parseThinPools(status.join("\n"));
  return {
    pressure,
    ...{ swapInRate: rate("pswpin"), swapOutRate: rate("pswpout") },
    throttled: throttledOf(groupsBefore, groupsAfter),
    thinPools,
    seconds: SECONDS,
    notSeen: [
      ...(pressure.cpu === null && pressure.io === null && pressure.memory === null
        ? [
            {
              what: "pressure (PSI)",
              why: "the kernel does not count it",
              fix: "Linux 4.20 or later, started with psi=1",
            },
          ]
        : []),
      ...(Number(pooled) > 0 && thinPools.length === 0
        ? [
            {
              what: `how full ${pooled.trim()} LVM thin ${Number(pooled) === 1 ? "pool is" : "pools are"}`,
              why: "`dmsetup status` gave no answer; it needs root",
              fix: "as root: `lvs -o lv_name,data_percent,metadata_percent`",
            },
          ]
        : []),
    ],
  };
}

/** `io full avg10=1.00 avg60=0.50 avg300=0.10 total=12345` (microseconds). */
function waited(before: string, after: string, what: string, seconds: number): Waited | null {
  const line = (text: string, how: string) =>
    linesOf(text).find((one) => one.startsWith(`${what} ${how} `)) ?? "";
  const total = (text: string, how: string) => Number(/ total=(\d+)/.exec(line(text, how))?.[1] ?? 0);
  if (line(after, "some") === "") return null;
  const now = (how: string) =>
    Math.min(1, Math.max(0, total(after, how) - total(before, how)) / 1e6 / seconds);
  const minute = (how: string) => Number(/ avg60=([\d.]+)/.exec(line(after, how))?.[1] ?? 0) / 100;
  return { some: now("some"), full: now("full"), some60: minute("some"), full60: minute("full") };
}
