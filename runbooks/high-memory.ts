import { type Finding, host, runbook, sayBytes, shellWord, verify, z } from "../src/sdk.ts";
import {
  endable,
  groupLimit,
  holds,
  killed,
  largestOf,
  lowMemory,
  type MemoryRemedy,
  type Process,
  paging,
} from "./support/memory-findings.ts";
import { budgetFindings, endableOverBudget, overBudget } from "./support/process-budgets.ts";

/** Too little memory, and what holds it. */
export const highMemory = runbook({
  id: "high-memory",
  title: "Memory use",
  needs: ["host"],
  covers: [
    "tektra.high-memory",
    "tektra.alert-high-memory",
    "sergas-accounts.high-memory",
    "sergas-accounts.memory-footprint",
    "sergas-accounts.crashes",
  ],
  alerts: [
    { alertname: "HighMemoryUsage" },
    { alertname: "HostOutOfMemory" },
    { alertname: "HostMemoryUnderMemoryPressure" },
    { alertname: "HostOomKillDetected" },
    { alertname: "HostSwapIsFillingUp" },
    { alertname: "NodeMemoryHighUtilization" },
    { alertname: "NodeMemoryMajorPagesFaults" },
    { alertname: "MemoryUsageHigh" },
  ],
  params: z.object({
    oomHours: z.int().min(1).max(168).default(24).describe("look for OOM kills within so many hours"),
  }),
})
  .diagnose(({ oomHours }) => ({
    memory: host.memory(),
    processes: host.processes(),
    budgets: host.processBudgets(),
    kills: host.oomKills({ hours: oomHours }),
  }))
  .findings((view, context): readonly Finding<MemoryRemedy>[] => {
    if (!view.memory.ok)
      return [
        {
          id: "machine-unreachable",
          severity: "critical",
          title:
            view.memory.error.code === "timeout"
              ? "The machine did not answer in time"
              : "The machine could not be looked at",
          because: view.memory.error.message,
        },
        ...killed(view),
      ];
    const memory = view.memory.value;
    const low = lowMemory(view, memory, context);
    return [
      ...budgetFindings(view, context),
      ...low,
      ...paging(view, memory),
      ...groupLimit(view, memory, context),
      ...killed(view),
    ];
  })
  .remedies({
    endOverBudget: {
      title: "Ask the processes over their memory budget to end (SIGTERM)",
      risk: "high",
      do: (view, context) =>
        endableOverBudget(view, context).map(({ pid, startTicks, name }) =>
          host.terminateProcess({ pid, startTicks, name }),
        ),
      verify: verify({
        check: { budgets: host.processBudgets() },
        holds: (after, before, context) => {
          if (!after.budgets.ok) return false;
          const ended = new Map(endableOverBudget(before, context).map((one) => [one.pid, one.startTicks]));
          return (
            overBudget(after, context).every(({ process }) => !ended.has(process.pid)) &&
            after.budgets.value.budgets.every(({ processes }) =>
              processes.every(({ pid, startTicks }) => ended.get(pid) !== startTicks),
            )
          );
        },
        within: "60s",
      }),
      undo: "none: a process that ended does not come back by itself; its supervisor may start it again",
    },
    endLargest: {
      title: "Ask the largest process to end (SIGTERM)",
      risk: "high",
      do: (view, context) => {
        const process = endable(view, context);
        if (process === undefined) return [];
        const { pid, startTicks, name } = process;
        return [host.terminateProcess({ pid, startTicks, name })];
      },
      verify: verify({
        check: { memory: host.memory(), processes: host.processes() },
        holds: ({ memory, processes }, before, context) => {
          const ended = endable(before, context);
          const still = (one: Process) => one.pid === ended?.pid && one.startTicks === ended.startTicks;
          return (
            memory.ok &&
            memory.value.usedRatio < context.thresholds.memory &&
            processes.ok &&
            !processes.value.byMemory.some(still)
          );
        },
        within: "30s",
      }),
      undo: "none: a process that ended does not come back by itself; its supervisor may start it again",
    },
    restartLargest: {
      title: "Restart the service of the largest process",
      risk: "high",
      advice: (view, context) => {
        // A program over its own budget is what was found, however large others are.
        const largest = overBudget(view, context)[0]?.process ?? largestOf(view);
        if (largest === undefined)
          return "Find the largest process: `ps -eo pid,rss,args --sort=-rss | head`.";
        const restart = largest.unit.endsWith(".service")
          ? `\`systemctl restart ${shellWord(largest.unit)}\``
          : largest.unit.startsWith("container ")
            ? `\`docker restart ${shellWord(largest.unit.slice("container ".length))}\``
            : `find what started it (\`systemctl status ${largest.pid}\`) and restart that`;
        return `${largest.name} (pid ${largest.pid}) holds ${sayBytes(holds(largest))}: ${restart}. If it grows again, profile the running process (\`py-spy dump --pid ${largest.pid}\`, \`memray attach ${largest.pid}\`, a heap snapshot), not a second copy of it.`;
      },
    },
    addMemory: {
      title: "Give the machine more memory, or ask less of it",
      risk: "high",
      advice: ({ memory }) =>
        memory.ok
          ? `Lower worker counts, pool sizes and caches first; then a larger machine (now ${sayBytes(memory.value.total)}). Swap (now ${memory.value.swapTotal === 0 ? "none" : sayBytes(memory.value.swapTotal)}) buys time only, and never on a Kubernetes node. Kernel memory: \`slabtop -o | head -20\`; huge pages: \`grep Huge /proc/meminfo\`.`
          : "Lower worker counts, pool sizes and caches first; then a larger machine.",
    },
    findTmpfs: {
      title: "Empty memory file systems",
      risk: "low",
      advice:
        "Files in memory: `df -h -t tmpfs`, then `du -xh -d 1 /dev/shm /run /tmp | sort -h | tail`. Shared segments: `ipcs -m`. A database's shared buffers are meant to be there.",
    },
    raiseLimit: {
      title: "Raise the limit of the container or unit",
      risk: "high",
      advice: ({ memory, kills }) => {
        const group = memory.ok ? memory.value.group : null;
        const last = kills.ok ? kills.value.kills.findLast(({ byLimit }) => byLimit) : undefined;
        const seen = group?.limit ?? last?.memory ?? 0;
        const wanted = Math.ceil((Math.max(seen, 64 * 1024 * 1024) * 1.5) / 1024 / 1024);
        return `${last === undefined ? "The group" : `${last.process} in ${last.group || "its group"}`} needs more than ${sayBytes(seen)}: about ${wanted}M. systemd: \`systemctl set-property --runtime UNIT MemoryMax=${wanted}M\` (not the old MemoryLimit=). Docker: \`docker update --memory ${wanted}m --memory-swap ${wanted}m CONTAINER\`, and the same in the compose file. It must fit the machine.`;
      },
    },
  });
