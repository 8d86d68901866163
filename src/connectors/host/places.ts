import { sayPercent } from "../../core/words/format.ts";
import { isDegraded, type RaidArray } from "./arrays.ts";
import type { Disk } from "./disk.ts";
import type { FileSystem } from "./file-system.ts";
import { hasDynamicInodes } from "./file-systems.ts";
import { serverOf } from "./mounts.ts";
import type { ThinPool } from "./thin-pools.ts";
import { poolOf } from "./zfs.ts";

/** Something with a limit: a file system's bytes, inodes or inner room, a pool that several share, a folder with a budget. */
export interface Place {
  readonly id: string;
  readonly kind: "file system" | "pool" | "budget";
  readonly counts: "bytes" | "inodes" | "metadata" | "system";
  readonly path: string;
  readonly ratio: number;
  readonly used: number;
  readonly capacity: number;
  /** Bytes set aside for nothing yet, where the file system divides its space up. */
  readonly unallocated?: number;
}

/** Beyond this it is not "filling up" but about to fail writes. */
const NEARLY_FULL = 0.95;

/** With more than this left, in bytes, a share says nothing of how soon it ends. */
const PLENTY = 200 * 1024 ** 3;

/** A change of btrfs puts so much aside before it begins. */
const ONE_CHANGE = 16 * 1024 * 1024;

/** Are writes about to fail there, or failing? */
export const isNearlyFull = ({ ratio, counts, capacity, used }: Place): boolean =>
  (ratio >= NEARLY_FULL && !(counts === "bytes" && capacity - used > PLENTY)) ||
  (counts === "metadata" && capacity - used < ONE_CHANGE);

/** Every place with a limit, full or not. What nobody can write to is full by design: an image, a mount that is not meant to. */
export function placesOf({ fileSystems, pools, budgets }: Disk): Place[] {
  return [
    ...pools.map(
      ({ name, size, used }): Place => ({
        ...({ id: `pool-full:${name}`, kind: "pool", counts: "bytes" } as const),
        ...{ path: name, ratio: used / size, used, capacity: size },
      }),
    ),
    ...fileSystems.filter(({ writes }) => writes !== "not-meant").flatMap(roomsOf),
    ...budgets.map(
      ({ path, usedRatio, used, bytes }): Place => ({
        ...({ id: `over-budget:${path}`, kind: "budget", counts: "bytes" } as const),
        ...{ path, ratio: usedRatio ?? 0, used: used ?? 0, capacity: bytes },
      }),
    ),
  ];
}

const roomsOf = (one: FileSystem): Place[] => {
  const { path } = one;
  return [
    ...one.rooms.map(
      ({ what, used, capacity, unallocated }): Place => ({
        ...({ id: `${what}-full:${path}`, kind: "file system", counts: what } as const),
        ...{ path, ratio: used / capacity, used, capacity, unallocated },
      }),
    ),
    {
      ...({ id: `disk-full:${path}`, kind: "file system", counts: "bytes" } as const),
      ...{ path, ratio: one.usedRatio, used: one.used, capacity: one.used + one.available },
    },
    {
      ...({ id: `inodes-full:${path}`, kind: "file system", counts: "inodes" } as const),
      ...{ path, ratio: one.inodesRatio, used: one.inodesUsed, capacity: one.inodes },
    },
  ];
};

/** Free inodes are none, and free bytes are not few: no piece is left that is large enough for a chunk of new ones (xfs). */
const isShortOfPlaces = ({ inodes, inodesUsed, available, size }: FileSystem): boolean =>
  inodes > 0 && inodesUsed >= inodes * 0.999 && available > size * 0.03;

/** The places over the threshold, without those that are only because another is. */
export function fullPlaces(disk: Disk, threshold: number): Place[] {
  const full = placesOf(disk).filter(({ ratio }) => ratio >= threshold);
  const isFull = (id: string) => full.some((place) => place.id === id);
  const follows = ({ kind, counts, path }: Place): boolean => {
    const one = kind === "file system" ? disk.fileSystems.find((each) => each.path === path) : undefined;
    if (one === undefined) return false;
    if (counts === "inodes")
      // No inode can be made though there is room: that is a want of its own, not the effect of a full disk.
      return (
        one.type === "zfs" ||
        (hasDynamicInodes(one.type) && isFull(`disk-full:${path}`) && !isShortOfPlaces(one))
      );
    return one.type === "zfs" && isFull(`pool-full:${poolOf(one.device)}`);
  };
  return full.filter((place) => !follows(place));
}

/** What is wrong with a mount, whatever its usage. */
export interface Fault {
  readonly id: string;
  readonly path: string;
  readonly severity: "warning" | "critical";
  readonly kind: "writes" | "silent" | "hidden" | "pool" | "array" | "thin";
  readonly title: string;
  readonly because: string;
}

