import { sayBytes } from "../../../core/words/format.ts";
import type { Swap, SwapArea } from "./swap.ts";

const MIB = 1_048_576;
/** What swapoff reads back within one call. */
const MOST_BACK = 1_024 * MIB;

interface File {
  readonly path: string;
  readonly mib: number;
}

/** Of a swap file one page is its header. */
export const isOurs = (seen: Swap, { path, mib }: File): SwapArea | undefined =>
  seen.areas.find((area) => area.path === path && Math.abs(area.bytes - mib * MIB) <= 65_536);

/** Why no swap file is made; undefined: it may. Pure. Guards of tektra.swap-space, trap swapfile. */
export function whyNotAdd(seen: Swap, { path, mib }: File): string | undefined {
  const { place } = seen;
  const needed = mib * MIB;
  if (place === null) return "`swapFile:` is not set at the connection in diagbot.yaml";
  if (place.path !== path) return `${path} is not the path of \`swapFile:\``;
  if (seen.isContainer) return "this is a container: swap belongs to the machine below it";
  if (seen.isKubernetesNode)
    return "this machine is a node of Kubernetes: kubelet does not count with swap, and by default does not start with it";
  if (place.is !== "absent") return `${path} is there already`;
  if (place.fileSystem !== "ext4" && place.fileSystem !== "xfs")
    return `a swap file on ${place.fileSystem || "an unknown file system"} needs more than this does: only ext4 and xfs are taken`;
  if (place.free === null) return `how much is free beside ${path} cannot be seen`;
  if (place.free < 2 * needed)
    return `${sayBytes(place.free)} are free there, and ${sayBytes(needed)} must leave as much again`;
  return undefined;
}

/** Why a swap file stays; undefined: it may go. Pure. */
export function whyNotRemove(seen: Swap, file: File): string | undefined {
  if (seen.place?.path !== file.path) return `${file.path} is not the path of \`swapFile:\``;
  const area = isOurs(seen, file);
  if (area === undefined) return `${file.path} is not in use with ${file.mib} MiB: it is not as it was made`;
  if (area.isKept !== false)
    return `/etc/fstab or a unit names ${file.path} (or that cannot be seen): take the line out first`;
  if (area.used > MOST_BACK)
    return `${sayBytes(area.used)} are in it: more than ${sayBytes(MOST_BACK)} take longer to come back than one call may`;
  // A tenth of memory stays: what comes back must not start the OOM killer.
  return area.used > seen.memoryAvailable - seen.memoryTotal / 10
    ? `${sayBytes(area.used)} are in it, and only ${sayBytes(seen.memoryAvailable)} of memory are available`
    : undefined;
}
