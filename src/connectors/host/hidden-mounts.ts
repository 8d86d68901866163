import { isWithin, type Mount } from "./mounts.ts";

/**
 * Mounts that no path leads to any more, and the mount point of what lies over them: one mounted later on the same place, or
 * on a folder above it. They are there all the same.
 */
export function hiddenMounts(mounts: readonly Mount[]): Map<Mount, string> {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const children = new Map<number, Mount[]>();
  for (const mount of mounts) children.set(mount.parent, [...(children.get(mount.parent) ?? []), mount]);
  const above = (mount: Mount, depth = 0): string | undefined => {
    const over = (children.get(mount.parent) ?? []).find(
      (other) => other.id !== mount.id && other.path !== mount.path && isWithin(mount.path, other.path),
    );
    const parent = byId.get(mount.parent);
    if (over !== undefined) return over.path;
    return parent === undefined || parent.id === mount.id || depth > 50
      ? undefined
      : above(parent, depth + 1);
  };
  const hidden = new Map<Mount, string>();
  for (const mount of mounts) {
    const onIt = (children.get(mount.id) ?? []).find(
      ({ path, id }) => id !== mount.id && path === mount.path,
    );
    const by = onIt?.path ?? above(mount);
    if (by !== undefined) hidden.set(mount, by);
  }
  return hidden;
}
