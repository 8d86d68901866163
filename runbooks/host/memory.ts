import { type Finding, facts, type host, type OutputOf, sayBytes, sayPercent } from "../../src/sdk/index.ts";

type Memory = host.Memory;
type Processes = OutputOf<typeof host.processes>;
type Process = Processes["byMemory"][number];

/** Bytes that are this process's alone. */
export const holds = (process: Pick<Process, "anonymous" | "swap">): number =>
  process.anonymous + process.swap;

/** Who holds most, shared memory counted once (not in every process that maps it). */
export const largestOf = ({ byMemory }: Processes): Process | undefined =>
  [...byMemory].sort((a, b) => holds(b) - holds(a))[0];

/** From this share of what is used on, one process is what it is about. */
const ONE = 1 / 4;

type Part = "processes" | "shared" | "kernel" | "hugePages" | "compressed" | "arc" | "unaccounted";
type Remedy =
  | "restartLargest"
  | "addMemory"
  | "findTmpfs"
  | "findKernel"
  | "freeHugePages"
  | "limitArc"
  | "findUnaccounted";

/** What each part is, and what helps against it: ending programs only helps against programs. */
const PARTS: Readonly<Record<Part, { name: string; because: string; remedies: readonly Remedy[] }>> = {
  processes: { name: "processes", because: "", remedies: ["addMemory"] },
  shared: {
    name: "memory file systems",
    because: "It is in memory file systems and shared segments, which belong to no process.",
    remedies: ["findTmpfs"],
  },
  kernel: {
    name: "kernel memory",
    because:
      "It is the kernel's own (lists it cannot give back, page tables, stacks); ending a program frees it only where that program made it grow.",
    remedies: ["findKernel", "addMemory"],
  },
  hugePages: {
    name: "huge pages",
    because: "It is set aside as huge pages, used or not; nothing else can have it.",
    remedies: ["freeHugePages"],
  },
  compressed: {
    name: "compressed swap",
    because: "It is swap kept compressed in memory (zram, zswap): what was paged out is still here, smaller.",
    remedies: ["addMemory"],
  },
  arc: {
    name: "the ARC of ZFS",
    because: "It is the least that the cache of ZFS keeps for itself (c_min).",
    remedies: ["limitArc"],
  },
  unaccounted: {
    name: "nothing the kernel lists",
    because:
      "It is in no process, cache or list of the kernel's, so ending programs does not free it. Either ZFS holds it as its cache (ARC) and gives it back, or a hypervisor has taken it (balloon), or a driver has; to tell them apart: `cat /proc/spl/kstat/zfs/arcstats`, the hypervisor's console, `lsmod`.",
    remedies: ["findUnaccounted"],
  },
};

/** Bytes of huge pages that programs use: set aside for them by whoever runs the machine, and theirs alone. */
const hugeInUse = ({ parts, hugePagesFree }: Memory): number =>
  hugePagesFree === undefined ? 0 : Math.max(0, parts.hugePages - hugePagesFree);

/** How much of what is not given to a database or virtual machine as huge pages is in use. */
export const restRatio = (memory: Memory): number =>
  1 - memory.available / Math.max(1, memory.total - hugeInUse(memory));

function sayHuge({ parts, hugePagesFree: free }: Memory): { because: string; remedies: readonly Remedy[] } {
  const { because, remedies } = PARTS.hugePages;
  if (free === undefined) return { because, remedies };
  return free > parts.hugePages / 2
    ? {
        because: `${sayBytes(free)} of it are set aside as huge pages that nobody uses, and nothing else can have them.`,
        remedies,
      }
    : {
        because: `They are set aside as huge pages, and ${sayBytes(parts.hugePages - free)} of them are in use: a database's buffers or virtual machines, which is what they are for.`,
        remedies: ["addMemory"],
      };
}

