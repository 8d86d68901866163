import { describe, expect, it } from "vitest";
import { describe as fileSystem, writesOf } from "../../../../src/connectors/host/file-system.ts";
import { familyOf } from "../../../../src/connectors/host/file-systems.ts";
import { hiddenMounts } from "../../../../src/connectors/host/hidden-mounts.ts";
import {
  type Mount,
  mountOf,
  parseMounts,
  worthALook,
  writableByFstab,
} from "../../../../src/connectors/host/mounts.ts";
import { notLookedAt } from "../../../../src/connectors/host/not-looked-at.ts";

/** A machine as /proc/self/mountinfo has it: `path type device`, in the order of mounting; ids and numbers are made up. */
function machine(...lines: string[]): Mount[] {
  const mounts: Mount[] = [];
  const text = lines.map((line, index) => {
    const [path = "", type = "", device = "", options = "rw", superOptions = "rw", dev = `8:${index}`] =
      line.split(" ");
    const under = mountOf(mounts, path.replaceAll("\\040", " "))?.id ?? 1;
    const row = `${index + 20} ${under} ${dev} / ${path} ${options} shared:1 - ${type} ${device} ${superOptions}`;
    mounts.push(...parseMounts(row));
    return row;
  });
  return parseMounts(text.join("\n"));
}

const around = (visible: Mount[], more: object = {}) => ({
  ...{ visible, fstab: new Set<string>(), writeProtected: new Set<string>(), named: false, rooms: new Map() },
  ...more,
});

describe("what is looked at", () => {
  it("each file system once, by its shortest path, whatever folder it is in", () => {
    const { watched, skipped } = worthALook(
      machine(
        "/ ext4 /dev/vda1",
        "/proc proc proc",
        "/dev/shm tmpfs tmpfs",
        "/var/lib/docker xfs /dev/vdb1",
        "/var/lib/docker/overlay2/ab/merged overlay overlay rw rw,lowerdir=/x,upperdir=/var/lib/docker/overlay2/ab/diff",
        "/srv/my\\040data xfs /dev/vdc1 rw rw 253:9",
        "/mnt/again/below xfs /dev/vdc1 rw rw 253:9",
        "/mnt/nfs nfs4 server:/x",
        "/snap/core squashfs /dev/loop1 ro ro",
        "/run/credentials/x tmpfs tmpfs ro ro",
      ),
    );
    expect(watched.map(({ path }) => path)).toEqual(["/", "/var/lib/docker", "/srv/my data", "/dev/shm"]);
    expect(skipped.map(({ path }) => path)).toEqual(["/mnt/nfs"]);
  });

  it("inside a container the layered root stands for the space below it", () => {
    const root = "/ overlay overlay rw rw,lowerdir=/x,upperdir=/var/lib/docker/overlay2/ab/diff";
    expect(worthALook(machine(root)).watched.map(({ path }) => path)).toEqual(["/"]);
  });

  it.each([
    ["ext4", "disk"],
    ["never-heard-of", "disk"],
    ["fuse.mergerfs", "disk"],
    ["tmpfs", "memory"],
    ["erofs", "image"],
    ["fuse.Obsidian.AppImage", "image"],
    ["fuse.sshfs", "network"],
    ["fuse.never-heard-of", "network"],
    ["fuse.lxcfs", "pseudo"],
    ["overlay", "layers"],
  ] as const)("%s is of the family %s", (type, family) => {
    expect(familyOf(type)).toBe(family);
  });

  it("what is left out is said: other machines' and hidden disks, but not covered memory", () => {
    const mounts = machine(
      "/ ext4 /dev/vda1",
      "/dev/shm tmpfs tmpfs",
      "/dev/shm tmpfs tmpfs",
      "/a ext4 /dev/vdb1",
      "/a/b ext4 /dev/vdc1",
    );
    const [root] = mounts;
    if (root === undefined) throw new Error("no root");
    const over = { ...root, id: 99, parent: root.id, path: "/a", dev: 77 };
    const all = [...mounts, { ...over, parent: mounts[3]?.id ?? 0 }];
    const said = notLookedAt({
      ...{ skipped: [], hidden: hiddenMounts(all), beyond: [] },
      ...{ hasUnknownPools: false, hasUnknownRooms: false },
    });
    expect(said.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      "/a (ext4): it is hidden under what is mounted on /a",
      "/a/b (ext4): it is hidden under what is mounted on /a",
    ]);
  });
});

