import {
  type Evidence,
  facts,
  host,
  type RunContext,
  rows,
  runbookOn,
  type StepsOf,
  sayBytes,
  sayPercent,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { killFinding } from "./kills.ts";
import { arcFinding, balance, holds, isEnough, largestOf, restRatio, sayCause, sayScope } from "./memory.ts";
import { MEMORY_ADVICE } from "./memory-advice.ts";
import { groupsNearLimit } from "./memory-groups.ts";
import { swapFinding } from "./swap.ts";

const CRITICAL = 0.95;
/** Processes one approval may end. */
const MOST = 5;

/** Too little memory, and what holds it. */
const book = runbookOn(
  "host",
  {
    id: "high-memory",
    title: "Memory use",
    covers: [
      "tektra.high-memory",
      "tektra.alert-high-memory",
      "sergas-accounts.high-memory",
      "sergas-accounts.memory-footprint",
      "sergas-accounts.crashes",
      "resync.high-memory",
      "ai-saas.triage-resources",
      "tektra.model-loading-failure",
      "tektra.resource-snapshot",
    ],
    alerts: [
      "HighMemoryUsage",
      "HostOutOfMemory",
      "HostMemoryUnderMemoryPressure",
      "HostOomKillDetected",
      "HostSwapIsFillingUp",
      "NodeMemoryHighUtilization",
      "NodeMemoryMajorPagesFaults",
      "MemoryUsageHigh",
    ],
    params: z.object({
      oomHours: z.int().min(1).max(168).default(24).describe("look for OOM kills within so many hours"),
    }),
  },
  ({ params }) => ({
    memory: host.memory(),
    processes: host.processes(),
    budgets: host.processBudgets(),
    kills: host.oomKills({ hours: params.oomHours }),
    groups: host.memoryGroups(),
  }),
);

type Steps = StepsOf<typeof book>;
type Process = Steps["processes"]["byMemory"][number];

export const highMemory = book
  .remedies({
    endOverBudget: book.does(
      host.terminateProcess,
      ["budgets"],
      ({ budgets }, context) => endableOverBudget(budgets, context).map(idOf),
      {
        title: "Ask the processes over their memory budget to end (SIGTERM)",
        recheck: ["budgets"],
        // Its own question again: a program that was started anew and is over its budget already was not helped.
        holds: ({ budgets }, _done, context) => endableOverBudget(budgets, context).length === 0,
        within: "60s",
      },
    ),
    endLargest: book.does(
      host.terminateProcess,
      ["memory", "processes"],
      (values, context) => {
        const process = endable(values, context);
        return process && idOf(process);
      },
      {
        title: "Ask the largest process to end (SIGTERM)",
        recheck: ["memory"],
        holds: ({ memory }, _done, { thresholds }) => memory.usedRatio < thresholds.memory,
      },
    ),
    restartLargest: book.advises(
      "Restart the service of the largest process",
      "high",
      ({ budgets, processes }, context) => {
        // A program over its own budget is what was found, however large others are.
        const largest =
          (budgets && overBudget(budgets, context)[0]?.process) ?? (processes && largestOf(processes));
        if (largest === undefined)
          return "Find the largest process: `ps -eo pid,rss,args --sort=-rss | head`.";
        const restart = largest.unit.endsWith(".service")
          ? `\`systemctl restart ${shellWord(largest.unit)}\``
          : largest.unit.startsWith("container ")
            ? `\`docker restart ${shellWord(largest.unit.slice("container ".length))}\``
            : `find what started it (\`systemctl status ${largest.pid}\`) and restart that`;
        return `${largest.name} (pid ${largest.pid}) holds ${sayBytes(holds(largest))}: ${restart}. If it grows again, profile the running process (\`py-spy dump --pid ${largest.pid}\`, \`memray attach ${largest.pid}\`, a heap snapshot), not a second copy of it.`;
      },
    ),
    addMemory: book.advises("Give the machine more memory, or ask less of it", "high", ({ memory }) =>
      memory === undefined
        ? "Lower worker counts, pool sizes and caches first; then a larger machine."
        : `Lower worker counts, pool sizes and caches first; then a larger machine (now ${sayBytes(memory.total)}). Swap (now ${memory.swapTotal === 0 ? "none" : sayBytes(memory.swapTotal)}) buys time only, and never on a Kubernetes node. Kernel memory: \`slabtop -o | head -20\`; huge pages: \`grep Huge /proc/meminfo\`.`,
    ),
    findKernel: book.advises(...MEMORY_ADVICE.findKernel),
    freeHugePages: book.advises(...MEMORY_ADVICE.freeHugePages),
    limitArc: book.advises("Limit the cache of ZFS", "low", ({ memory }) => {
      const arc = memory?.arc ?? null;
      const now =
        arc === null
          ? ""
          : ` It holds ${sayBytes(arc.size)} now, between ${sayBytes(arc.min)} and ${sayBytes(arc.max)}.`;
      return `Nothing needs to be done for it to give way. Where programs ask for much at once, or an alert should see it rightly: set a lower \`zfs_arc_max\` (\`/sys/module/zfs/parameters/zfs_arc_max\`, and /etc/modprobe.d/zfs.conf), and let the alert subtract \`node_zfs_arc_size\`.${now}`;
    }),
    findUnaccounted: book.advises(...MEMORY_ADVICE.findUnaccounted),
    findTmpfs: book.advises(...MEMORY_ADVICE.findTmpfs),
    raiseLimit: book.advises(
      "Raise the limit of the container or unit",
      "high",
      ({ memory, kills, groups }) => {
        const last = kills?.kills.findLast(({ byLimit }) => byLimit);
        const near = groups?.groups[0]?.limit ?? undefined;
        const seen = memory?.group?.limit ?? last?.memory ?? near ?? 0;
        const wanted = Math.ceil((Math.max(seen, 64 * 1024 * 1024) * 1.5) / 1024 / 1024);
        return `${last === undefined ? "The group" : `${last.process} in ${last.limitOf ?? (last.group || "its group")}`} needs more than ${sayBytes(seen)}: about ${wanted}M. systemd: \`systemctl set-property --runtime UNIT MemoryMax=${wanted}M\` (not the old MemoryLimit=). Docker: \`docker update --memory ${wanted}m --memory-swap ${wanted}m CONTAINER\`, and the same in the compose file. It must fit the machine.`;
      },
    ),
  })
  .findings((find) => [
    find(["budgets"], ({ budgets }, context) => {
      const over = overBudget(budgets, context);
      return [...new Map(over.map((one) => [one.match, one])).values()].map(({ match, bytes, process }) => {
        const mine = over.filter((one) => one.match === match).map((one) => one.process);
        const ratio = holds(process) / bytes;
        return {
          id: `process-over-budget:${match}`,
          severity: ratio >= 1 ? "critical" : "warning",
          title: `${match} (pid ${process.pid}) holds ${sayBytes(holds(process))}: ${sayPercent(ratio)} of its budget of ${sayBytes(bytes)}`,
          because:
            "The program is given so much memory in diagbot.yaml, and the machine as a whole may still have some: one process grows beyond what it needs, most often because it keeps what it should give back.",
          evidence: [
            rows("Over its budget", mine, {
              process: (one) => one.command || one.name,
              pid: (one) => one.pid,
              memory: (one) => sayBytes(holds(one)),
              unit: (one) => one.unit,
            }),
          ],
          remedies: mine.some((one) => one.protected === null)
            ? (["endOverBudget", "restartLargest"] as const)
            : (["restartLargest"] as const),
        };
      });
    }),
    find(["memory"], ({ memory }, { thresholds }) => arcFinding(memory, thresholds.memory)),
    find(["memory", "processes?"], ({ memory, processes }, context) => {
      if (memory.usedRatio < context.thresholds.memory) return undefined;
      const { short, because, remedies } = sayCause(memory, processes, context.thresholds.memory);
      const end =
        remedies.includes("restartLargest") &&
        processes !== undefined &&
        endable({ memory, processes }, context) !== undefined;
      return {
        id: "memory-low",
        // What a database was given as huge pages is used on purpose: the rest of the machine is what may run short.
        severity: isShort(memory, context.thresholds.memory),
        title: `${sayPercent(memory.usedRatio)} of ${sayBytes(memory.total)} memory in use, ${sayBytes(memory.available)} available${short}`,
        because: `The limit is ${sayPercent(context.thresholds.memory)}. ${because}${sayScope(memory)}`,
        evidence: [figures(memory), balance(memory), ...consumers(processes)],
        remedies: [...(end ? (["endLargest"] as const) : []), ...remedies],
      };
    }),
    find(["memory", "processes?"], ({ memory, processes }, { thresholds }) =>
      swapFinding(memory, sayCause(memory, processes, thresholds.memory).remedies, thresholds.memory, [
        figures(memory),
        ...consumers(processes),
      ]),
    ),
    find(["memory", "processes?"], ({ memory: { group }, processes }, { thresholds }) => {
      if (group === null || group.used / group.limit < thresholds.memory) return undefined;
      return {
        id: "group-memory-low",
        severity: group.used / group.limit >= CRITICAL ? "critical" : "warning",
        title: `The control group holds ${sayBytes(group.used)}: ${sayPercent(group.used / group.limit)} of its limit of ${sayBytes(group.limit)}`,
        because: `The limit of the container or unit is lower than the machine's memory; beyond it the kernel kills. File cache (${sayBytes(group.cache)}) is not counted: it is given back first.`,
        evidence: consumers(processes),
        remedies: ["raiseLimit"],
      };
    }),
    find(["groups"], ({ groups: { groups } }) => groupsNearLimit(groups)),
    find(["kills"], ({ kills: { kills } }, { now }) => killFinding(kills, now)),
  ]);

const isShort = (memory: Steps["memory"], threshold: number) =>
  restRatio(memory) < threshold ? "info" : memory.usedRatio >= CRITICAL ? "critical" : "warning";

const idOf = ({ pid, startTicks, name }: Pick<Process, "pid" | "startTicks" | "name">) => ({
  pid,
  startTicks,
  name,
});

/** The largest process, where it may be ended and that would bring memory below the threshold. */
function endable(
  { memory, processes }: Pick<Steps, "memory" | "processes">,
  { thresholds }: Pick<RunContext, "thresholds">,
): Process | undefined {
  const largest = largestOf(processes);
  if (largest === undefined || largest.protected !== null) return undefined;
  return isEnough(memory, largest, thresholds.memory) ? largest : undefined;
}

/** Processes at or over the memory threshold of their budget. */
const overBudget = ({ budgets }: Steps["budgets"], { thresholds }: Pick<RunContext, "thresholds">) =>
  budgets.flatMap(({ match, bytes, processes }) =>
    processes
      .filter((process) => holds(process) >= bytes * thresholds.memory)
      .map((process) => ({ match, bytes, process })),
  );

/** Those that may be ended; a process that falls under two budgets once. */
const endableOverBudget = (budgets: Steps["budgets"], context: Pick<RunContext, "thresholds">) => {
  const over = overBudget(budgets, context).map(({ process }) => process);
  const once = new Map(over.map((process) => [process.pid, process]));
  return [...once.values()].filter((process) => process.protected === null).slice(0, MOST);
};

function figures(memory: Steps["memory"]): Evidence {
  return facts({
    available: `${sayBytes(memory.available)} of ${sayBytes(memory.total)}`,
    swap:
      memory.swapTotal === 0 ? "none" : `${sayBytes(memory.swapUsed)} of ${sayBytes(memory.swapTotal)} used`,
    paging: `${sayBytes(memory.swapInRate)}/s in, ${sayBytes(memory.swapOutRate)}/s out`,
    waiting: memory.pressure === null ? "unknown" : sayPercent(memory.pressure.full),
    "OOM kills since boot": memory.oomKills ?? "unknown",
  });
}

const consumers = (processes: Steps["processes"] | undefined): Evidence[] =>
  processes === undefined
    ? []
    : [
        rows("", processes.byMemory.slice(0, 8), {
          process: (one) => one.command || one.name,
          pid: (one) => one.pid,
          memory: (one) => sayBytes(holds(one)),
          CPUs: (one) => one.cpus.toFixed(2),
          unit: (one) => one.unit,
        }),
      ];
