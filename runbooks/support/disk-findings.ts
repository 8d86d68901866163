import { count, type Evidence, type Finding, facts, sayBytes, sayPercent, table } from "../../src/sdk.ts";
import {
  contentsOf,
  type DiskContext,
  type DiskRemedy,
  type DiskView,
  filesIn,
  freed,
  fullPlaces,
  type Place,
  sizesOf,
} from "./disk-places.ts";

/** Beyond this it is not "filling up" but about to fail writes. */
const CRITICAL = 0.95;

/** One place that is too full: how full, what is in it, and whether cleaning helps. */
export function fullFinding(place: Place, view: DiskView, context: DiskContext): Finding<DiskRemedy> {
  const old = filesIn(place, view);
  const after = (place.used - freed(place, old)) / place.capacity;
  const enough = after < context.thresholds.disk;
  const left = Math.max(0, place.capacity - place.used);
  const helps =
    old.length === 0
      ? "No old rotated logs or temporary files lie in its cleanable folders."
      : `${count(old.length, "old rotated log or temporary file", "old rotated logs and temporary files")} hold ${sayBytes(freed({ ...place, counts: "bytes" }, old))}: without them it is at ${sayPercent(Math.max(0, after))}${enough ? "" : ", which is not enough"}.`;
  const database = databaseOn(place, view);
  const evidence: Evidence[] = [
    figures(place, context.thresholds.disk),
    ...biggest(place, view),
    ...(database?.evidence ?? []),
  ];
  const [title, because, more] = words(place, left);
  const remedies: DiskRemedy[] = [
    ...(old.length > 0 ? (["removeOldFiles"] as const) : []),
    ...(database === undefined ? [] : (["shrinkDatabase"] as const)),
    ...more,
  ];
  return {
    id: place.id,
    severity: place.ratio >= CRITICAL ? "critical" : "warning",
    title: `${title}${mostOf(place, view)}`,
    because: [because, database?.words ?? "", helps].filter((sentence) => sentence !== "").join(" "),
    evidence,
    remedies,
  };
}

/** One file or folder is the cause from this share of what is used on. */
const MOST = 0.4;

function mostOf(place: Place, view: DiskView): string {
  const inside = place.counts === "bytes" ? insideOf(place, view) : [];
  // The deepest that still holds most of it says more than the folder around it.
  const most = inside.findLast(({ bytes }) => bytes >= place.used * MOST);
  return most === undefined ? "" : `, most of it ${most.path} (${sayBytes(most.bytes)})`;
}

/** The database whose data folder lies on the place, as far as its role may tell. */
function databaseOn(place: Place, view: DiskView): { words: string; evidence: Evidence[] } | undefined {
  const sizes = sizesOf(view);
  if (sizes === undefined || place.counts !== "bytes" || sizes.dataFolder === "" || !view.disk.ok)
    return undefined;
  const isWithin = (path: string) => path === "/" || `${sizes.dataFolder}/`.startsWith(`${path}/`);
  const isDeeper = view.disk.value.fileSystems.some(
    ({ path }) => path.length > place.path.length && isWithin(path),
  );
  if (!isWithin(place.path) || (isDeeper && place.kind === "file system")) return undefined;
  const { databases, tables, walBytes } = sizes;
  const [largest] = databases;
  const wal = walBytes === null ? "" : `, pg_wal ${sayBytes(walBytes)}`;
  const size = (bytes: number | null) => (bytes === null ? "–" : sayBytes(bytes));
  return {
    words: `Postgres keeps its data here (${sizes.dataFolder}): database ${largest?.name ?? "?"} has ${size(largest?.bytes ?? null)}${wal}.`,
    evidence: [
      table(
        ["database", "size"],
        databases.slice(0, 5).map(({ name, bytes }) => [name, size(bytes)]),
      ),
      table(
        ["table with indexes", "size", "dead rows"],
        tables.slice(0, 5).map((one) => [one.table, sayBytes(one.bytes), sayPercent(one.deadRatio)]),
      ),
    ],
  };
}

function words(place: Place, left: number): [string, string, DiskRemedy[]] {
  const share = sayPercent(place.ratio);
  if (place.counts === "inodes")
    return [
      `${place.path} has used ${share} of its inodes (${left} left)`,
      "Every file takes an inode; without one nothing can be created, whatever df says of the bytes.",
      ["freeInodes"],
    ];
  if (place.kind === "budget")
    return [
      `${place.path} holds ${sayBytes(place.used)}: ${share} of its budget of ${sayBytes(place.capacity)}`,
      "The folder is given so much in diagbot.yaml; what fills it will fill the disk next.",
      ["findSpace"],
    ];
  return [
    `${place.path} is ${share} full (${sayBytes(left)} left)`,
    left === 0 ? "Writes fail with “No space left on device”." : "Writes fail once nothing is left.",
    ["findSpace", "growFileSystem"],
  ];
}

