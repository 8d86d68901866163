import { z } from "zod";
import { linesOf, partsOf, within } from "../machine/script.ts";

/**
 * Pools, and how much of each only snapshots hold. `-p`: figures as they are; nothing is changed by either. A suspended pool
 * lets both wait in the kernel.
 */
export const ZFS = within(
  6,
  `PATH=$PATH:/usr/sbin:/sbin
a=$(timeout -s KILL 5 zpool list -Hp -o name,size,allocated,free,health 2>&1); printf '%s\\n==\\n' "$a"
b=$(timeout -s KILL 5 zfs list -Hp -t filesystem -o name,usedbysnapshots 2>/dev/null); printf '%s\\n' "$b"`,
);

/** The space that the file systems of a ZFS share. */
export const Pool = z.object({
  name: z.string(),
  size: z.number(),
  used: z.number(),
  /** ONLINE, DEGRADED, FAULTED, SUSPENDED, … */
  health: z.string(),
  /** Bytes that come free only when snapshots are destroyed. */
  snapshots: z.number(),
});
export type Pool = z.output<typeof Pool>;

/** Undefined: the pools could not be listed. */
export function parsePools(text: string): Pool[] | undefined {
  const [list = "", sets = ""] = partsOf(text);
  const rows = linesOf(list).map((line) => line.split("\t"));
  const pools = rows.filter((words) => words.length === 5 && Number(words[1]) > 0);
  if (pools.length === 0) return undefined;
  const snapshots = linesOf(sets).map((line) => line.split("\t"));
  return pools.map(([name = "", size, used, , health = ""]) => ({
    name,
    size: Number(size),
    used: Number(used),
    health,
    snapshots: snapshots
      .filter(([set = ""]) => poolOf(set) === name)
      .reduce((sum, [, bytes]) => sum + (Number(bytes) || 0), 0),
  }));
}

/** `rpool/data/x` lies in `rpool`. */
export const poolOf = (dataset: string): string => dataset.split("/", 1)[0] ?? dataset;
