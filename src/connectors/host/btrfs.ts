import { z } from "zod";
import { linesOf, partsOf } from "../machine/script.ts";
import type { Mount } from "./mounts.ts";

/** What the kernel says of every mounted btrfs, to anybody; the arguments are the devices that are mounted. */
export const BTRFS = `for d; do echo "source $(readlink -f "$d") $d"; done
for f in /sys/fs/btrfs/*-*-*-*-*; do
  [ -d "$f/allocation" ] || continue; echo ==
  for d in "$f"/devices/*; do [ -e "$d/size" ] && echo "device \${d##*/} $(cat "$d/size")"; done
  for k in data metadata system mixed; do a=$f/allocation/$k
    [ -d "$a" ] && echo "$k $(cat "$a/total_bytes" "$a/bytes_used" "$a/disk_total" 2>/dev/null | tr '\\n' ' ')"; done
  echo "reserve $(cat "$f/allocation/global_rsv_reserved" 2>/dev/null)"
done; true`;

/**
 * Room of one sort within a file system that has its room divided up: when this one is used up, writes fail whatever df shows.
 * `capacity` includes what could still be set aside for it.
 */
export const Room = z.object({
  what: z.enum(["metadata", "system"]),
  used: z.number(),
  capacity: z.number(),
  /** Bytes of the devices that are set aside for nothing yet. */
  unallocated: z.number(),
});
export type Room = z.output<typeof Room>;

/** By mounted device (as in the mount table): the rooms of its btrfs. */
export function parseBtrfs(text: string): Map<string, Room[]> {
  const [sources = "", ...blocks] = partsOf(text);
  const byName = new Map(
    blocks.flatMap((block) => devicesOf(block).map(({ name }) => [name, roomsOf(block)])),
  );
  const rooms = new Map<string, Room[]>();
  for (const line of linesOf(sources)) {
    const [, real = "", device = ""] = line.split(" ");
    const mine = byName.get(real.slice(real.lastIndexOf("/") + 1));
    if (mine !== undefined) rooms.set(device, mine);
  }
  return rooms;
}

const devicesOf = (block: string): { name: string; bytes: number }[] =>
  linesOf(block)
    .map((line) => line.split(" "))
    .filter(([word]) => word === "device")
    .map(([, name = "", sectors]) => ({ name, bytes: Number(sectors) * 512 }));

function roomsOf(block: string): Room[] {
  const lines = new Map(
    linesOf(block).map((line) => {
      const [word = "", ...numbers] = line.split(" ");
      return [word, numbers.map(Number)];
    }),
  );
  const onDisk = ["data", "metadata", "system", "mixed"].map((kind) => lines.get(kind)?.[2] ?? 0);
  const size = devicesOf(block).reduce((sum, { bytes }) => sum + bytes, 0);
  const unallocated = Math.max(0, size - onDisk.reduce((sum, bytes) => sum + bytes, 0));
  return (["metadata", "system"] as const).flatMap((what) => {
    const [total = 0, used = 0, disk = 0] = lines.get(what) ?? [];
    if (!(total > 0) || !(used >= 0)) return [];
    // Kept twice (DUP, RAID1), a byte takes two of the devices.
    const copies = Math.max(1, disk / total);
    const reserve = what === "metadata" ? (lines.get("reserve")?.[0] ?? 0) + HEADROOM : 0;
    return [{ what, used, capacity: Math.max(1, total - reserve + unallocated / copies), unallocated }];
  });
}

/** The kernel keeps a reserve for getting out of trouble, and calls nothing free with less than this beside it (btrfs_statfs). */
const HEADROOM = 4 * 1024 * 1024;

/** The devices to ask about. */
export const btrfsDevices = (mounts: readonly Mount[]): string[] => [
  ...new Set(mounts.filter(({ type }) => type === "btrfs").map(({ device }) => device)),
];
