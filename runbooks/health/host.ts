import {
  type ConnectionFace,
  clip,
  type host,
  type OutputOf,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";
import { type Limits, line, type Row, trouble } from "./row.ts";

type Disks = OutputOf<typeof host.disk>;

/** CPU: one second may be a spike, so the 5-minute load must agree. sergas-accounts.health-matrix (trap first-sample). */
export function judgeLoad(
  face: ConnectionFace,
  { usedRatio, load5, cpus }: OutputOf<typeof host.load>,
  { thresholds }: Limits,
): Row {
  const seen = `CPU ${sayPercent(usedRatio)}, load ${load5.toFixed(1)} on ${cpus} CPUs`;
  if (usedRatio <= thresholds.cpu || load5 / cpus <= thresholds.cpu) return line(face, "ok", seen);
  return trouble(face, "", {
    word: `busy: ${seen}`,
    because: `More than ${sayPercent(thresholds.cpu)} of the CPU is used now, and the load of the last 5 minutes agrees.`,
    severity: "warning",
    next: "Look which processes use it (`top -o %CPU`) and whether traffic or a deployment explains it.",
  });
}

/** Every file system, bytes and inodes (trap df-root-only). */
export function judgeDisk(
  face: ConnectionFace,
  { fileSystems, unreadable }: Disks,
  { thresholds }: Limits,
): Row {
  const ratio = (one: Disks["fileSystems"][number]) => Math.max(one.usedRatio, one.inodesRatio);
  const full = fileSystems.filter((one) => ratio(one) > thresholds.disk || one.shouldBeWritable);
  const fullest = Math.max(0, ...fileSystems.map(ratio));
  if (full.length === 0 && unreadable.length === 0)
    return line(face, "ok", `fullest disk ${sayPercent(fullest)}`, "disk");
  const words = full.map((one) =>
    one.shouldBeWritable
      ? `${one.path} is read-only`
      : `${one.path} ${sayPercent(one.usedRatio)} (inodes ${sayPercent(one.inodesRatio)}, ${sayBytes(one.available)} left)`,
  );
  const all = [...words, ...unreadable.map((path) => `${path} does not answer`)];
  return trouble(face, "disk", {
    word: clip(all[0] ?? "full", 60),
    because: `Over the limit of ${sayPercent(thresholds.disk)}, read-only or not answering: ${all.slice(0, 5).join("; ")}.`,
    severity:
      fullest > 0.95 || unreadable.length > 0 || full.some((one) => one.shouldBeWritable)
        ? "critical"
        : "warning",
    next: "Run disk-full: it finds what takes the space and what may be removed.",
  });
}

/** What programs can still get (MemAvailable). */
export function judgeMemory(
  face: ConnectionFace,
  { usedRatio, available }: OutputOf<typeof host.memory>,
  { thresholds }: Limits,
): Row {
  const seen = `memory ${sayPercent(usedRatio)}, ${sayBytes(available)} available`;
  if (usedRatio <= thresholds.memory) return line(face, "ok", seen, "memory");
  return trouble(face, "memory", {
    word: seen,
    because: `More than ${sayPercent(thresholds.memory)} of the memory is in use.`,
    severity: "warning",
    next: "Run high-memory: it names the processes and whether the kernel has begun to kill.",
  });
}