describe("hidden mounts", () => {
  const names = (mounts: Mount[]) =>
    [...hiddenMounts(mounts)].map(([{ path, device }, by]) => [path, device, by]);

  it("one under a later mount of its parent is hidden; one made through that mount is not", () => {
    const [root, inner, outer, through] = parseMounts(
      [
        "20 1 8:1 / / rw - ext4 /dev/a rw",
        "21 20 8:2 / /mnt/x/deep rw - ext4 /dev/b rw",
        "22 20 8:3 / /mnt/x rw - ext4 /dev/c rw",
        "23 22 8:4 / /mnt/x/later rw - ext4 /dev/d rw",
      ].join("\n"),
    );
    if (!root || !inner || !outer || !through) throw new Error("not parsed");
    expect(names([root, inner, outer, through])).toEqual([["/mnt/x/deep", "/dev/b", "/mnt/x"]]);
    expect(mountOf([root, outer, through], "/mnt/x/deep/file")?.device).toBe("/dev/c");
  });

  it("neighbours whose names begin alike hide nothing", () => {
    expect(
      names(machine("/ ext4 /dev/a", "/mnt/x ext4 /dev/b", "/mnt/xy ext4 /dev/c", "/mnt/x/y ext4 /dev/d")),
    ).toEqual([]);
  });
});

describe("whether it takes writes", () => {
  const writes = (line: string, more: object = {}) => {
    const mounts = machine(line);
    const [mount] = mounts;
    if (mount === undefined) throw new Error("not parsed");
    return writesOf(mount, around(mounts, more));
  };
  it.each([
    ["/data ext4 /dev/b rw,relatime rw", {}, "yes"],
    ["/data ext4 /dev/b rw,relatime ro,errors=remount-ro", {}, "stopped"],
    ["/data ext4 /dev/b rw,relatime rw,emergency_ro", {}, "stopped"],
    ["/data ext4 /dev/b rw,relatime rw,shutdown", {}, "stopped"],
    ["/data btrfs /dev/b rw ro,space_cache=v2", {}, "stopped"],
    // A layered root without an upper folder is read-only by nature.
    ["/ overlay overlay rw ro,lowerdir=/x", {}, "yes"],
    ["/data ext4 /dev/b ro ro", {}, "not-meant"],
    ["/data ext4 /dev/b ro ro", { fstab: new Set(["/data"]) }, "mounted-read-only"],
    ["/data ext4 /dev/b ro ro", { named: true }, "mounted-read-only"],
    ["/data ext4 /dev/loop1 ro ro 7:1", { named: true, writeProtected: new Set(["7:1"]) }, "not-meant"],
    ["/data squashfs /dev/loop1 ro ro", { named: true, fstab: new Set(["/data"]) }, "not-meant"],
  ])("%s %o: %s", (line, more, expected) => {
    expect(writes(line, more)).toBe(expected);
  });
});

it("devices of files on it: its own, its subvolumes', those of overlays upon it", () => {
  const mounts = machine(
    "/ ext4 /dev/vda1 rw rw 254:0",
    "/data btrfs /dev/vdb1 rw rw 0:40",
    "/home btrfs /dev/vdb1 rw rw 0:41",
    "/m overlay overlay rw rw,upperdir=/data/up 0:50",
    "/data/deep ext4 /dev/vdc1 rw rw 259:300",
  );
  const data = mounts[1];
  if (data === undefined) throw new Error("not parsed");
  const one = fileSystem("/data", [4096, 100, 50, 40, 0, 0, 777], data, around(mounts));
  expect(one?.devices).toEqual([777, 40, 41, 50]);
  expect(one?.covers).toEqual(["/data/deep"]);
  expect(one?.reserved).toBe(10 * 4096);
  // As stat prints it for 259:300.
  expect(mounts[4]?.dev).toBe((259 << 8) + 44 + (256 << 12));
});

it("reads what fstab wants writable", () => {
  const fstab =
    "# c\nUUID=1 / ext4 errors=remount-ro 0 1\nUUID=2 /iso ext4 ro 0 0\nproc /proc proc defaults 0 0\n";
  expect([...writableByFstab(fstab)]).toEqual(["/"]);
});
