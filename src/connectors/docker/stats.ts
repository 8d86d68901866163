import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type DockerClient, getJson } from "./client.ts";
import { inTurns, Reference } from "./containers.ts";
import { findIfThere, plainName } from "./find.ts";
import { Stats } from "./shapes.ts";

const { read } = actionsOn<DockerClient>("docker");

const Usage = z.object({
  container: z.string(),
  name: z.string(),
  /** Bytes without reclaimable page cache (trap `free-used`). */
  memory: z.number(),
  /** Bytes: the container's limit, or the machine's memory where it has none. */
  memoryLimit: z.number(),
  limited: z.boolean(),
  /** CPUs in use: 1.0 is one whole CPU. */
  cpus: z.number().nullable(),
  processes: z.int().nullable(),
});

/**
 * Memory and CPU of up to 20 running containers: one bounded sample each, never a stream. The engine compares two samples
 * one second apart, so the first figure is not the average since start (trap `first-sample`). resync.high-cpu-memory.
 */
export const stats = read({
  name: "docker.stats",
  title: "Memory and CPU of containers",
  input: z.object({ containers: z.array(Reference).max(20) }),
  output: z.object({ usage: z.array(Usage) }),
  timeoutSeconds: 20,
  run: async (client, input, context) => {
    const seen = await inTurns(input.containers, 20, async (reference) => {
      const found = await findIfThere(client, reference, context);
      if (found?.State.Status !== "running") return undefined;
      const call = { path: `/containers/${found.Id}/stats`, query: { stream: false } };
      const sample = await getJson(client, Stats, call, context);
      return { container: found.Id, name: plainName(found), ...usageOf(sample, found.HostConfig.Memory) };
    });
    return { usage: seen.filter((usage) => usage !== undefined) };
  },
});

/** cgroup v2 calls it `inactive_file`, v1 `total_inactive_file`; the docker CLI subtracts the same. */
export function usageOf(sample: Stats, limit: number) {
  const { memory_stats: memory, cpu_stats: cpu, precpu_stats: before } = sample;
  const cache = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  const system = (cpu?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const used = (cpu?.cpu_usage.total_usage ?? 0) - (before?.cpu_usage.total_usage ?? 0);
  const measured = before?.system_cpu_usage !== undefined && system > 0;
  return {
    memory: Math.max(0, (memory.usage ?? 0) - cache),
    memoryLimit: limit > 0 ? limit : (memory.limit ?? 0),
    limited: limit > 0,
    cpus: measured ? (used / system) * (cpu?.online_cpus ?? 1) : null,
    processes: sample.pids_stats?.current ?? null,
  };
}
