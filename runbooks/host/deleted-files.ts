import { type Finding, host, mostOf, type OutputOf, rows, sayBytes } from "../../src/sdk/index.ts";
import { liesOn } from "./places.ts";

export type Deleted = OutputOf<typeof host.deletedOpen>;

/** Deleted files whose space is this file system's, and all they take. */
export function deletedOn(one: host.FileSystem, disk: host.Disk, { files, byDevice }: Deleted) {
  const known = new Set(disk.fileSystems.flatMap(({ devices }) => devices));
  // Every subvolume of a btrfs has a number of its own, and those that are not mounted are in no table.
  const isStray = (file: Deleted["files"][number]) =>
    one.type === "btrfs" && !known.has(file.device) && liesOn(file.path, one.path, disk);
  const mine = files.filter((file) => one.devices.includes(file.device) || isStray(file));
  const counted = byDevice.filter(({ device }) => one.devices.includes(device));
  const bytes = [...counted, ...files.filter(isStray)].reduce((sum, each) => sum + each.bytes, 0);
  return { files: mine, bytes };
}

/** From this share of a file system on, files nobody sees are worth a word. */
const WORTH_A_WORD = 0.1;

/** What they are to it: `cause` alone they make it too full; `part` they are some of a full one; `aside` of one that is not full. */
function roleOf(
  one: host.FileSystem,
  bytes: number,
  threshold: number,
): "cause" | "part" | "aside" | undefined {
  if (bytes === 0 || one.writes === "not-meant") return undefined;
  const capacity = one.used + one.available;
  if (one.used < threshold * capacity) return bytes >= one.size * WORTH_A_WORD ? "aside" : undefined;
  return one.used - bytes < threshold * capacity ? "cause" : "part";
}

/** One finding per file system that deleted files matter to. */
export const deletedFindings = (disk: host.Disk, deleted: Deleted, threshold: number) =>
  disk.fileSystems.flatMap((one) => {
    const { files, bytes } = deletedOn(one, disk, deleted);
    const role = roleOf(one, bytes, threshold);
    const [first] = files;
    if (role === undefined || first === undefined) return [];
    const of = (pid: number) => files.reduce((sum, file) => (file.pid === pid ? sum + file.bytes : sum), 0);
    const place = host.fullPlaces(disk, threshold).find(({ id }) => id === `disk-full:${one.path}`);
    const severity = place !== undefined && host.isNearlyFull(place) ? "critical" : "warning";
    const finding = {
      id: `deleted-open-files:${one.path}`,
      ...(role === "cause" ? { explains: [`disk-full:${one.path}`] } : {}),
      severity: role === "cause" ? severity : "info",
      title: `${sayBytes(bytes)} of ${one.path} in deleted files that are still open (${mostOf(of(first.pid), bytes)} by ${first.process}, pid ${first.pid})`,
      because: `Their names are gone, so du and a look into the folder do not show them; the space comes free only when the process closes them.${role === "aside" ? " The file system is not full." : ""}`,
      evidence: [
        rows("", files, {
          file: (each) => each.path,
          size: (each) => sayBytes(each.bytes),
          process: (each) => each.process,
          pid: (each) => each.pid,
        }),
      ],
      remedies: ["restartHolder"],
    } satisfies Finding<"restartHolder">;
    return [{ role, finding }];
  });
