/** One line of /proc/self/mounts. */
export interface Mount {
  readonly device: string;
  readonly path: string;
  readonly type: string;
  readonly readOnly: boolean;
  readonly options: readonly string[];
}

/** File systems that hold nothing of their own, or are full by design. */
const PSEUDO = new Set(
  "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl fuse.lxcfs fuse.gvfsd-fuse hugetlbfs iso9660 mqueue nsfs proc pstore ramfs rootfs rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs udf".split(
    " ",
  ),
);
/** They hang when their server does: looked at only where configured. */
const NETWORK =
  /^(nfs|nfs4|cifs|smb3|smbfs|ceph|glusterfs|lustre|afs|9p|fuse\.(sshfs|glusterfs|s3fs|rclone))$/;
/** Mounts of container engines and of the system itself (node_exporter leaves out the same). */
const INTERNAL =
  /^\/(dev|proc|sys|run\/credentials|run\/docker|run\/netns|run\/user|var\/lib\/(docker|containerd|containers\/storage|kubelet|lxcfs)|snap)(\/|$)/;

/** Parses /proc/mounts; blanks in paths are written as `\040`. */
export const parseMounts = (text: string): Mount[] =>
  text
    .split("\n")
    .map((line) => line.split(" "))
    .filter((words) => words.length >= 4)
    .map(([device = "", path = "", type = "", options = ""]) => ({
      device: unescapeOctal(device),
      path: unescapeOctal(path),
      type,
      readOnly: options.split(",").includes("ro"),
      options: options.split(","),
    }));

/** Mount points /etc/fstab wants writable. */
export const writableByFstab = (fstab: string): Set<string> =>
  new Set(
    fstab
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words.length >= 4 && !words[0]?.startsWith("#"))
      .filter(([, , type = "", options = ""]) => !PSEUDO.has(type) && !options.split(",").includes("ro"))
      .map(([, path = ""]) => unescapeOctal(path)),
  );

/** The real, local file systems: one path per device, the shortest. */
export function realMounts(mounts: readonly Mount[]): Mount[] {
  const visible = new Map<string, Mount>();
  // A later mount on the same path hides the earlier one.
  for (const mount of mounts) visible.set(mount.path, mount);
  const real = [...visible.values()].filter(
    ({ path, type }) => !PSEUDO.has(type) && !NETWORK.test(type) && !INTERNAL.test(path),
  );
  const byDevice = new Map<string, Mount>();
  for (const mount of real) {
    const key = mount.device.startsWith("/") ? mount.device : `${mount.type} ${mount.path}`;
    const known = byDevice.get(key);
    if (known === undefined || mount.path.length < known.path.length) byDevice.set(key, mount);
  }
  return [...byDevice.values()];
}

/** The mount a path lies on. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const within = mounts.filter(
    (mount) => mount.path === "/" || path === mount.path || path.startsWith(`${mount.path}/`),
  );
  return within.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.path.length >= best.path.length ? mount : best),
    undefined,
  );
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
