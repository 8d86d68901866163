/** What the memory of a control group (a container, a unit) consists of, in bytes. The parts add up to what the kernel charges it. */
export interface GroupMemory {
  /** What it cannot do without: all but the next one. Its limit is judged by this. */
  readonly held: number;
  /** Files read or written lately and kernel caches of them, whether used a moment ago or not: given back on demand. */
  readonly cache: number;
  /** Memory of programs themselves. */
  readonly programs: number;
  /** Files in memory (tmpfs, /dev/shm) and shared segments. */
  readonly shared: number;
  /** Kernel memory of its processes and sockets, and what the counters of a moment do not tell apart. */
  readonly kernel: number;
}

/**
 * Reads `memory.stat` of either cgroup version: v2 says anon, v1 rss, and `total_…` with what is below it. The active file cache is
 * given back as the inactive is (moby#21759): a program that reads files all day is not short of memory. Null: the file says
 * neither, so nothing is known of what the usage consists of. Pure.
 */
export function groupMemory(usage: number, stat: Readonly<Record<string, number>>): GroupMemory | null {
  const of = (...names: readonly string[]): number | undefined =>
    names.map((name) => stat[name]).find((bytes) => bytes !== undefined);
  const programs = of("anon", "total_rss", "rss");
  const inactive = of("total_inactive_file", "inactive_file");
  if (programs === undefined || inactive === undefined) return null;
  const files = inactive + (of("total_active_file", "active_file") ?? 0);
  const cache = Math.min(usage, files + (of("slab_reclaimable") ?? 0));
  const held = usage - cache;
  const shared = Math.min(of("total_shmem", "shmem") ?? 0, held);
  const own = Math.min(programs, held - shared);
  return { held, cache, programs: own, shared, kernel: held - shared - own };
}
