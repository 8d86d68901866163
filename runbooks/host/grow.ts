import { host, shellWord } from "../../src/sdk/index.ts";

type FileSystem = Pick<host.FileSystem, "path" | "device" | "type">;

/** Volumes of LVM: `lvextend -r` grows the file system with them. */
const LOGICAL = /^\/dev\/(mapper\/(?!control)|dm-)/;

const VOLUME = (device: string, then: string): string =>
  LOGICAL.test(device)
    ? `Take a snapshot. Where it is a volume of LVM (\`lvs ${shellWord(device)}\`): \`vgs\` shows what its group has left; \`lvextend -r -l +100%FREE ${shellWord(device)}\` grows it and the file system in one. With nothing left there: enlarge the disk below, \`pvresize\`, then that. Otherwise (LUKS): \`cryptsetup resize\` first, then ${then}.`
    : `Take a snapshot, enlarge the volume, then: \`lsblk ${shellWord(device)}\`, the partition first where there is one (\`growpart\`), then ${then}.`;

/** How each type is made larger. A tool of another type does nothing, or harm. */
const GROW: Readonly<Record<string, (device: string, path: string) => string>> = {
  ext2: (device) => VOLUME(device, `\`resize2fs ${shellWord(device)}\``),
  ext3: (device) => VOLUME(device, `\`resize2fs ${shellWord(device)}\``),
  ext4: (device) => VOLUME(device, `\`resize2fs ${shellWord(device)}\``),
  xfs: (device, path) => VOLUME(device, `\`xfs_growfs ${shellWord(path)}\``),
  btrfs: (device, path) =>
    `${VOLUME(device, `\`btrfs filesystem resize max ${shellWord(path)}\``)} Or add a device: \`btrfs device add DEVICE ${shellWord(path)}\`.`,
  bcachefs: (device) => VOLUME(device, `\`bcachefs device resize ${shellWord(device)}\``),
  f2fs: (device) => VOLUME(device, `unmount it and \`resize.f2fs ${shellWord(device)}\``),
  jfs: (device, path) => VOLUME(device, `\`mount -o remount,resize ${shellWord(path)}\``),
  reiserfs: (device) => VOLUME(device, `\`resize_reiserfs ${shellWord(device)}\``),
  nilfs2: (device) => VOLUME(device, `\`nilfs-resize ${shellWord(device)}\``),
  zfs: () =>
    "A dataset has what its pool has left, up to its quota: `zfs get quota,refquota,reservation DATASET` and its parents; the pool grows with `zpool add`, or `zpool online -e POOL DEVICE` after a device has grown.",
  tmpfs: (_device, path) =>
    `It is in memory: \`mount -o remount,size=<more> ${shellWord(path)}\` as long as the machine has that much to spare (run high-memory), and the size in /etc/fstab. In a container /dev/shm is as large as \`shm_size\` (\`docker run --shm-size\`, in Kubernetes an emptyDir of medium Memory), 64 MB unless somebody says otherwise.`,
  overlay: () =>
    "It is the layered root of a container: its space is that of the engine's folder on the machine below (/var/lib/docker, /var/lib/containerd). Look and make room there.",
  vfat: () =>
    "It cannot be grown in place: copy its files, make the partition larger, format it anew. On an EFI or boot partition remove old kernels and images first.",
};

/** Steps to more space for this file system. */
export function growOf({ path, device, type }: FileSystem): string {
  const family = host.familyOf(type);
  if (family === "network")
    return `It is another machine's (${shellWord(device)}): make room or grow it there, or raise the quota it gives.`;
  const known = GROW[family === "layers" ? "overlay" : type];
  if (known !== undefined) return `${known(device, path)} (${type} on ${path})`;
  return `${VOLUME(device, `the tool for ${type}`)} (${path})`;
}

/** How it comes by more inodes; none of these is needed where the files can go. */
export function inodesOf({ path, type }: FileSystem): string {
  if (type === "xfs")
    return `XFS makes inodes from free space, up to a share of it: \`xfs_growfs -m <percent> ${shellWord(path)}\`; free space in pieces too small for them helps not.`;
  if (type === "tmpfs") return `In memory: \`mount -o remount,nr_inodes=<more> ${shellWord(path)}\`.`;
  return "Their number is fixed when the file system is made (ext4: `mkfs.ext4 -N`): more need a new one.";
}

/** Where its files are of a known sort: what may go there, and what must not. */
const PLACES: readonly [RegExp, string][] = [
  [
    /^\/boot/,
    "Old kernels: `apt-get autoremove --purge`, or `dnf remove --oldinstallonly`; never the running one (`uname -r`).",
  ],
  [
    /^\/var\/lib\/(docker|containerd|containers)/,
    "`docker system df -v`, then images, build cache and containers nobody needs (`docker builder prune`, `docker image prune`); a container's log: `max-size` of its log driver. Volumes are data; never delete files in this folder by hand.",
  ],
  [
    /^\/dev\/shm/,
    "Segments of programs that are gone: `ls -l /dev/shm`, `lsof /dev/shm`; those of a running database are in use.",
  ],
  [/postgres|pgsql|pgdata/i, "Never delete files below a database's data folder."],
];

