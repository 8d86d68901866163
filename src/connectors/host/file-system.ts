import { z } from "zod";
import { Room } from "./btrfs.ts";
import { familyOf, STOPPED } from "./file-systems.ts";
import { isWithin, type Mount, mountOf, upperOf } from "./mounts.ts";

/**
 * Does it take writes? `stopped`: the kernel ended them after an error; `mounted-read-only`: though /etc/fstab or
 * diagbot.yaml wants them; `not-meant`: an image, a write-protected device, or mounted so on purpose.
 */
export const Writes = z.enum(["yes", "not-meant", "stopped", "mounted-read-only"]);
export type Writes = z.output<typeof Writes>;

export const FileSystem = z.object({
  /** The watched path: a mount point, or a folder named in `mounts:`. */
  path: z.string(),
  device: z.string(),
  type: z.string(),
  size: z.number(),
  used: z.number(),
  /** Bytes an ordinary user may still write. */
  available: z.number(),
  /** Free bytes that only root may write. */
  reserved: z.number(),
  /** As df: used of what is usable, without the blocks kept for root. */
  usedRatio: z.number(),
  /** 0: the file system has no fixed number of inodes. */
  inodes: z.number(),
  inodesUsed: z.number(),
  inodesRatio: z.number(),
  writes: Writes,
  /** Device numbers (`st_dev`) of files whose space it is: its own, its subvolumes', those of overlays upon it. */
  devices: z.array(z.number()).max(500),
  /** Mount points below it: what lies under them is in no folder that can be looked into. */
  covers: z.array(z.string()).max(20),
  /** Of file systems that divide their space up (btrfs). */
  rooms: z.array(Room),
});
export type FileSystem = z.output<typeof FileSystem>;

/** What is known of the machine beside the mount itself. */
export interface Around {
  readonly visible: readonly Mount[];
  /** Mount points /etc/fstab wants writable. */
  readonly fstab: ReadonlySet<string>;
  /** Names (`7:0`) of write-protected block devices. */
  readonly writeProtected: ReadonlySet<string>;
  /** It is named in diagbot.yaml. */
  readonly named: boolean;
  readonly rooms: ReadonlyMap<string, Room[]>;
}

export function writesOf(mount: Mount, { fstab, writeProtected, named }: Around): Writes {
  const family = familyOf(mount.type);
  if (family === "image") return "not-meant";
  if (mount.superOptions.some((word) => STOPPED.includes(word))) return "stopped";
  const isReadOnly = mount.options.includes("ro");
  // People make the mount read-only, the kernel the file system behind it.
  if (!isReadOnly) return family === "disk" && mount.superOptions.includes("ro") ? "stopped" : "yes";
  if (fstab.has(mount.path)) return "mounted-read-only";
  return named && !writeProtected.has(mount.devName) ? "mounted-read-only" : "not-meant";
}

/** From the numbers of statvfs and `st_dev`; undefined: no blocks, so it holds nothing or has no limit. */
export function describe(
  path: string,
  numbers: readonly number[],
  mount: Mount,
  around: Around,
): FileSystem | undefined {
  const [block = 0, blocks = 0, free = 0, available = 0, inodes = 0, inodesFree = 0, dev = mount.dev] =
    numbers;
  if (blocks === 0) return undefined;
  const used = blocks - free;
  const inodesUsed = inodes - inodesFree;
  return {
    path,
    device: mount.device,
    type: mount.type,
    size: blocks * block,
    used: used * block,
    available: available * block,
    reserved: Math.max(0, free - available) * block,
    usedRatio: used + available === 0 ? 1 : used / (used + available),
    inodes,
    inodesUsed,
    inodesRatio: inodes === 0 ? 0 : inodesUsed / inodes,
    writes: writesOf(mount, around),
    devices: [...new Set([dev, ...devicesOn(mount, around.visible)])].slice(0, 500),
    covers: around.visible
      .filter((one) => one.path !== mount.path && one.path !== path && isWithin(one.path, mount.path))
      .filter(
        (one) =>
          mountOf(
            around.visible.filter(({ id }) => id !== one.id),
            one.path,
          ) === mount,
      )
      .map((one) => one.path)
      .slice(0, 20),
    rooms: around.rooms.get(mount.device) ?? [],
  };
}

const devicesOn = (mount: Mount, visible: readonly Mount[]): number[] =>
  visible.flatMap((one) => {
    const isSame = one.dev === mount.dev || (one.device.startsWith("/dev/") && one.device === mount.device);
    const upper = upperOf(one);
    return isSame || (upper !== undefined && mountOf(visible, upper)?.dev === mount.dev) ? [one.dev] : [];
  });
