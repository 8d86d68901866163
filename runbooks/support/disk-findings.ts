import { count, type Evidence, type Finding, facts, sayBytes, sayPercent, table } from "../../src/sdk.ts";
import {
  type DiskContext,
  type DiskRemedy,
  type DiskView,
  filesIn,
  freed,
  fullPlaces,
  type Place,
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
  const evidence: Evidence[] = [figures(place, context.thresholds.disk), ...biggest(place, view)];
  const [title, because, more] = words(place, left);
  const remedies: DiskRemedy[] = old.length > 0 ? ["removeOldFiles", ...more] : more;
  return {
    id: place.id,
    severity: place.ratio >= CRITICAL ? "critical" : "warning",
    title,
    because: `${because} ${helps}`,
    evidence,
    remedies,
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
  if (!view.largest.ok) return [];
  const inside = ({ path }: { path: string }) => place.path === "/" || path.startsWith(`${place.path}/`);
  const rows = [...view.largest.value.files, ...view.largest.value.folders]
    .filter(inside)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 6)
    .map(({ path, bytes }) => [path, sayBytes(bytes)]);
  return rows.length === 0 ? [] : [table(["largest", "size"], rows)];
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
