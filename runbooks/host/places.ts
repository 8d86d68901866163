import {
  count,
  facts,
  host,
  mostOf,
  type OutputOf,
  rows,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";
import { type DatabaseSeen, hereOf } from "./database-here.ts";

type Disk = host.Disk;
type Place = host.Place;
type Largest = OutputOf<typeof host.largest>;
type Removable = OutputOf<typeof host.removable>;
type File = Removable["files"][number];

/** Cleaning goes this far below the threshold, so that the alert does not come back with the next log line. */
const MARGIN = 0.05;
const MAX_FILES = 200;
/** One file or folder is the cause from this share of what is used on. */
const MOST = 0.4;

/** Does the path lie below the folder, or is it that? */
export const isWithin = (path: string, folder: string): boolean =>
  folder === "/" || path === folder || path.startsWith(`${folder}/`);

/** Does the path lie on the file system of this mount point, and on no deeper one? */
export const liesOn = (path: string, mountPoint: string, { fileSystems }: Disk): boolean =>
  isWithin(path, mountPoint) &&
  !fileSystems.some((one) => one.path.length > mountPoint.length && isWithin(path, one.path));

/** Does the path lie in the place? */
export const liesIn = (path: string, { kind, path: place }: Place, disk: Disk): boolean =>
  kind === "file system" ? liesOn(path, place, disk) : kind === "budget" && isWithin(path, place);

/** Old files that lie in the place. */
export const filesIn = (place: Place, disk: Disk, removable: Removable | undefined): readonly File[] =>
  (helps(place) ? removable?.files.filter(({ path }) => liesIn(path, place, disk)) : undefined) ?? [];

/** What comes free without the files: bytes, or inodes. */
const freed = ({ counts }: Pick<Place, "counts">, files: readonly File[]): number =>
  counts === "inodes" ? files.length : files.reduce((sum, { frees }) => sum + frees, 0);

/** Old files help where the place is short of what they take. */
const helps = ({ counts }: Place): boolean => counts === "bytes" || counts === "inodes";

/** The oldest files, no more than it takes to come below the threshold. */
export function chosen(disk: Disk, removable: Removable, threshold: number): File[] {
  const picked = new Map<string, File>();
  for (const place of host.fullPlaces(disk, threshold)) {
    let excess = place.used - (threshold - MARGIN) * place.capacity;
    for (const file of filesIn(place, disk, removable)) {
      if (excess <= 0) break;
      picked.set(file.path, file);
      excess -= freed(place, [file]);
    }
  }
  return [...picked.values()].slice(0, MAX_FILES);
}

/** Is no place too full any more in which these files lay? What cannot be looked at now is not known to be better. */
export function areRelieved(disk: Disk, paths: readonly string[], threshold: number): boolean {
  const silent = [
    ...disk.unreadable.map(({ path }) => path),
    ...disk.budgets.filter(({ error }) => error !== null).map(({ path }) => path),
  ];
  return (
    !silent.some((folder) => paths.some((path) => isWithin(path, folder))) &&
    !host.fullPlaces(disk, threshold).some((place) => paths.some((path) => liesIn(path, place, disk)))
  );
}

/** What lies in the place, largest first, by looks at the configured folders and into the full file systems. */
export function insideOf(place: Place, ...looks: readonly (Largest | undefined)[]) {
  const all = looks.flatMap((one) => (one === undefined ? [] : [...one.files, ...one.folders]));
  const once = new Map(all.map(({ path, bytes }) => [path, { path, bytes }]));
  return [...once.values()]
    .filter(({ path }) => path !== place.path && isWithin(path, place.path))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Words that end a title: the one file or folder that holds a good part of the place. */
export function sayMost({ counts, used }: Place, inside: ReturnType<typeof insideOf>): string {
  // The deepest that still holds so much says more than the folder around it.
  const most = counts === "bytes" ? inside.findLast(({ bytes }) => bytes >= used * MOST) : undefined;
  return most === undefined
    ? ""
    : `, ${mostOf(most.bytes, used)} of it ${most.path} (${sayBytes(most.bytes)})`;
}

/** The database whose data folder lies in the place, as far as its role may tell. */
export function databaseIn(place: Place, disk: Disk, seen: DatabaseSeen) {
  const { database } = seen;
  if (database === undefined || place.counts !== "bytes" || database.dataFolder === "") return undefined;
  // A server elsewhere has such a path, too, and every path lies below the root.
  const here = hereOf(database.dataFolder, seen);
  if (here === undefined || !liesIn(here, place, disk)) return undefined;
  const { dataFolder, databases, tables, walBytes } = database;
  const [largest] = databases;
  const wal = walBytes === null ? "" : `, pg_wal ${sayBytes(walBytes)}`;
  const size = (bytes: number | null) => (bytes === null ? "–" : sayBytes(bytes));
  return {
    words: `Postgres keeps its data here (${dataFolder}): database ${largest?.name ?? "?"} has ${size(largest?.bytes ?? null)}${wal}.`,
    evidence: [
      rows("", databases, { database: (one) => one.name, size: (one) => size(one.bytes) }),
      rows("", tables, {
        "table with indexes": (one) => one.table,
        size: (one) => sayBytes(one.bytes),
        "dead rows": (one) => sayPercent(one.deadRatio),
      }),
    ],
  };
}

/** What the place is short of, why that hurts, and what helps besides old files. */
export function sayPlace({ path, kind, counts, ratio, used, capacity, unallocated = 0 }: Place) {
  const share = sayPercent(ratio);
  const left = Math.max(0, capacity - used);
  if (counts === "inodes")
    return {
      title: `${path} has used ${share} of its inodes (${left} left)`,
      because:
        "Every file takes an inode; without one nothing can be created, whatever df says of the bytes.",
      remedies: ["freeInodes"] as const,
    };
  if (counts !== "bytes")
    return {
      title: `${path} has used ${share} of its ${counts} space (btrfs; ${sayBytes(left)} left)`,
      because: `btrfs sets space aside for data and for ${counts} separately. ${sayBytes(unallocated)} are set aside for nothing yet: once the ${counts} space is used up, writes fail with “No space left on device”, whatever df shows as free.`,
      remedies: ["balanceBtrfs"] as const,
    };
  if (kind === "pool")
    return {
      title: `The ZFS pool ${path} is ${share} full (${sayBytes(left)} left)`,
      because:
        "All its datasets share that space; beyond 80 % ZFS becomes slow, and a full pool can hardly even delete.",
      remedies: ["freePool"] as const,
    };
  if (kind === "budget")
    return {
      title: `${path} holds ${sayBytes(used)}: ${share} of its budget of ${sayBytes(capacity)}`,
      because: "The folder is given so much in diagbot.yaml; what fills it will fill the disk next.",
      remedies: ["findSpace"] as const,
    };
  return {
    title: `${path} is ${share} full (${sayBytes(left)} left)`,
    because: left === 0 ? "Writes fail with “No space left on device”." : "Writes fail once nothing is left.",
    remedies: ["findSpace", "growFileSystem"] as const,
  };
}

/** Whether removing old files would be enough. */
export function sayOld(place: Place, old: readonly File[], threshold: number): string | undefined {
  if (!helps(place) || place.kind === "pool") return undefined;
  if (old.length === 0) return "No old rotated logs or temporary files lie in its cleanable folders.";
  const after = (place.used - freed(place, old)) / place.capacity;
  return `${count(old.length, "old rotated log or temporary file", "old rotated logs and temporary files")} hold ${sayBytes(freed({ counts: "bytes" }, old))}: without them it is at ${sayPercent(Math.max(0, after))}${after < threshold ? "" : ", which is not enough"}.`;
}

/** How full it is, in figures. */
export const figures = ({ counts, used, capacity, ratio }: Place, threshold: number) => {
  const say = counts === "bytes" ? sayBytes : String;
  return facts({
    used: `${say(used)} of ${say(capacity)}`,
    share: sayPercent(ratio),
    threshold: sayPercent(threshold),
  });
};
