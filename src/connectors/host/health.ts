import type { OutputOf } from "../../core/words/action.ts";
import { clip, sayBytes, sayPercent } from "../../core/words/format.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import type { disk } from "./disk.ts";
import type { load } from "./load.ts";
import type { memory } from "./memory.ts";

type Disk = OutputOf<typeof disk>;

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

/** Every file system, bytes and inodes (trap df-root-only). */
export function judgeDisk({ fileSystems, unreadable }: Disk, { thresholds }: HealthLimits): HealthWord {
  const ratio = (one: Disk["fileSystems"][number]) => Math.max(one.usedRatio, one.inodesRatio);
  const full = fileSystems.filter((one) => ratio(one) > thresholds.disk || one.shouldBeWritable);
  const fullest = Math.max(0, ...fileSystems.map(ratio));
  if (full.length === 0 && unreadable.length === 0) return `fullest disk ${sayPercent(fullest)}`;
  const words = full.map((one) =>
    one.shouldBeWritable
      ? `${one.path} is read-only`
      : `${one.path} ${sayPercent(one.usedRatio)} (inodes ${sayPercent(one.inodesRatio)}, ${sayBytes(one.available)} left)`,
  );
  const all = [...words, ...unreadable.map((path) => `${path} does not answer`)];
  return {
    word: clip(all[0] ?? "full", 60),
    because: `Over the limit of ${sayPercent(thresholds.disk)}, read-only or not answering: ${all.slice(0, 5).join("; ")}.`,
    severity:
      fullest > 0.95 || unreadable.length > 0 || full.some((one) => one.shouldBeWritable)
        ? "critical"
        : "warning",
    next: "Run disk-full: it finds what takes the space and what may be removed.",
  };
}

/** What programs can still get (MemAvailable). */
export function judgeMemory(
  { usedRatio, available }: OutputOf<typeof memory>,
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
