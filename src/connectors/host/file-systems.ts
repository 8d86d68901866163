/**
 * What a type of file system is, as far as being full is concerned.
 * `disk` keeps what is written; `memory` keeps it in RAM; `image` is written once and full ever after; `layers` lies upon
 * another file system, whose space it uses; `network` is another machine's and hangs with it; `pseudo` holds nothing.
 */
export type Family = "disk" | "memory" | "image" | "layers" | "network" | "pseudo";

const TYPES: Readonly<Record<Exclude<Family, "disk">, string>> = {
  memory: "tmpfs",
  image:
    "squashfs iso9660 udf erofs cramfs romfs fuse.squashfuse fuse.squashfuse_ll fuse.snapfuse fuse.archivemount",
  layers: "overlay overlayfs aufs unionfs fuse.fuse-overlayfs fuse.unionfs fuse.unionfs-fuse",
  network:
    "nfs nfs4 cifs smb3 smbfs ceph glusterfs lustre afs coda ncpfs orangefs pvfs2 beegfs gpfs wekafs davfs davfs2 9p virtiofs vboxsf vmhgfs prl_fs",
  pseudo:
    "autofs binder binfmt_misc bpf cgroup cgroup2 configfs cpuset debugfs devfs devpts devtmpfs efivarfs fuse.gvfsd-fuse fuse.lxcfs fuse.portal fusectl hugetlbfs mqueue nsfs nfsd none proc pstore ramfs resctrl rootfs rpc_pipefs securityfs selinuxfs smackfs sysfs tracefs usbfs xenfs",
};
const FAMILY: ReadonlyMap<string, Family> = new Map(
  Object.entries(TYPES).flatMap(([family, types]) =>
    types.split(" ").map((type): [string, Family] => [type, family as Family]),
  ),
);
/** FUSE programs that keep their files on a disk of this machine. */
const LOCAL_FUSE = /^fuse\.(ntfs|ntfs-3g|exfat|mergerfs|bindfs|encfs|gocryptfs|cryfs|zfs|bcachefs)$/;

/** An unknown type is looked at as a disk; an unknown FUSE program may ask anybody, so it is not. */
export function familyOf(type: string): Family {
  const known = FAMILY.get(type);
  if (known !== undefined) return known;
  if (!type.startsWith("fuse.") || LOCAL_FUSE.test(type)) return "disk";
  return /appimage/i.test(type) ? "image" : "network";
}

/** Their inodes are made from free space as needed: without space they are "full" too, which says nothing more. */
export const hasDynamicInodes = (type: string): boolean =>
  ["xfs", "zfs", "btrfs", "bcachefs", "f2fs"].includes(type);

/** Words among a superblock's options by which the kernel says that it lets nothing be written any more, `rw` or not. */
export const STOPPED: readonly string[] = ["emergency_ro", "shutdown", "checkpoint_error"];
