import type { Call, host, postgres, RunContext, Seen } from "../../src/sdk.ts";

type Out<C> = C extends (...input: never[]) => Call<infer O> ? O : never;
type Disk = Out<typeof host.disk>;
type Removable = Out<typeof host.removable>;
type File = Removable["files"][number];
export interface DiskView {
  readonly disk: Seen<Disk>;
  readonly deleted: Seen<Out<typeof host.deletedOpen>>;
  readonly largest: Seen<Out<typeof host.largest>>;
  readonly removable: Seen<Removable>;
}
/** Sizes in the system's first database; asked only where something is full. */
export const sizesOf = (view: object): postgres.Sizes | undefined => {
  const { database } = view as { database?: Seen<postgres.Sizes> };
  return database?.ok ? database.value : undefined;
};

/** What lies in the places, largest first: the configured folders, and the full file systems where they were looked at. */
export function contentsOf(view: DiskView): { path: string; bytes: number }[] {
  const { contents } = view as { contents?: DiskView["largest"] };
  const all = [view.largest, ...(contents === undefined ? [] : [contents])].flatMap((seen) =>
    seen.ok ? [...seen.value.files, ...seen.value.folders] : [],
  );
  const once = new Map(all.map(({ path, bytes }) => [path, { path, bytes }]));
  return [...once.values()].sort((a, b) => b.bytes - a.bytes);
}

export type DiskContext = RunContext<unknown>;
export type DiskRemedy =
  | "removeOldFiles"
  | "findSpace"
  | "restartHolder"
  | "shrinkDatabase"
  | "freeInodes"
  | "growFileSystem"
  | "repairReadOnly";

/** Cleaning goes this far below the threshold, so that the alert does not come back with the next log line. */
const MARGIN = 0.05;
const MAX_FILES = 200;

/** A place that is too full: a file system (bytes or inodes) or a folder over its budget. `unit`: what one file frees. */
export interface Place {
  readonly id: string;
  readonly path: string;
  readonly ratio: number;
  readonly used: number;
  readonly capacity: number;
  readonly counts: "bytes" | "inodes";
  readonly kind: "file system" | "budget";
}

/** Every place with a limit, full or not: findings and verification look at the same figures. */
export function placesOf(disk: Disk): Place[] {
  const fileSystems = disk.fileSystems.flatMap((one): Place[] => {
    const capacity = one.used + one.available;
    const bytes = { path: one.path, ratio: one.usedRatio, used: one.used, capacity };
    const inodes = { path: one.path, ratio: one.inodesRatio, used: one.inodesUsed, capacity: one.inodes };
    return [
      { id: `disk-full:${one.path}`, kind: "file system", counts: "bytes", ...bytes },
      { id: `inodes-full:${one.path}`, kind: "file system", counts: "inodes", ...inodes },
    ];
  });
  const budgets = disk.budgets.map(
    (one): Place => ({
      id: `over-budget:${one.path}`,
      path: one.path,
      ratio: one.usedRatio ?? 0,
      used: one.used ?? 0,
      capacity: one.bytes,
      counts: "bytes",
      kind: "budget",
    }),
  );
  // A read-only image file system (snap, ISO) is full by design.
  const fixed = new Set(
    disk.fileSystems.filter((one) => one.readOnly && !one.shouldBeWritable).map(({ path }) => path),
  );
  return [...fileSystems.filter(({ path }) => !fixed.has(path)), ...budgets];
}

export const fullPlaces = (view: DiskView, { thresholds }: DiskContext): Place[] =>
  view.disk.ok ? placesOf(view.disk.value).filter(({ ratio }) => ratio >= thresholds.disk) : [];

/** Old files that lie in the place: for a file system those that are on no deeper one. */
export function filesIn(place: Place, view: DiskView): readonly File[] {
  if (!view.removable.ok || !view.disk.ok) return [];
  const within = (file: File, path: string) => path === "/" || file.path.startsWith(`${path}/`);
  const deeper = view.disk.value.fileSystems
    .map(({ path }) => path)
    .filter((path) => place.kind === "file system" && path.length > place.path.length);
  return view.removable.value.files.filter(
    (file) => within(file, place.path) && !deeper.some((path) => within(file, path)),
  );
}

export const freed = (place: Place, files: readonly File[]): number =>
  place.counts === "inodes" ? files.length : files.reduce((sum, { frees }) => sum + frees, 0);

/** The oldest files, no more than it takes to come below the threshold. */
export function chosen(view: DiskView, context: DiskContext): File[] {
  const picked = new Map<string, File>();
  for (const place of fullPlaces(view, context)) {
    let excess = place.used - (context.thresholds.disk - MARGIN) * place.capacity;
    for (const file of filesIn(place, view)) {
      if (excess <= 0) break;
      picked.set(file.path, file);
      excess -= freed(place, [file]);
    }
  }
  return [...picked.values()].slice(0, MAX_FILES);
}

/** Where cleaning should lead: below the threshold or, where the files do not suffice, as far as they go. */
export function goalOf(place: Place, view: DiskView, context: DiskContext): number {
  const mine = new Set(filesIn(place, view).map(({ path }) => path));
  const files = chosen(view, context).filter(({ path }) => mine.has(path));
  const expected = (place.used - freed(place, files)) / place.capacity;
  return Math.max(context.thresholds.disk, expected + 0.02);
}