/** Mounts that take no writes though they should, that do not answer, or that nothing leads to; sick pools. Pure. */
export function faultsOf({ fileSystems, unreadable, pools, arrays = [], thinPools = [] }: Disk): Fault[] {
  return [
    ...fileSystems.flatMap(({ path, device, type, writes }): Fault[] => {
      const said = WRITES[writes];
      if (said === undefined) return [];
      const because = `${device} (${type}) ${said.because}`;
      return [
        {
          id: `read-only:${path}`,
          path,
          severity: "critical",
          kind: "writes",
          title: `${path} ${said.title}`,
          because,
        },
      ];
    }),
    ...unreadable.map(({ path, why, says, by, of }): Fault => {
      const said = SILENT[why];
      const id = `${why === "hidden" ? "hidden" : "not-answering"}:${path}`;
      const kind = why === "hidden" ? "hidden" : "silent";
      const severity = why === "hidden" || why === "denied" ? "warning" : "critical";
      const under = by === undefined ? "" : ` ${by}`;
      const whose = of === undefined ? "" : ` (${of.type}, ${of.device})`;
      const server = of === undefined ? undefined : serverOf(of);
      const behind = server === undefined ? "" : ` The server is ${server}.`;
      return {
        id,
        path,
        severity,
        kind,
        title: `${path} ${said.title}${under}${whose}`,
        because: `${says}. ${said.because}${behind}`,
      };
    }),
    ...pools
      .filter(({ health }) => health !== "ONLINE" && health !== "")
      .map(
        ({ name, health }): Fault => ({
          ...({ id: `pool-unhealthy:${name}`, path: name, kind: "pool" } as const),
          severity: health === "DEGRADED" ? "warning" : "critical",
          title: `The ZFS pool ${name} is ${health}`,
          because:
            health === "DEGRADED"
              ? "A device of it is missing or failing; it works, without the redundancy it should have."
              : "It cannot be written, or not at all; what uses it waits or fails.",
        }),
      ),
    ...arrays.flatMap(arrayFault),
    ...thinPools.flatMap(thinFault),
  ];
}

/** From this share on a thin pool is about to stop its writers. */
const POOL_NEAR = 0.85;
const POOL_FULL = 0.97;

/** A thin pool that is full or nearly: what its file systems show as free is not there. Pure. */
export function thinFault({ name, dataRatio, metadataRatio, mode }: ThinPool): Fault[] {
  const ratio = Math.max(dataRatio, metadataRatio);
  const stops = mode !== "rw" && mode !== "";
  if (ratio < POOL_NEAR && !stops) return [];
  const isMetadata = metadataRatio > dataRatio;
  return [
    {
      ...({ id: `thin-pool:${name}`, path: name, kind: "thin" } as const),
      severity: ratio >= POOL_FULL || stops ? "critical" : "warning",
      title: `The thin pool ${name} is ${isMetadata ? `at ${sayPercent(metadataRatio)} of its metadata, its data at ${sayPercent(dataRatio)}` : `${sayPercent(dataRatio)} full, its metadata ${sayPercent(metadataRatio)}`}${stops ? ` (${mode})` : ""}`,
      because: `Its volumes promise more than it has, and their file systems show space that is not there. ${isMetadata ? "Without metadata no new block can be given out, however much data space is left; a pool that ran out of it has to be checked before it is used." : "When it is full every write to any of them waits (60 s by default), then fails, and file systems go read-only. Deleting files gives nothing back until they are trimmed."}`,
    },
  ];
}

/** A software RAID without the redundancy it should have, or that was not put together. A check or resync is none. */
function arrayFault(one: RaidArray): Fault[] {
  const { name, level, active, wanted, working, failed, rebuilt } = one;
  const shared = { path: name, kind: "array" as const };
  if (!active)
    return [
      {
        ...({ id: `array-inactive:${name}`, ...shared } as const),
        severity: "warning",
        title: `The RAID ${name} is not put together`,
        because:
          "Devices of it are there, and the kernel has not started it: too few are there, or they are left over from an array of before. What it should hold cannot be read.",
      },
    ];
  if (!isDegraded(one)) return [];
  const out = failed.length === 0 ? "" : ` Thrown out for errors: ${failed.join(", ")}.`;
  const again = rebuilt === null ? "No rebuild is under way." : `A rebuild is at ${sayPercent(rebuilt)}.`;
  return [
    {
      ...({ id: `array-degraded:${name}`, ...shared } as const),
      severity: "warning",
      title: `The RAID ${name} (${level}) has ${working} of ${wanted} devices${rebuilt === null ? "" : `, a rebuild is at ${sayPercent(rebuilt)}`}`,
      because: `It works, without the redundancy it should have: one more disk that fails may take the data with it.${out} ${again}`,
    },
  ];
}

const WRITES: Readonly<Record<FileSystem["writes"], { title: string; because: string } | undefined>> = {
  yes: undefined,
  "not-meant": undefined,
  stopped: {
    title: "takes no writes: the kernel stopped them after an error",
    because:
      "was mounted to be written, and the kernel made it read-only: it does so when the file system or the disk below it reports an error. Every write fails.",
  },
  "mounted-read-only": {
    title: "is mounted read-only",
    because:
      "should be writable, by /etc/fstab or because diagbot.yaml watches it, and every write fails. Either somebody mounted it so, or it came up so after an error; to tell them apart: the kernel's log, and whether the mount options were given by hand.",
  },
};

const SILENT: Readonly<Record<Disk["unreadable"][number]["why"], { title: string; because: string }>> = {
  absent: {
    title: "is not there",
    because: "The path is watched, but nothing is mounted there and there is no such folder.",
  },
  denied: {
    title: "may not be looked at",
    because: "The user diagbot logs in as may not enter a folder above it.",
  },
  hangs: {
    title: "does not answer",
    because:
      "The disk, the server or the program behind the mount is gone; whatever touches the path waits with it.",
  },
  gone: {
    title: "is mounted, but what is behind it has gone away",
    because:
      "The server, the device or the FUSE program ended while it was mounted; it must be mounted anew.",
  },
  error: { title: "answers with an error", because: "The file system or the disk below it fails." },
  hidden: {
    title: "is mounted, but hidden under what was mounted later on",
    because:
      "It is there and keeps its files; no path leads to them. What is written to this path now goes to the other file system.",
  },
};

/** `/data 97 %`, in one place for everybody who shows a list. */
export const sayFullness = ({ path, counts, ratio }: Place): string =>
  `${path}${counts === "bytes" ? "" : ` ${counts}`} ${sayPercent(ratio)}`;