/** Files that are known by their names, wherever they lie. */
const FILES: readonly [RegExp, string][] = [
  [
    /-json\.log(\.\d{1,3})?$/,
    "The log of a container: `truncate -s 0 FILE` empties it while it runs (deleting it frees nothing); then `max-size` and `max-file` of its log driver, which hold for containers made after that.",
  ],
  [
    /\/journal(\/|$)|\.journal~?$/,
    "The journal: `journalctl --disk-usage`, then `journalctl --vacuum-size=500M`, and `SystemMaxUse=` in journald.conf.",
  ],
  [
    /(^|\/)(core(\.[\w.-]{1,80})?|vmcore[\w.-]{0,40})$|\/(coredump|crash)(\/|$)/,
    "Memory images of programs that crashed: `coredumpctl list` (or their names) tells which; keep the last one for whoever mends it, remove the others, and see why it crashes again and again.",
  ],
  [
    /(^|\/)(swapfile|swap\.img|[\w.-]{1,40}\.swap)$/,
    "A swap file: not to be deleted while `swapon --show` lists it; `swapoff FILE` first, where the memory allows it.",
  ],
  [
    /(^|\/)pg_(wal|xlog)(\/|$)/,
    "WAL of Postgres: never to be deleted by hand. Who keeps it: `SELECT slot_name, active, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) FROM pg_replication_slots`, and `SELECT last_failed_wal, last_failed_time, last_archived_time FROM pg_stat_archiver`; with a postgres connection in the same system this runbook asks itself.",
  ],
];

/** What is said of the largest things found in it. */
const sayFiles = (inside: readonly string[]): string =>
  FILES.filter(([where]) => inside.some((path) => where.test(path)))
    .map(([, words]) => ` ${words}`)
    .join("");

/** Says how a file system of this type is searched, and what its type does that a plain `du` does not show. */
export function findIn({ path, type }: FileSystem, inside: readonly string[] = []): string {
  const place = PLACES.find(([where]) => where.test(path))?.[1] ?? "";
  const shared =
    type === "btrfs"
      ? ` Snapshots keep what is deleted: \`btrfs subvolume list -s ${shellWord(path)}\`, \`btrfs filesystem du -s ${shellWord(path)}\`.`
      : type === "zfs"
        ? " Snapshots keep what is deleted: `zfs list -o space`, `zfs list -t snapshot -s used`."
        : "";
  const files = sayFiles(inside);
  return `${files === "" ? "" : `${files.trim()} `}Largest folders: \`du -xh -d 2 ${shellWord(path)} | sort -h | tail -20\`.${shared}${place === "" ? " The journal: `journalctl --disk-usage`, then `journalctl --vacuum-size=500M`. Docker: `docker system df`. A live log that has grown: `logrotate -f /etc/logrotate.d/NAME`; never delete a file a process has open, and never anything below pg_wal." : ` ${place}`}`;
}

/** For a btrfs that has room for data and none to write down where it is. */
export const balanceOf = (path: string): string => {
  return `See how it is divided: \`btrfs filesystem usage ${shellWord(path)}\`. Give back data space that is nearly empty, little by little: \`btrfs balance start -dusage=5 ${shellWord(path)}\`, then 20, 50; never balance metadata to free space. Where that fails for want of space itself: delete snapshots (\`btrfs subvolume list -s ${shellWord(path)}\`), empty a large file with \`truncate -s 0 FILE\`, or lend it a device (\`btrfs device add DEVICE ${shellWord(path)}\`, balance, \`btrfs device remove DEVICE ${shellWord(path)}\`).`;
};

/** What stopped the writes, and how they come back. */
export function repairOf({ path, device, type }: FileSystem): string {
  const check: Readonly<Record<string, string>> = {
    xfs: `\`xfs_repair ${shellWord(device)}\``,
    btrfs: `\`btrfs scrub start -B ${shellWord(path)}\` and \`btrfs device stats ${shellWord(path)}\` (not \`btrfs check --repair\`)`,
    zfs: "`zpool status -v`",
    f2fs: `\`fsck.f2fs ${shellWord(device)}\``,
  };
  return `See why: \`dmesg -T | grep -iE ${shellWord(`I/O error|${type}|remount`)}\` and \`smartctl -a\`. Stop what writes there, save what you can read, unmount, ${check[type] ?? `\`fsck -f ${shellWord(device)}\``}, mount again. \`mount -o remount,rw ${shellWord(path)}\` only where it was remounted by mistake: after an error it damages more.`;
}
