import {
  type Call,
  type Evidence,
  type Finding,
  facts,
  type host,
  type RunContext,
  type Seen,
  sayBytes,
  sayPercent,
  table,
} from "../../src/sdk.ts";

type Out<C> = C extends (...input: never[]) => Call<infer O> ? O : never;
type Memory = Out<typeof host.memory>;
type Processes = Out<typeof host.processes>;
export type Process = Processes["byMemory"][number];
export interface MemoryView {
  readonly memory: Seen<Memory>;
  readonly processes: Seen<Processes>;
  readonly kills: Seen<Out<typeof host.oomKills>>;
}
export type MemoryContext = RunContext<unknown>;
export type MemoryRemedy =
  | "endOverBudget"
  | "endLargest"
  | "restartLargest"
  | "addMemory"
  | "findTmpfs"
  | "raiseLimit";

const CRITICAL = 0.95;
/** Bytes per second paged in and out beyond which a machine does little else. */
const THRASHING = 4 * 1024 * 1024;
/** Share of time all tasks wait for memory (PSI full) beyond which people notice. */
const WAITING = 0.1;
const SWAP_FULL = 0.9;

export const holds = (process: Pick<Process, "anonymous" | "swap">): number =>
  process.anonymous + process.swap;

/** Who holds most, shared memory counted once (not in every process that maps it). */
export const largestOf = (view: MemoryView): Process | undefined =>
  view.processes.ok ? [...view.processes.value.byMemory].sort((a, b) => holds(b) - holds(a))[0] : undefined;

/** The largest process, where it may be ended and that would bring memory below the threshold. */
export function endable(view: MemoryView, { thresholds }: MemoryContext): Process | undefined {
  const largest = largestOf(view);
  if (!view.memory.ok || largest === undefined || largest.protected !== null) return undefined;
  const { total, available } = view.memory.value;
  return 1 - (available + largest.anonymous) / total < thresholds.memory ? largest : undefined;
}

interface Cause {
  /** Ends the title. */
  readonly short: string;
  readonly because: string;
  readonly remedies: MemoryRemedy[];
}

/** Which kind of memory it is: the remedy differs. */
function cause(memory: Memory, largest: Process | undefined): Cause {
  const used = memory.total - memory.available;
  const part = (bytes: number) => `${sayBytes(bytes)}, ${sayPercent(bytes / memory.total)} of the machine`;
  if (memory.shared > used / 2)
    return {
      short: ", most of it in memory file systems",
      because: `Most of it is in memory file systems and shared segments (${part(memory.shared)}), which belong to no process.`,
      remedies: ["findTmpfs"],
    };
  if (memory.kernel > used / 2)
    return {
      short: ", most of it kernel memory",
      because: `Most of it is kernel memory (${part(memory.kernel)}).`,
      remedies: ["addMemory"],
    };
  if (memory.hugePages > used / 2)
    return {
      short: ", most of it huge pages",
      because: `Most of it is set aside as huge pages (${part(memory.hugePages)}).`,
      remedies: ["addMemory"],
    };
  if (largest === undefined)
    return { short: "", because: "The processes could not be listed.", remedies: ["addMemory"] };
  const unit = largest.unit === "" ? "" : `, ${largest.unit}`;
  const isOne = holds(largest) > used / 4;
  const share = isOne ? "One process holds much of it" : "It is spread over many processes; the largest";
  return {
    short: isOne
      ? `; ${largest.name} (pid ${largest.pid}) holds ${sayBytes(holds(largest))}`
      : ", spread over many processes",
    because: `${share}: ${largest.name} (pid ${largest.pid}${unit}) with ${part(holds(largest))}.`,
    remedies: ["restartLargest", "addMemory"],
  };
}

function figures(memory: Memory): Evidence {
  return facts({
    available: `${sayBytes(memory.available)} of ${sayBytes(memory.total)}`,
    swap:
      memory.swapTotal === 0 ? "none" : `${sayBytes(memory.swapUsed)} of ${sayBytes(memory.swapTotal)} used`,
    paging: `${sayBytes(memory.swapInRate)}/s in, ${sayBytes(memory.swapOutRate)}/s out`,
    waiting: memory.pressure === null ? "unknown" : sayPercent(memory.pressure.full),
    "OOM kills since boot": memory.oomKills ?? "unknown",
  });
}

