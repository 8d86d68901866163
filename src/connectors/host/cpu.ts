import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { type ProcStat, parseStat } from "./proc-stat.ts";
import { factsOf, ProcessFacts } from "./process-facts.ts";

const { read } = actionsOn<HostClient>("host");
const SECONDS = 2;
const TOP = 12;

// Two looks at everything that counts CPU time: the machine's own counters, each process, each control group (versions 1 and 2).
const CPU = `export LC_ALL=C; getconf CLK_TCK 2>/dev/null || echo 100; cat /proc/loadavg
heat() { cat /sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count 2>/dev/null | awk '{ s += $1 } END { if (NR) print "heat", s }'; }; heat; echo ==
files=$(find /sys/fs/cgroup -maxdepth 6 \\( -path '*cpuacct*' -name cpuacct.usage -o -name cpu.stat \\) 2>/dev/null | head -n 3000)
look() { grep -E '^(cpu|ctxt|processes|procs_)' /proc/stat; cut -d' ' -f1 /proc/uptime; echo ==
cat /proc/[0-9]*/stat 2>/dev/null; echo ==
[ -z "$files" ] || printf '%s\\n' "$files" | tr '\\n' '\\0' | xargs -0 grep -HE '^(usage_usec )?[0-9]+$' /dev/null 2>/dev/null; echo ==; }
look; sleep ${SECONDS}; look
f=/sys/devices/system/cpu; cat $f/cpu[0-9]*/cpufreq/scaling_cur_freq 2>/dev/null | awk '{ s += $1 } END { if (NR) print s / NR }'; echo ==
cat $f/cpu0/cpufreq/cpuinfo_max_freq 2>/dev/null; echo ==; cat $f/cpu0/cpufreq/scaling_governor 2>/dev/null; echo ==
cat $f/online $f/possible 2>/dev/null; echo ==; heat; true`;

/** Shares (0..1) of the time of all CPUs between the two looks (proc(5), /proc/stat). */
const Shares = z.object({
  user: z.number(),
  /** Of processes with a nice value above 0: what gives way. */
  nice: z.number(),
  system: z.number(),
  /** Idle while something waits for a disk: no work of the CPU. */
  ioWait: z.number(),
  /** Hard and soft interrupts: network and disks, mostly. */
  interrupts: z.number(),
  /** Taken by the hypervisor. */
  steal: z.number(),
});

const Process = ProcessFacts.extend({
  /** CPUs used between the two looks: 1 is one CPU all the time. */
  cpus: z.number(),
  nice: z.int(),
  threads: z.int(),
});
export type CpuProcess = z.output<typeof Process>;

const Output = z.object({
  cpus: z.int(),
  seconds: z.number(),
  shares: Shares,
  /** The CPU with the most interrupts, and its share of them. */
  interruptsOnOne: z.number(),
  load1: z.number(),
  load5: z.number(),
  running: z.int(),
  blocked: z.int(),
  /** A second: processes begun, and switches from one to another. */
  forks: z.number(),
  switches: z.number(),
  processes: z.array(Process).max(TOP),
  /** CPUs used by all processes that were there at both looks. */
  accounted: z.number(),
  /** Units and containers, most first. */
  groups: z.array(z.object({ name: z.string(), cpus: z.number() })).max(10),
  /** kHz; null: not shown (as in most virtual machines). */
  frequency: z.object({ now: z.number(), max: z.number(), governor: z.string() }).nullable(),
  /** How often CPUs slowed down for their heat between the two looks; null: not counted. Absent in recordings from before. */
  heat: z.int().nullable().optional(),
  /** `0-1` of `0-3`: CPUs that are switched off; empty: not shown. */
  online: z.string(),
  possible: z.string(),
});
export type Cpu = z.output<typeof Output>;

/**
 * Who uses the CPUs: by kind of time, process, unit and container, by difference over two seconds (traps `first-sample`, `top-pgrep`,
 * `endless-commands`). resync.high-cpu-memory, tektra.performance, sergas-accounts.error-resource-contention.
 */
export const cpu = read({
  name: "host.cpu",
  title: "Who uses the CPUs",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const said = await script(client, CPU, [], context, { maxBytes: 16_000_000 });
    const { top, ...seen } = judgeCpu(said);
    const facts = await factsOf(
      client,
      top.map(({ pid }) => pid),
      context,
    );
    const processes = top.flatMap((one) => {
      const fact = facts.find(({ pid, startTicks }) => pid === one.pid && startTicks === one.startTicks);
      return fact === undefined ? [] : [{ ...fact, cpus: one.cpus, nice: one.nice, threads: one.threads }];
    });
    return { ...seen, processes };
  },
});

