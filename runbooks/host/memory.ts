import { type host, type OutputOf, sayBytes, sayPercent } from "../../src/sdk/index.ts";

type Memory = OutputOf<typeof host.memory>;
type Process = OutputOf<typeof host.processes>["byMemory"][number];

/** Bytes that are this process's alone. */
export const holds = (process: Pick<Process, "anonymous" | "swap">): number =>
  process.anonymous + process.swap;

/** Which kind of memory it is: words that end a title, the cause, and what helps against it. */
export function sayCause(memory: Memory, largest: Process | undefined) {
  const used = memory.total - memory.available;
  const part = (bytes: number) => `${sayBytes(bytes)}, ${sayPercent(bytes / memory.total)} of the machine`;
  if (memory.shared > used / 2)
    return {
      short: ", most of it in memory file systems",
      because: `Most of it is in memory file systems and shared segments (${part(memory.shared)}), which belong to no process.`,
      remedies: ["findTmpfs"] as const,
    };
  if (memory.kernel > used / 2)
    return {
      short: ", most of it kernel memory",
      because: `Most of it is kernel memory (${part(memory.kernel)}).`,
      remedies: ["addMemory"] as const,
    };
  if (memory.hugePages > used / 2)
    return {
      short: ", most of it huge pages",
      because: `Most of it is set aside as huge pages (${part(memory.hugePages)}).`,
      remedies: ["addMemory"] as const,
    };
  if (largest === undefined)
    return { short: "", because: "The processes could not be listed.", remedies: ["addMemory"] as const };
  const unit = largest.unit === "" ? "" : `, ${largest.unit}`;
  const isOne = holds(largest) > used / 4;
  const share = isOne ? "One process holds much of it" : "It is spread over many processes; the largest";
  return {
    short: isOne
      ? `; ${largest.name} (pid ${largest.pid}) holds ${sayBytes(holds(largest))}`
      : ", spread over many processes",
    because: `${share}: ${largest.name} (pid ${largest.pid}${unit}) with ${part(holds(largest))}.`,
    remedies: ["restartLargest", "addMemory"] as const,
  };
}