function consumers(view: MemoryView): Evidence[] {
  if (!view.processes.ok) return [];
  const rows = view.processes.value.byMemory
    .slice(0, 8)
    .map((one) => [one.command || one.name, one.pid, sayBytes(holds(one)), one.cpus.toFixed(2), one.unit]);
  return [table(["process", "pid", "memory", "CPUs", "unit"], rows)];
}

export function lowMemory(view: MemoryView, memory: Memory, context: MemoryContext): Finding<MemoryRemedy>[] {
  if (memory.usedRatio < context.thresholds.memory) return [];
  const { short, because, remedies } = cause(memory, largestOf(view));
  const end: MemoryRemedy[] = endable(view, context) === undefined ? [] : ["endLargest"];
  return [
    {
      id: "memory-low",
      severity: memory.usedRatio >= CRITICAL ? "critical" : "warning",
      title: `${sayPercent(memory.usedRatio)} of ${sayBytes(memory.total)} memory in use, ${sayBytes(memory.available)} available${short}`,
      because: `The limit is ${sayPercent(context.thresholds.memory)}. ${because}`,
      evidence: [figures(memory), ...consumers(view)],
      remedies: [...end, ...remedies],
    },
  ];
}

export function paging(view: MemoryView, memory: Memory): Finding<MemoryRemedy>[] {
  const rate = Math.min(memory.swapInRate, memory.swapOutRate);
  const waits = memory.pressure?.full ?? 0;
  if (rate >= THRASHING || waits >= WAITING)
    return [
      {
        id: "memory-thrashing",
        severity: "critical",
        title: `The machine waits for memory ${sayPercent(waits)} of the time and pages ${sayBytes(memory.swapInRate + memory.swapOutRate)}/s`,
        because:
          "What runs needs more memory at once than there is: pages go out and come back in, and everything is slow.",
        evidence: [figures(memory), ...consumers(view)],
        remedies: ["restartLargest", "addMemory"],
      },
    ];
  if (memory.swapTotal === 0 || memory.swapUsed / memory.swapTotal < SWAP_FULL) return [];
  return [
    {
      id: "swap-full",
      severity: "warning",
      title: `Swap is ${sayPercent(memory.swapUsed / memory.swapTotal)} full (${sayBytes(memory.swapTotal)})`,
      because: "The next shortage has nowhere to go but the OOM killer.",
      evidence: [figures(memory), ...consumers(view)],
      remedies: ["restartLargest", "addMemory"],
    },
  ];
}

export function groupLimit(
  view: MemoryView,
  { group }: Memory,
  { thresholds }: MemoryContext,
): Finding<MemoryRemedy>[] {
  if (group === null || group.used / group.limit < thresholds.memory) return [];
  return [
    {
      id: "group-memory-low",
      severity: group.used / group.limit >= CRITICAL ? "critical" : "warning",
      title: `The control group holds ${sayBytes(group.used)}: ${sayPercent(group.used / group.limit)} of its limit of ${sayBytes(group.limit)}`,
      because:
        "The limit of the container or unit is lower than the machine's memory; beyond it the kernel kills.",
      evidence: consumers(view),
      remedies: ["raiseLimit"],
    },
  ];
}

export function killed({ kills }: MemoryView): Finding<MemoryRemedy>[] {
  if (!kills.ok || kills.value.kills.length === 0) return [];
  const list = kills.value.kills;
  const machine = list.filter(({ byLimit }) => !byLimit);
  const last = list.at(-1);
  const names = [...new Set(list.map(({ process }) => process))].slice(0, 5).join(", ");
  return [
    {
      id: "oom-kills",
      severity: machine.length > 0 ? "critical" : "warning",
      title: `The kernel killed ${list.length === 1 ? "a process" : `${list.length} processes`} for memory: ${names}`,
      because:
        machine.length > 0
          ? `The machine itself ran out of memory (last: ${last?.process}, ${sayBytes(last?.memory ?? 0)}).`
          : `The limit of the container or unit was reached (last: ${last?.process}, ${sayBytes(last?.memory ?? 0)}); the machine had memory left.`,
      evidence: [
        table(
          ["process", "pid", "memory", "when (UTC)", "by", "group"],
          list
            .slice(-8)
            .map((one) => [
              one.process,
              one.pid,
              sayBytes(one.memory),
              one.at === null
                ? "unknown"
                : new Date(one.at * 1000).toISOString().slice(5, 16).replace("T", " "),
              one.byLimit ? "its limit" : "the machine",
              one.group,
            ]),
        ),
      ],
      remedies: machine.length > 0 ? ["addMemory"] : ["raiseLimit"],
    },
  ];
}
