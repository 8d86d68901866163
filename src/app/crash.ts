import { DiagError } from "../core/words/errors.ts";
import { CRASH_POINTS, type CrashPoint } from "../engine/deps.ts";
import { DOOR_POINTS, type DoorPoint } from "../store/index.ts";

const POINTS: readonly (CrashPoint | DoorPoint)[] = [...CRASH_POINTS, ...DOOR_POINTS];

/**
 * For tests: `CRASH_AT=after_intent:3` ends this process with SIGKILL when it passes that point for the third time.
 * Unset, as in every real use: does nothing.
 */
export function crashAt(spec: string | undefined): (point: CrashPoint | DoorPoint) => void {
  if (spec === undefined) return () => {};
  const [name = "", nth = "1"] = spec.split(":");
  const point = POINTS.find((candidate) => candidate === name);
  if (point === undefined)
    throw new DiagError("bad_config", `CRASH_AT: no point ${name}; there are ${POINTS.join(", ")}`);
  let left = Number(nth);
  return (passed) => {
    if (passed !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}
