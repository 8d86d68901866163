import { count, facts, type host, type OutputOf, sayBytes } from "../../src/sdk/index.ts";
import type { Deleted } from "./deleted-files.ts";

type Largest = OutputOf<typeof host.largest>;

/** Below this share of what is used the rest is the file system's own bookkeeping. */
const NOTHING = 0.05;

/** Of what is used: what lies in files, in deleted ones, and what nobody has shown yet. */
export function addUp(
  one: host.FileSystem,
  contents: Largest | undefined,
  deletedBytes: number,
  deleted: Pick<Deleted, "seesAll"> | undefined,
) {
  const files = contents?.looked.find(({ path }) => path === one.path)?.bytes ?? null;
  const unknown = files === null ? null : Math.max(0, one.used - files - deletedBytes);
  const rest = unknown === null || unknown < one.used * NOTHING ? 0 : unknown;
  const closed = contents?.closed ?? 0;
  const reasons = [
    ...(closed > 0 ? [`${count(closed, "folder")} may not be read by diagbot`] : []),
    ...(deleted?.seesAll === false
      ? ["deleted files that other users' processes hold open are seen by root only"]
      : []),
    ...(one.covers.length > 0 ? [`files may lie hidden under ${one.covers.slice(0, 4).join(", ")}`] : []),
    ...(["btrfs", "zfs", "bcachefs"].includes(one.type) ? ["snapshots keep what was deleted"] : []),
  ];
  return {
    unaccounted: rest,
    words:
      rest === 0
        ? undefined
        : `${sayBytes(rest)} of what is used is in no file that could be counted${reasons.length === 0 ? "" : `: ${reasons.join("; ")}`}.`,
    evidence: facts({
      used: sayBytes(one.used),
      "in files": files === null ? "not counted within 8 s" : sayBytes(files),
      "in deleted files still open": `${sayBytes(deletedBytes)}${deleted?.seesAll === false ? " (of diagbot's own user only)" : ""}`,
      "unaccounted for": unknown === null ? "unknown" : sayBytes(unknown),
      "kept for root": sayBytes(one.reserved),
    }),
  };
}
