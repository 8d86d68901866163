import {
  clip,
  type docker,
  type Finding,
  facts,
  type OutputOf,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";

type Usage = OutputOf<typeof docker.stats>["usage"][number];

/** Share of its memory limit beyond which a container is about to be killed. */
const NEAR_LIMIT = 0.9;

/**
 * Containers close to their memory limit, by what they cannot give back: a limit that is full of file cache is a healthy one,
 * the kernel takes from it what programs ask for. Pure.
 */
export const nearLimit = (usage: readonly Usage[]): Finding<"raiseMemory">[] =>
  usage.flatMap((one) => {
    const { memory, memoryLimit, limited, parts, name } = one;
    if (!limited || memory === null || parts === null || memory / memoryLimit < NEAR_LIMIT) return [];
    const most = [
      { bytes: parts.programs, says: "its programs" },
      { bytes: parts.shared, says: "files in memory (tmpfs, /dev/shm), which count like programs" },
      { bytes: parts.kernel, says: "kernel memory (sockets, page tables, many files)" },
    ].reduce((a, b) => (b.bytes > a.bytes ? b : a));
    return [
      {
        id: `near-memory-limit:${name}`,
        severity: "warning",
        title: `${clip(name, 120)} holds ${sayPercent(memory / memoryLimit)} of its memory limit of ${sayBytes(memoryLimit)}`,
        because: `Most of it is ${most.says}. At the limit the kernel kills it. File cache, which the kernel takes back by itself (${sayBytes(parts.cache)}), is not in this figure.`,
        evidence: [
          facts({
            programs: sayBytes(parts.programs),
            "files in memory": sayBytes(parts.shared),
            kernel: sayBytes(parts.kernel),
            "file cache (given back on demand)": sayBytes(parts.cache),
            limit: sayBytes(memoryLimit),
          }),
        ],
        remedies: ["raiseMemory"],
      },
    ];
  });