/** What cannot be had for the asking, largest first. */
function heldParts({ parts, arc }: Memory): { part: Part; bytes: number }[] {
  const held: Record<Part, number> = { ...parts, arc: Math.min(parts.arc, arc?.min ?? 0) };
  return (Object.keys(PARTS) as Part[])
    .map((part) => ({ part, bytes: held[part] }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Which kind of memory it is: words that end a title, the cause, and what helps against it. */
export function sayCause(memory: Memory, processes: Processes | undefined, threshold: number) {
  const used = memory.total - memory.available;
  const [{ part, bytes } = { part: "processes" as const, bytes: 0 }, ...others] = heldParts(memory);
  const rest = others.filter((one) => one.bytes >= used / 20);
  const beside =
    rest.length === 0
      ? ""
      : ` Besides: ${rest.map((one) => `${PARTS[one.part].name} ${sayBytes(one.bytes)}`).join(", ")}.`;
  const share = `${sayBytes(bytes)}, ${sayPercent(bytes / memory.total)} of the machine`;
  if (part === "processes") {
    const said = byProcesses(memory, processes, threshold);
    return { ...said, because: `${said.because}${beside}` };
  }
  const { name } = PARTS[part];
  const { because, remedies } = part === "hugePages" ? sayHuge(memory) : PARTS[part];
  const much = bytes > used / 2 ? "most" : "the largest part";
  const short =
    part === "unaccounted"
      ? `, ${sayBytes(bytes)} of it in ${name} (the cache of ZFS, a balloon or a driver)`
      : `, ${much} of it ${part === "shared" ? "in " : ""}${name}`;
  return { short, because: `The largest part is ${name} (${share}). ${because}${beside}`, remedies };
}

function byProcesses(
  memory: Memory,
  processes: Processes | undefined,
  threshold: number,
): { short: string; because: string; remedies: readonly Remedy[] } {
  const { remedies } = PARTS.processes;
  const { bytes: seen } = memory.seenProcesses;
  const largest = processes && largestOf(processes);
  if (largest === undefined) return { short: "", because: "The processes could not be listed.", remedies };
  const used = memory.total - memory.available;
  const mine = `${largest.name} (pid ${largest.pid}${largest.unit === "" ? "" : `, ${largest.unit}`}) with ${sayBytes(holds(largest))}, ${sayPercent(holds(largest) / memory.total)} of the machine`;
  if (holds(largest) > used * ONE || isEnough(memory, largest, threshold))
    return {
      short: `; ${largest.name} (pid ${largest.pid}) holds ${sayBytes(holds(largest))}`,
      because: `One process holds much of it: ${mine}.`,
      remedies: ["restartLargest", ...remedies],
    };
  if (seen !== null && seen < memory.parts.processes / 2)
    return {
      short: ", in processes that cannot be seen from here",
      because: `Processes hold ${sayBytes(memory.parts.processes)}, those that can be seen only ${sayBytes(seen)}: the others are in another container or hidden from diagbot's user.`,
      remedies,
    };
  return {
    short: ", spread over many processes",
    because: `It is spread over many processes; the largest: ${mine}. Ending that one would not help.`,
    remedies,
  };
}

/** Would memory be below the limit without what this process alone holds? */
export const isEnough = (
  { available, total, usedRatio }: Memory,
  { anonymous }: Pick<Process, "anonymous">,
  threshold: number,
): boolean => usedRatio >= threshold && 1 - (available + anonymous) / total < threshold;

/** Whose figures they are, where that is not the machine diagbot looks at. */
export const sayScope = ({ scope }: Memory): string =>
  scope === "container"
    ? " The figures are the container's that diagbot looks from (lxcfs), not the machine's."
    : scope === "machine-below"
      ? " diagbot looks from inside a container: the figures are of the machine below, the processes only this container's."
      : "";

/** Figures of the whole, part by part: they add up. */
export const balance = (memory: Memory) => {
  const { parts } = memory;
  const given = parts.cache + parts.slabReclaimable;
  const lines: [string, number][] = [
    ["processes", parts.processes],
    ["memory file systems and shared segments", parts.shared],
    ["kernel", parts.kernel],
    ["huge pages", parts.hugePages],
    ["compressed swap", parts.compressed],
    ["ZFS cache (ARC)", parts.arc],
    ["unaccounted for", parts.unaccounted],
    ["file cache, given back on demand", given],
    ["free", parts.free],
  ];
  return facts(
    Object.fromEntries(
      lines.filter(([, bytes]) => bytes > 0).map(([name, bytes]) => [name, sayBytes(bytes)]),
    ),
  );
};

/** Used only in the eyes of whoever does not count the cache of ZFS as one. */
export function arcFinding(memory: Memory, threshold: number): Finding<"limitArc"> | undefined {
  const { arc, parts, total, available, usedRatio } = memory;
  if (arc === null || usedRatio >= threshold) return undefined;
  const given = Math.max(0, parts.arc - arc.min);
  const shown = 1 - (available - given) / total;
  if (shown < threshold) return undefined;
  return {
    id: "arc",
    severity: "info",
    title: `${sayBytes(parts.arc)} of ${sayBytes(total)} is the cache of ZFS (ARC), given back on demand`,
    because: `What dashboards show as used (${sayPercent(shown)}) counts it, because the kernel does not know it as a cache. Programs can get ${sayBytes(available)}; it shrinks down to ${sayBytes(arc.min)} (c_min). Ending programs is not called for.`,
    evidence: [balance(memory)],
    remedies: ["limitArc"],
  };
}
