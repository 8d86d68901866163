import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { type ProcStat, parseStat } from "./proc-stat.ts";
import { factsOf, ProcessFacts } from "./process-facts.ts";

const { read } = actionsOn<HostClient>("host");

const SAMPLES = `getconf CLK_TCK 2>/dev/null || echo 100; echo ==
cat /proc/[0-9]*/stat 2>/dev/null; cut -d' ' -f1 /proc/uptime; echo ==
sleep 1; cat /proc/[0-9]*/stat 2>/dev/null; cut -d' ' -f1 /proc/uptime; true`;

/**
 * The processes that hold the most memory and those that use the most CPU, from /proc (no ps, no top: traps `top-pgrep`,
 * `endless-commands`); CPU over one second rather than since their start (`first-sample`).
 */
export const processes = read({
  name: "host.processes",
  title: "Top processes by memory and CPU",
  input: z.object({ top: z.int().min(1).max(20).default(8) }),
  output: z.object({
    count: z.int(),
    zombies: z.int(),
    /** Waiting uninterruptibly, usually for a disk or a dead network file system. */
    stuck: z.int(),
    byMemory: z.array(ProcessFacts.extend({ cpus: z.number() })),
    byCpu: z.array(ProcessFacts.extend({ cpus: z.number() })),
  }),
  timeoutSeconds: 15,
  run: async (client, { top }, context) => {
    const said = partsOf(await script(client, SAMPLES, [], context, { maxBytes: 16_000_000 }));
    const [ticksPerSecond = "", first = "", second = ""] = said;
    const before = sample(first);
    const after = sample(second);
    const seconds = Math.max(0.1, after.uptime - before.uptime);
    const earlier = new Map(before.stats.map((stat) => [`${stat.pid}/${stat.startTicks}`, stat.ticks]));
    const cpus = new Map(
      after.stats.map((stat) => {
        const ticks = stat.ticks - (earlier.get(`${stat.pid}/${stat.startTicks}`) ?? stat.ticks);
        return [stat.pid, Math.max(0, ticks) / (Number(ticksPerSecond) || 100) / seconds];
      }),
    );
    const cpuOf = (pid: number) => cpus.get(pid) ?? 0;
    const byMemory = most(after.stats, top, ({ residentPages }) => residentPages);
    const byCpu = most(after.stats, top, ({ pid }) => cpuOf(pid));
    const pids = [...new Set([...byMemory, ...byCpu].map(({ pid }) => pid))];
    const facts = new Map((await factsOf(client, pids, context)).map((one) => [one.pid, one]));
    const present = (stats: readonly ProcStat[]) =>
      stats.flatMap(({ pid }) => {
        const one = facts.get(pid);
        return one === undefined ? [] : [{ ...one, cpus: cpuOf(pid) }];
      });
    return {
      count: after.stats.length,
      zombies: after.stats.filter(({ state }) => state === "Z").length,
      stuck: after.stats.filter(({ state }) => state === "D").length,
      byMemory: present(byMemory),
      byCpu: present(byCpu),
    };
  },
});

/** Stat lines, and the uptime in the last line. */
function sample(text: string): { stats: ProcStat[]; uptime: number } {
  const lines = linesOf(text);
  const uptime = Number(lines.pop() ?? 0);
  return { stats: lines.map(parseStat).filter((stat) => stat !== undefined), uptime };
}

function most(stats: readonly ProcStat[], top: number, figure: (stat: ProcStat) => number): ProcStat[] {
  const some = stats.filter((stat) => figure(stat) > 0);
  return some.sort((a, b) => figure(b) - figure(a)).slice(0, top);
}