/** Pure, but for the facts of processes. Exported for its test. */
export function judgeCpu(said: string) {
  const [head = "", before = "", first = "", groupsBefore = "", after = "", second = "", groupsAfter = ""] =
    partsOf(said);
  const [now = "", max = "", governor = "", possible = "", hot = ""] = partsOf(said).slice(7);
  const [ticksPerSecond = "100", averages = ""] = linesOf(head);
  const [load1 = 0, load5 = 0] = averages.split(" ").map(Number);
  const uptime = (text: string) => Number(linesOf(text).at(-1) ?? 0);
  const seconds = Math.max(0.1, uptime(after) - uptime(before));
  const counter = (text: string, name: string) =>
    Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1] ?? 0);
  const rate = (name: string) => Math.max(0, counter(after, name) - counter(before, name)) / seconds;
  const used = usedBy(linesOf(first), linesOf(second), (Number(ticksPerSecond) || 100) * seconds);
  const [isOn = "", couldBe = ""] = linesOf(possible);
  return {
    cpus: after.match(/^cpu\d+ /gm)?.length ?? 1,
    seconds: SECONDS,
    shares: sharesOf(before, after, "cpu"),
    interruptsOnOne: Math.max(
      0,
      ...[...after.matchAll(/^(cpu\d+) /gm)].map(([, name = ""]) => sharesOf(before, after, name).interrupts),
    ),
    ...{ load1, load5, running: counter(after, "procs_running"), blocked: counter(after, "procs_blocked") },
    ...{ forks: rate("processes"), switches: rate("ctxt") },
    accounted: used.reduce((sum, { cpus }) => sum + cpus, 0),
    top: used.slice(0, TOP),
    groups: groupsOf(groupsBefore, groupsAfter, seconds),
    frequency:
      Number(now) > 0 && Number(max) > 0
        ? { now: Number(now), max: Number(max), governor: clip(governor.trim(), 30) }
        : null,
    heat: heatBetween(head, hot),
    ...{ online: clip(isOn, 40), possible: clip(couldBe, 40) },
  };
}

/** `heat 81234`: how often CPUs have slowed down for their heat since boot; the difference is what counts. */
function heatBetween(before: string, after: string): number | null {
  const of = (text: string) => /^heat (\d+)$/m.exec(text)?.[1];
  const [first, second] = [of(before), of(after)];
  return first === undefined || second === undefined ? null : Math.max(0, Number(second) - Number(first));
}

/** user nice system idle iowait irq softirq steal: guest time is in user already. */
function sharesOf(before: string, after: string, name: string): z.output<typeof Shares> {
  const ticks = (text: string) =>
    (new RegExp(`^${name} +(.*)$`, "m").exec(text)?.[1] ?? "").split(" ").map(Number).slice(0, 8);
  const then = ticks(before);
  const passed = ticks(after).map((value, index) => Math.max(0, value - (then[index] ?? 0)));
  const all = passed.reduce((sum, value) => sum + value, 0);
  const of = (...at: readonly number[]) =>
    all === 0 ? 0 : at.reduce((sum, index) => sum + (passed[index] ?? 0), 0) / all;
  return { user: of(0), nice: of(1), system: of(2), ioWait: of(4), interrupts: of(5, 6), steal: of(7) };
}

/** Processes that were there at both looks, by CPUs used, most first. */
function usedBy(
  first: readonly string[],
  second: readonly string[],
  ticks: number,
): (ProcStat & { cpus: number })[] {
  const statsOf = (lines: readonly string[]) => lines.map(parseStat).filter((stat) => stat !== undefined);
  const earlier = new Map(statsOf(first).map((stat) => [`${stat.pid}/${stat.startTicks}`, stat.ticks]));
  return statsOf(second)
    .flatMap((stat) => {
      const then = earlier.get(`${stat.pid}/${stat.startTicks}`);
      return then === undefined || stat.ticks <= then ? [] : [{ ...stat, cpus: (stat.ticks - then) / ticks }];
    })
    .sort((a, b) => b.cpus - a.cpus);
}

/** Seconds of CPU of each unit and container; nested groups of one are counted once, at the top. */
function groupsOf(before: string, after: string, seconds: number): { name: string; cpus: number }[] {
  const then = usageOf(before);
  const found = new Map<string, number>();
  for (const [path, now] of usageOf(after)) {
    const name = groupName(path);
    const earlier = then.get(path);
    if (name === undefined || earlier === undefined || now <= earlier) continue;
    found.set(name, Math.max(found.get(name) ?? 0, (now - earlier) / seconds));
  }
  return [...found]
    .map(([name, cpus]) => ({ name, cpus }))
    .sort((a, b) => b.cpus - a.cpus)
    .slice(0, 10);
}

/** Lines `path:usage_usec 12` (version 2) and `path:12` (version 1, nanoseconds), as seconds. */
const usageOf = (text: string): Map<string, number> =>
  new Map(
    linesOf(text).flatMap((line) => {
      const [, path = "", unit, n = "0"] = /^(.*)\/[^/:]+:(usage_usec )?(\d+)$/.exec(line) ?? [];
      return path === "" ? [] : [[path, Number(n) / (unit === undefined ? 1e9 : 1e6)] as const];
    }),
  );

function groupName(path: string): string | undefined {
  const last = path.slice(path.lastIndexOf("/") + 1);
  const container = /([0-9a-f]{64})(?:\.scope)?$/.exec(last)?.[1];
  if (container !== undefined) return `container ${container.slice(0, 12)}`;
  return last.endsWith(".service") ? clip(last, 100) : undefined;
}
