import { type Finding, host, type OutputOf, type postgres, rows, sayBytes } from "../../src/sdk/index.ts";
import { addUp } from "./adds-up.ts";
import { type Deleted, deletedOn } from "./deleted-files.ts";
import { databaseIn, figures, filesIn, insideOf, sayMost, sayOld, sayPlace } from "./places.ts";

type Largest = OutputOf<typeof host.largest>;

/** What else was seen, each where it was. */
interface Beside {
  readonly removable?: OutputOf<typeof host.removable> | undefined;
  readonly largest?: Largest | undefined;
  readonly contents?: Largest | undefined;
  readonly database?: postgres.Sizes | undefined;
  readonly deleted?: Deleted | undefined;
}

/** From this share of what is used on, what is in no file is the news. */
const MUCH = 0.3;

/** A place that is too full: what fills it, as far as that adds up, and what helps a place of its kind. */
export function fullPlace(place: host.Place, disk: host.Disk, beside: Beside, threshold: number) {
  const { title, because, remedies } = sayPlace(place);
  const old = filesIn(place, disk, beside.removable);
  const inside = insideOf(place, beside.largest, beside.contents);
  const database = databaseIn(place, disk, beside.database);
  const sum = sumOf(place, disk, beside);
  return {
    id: place.id,
    // Without room to write down where the data is, none can be written, however much is free.
    ...(place.unallocated === undefined ? {} : { explains: [`disk-full:${place.path}`] }),
    severity: host.isNearlyFull(place) ? "critical" : "warning",
    title: `${title}${sayMost(place, inside) || sayUnknown(place, sum)}`,
    because: [because, sum?.words, database?.words, sayOld(place, old, threshold)]
      .filter((sentence) => sentence !== undefined)
      .join(" "),
    evidence: [
      figures(place, threshold),
      ...(sum === undefined ? [] : [sum.evidence]),
      ...(inside.length === 0
        ? []
        : [rows("", inside, { largest: (each) => each.path, size: (each) => sayBytes(each.bytes) })]),
      ...(database?.evidence ?? []),
    ],
    remedies: [
      ...(old.length > 0 ? (["removeOldFiles"] as const) : []),
      ...(database === undefined ? [] : (["shrinkDatabase"] as const)),
      ...remedies,
    ],
  } satisfies Finding;
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
