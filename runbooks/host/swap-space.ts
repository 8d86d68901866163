import {
  count,
  type Evidence,
  type Finding,
  facts,
  host,
  type OutputOf,
  rows,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";
import { holds } from "./memory.ts";

type Swap = host.Swap;
type Processes = OutputOf<typeof host.processes>;
type Remedy = "add" | "remove" | "addByHand" | "keep" | "enable" | "findHolder";

const MIB = 1_048_576;
/** Bytes a second in both directions beyond which a machine does little else. */
const THRASHING = 4 * MIB;
/** Share of time all tasks wait for memory beyond which people notice. */
const WAITING = 0.1;
const FULL = 0.9;
/** What the guide gives a machine (tektra.swap-space), in MiB. */
const USUAL = 8_192;

/** MiB of a swap file that fits: as the guide says, never more than memory or a quarter of what is free; undefined: too little. Pure. */
export function suggested({ place, memoryTotal }: Swap): number | undefined {
  if (place === null || place.free === null) return undefined;
  const most = Math.min(USUAL, memoryTotal / MIB, place.free / 4 / MIB);
  return most < 64 ? undefined : Math.floor(most / 64) * 64;
}

/** Pages go out and come back now: by the counters of two looks. How full swap is says nothing about that. */
export function pagingFinding(swap: Swap, processes?: Processes): Finding<Remedy> | undefined {
  const waits = swap.pressure?.full ?? 0;
  if (Math.min(swap.inRate, swap.outRate) < THRASHING && waits < WAITING) return undefined;
  return {
    id: "paging-now",
    severity: "critical",
    title: `${sayBytes(swap.inRate)}/s come in from swap and ${sayBytes(swap.outRate)}/s go out; all tasks wait for memory ${sayPercent(waits)} of the time`,
    because:
      "What runs needs more memory at once than there is. More swap would not make it faster: less has to run, or more memory be there.",
    evidence: evidenceOf(swap, processes),
    remedies: ["findHolder"],
    explains: ["swap-short"],
  };
}

/** No swap, or a full one, while memory is short. Full and idle, or none and memory to spare, is no fault. */
export function shortFinding(
  swap: Swap,
  processes: Processes | undefined,
  threshold: number,
): Finding<Remedy> | undefined {
  const { total, used, memoryTotal, memoryAvailable } = swap;
  const isShort = 1 - memoryAvailable / memoryTotal >= threshold;
  if (!isShort || swap.isContainer || (total > 0 && used / total < FULL)) return undefined;
  const mib = suggested(swap);
  const mayAdd =
    mib !== undefined && host.whyNotAdd(swap, { path: swap.place?.path ?? "", mib }) === undefined;
  const node = swap.isKubernetesNode
    ? " It is a node of Kubernetes: there the next shortage is kubelet's to settle, by eviction, and swap is not added."
    : "";
  return {
    id: "swap-short",
    severity: "warning",
    title: `${total === 0 ? "No swap" : `Swap is ${sayPercent(used / total)} full (${sayBytes(total)})`}, and ${sayBytes(memoryAvailable)} of ${sayBytes(memoryTotal)} memory are available`,
    because: `The next shortage has nowhere to go but the OOM killer. Swap gives time, not memory: pages that nobody asks for go there.${node}`,
    evidence: evidenceOf(swap, processes),
    remedies: swap.isKubernetesNode ? ["findHolder"] : [mayAdd ? "add" : "addByHand", "findHolder"],
  };
}

/** A person asked for a swap file. */
export function wantedFinding(swap: Swap, mib: number): Finding<Remedy> | undefined {
  const path = swap.place?.path ?? "";
  if (swap.areas.some((area) => area.path === path)) return undefined;
  const why = host.whyNotAdd(swap, { path, mib });
  const room = 1 - swap.memoryAvailable / swap.memoryTotal;
  return {
    id: "asked-to-add",
    severity: why === undefined ? "warning" : "info",
    title: `A swap file of ${sayBytes(mib * MIB)} is to be added; swap is ${swap.total === 0 ? "none" : `${sayBytes(swap.used)} of ${sayBytes(swap.total)}`} now`,
    because:
      why === undefined
        ? `A person asked for it. ${sayPercent(room)} of memory is in use.`
        : `It is not made: ${why}.`,
    evidence: evidenceOf(swap),
    remedies: why === undefined ? ["add"] : swap.isContainer || swap.isKubernetesNode ? [] : ["addByHand"],
  };
}

/** fstab counts with an area that is not in use. */
export function missingFinding(swap: Swap): Finding<Remedy> | undefined {
  const [first] = swap.missing;
  if (first === undefined) return undefined;
  return {
    id: "swap-missing",
    severity: "warning",
    title: `/etc/fstab names ${swap.missing.join(", ")} as swap, and ${swap.missing.length === 1 ? "it is" : "they are"} not in use`,
    because:
      "Somebody counts with it. Either it was switched off (`swapoff`), or it could not be used at the start: then the machine waited for it, too.",
    evidence: evidenceOf(swap),
    remedies: ["enable"],
  };
}

/** In use now, and not after the next restart. */
export function unkeptFinding(swap: Swap): Finding<Remedy> | undefined {
  const areas = swap.areas.filter(({ isKept }) => isKept === false);
  const [first] = areas;
  if (first === undefined) return undefined;
  return {
    id: "swap-not-kept",
    severity: "info",
    title: `${first.path}${areas.length > 1 ? ` and ${count(areas.length - 1, "more area")}` : ""} will not be used after a restart`,
    because: "Neither /etc/fstab nor a unit of systemd names it.",
    evidence: evidenceOf(swap),
    remedies: areas.some(({ path }) => path === swap.place?.path) ? ["keep", "remove"] : ["keep"],
  };
}

function evidenceOf(swap: Swap, processes?: Processes): Evidence[] {
  const held = (processes?.byMemory ?? []).filter((one) => one.swap > 0).sort((a, b) => b.swap - a.swap);
  return [
    facts({
      "paged in now": `${sayBytes(swap.inRate)}/s`,
      "paged out now": `${sayBytes(swap.outRate)}/s`,
      "memory available": `${sayBytes(swap.memoryAvailable)} of ${sayBytes(swap.memoryTotal)}`,
      swappiness: swap.swappiness ?? "unknown",
      "compressed before it is written":
        swap.zswap === null ? "no" : swap.zswap ? "yes (zswap)" : "no (zswap off)",
      ...(swap.groupsWithout.length === 0
        ? {}
        : {
            "may not use swap": `${swap.groupsWithout.slice(0, 5).join(", ")}${swap.groupsWithout.length > 5 ? " …" : ""}: more swap does not help these`,
          }),
    }),
    rows("Areas", swap.areas.slice(0, 12), {
      path: (one) => one.path,
      type: (one) => (one.memory === null ? one.type : `zram, takes ${sayBytes(one.memory)} of memory`),
      size: (one) => sayBytes(one.bytes),
      used: (one) => sayBytes(one.used),
      priority: (one) => one.priority,
    }),
    rows("In swap", held.slice(0, 8), {
      process: (one) => one.command || one.name,
      pid: (one) => one.pid,
      swap: (one) => sayBytes(one.swap),
      memory: (one) => sayBytes(holds(one)),
    }),
  ];
}
