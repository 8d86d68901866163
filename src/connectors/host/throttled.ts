import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

/** A control group that used up its CPU quota. */
export const Throttled = z.object({
  path: z.string(),
  /** Periods (usually 100 ms) in which it ran between the two looks, and those in which it was stopped. */
  periods: z.int(),
  throttled: z.int(),
  ratio: z.number(),
  /** Seconds its threads were held back in that time, added up. */
  seconds: z.number(),
});
export type Throttled = z.output<typeof Throttled>;

interface Counters {
  readonly periods: number;
  readonly throttled: number;
  readonly seconds: number;
}

/** Lines of `grep -H`: `/sys/fs/cgroup/x/cpu.stat:nr_throttled 5`; version 2 counts microseconds, version 1 nanoseconds. */
function countersOf(text: string): Map<string, Counters> {
  const found = new Map<string, Counters>();
  for (const line of linesOf(text)) {
    const [, path = "", name = "", n = "0"] = /^(.*)\/cpu\.stat:(\w+) (\d+)$/.exec(line) ?? [];
    const one = found.get(path) ?? { periods: 0, throttled: 0, seconds: 0 };
    const more: Partial<Counters> =
      name === "nr_periods"
        ? { periods: Number(n) }
        : name === "nr_throttled"
          ? { throttled: Number(n) }
          : { seconds: Number(n) / (name === "throttled_usec" ? 1e6 : 1e9) };
    if (path !== "") found.set(path, { ...one, ...more });
  }
  return found;
}

/** What came between two looks; a group that was made anew has begun to count again. Pure. */
export function throttledOf(before: string, after: string): Throttled[] {
  const first = countersOf(before);
  return [...countersOf(after)]
    .flatMap(([path, now]) => {
      const then = first.get(path);
      const isNew = then === undefined || then.periods > now.periods;
      const periods = now.periods - (isNew ? 0 : then.periods);
      const throttled = now.throttled - (isNew ? 0 : then.throttled);
      if (periods <= 0 || throttled <= 0) return [];
      const seconds = Math.max(0, now.seconds - (isNew ? 0 : then.seconds));
      const name = clip(path.replace(/^\/sys\/fs\/cgroup/, "") || "/", 200);
      return [{ path: name, periods, throttled, ratio: Math.min(1, throttled / periods), seconds }];
    })
    .sort((a, b) => b.ratio - a.ratio || b.seconds - a.seconds)
    .slice(0, 10);
}
