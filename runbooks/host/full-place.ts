import { type Finding, host, type OutputOf, rows, sayBytes, shellWord } from "../../src/sdk/index.ts";
import { addUp } from "./adds-up.ts";
import type { DatabaseSeen } from "./database-here.ts";
import { type Deleted, deletedOn } from "./deleted-files.ts";
import { databaseIn, figures, filesIn, insideOf, isWithin, sayMost, sayOld, sayPlace } from "./places.ts";

type Largest = OutputOf<typeof host.largest>;

/** What else was seen, each where it was. */
interface Beside extends DatabaseSeen {
  readonly removable?: OutputOf<typeof host.removable> | undefined;
  readonly largest?: Largest | undefined;
  readonly contents?: Largest | undefined;
  readonly crowded?: OutputOf<typeof host.crowded> | undefined;
  readonly deleted?: Deleted | undefined;
  readonly volumes?: OutputOf<typeof host.volumes> | undefined;
}

/** From this share of what is used on, what is in no file is the news. */
const MUCH = 0.3;
/** More than this share kept for root is more than mkfs keeps by itself. */
const RESERVED = 0.08;
/** Less than this share kept for root is not worth a word. */
const KEPT = 0.01;

/** A place that is too full: what fills it, as far as that adds up, and what helps a place of its kind. */
export function fullPlace(place: host.Place, disk: host.Disk, beside: Beside, threshold: number) {
  const { title, because, remedies } = sayPlace(place);
  const old = filesIn(place, disk, beside.removable);
  const inside = insideOf(place, beside.largest, beside.contents);
  const database = databaseIn(place, disk, beside);
  const crowd = crowdIn(place, beside.crowded);
  const sum = sumOf(place, disk, beside);
  const volume = volumeOf(place, beside.volumes);
  return {
    id: place.id,
    // Without room to write down where the data is, none can be written, however much is free.
    ...(place.unallocated === undefined ? {} : { explains: [`disk-full:${place.path}`] }),
    severity: host.isNearlyFull(place) ? "critical" : "warning",
    title: `${title}${sayMost(place, inside) || sayUnknown(place, sum) || sayCrowd(place, crowd)}`,
    because: [
      because,
      sayReserved(place, disk),
      sum?.words,
      database?.words,
      sayOld(place, old, threshold),
      volume && sayRoom(volume),
    ]
      .filter((sentence) => sentence !== undefined)
      .join(" "),
    evidence: [
      figures(place, threshold),
      ...(sum === undefined ? [] : [sum.evidence]),
      ...(inside.length === 0
        ? []
        : [
            rows("", inside.slice(0, 10), {
              largest: (each) => each.path,
              size: (each) => sayBytes(each.bytes),
            }),
          ]),
      ...(crowd.length === 0
        ? []
        : [rows("", crowd, { folder: (each) => each.path, entries: (each) => each.entries })]),
      ...(database?.evidence ?? []),
    ],
    remedies: [
      ...(old.length > 0 ? (["removeOldFiles"] as const) : []),
      ...(volume === undefined ? [] : (["grow"] as const)),
      ...(database === undefined ? [] : (["shrinkDatabase"] as const)),
      ...remedies,
    ],
  } satisfies Finding;
}

/** Folders with the most entries, of a place that is short of inodes. */
const crowdIn = ({ counts, path }: host.Place, crowded: Beside["crowded"]) =>
  counts === "inodes" ? (crowded?.folders ?? []).filter((one) => isWithin(one.path, path)) : [];

/** Words that end a title: the folder that has most of the inodes. */
function sayCrowd({ used }: host.Place, crowd: ReturnType<typeof crowdIn>): string {
  const [first] = crowd;
  return first === undefined || first.entries < used * MUCH
    ? ""
    : `, ${first.entries} of them in ${first.path}`;
}

/** Space that ordinary users may not write: to them it is full before it is. */
function sayReserved({ path, kind, counts }: host.Place, disk: host.Disk): string | undefined {
  const one =
    kind === "file system" && counts === "bytes"
      ? disk.fileSystems.find((each) => each.path === path)
      : undefined;
  // Full for everybody but root: then what is kept for root is news, however little mkfs keeps by itself.
  const isSpent = one !== undefined && one.available < one.reserved;
  if (one === undefined || one.reserved < one.size * (isSpent ? KEPT : RESERVED)) return undefined;
  const back = /^ext[234]$/.test(one.type)
    ? ` (\`tune2fs -m 1 ${shellWord(one.device)}\` gives most of it back, where it is not the root file system)`
    : "";
  return `${sayBytes(one.reserved)} more are free, but kept for root${back}.`;
}

function sumOf({ path, kind, counts }: host.Place, disk: host.Disk, { contents, deleted }: Beside) {
  const one =
    kind === "file system" && counts === "bytes"
      ? disk.fileSystems.find((each) => each.path === path)
      : undefined;
  if (one === undefined) return undefined;
  return addUp(one, contents, deleted === undefined ? 0 : deletedOn(one, disk, deleted).bytes, deleted);
}

const sayUnknown = ({ used }: host.Place, sum: ReturnType<typeof addUp> | undefined): string =>
  sum !== undefined && sum.unaccounted >= MUCH * used
    ? `, ${sayBytes(sum.unaccounted)} of it in no file that could be counted`
    : "";

/** The volume of a place that is short of bytes, where it has room the file system does not use. */
const volumeOf = ({ kind, counts, path }: host.Place, volumes: Beside["volumes"]) =>
  kind === "file system" && counts === "bytes"
    ? volumes?.volumes.find((one) => one.path === path && host.mayGrow(one))
    : undefined;

/** Full places that may grow by themselves. */
export const growable = (disk: host.Disk, volumes: Beside["volumes"], threshold: number): string[] =>
  host
    .fullPlaces(disk, threshold)
    .filter((place) => volumeOf(place, volumes) !== undefined)
    .map(({ path }) => path);

const sayRoom = (volume: host.Volume): string =>
  `Its volume ${volume.device} has ${sayBytes(host.roomOf(volume))} that the file system does not use yet.`;
