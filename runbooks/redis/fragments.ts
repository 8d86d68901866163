import { type Finding, type redis, sayBytes } from "../../src/sdk/index.ts";
import { type Role, WORTH_A_LOOK } from "./memory.ts";

/** Memory that the process holds and the data does not need. Dragonfly holds it against its limit, Redis does not. Pure. */
export function fragmentFinding<const R extends string>(
  { memory, product }: redis.RedisState,
  remedy: R,
): Finding<R> | undefined {
  if (memory === null || memory.rss === null || memory.fragmentation === null) return undefined;
  if (memory.fragmentation <= 1.5 || memory.rss - memory.used <= WORTH_A_LOOK) return undefined;
  const isHeld = product === "dragonfly";
  const limit = isHeld && memory.max > 0 ? `, of a limit of ${sayBytes(memory.max)}` : "";
  return {
    id: "fragmented",
    severity: "warning",
    title: `${isHeld ? "Dragonfly" : "Redis"} holds ${sayBytes(memory.rss)} of memory for ${sayBytes(memory.used)} of data${limit}`,
    because: `${
      isHeld
        ? "It looks at what the process takes, too: above rss_oom_deny_ratio times maxmemory it refuses writes, although the data is small. What is no data: buffers of the replication log, of snapshots and of clients, memory that was freed and not returned."
        : `The fragmentation ratio is ${memory.fragmentation.toFixed(1)}: freed memory was not returned, mostly after many deletes or changes of value sizes.`
    }`,
    remedies: [remedy],
  };
}

const RESTART: Readonly<Record<Role, string>> = {
  cache: "Otherwise fail over to a replica and restart.",
  queue: "A restart loses what is not saved: only after a failover to a replica in step.",
  mixed: "A restart loses what is not saved: only after a failover to a replica in step.",
};

export const fragmentAdvice = (product: string, role: Role): string =>
  product === "dragonfly"
    ? `INFO memory names the parts (\`lsn_buffer_bytes_sum\`, \`snapshot_serialization_bytes\`, \`replication_streaming_buffer_bytes\`, \`client_read_buffer_bytes\`): a replica or cluster setting that keeps a log nobody reads, a client that does not read. MEMORY DECOMMIT gives back what was freed, MEMORY DEFRAGMENT joins pages. activedefrag is of Redis, and evicting keys helps nothing here. ${RESTART[role]}`
    : `CONFIG SET activedefrag yes (builds with jemalloc), watch mem_fragmentation_ratio fall; MEMORY PURGE helps a little at once. ${RESTART[role]}`;