const figures = (place: Place, threshold: number): Evidence => {
  const say = place.counts === "bytes" ? sayBytes : String;
  return facts({
    used: `${say(place.used)} of ${say(place.capacity)}`,
    share: sayPercent(place.ratio),
    threshold: sayPercent(threshold),
  });
};

function biggest(place: Place, view: DiskView): Evidence[] {
  const rows = insideOf(place, view)
    .slice(0, 6)
    .map(({ path, bytes }) => [path, sayBytes(bytes)]);
  return rows.length === 0 ? [] : [table(["largest", "size"], rows)];
}

const insideOf = (place: Place, view: DiskView): { path: string; bytes: number }[] =>
  contentsOf(view).filter(({ path }) =>
    place.path === "/" ? path !== "/" : path.startsWith(`${place.path}/`),
  );

/** Do deleted files alone explain why a file system is too full? */
export function deletedFillIt(view: DiskView, context: DiskContext): boolean {
  if (!view.deleted.ok) return false;
  const { files } = view.deleted.value;
  return fullPlaces(view, context).some((place) => {
    const mine = files.filter(({ path }) => place.path === "/" || path.startsWith(`${place.path}/`));
    const bytes = mine.reduce((sum, file) => sum + file.bytes, 0);
    return place.counts === "bytes" && place.used - bytes < context.thresholds.disk * place.capacity;
  });
}

/** Deleted but open files on places that are too full, or that hold a tenth of their file system. */
export function deletedFinding(view: DiskView, context: DiskContext): Finding<DiskRemedy>[] {
  if (!view.deleted.ok || !view.disk.ok || view.deleted.value.files.length === 0) return [];
  const { files, bytes } = view.deleted.value;
  const full = fullPlaces(view, context).some(
    ({ counts, kind }) => counts === "bytes" && kind === "file system",
  );
  const largeShare = view.disk.value.fileSystems.some(
    ({ path, size }) =>
      files.reduce((sum, file) => sum + (file.path.startsWith(path) ? file.bytes : 0), 0) > size / 10,
  );
  if (!full && !largeShare) return [];
  const first = files[0];
  return [
    {
      id: "deleted-open-files",
      severity: full ? "critical" : "warning",
      title: `${sayBytes(bytes)} in deleted files that are still open (most by ${first?.process}, pid ${first?.pid})`,
      because:
        "Their names are gone, so du and a look into the folder do not show them; the space comes free only when the process closes them.",
      evidence: [
        table(
          ["file", "size", "process", "pid"],
          files.slice(0, 8).map((file) => [file.path, sayBytes(file.bytes), file.process, file.pid]),
        ),
      ],
      remedies: ["restartHolder"],
    },
  ];
}

/** The machine did not answer: that is the finding. */
export const unreachable = (error: {
  code: string;
  message: string;
  detail?: string;
}): Finding<DiskRemedy> => ({
  id: "machine-unreachable",
  severity: "critical",
  title:
    error.code === "timeout"
      ? "The file systems did not answer in time"
      : "The machine could not be looked at",
  because:
    error.code === "timeout"
      ? `${error.message}: a dead network file system or disk makes every look at it hang.`
      : error.message,
});

/** Read-only file systems, watched paths that do not answer, budgets that could not be measured. */
export function otherFindings({ disk }: DiskView): Finding<DiskRemedy>[] {
  if (!disk.ok) return [];
  const readOnly = disk.value.fileSystems.filter(({ shouldBeWritable }) => shouldBeWritable);
  const missing = disk.value.budgets.filter(({ error }) => error !== null);
  return [
    ...readOnly.map(
      (one): Finding<DiskRemedy> => ({
        id: `read-only:${one.path}`,
        severity: "critical",
        title: `${one.path} is mounted read-only`,
        because: `${one.device} (${one.type}) should be writable; after an error on the disk the kernel remounts it read-only and every write fails.`,
        evidence: [facts({ device: one.device, type: one.type })],
        remedies: ["repairReadOnly"],
      }),
    ),
    ...disk.value.unreadable.map(
      (path): Finding<DiskRemedy> => ({
        id: `not-answering:${path}`,
        severity: "critical",
        title: `${path} is not there or does not answer`,
        because:
          "The path is watched, but the file system below it could not be asked: not mounted, or hanging.",
      }),
    ),
    ...missing.map(
      (one): Finding<DiskRemedy> => ({
        id: `unmeasured:${one.path}`,
        severity: "warning",
        title: `The budget of ${one.path} could not be checked`,
        because: one.error ?? "",
      }),
    ),
  ];
}
