import { z } from "zod";
import { linesOf } from "../machine/script.ts";

/** A software RAID of the kernel (md), as /proc/mdstat shows it to everybody. */
export const RaidArray = z.object({
  name: z.string(),
  /** raid1, raid5, …; empty where it is not put together. */
  level: z.string(),
  active: z.boolean(),
  wanted: z.int(),
  working: z.int(),
  /** Devices that were thrown out for errors. */
  failed: z.array(z.string()),
  /** Share of a rebuild that is done, 0 to 1; null: none is under way. A check or resync of a whole array is none. */
  rebuilt: z.number().nullable(),
});
export type RaidArray = z.output<typeof RaidArray>;

/** `md1 : active raid1 sdb2[1](F) sda2[0]`, then `… [2/1] [U_]`, then `recovery = 12.6%`. Pure. */
export function parseArrays(text: string): RaidArray[] {
  const arrays: RaidArray[] = [];
  for (const line of linesOf(text)) {
    const [, name, state = "", members = ""] =
      /^(md\S{1,60}) : (active|inactive)(?: \(\S{1,40}\))?(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      arrays.push({
        ...{ name, active: state === "active", wanted: 0, working: 0, rebuilt: null },
        level: /^ (raid\d{1,2}|linear|multipath|faulty)\b/.exec(members)?.[1] ?? "",
        failed: [...members.matchAll(/(\S{1,60})\[\d{1,4}\]\(F\)/g)].map(([, device = ""]) => device),
      });
      continue;
    }
    const last = arrays.pop();
    if (last === undefined) continue;
    const [, wanted, working] = /\[(\d{1,4})\/(\d{1,4})\]/.exec(line) ?? [];
    const rebuilt = /(?:recovery|reshape) = {1,3}(\d{1,3}(?:\.\d)?)%/.exec(line)?.[1];
    arrays.push({
      ...last,
      ...(wanted === undefined ? {} : { wanted: Number(wanted), working: Number(working) }),
      ...(rebuilt === undefined ? {} : { rebuilt: Number(rebuilt) / 100 }),
    });
  }
  return arrays;
}

/**
 * It lacks devices that it should have. A mirror made with more places than there are disks (as NAS systems make theirs) never had
 * them, and still has two.
 */
export const isDegraded = ({ active, level, wanted, working, failed }: RaidArray): boolean =>
  active && working < wanted && !(level === "raid1" && working >= 2 && failed.length === 0);
