import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { groupMemory } from "../../lib/group-memory.ts";
import { inTurns } from "../../lib/in-turns.ts";
import { type DockerClient, getJson } from "./client.ts";
import { Reference } from "./container.ts";
import { findIfThere, plainName } from "./find.ts";
import { Stats } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");

const Parts = z.object({
  programs: z.number(),
  shared: z.number(),
  kernel: z.number(),
  cache: z.number(),
});

const Usage = z.object({
  container: z.string(),
  name: z.string(),
  /** Bytes it cannot do without, file cache left out (trap `free-used`); null where the engine does not tell them apart. */
  memory: z.number().nullable(),
  /** What the bytes charged to it consist of. */
  parts: Parts.nullable(),
  /** Bytes: the container's limit, or the machine's memory where it has none. */
  memoryLimit: z.number(),
  limited: z.boolean(),
  /** CPUs in use: 1.0 is one whole CPU. */
  cpus: z.number().nullable(),
  /** Share of the last second's scheduling periods in which its CPU limit held it back; null without a limit. */
  throttled: z.number().nullable(),
  /** The same of all periods since its start, in which it wanted to run; absent in what was recorded before. */
  throttledSinceStart: z.number().nullable().optional(),
  processes: z.int().nullable(),
});

/**
 * Memory and CPU of up to 100 running containers, as many as the list has: one bounded sample each, never a stream. The engine compares two samples
 * one second apart, so the first figure is not the average since start (trap `first-sample`). resync.high-cpu-memory.
 */
export const stats = read({
  name: "docker.stats",
  title: "Memory and CPU of containers",
  input: z.object({ containers: z.array(Reference).max(100) }),
  output: z.object({ usage: z.array(Usage), notSeen }),
  timeoutSeconds: 30,
  run: async (client, input, context) => {
    const seen = await inTurns(input.containers, 20, async (reference) => {
      const found = await findIfThere(client, reference, context);
      if (found?.State.Status !== "running") return undefined;
      const call = { path: `/containers/${found.Id}/stats`, query: { stream: false } };
      const sample = await getJson(client, Stats, call, context);
      return { container: found.Id, name: plainName(found), ...usageOf(sample, found.HostConfig.Memory) };
    });
    const usage = seen.filter((one) => one !== undefined);
    const untold = usage.filter(({ parts }) => parts === null).map(({ name }) => name);
    return {
      usage,
      ...(untold.length > 0
        ? {
            notSeen: [
              {
                what: `what the memory of ${untold.slice(0, 5).join(", ")} consists of`.slice(0, 300),
                why: "the engine reports a sum without programs and file cache apart",
              },
            ],
          }
        : {}),
    };
  },
});

/** One sample of the engine in our words. Pure; exported for its test. */
export function usageOf(sample: Stats, limit: number): Omit<z.output<typeof Usage>, "container" | "name"> {
  const { memory_stats: memory, cpu_stats: cpu, precpu_stats: before } = sample;
  const group = groupMemory(memory.usage ?? 0, memory.stats ?? {});
  const { held = null, ...parts } = group ?? {};
  const system = (cpu?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const used = (cpu?.cpu_usage.total_usage ?? 0) - (before?.cpu_usage.total_usage ?? 0);
  const measured = before?.system_cpu_usage !== undefined && system > 0;
  return {
    memory: held,
    parts: group === null ? null : Parts.parse(parts),
    memoryLimit: limit > 0 ? limit : (memory.limit ?? 0),
    limited: limit > 0,
    cpus: measured ? (used / system) * (cpu?.online_cpus ?? 1) : null,
    throttled: throttledOf(sample),
    throttledSinceStart: shareOf(cpu?.throttling_data),
    processes: sample.pids_stats?.current ?? null,
  };
}

/** The counters are since the container's start; what is held back now is their difference. */
function throttledOf({ cpu_stats: cpu, precpu_stats: before }: Stats): number | null {
  const now = cpu?.throttling_data;
  const then = before?.throttling_data;
  if (now === undefined || then === undefined || before?.system_cpu_usage === undefined) return null;
  return shareOf({
    periods: now.periods - then.periods,
    throttled_periods: now.throttled_periods - then.throttled_periods,
  });
}

/** Null where it had no limit, or wanted nothing: no period counts then. */
const shareOf = (said: { periods: number; throttled_periods: number } | undefined): number | null =>
  said === undefined || said.periods <= 0 ? null : Math.max(0, said.throttled_periods) / said.periods;
