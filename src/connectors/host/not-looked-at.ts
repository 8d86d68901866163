import { clip, count } from "../../core/words/format.ts";
import type { NotSeen } from "../../core/words/not-seen.ts";
import { familyOf } from "./file-systems.ts";
import type { Mount } from "./mounts.ts";

/** File systems of the machine that were not judged, and why. Pure. */
export function notLookedAt(left: {
  readonly skipped: readonly Mount[];
  readonly hidden: ReadonlyMap<Mount, string>;
  readonly beyond: readonly string[];
  readonly hasUnknownPools: boolean;
  readonly hasUnknownRooms: boolean;
}): NotSeen[] {
  const name = (mounts: readonly Mount[]) =>
    clip(mounts.map(({ path, type }) => `${path} (${type})`).join(", "), 300);
  // One kept in memory that is covered is what containers leave behind everywhere.
  const buried = [...left.hidden].filter(([{ type }]) => familyOf(type) === "disk");
  return [
    ...(left.skipped.length === 0
      ? []
      : [
          {
            what: name(left.skipped),
            why: "a file system of another machine hangs when that does, so it is looked at only where it is named",
            fix: "name it under `mounts:` of the connection",
          },
        ]),
    ...buried.map(([mount, by]) => ({
      what: name([mount]),
      why: `it is hidden under what is mounted on ${by}`,
      fix: `mount ${by} first (order of /etc/fstab), or unmount it`,
    })),
    ...(left.beyond.length === 0
      ? []
      : [
          {
            what: count(left.beyond.length, "further mount"),
            why: "there are too many",
            fix: "name those that matter under `mounts:`",
          },
        ]),
    ...(left.hasUnknownPools
      ? [
          {
            what: "the ZFS pools",
            why: "`zpool list` gave no answer",
            fix: "install zfsutils and let the user use /dev/zfs",
          },
        ]
      : []),
    ...(left.hasUnknownRooms
      ? [
          {
            what: "how btrfs has divided its space",
            why: "/sys/fs/btrfs does not show it",
            fix: "mount /sys for diagbot",
          },
        ]
      : []),
  ];
}
