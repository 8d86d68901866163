import type { OutputOf } from "../../core/words/action.ts";
import { clip, sayBytes, sayPercent } from "../../core/words/format.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import type { Disk } from "./disk.ts";
import type { load } from "./load.ts";
import type { Memory } from "./memory.ts";
import { faultsOf, fullPlaces, isNearlyFull, placesOf, sayFullness } from "./places.ts";

/** CPU: one second may be a spike, so the 5-minute load must agree. sergas-accounts.health-matrix (trap first-sample). */
export function judgeLoad(
  { usedRatio, load5, cpus }: OutputOf<typeof load>,
  { thresholds }: HealthLimits,
): HealthWord {
  const seen = `CPU ${sayPercent(usedRatio)}, load ${load5.toFixed(1)} on ${cpus} CPUs`;
  if (usedRatio <= thresholds.cpu || load5 / cpus <= thresholds.cpu) return seen;
  return {
    word: `busy: ${seen}`,
    because: `More than ${sayPercent(thresholds.cpu)} of the CPU is used now, and the load of the last 5 minutes agrees.`,
    severity: "warning",
    next: "Look which processes use it (`top -o %CPU`) and whether traffic or a deployment explains it.",
  };
}

/** Every file system, bytes, inodes and rooms (trap df-root-only): disk-full judges by the same. */
export function judgeDisk(disk: Disk, { thresholds }: HealthLimits): HealthWord {
  const full = fullPlaces(disk, thresholds.disk).filter(({ kind }) => kind !== "budget");
  const faults = faultsOf(disk);
  const fullest = Math.max(0, ...placesOf(disk).map(({ ratio, kind }) => (kind === "budget" ? 0 : ratio)));
  if (full.length === 0 && faults.length === 0) return `fullest disk ${sayPercent(fullest)}`;
  const all = [...faults.map(({ title }) => title), ...full.map((place) => sayFullness(place))];
  return {
    word: clip(all[0] ?? "full", 60),
    because: `Over the limit of ${sayPercent(thresholds.disk)}, taking no writes or not answering: ${all.slice(0, 5).join("; ")}.`,
    severity:
      full.some(isNearlyFull) || faults.some(({ severity }) => severity === "critical")
        ? "critical"
        : "warning",
    next: "Run disk-full: it finds what takes the space and what may be removed.",
  };
}

/** What programs can still get: MemAvailable, and what the cache of ZFS gives back. */
export function judgeMemory(
  { usedRatio, available }: Pick<Memory, "usedRatio" | "available">,
  { thresholds }: HealthLimits,
): HealthWord {
  const seen = `memory ${sayPercent(usedRatio)}, ${sayBytes(available)} available`;
  if (usedRatio <= thresholds.memory) return seen;
  return {
    word: seen,
    because: `More than ${sayPercent(thresholds.memory)} of the memory is in use.`,
    severity: "warning",
    next: "Run high-memory: it names the processes and whether the kernel has begun to kill.",
  };
}
