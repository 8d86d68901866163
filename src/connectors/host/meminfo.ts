import { z } from "zod";

/** First number of the line that begins with the name. */
export function numberAfter(text: string, name: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  const digits = /\d+/.exec(line?.slice(name.length) ?? "");
  return digits === null ? undefined : Number(digits[0]);
}

/** What memory is used for, in bytes. All parts together, and what is free, are the total; `unaccounted` is what no list shows. */
export const Parts = z.object({
  free: z.number(),
  /** Page cache and buffers without memory file systems: given back on demand. */
  cache: z.number(),
  /** Kernel lists that can be given back. */
  slabReclaimable: z.number(),
  /** What programs hold for themselves. */
  processes: z.number(),
  /** Memory file systems and shared segments: belong to no process. */
  shared: z.number(),
  /** Kernel lists that cannot be given back, stacks, page tables, per-CPU areas. */
  kernel: z.number(),
  hugePages: z.number(),
  /** Swap kept compressed in memory (zram, zswap). */
  compressed: z.number(),
  /** Cache of ZFS, which the kernel does not count as one. */
  arc: z.number(),
  unaccounted: z.number(),
});
export type Parts = z.output<typeof Parts>;

/** The cache of ZFS: what it holds, and what it keeps whatever happens. */
export const Arc = z.object({ size: z.number(), min: z.number(), max: z.number() });
export type Arc = z.output<typeof Arc>;

/** `/proc/spl/kstat/zfs/arcstats`: lines `name type value`; null where there is no ZFS, or it may not be read. */
export function parseArc(text: string): Arc | null {
  const value = (name: string) =>
    Number(new RegExp(`^${name} +\\d+ +(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  const [size, min, max] = [value("size"), value("c_min"), value("c_max")];
  return Number.isFinite(size)
    ? { size, min: Number.isFinite(min) ? min : 0, max: Number.isFinite(max) ? max : size }
    : null;
}

/**
 * Adds up /proc/meminfo (kernel.org proc/meminfo). The kernel counts the ARC nowhere, part of it as slab: what is missing and the
 * unreclaimable slab are taken for it before anything is called unaccounted for.
 */
export function partsOf(meminfo: string, arc: Arc | null, zramBytes: number): Parts {
  const bytes = (name: string) => (numberAfter(meminfo, `${name}:`) ?? 0) * 1024;
  const shared = bytes("Shmem");
  const slab = bytes("SUnreclaim");
  const known = {
    free: bytes("MemFree"),
    cache: Math.max(0, bytes("Cached") + bytes("Buffers") - shared),
    slabReclaimable: bytes("SReclaimable"),
    processes: bytes("AnonPages"),
    shared,
    hugePages: bytes("Hugetlb"),
    compressed: zramBytes + bytes("Zswap"),
  };
  const tables = bytes("PageTables") + bytes("SecPageTables") + bytes("KernelStack") + bytes("Percpu");
  const missing =
    bytes("MemTotal") - tables - slab - Object.values(known).reduce((sum, part) => sum + part, 0);
  const inSlab = Math.min(slab, Math.max(0, (arc?.size ?? 0) - Math.max(0, missing)));
  const elsewhere = Math.min(Math.max(0, missing), arc?.size ?? 0);
  return {
    ...known,
    kernel: tables + slab - inSlab,
    arc: inSlab + elsewhere,
    unaccounted: Math.max(0, missing - elsewhere),
  };
}

/**
 * What programs can still get. Kernels before 3.14 do not say: then it is reckoned as theirs does, roughly. The ARC shrinks on
 * demand down to its minimum.
 */
export function availableOf(
  meminfo: string,
  parts: Parts,
  arc: Arc | null,
): { bytes: number; isEstimate: boolean } {
  const said = numberAfter(meminfo, "MemAvailable:");
  const own = said === undefined ? parts.free + (parts.cache + parts.slabReclaimable) * 0.75 : said * 1024;
  const total = (numberAfter(meminfo, "MemTotal:") ?? 0) * 1024;
  const given = arc === null ? 0 : Math.max(0, parts.arc - arc.min);
  return { bytes: Math.min(total, own + given), isEstimate: said === undefined };
}
