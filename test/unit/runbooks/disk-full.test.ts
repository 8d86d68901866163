import { describe, expect, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { judge } from "../../../src/testing/index.ts";

const ok = (value: unknown) => ({ ok: true as const, value });
const fileSystem = (path: string, used: number, more: object = {}) => ({
  ...{ path, device: `/dev/${path}`, type: "ext4", size: 100, used, available: 100 - used },
  ...{ usedRatio: used / 100, inodes: 100, inodesUsed: 1, inodesRatio: 0.01 },
  ...{ reserved: 0, writes: "yes", devices: [path.length], covers: [], rooms: [], ...more },
});
const budget = (path: string, used: number | null) => ({
  ...{ path, bytes: 100, used, usedRatio: used === null ? null : used / 100 },
  error: used === null ? "it could not be measured within 8 s" : null,
});
const diskOf = (part: {
  fileSystems?: object[];
  budgets?: object[];
  pools?: object[];
  unreadable?: object[];
  alsoIs?: string | null;
}) => ok({ fileSystems: [], pools: [], budgets: [], unreadable: [], alsoIs: null, ...part });
const silent = (path: string, why = "hangs") => ({ path, why, says: "no answer within 3 s" });
const context = {
  params: { olderThanDays: 7, kinds: "both" },
  thresholds: Thresholds.parse({ disk: 0.85 }),
  system: { id: "shop", connections: [], contacts: [] },
  now: new Date(0),
};

describe("after old files were removed", () => {
  const remedy = diskFull.remedies.removeOldFiles;
  if (remedy === undefined || remedy.advice !== undefined)
    throw new Error("removeOldFiles is not executable");
  const done = [{ input: { files: [{ path: "/data/log/app.log.1" }], olderThanDays: 7 }, output: {} }];
  const holds = (part: Parameters<typeof diskOf>[0]) =>
    remedy.verify.holds({ disk: diskOf(part) }, done, context);

  it("it is better once the place they lay in is below the threshold", () => {
    expect(holds({ fileSystems: [fileSystem("/data", 84)] })).toBe(true);
    expect(holds({ budgets: [budget("/data/log", 84)] })).toBe(true);
  });

  it("it is not where that place is still too full, however much came free", () => {
    expect(holds({ fileSystems: [fileSystem("/data", 85)] })).toBe(false);
    expect(holds({ budgets: [budget("/data/log", 85)] })).toBe(false);
    expect(holds({ fileSystems: [fileSystem("/data", 10)], budgets: [budget("/data/log", 85)] })).toBe(false);
  });

  it("other places are no matter: neither a file system around it nor one beside it", () => {
    const mine = fileSystem("/data", 84);
    const others = [fileSystem("/", 99), fileSystem("/data/db", 99), fileSystem("/dat", 99)];
    expect(holds({ fileSystems: [mine, ...others], budgets: [budget("/data/lo", 99)] })).toBe(true);
  });

  it("what cannot be looked at is not known to be better", () => {
    expect(holds({ budgets: [budget("/data/log", null)] })).toBe(false);
    expect(holds({ unreadable: [silent("/data")] })).toBe(false);
    expect(holds({ fileSystems: [fileSystem("/data", 84)], unreadable: [silent("/backup")] })).toBe(true);
  });
});

it("file systems that do not answer are found; a machine that does not is the connector's to say", () => {
  expect(diskFull.findings({ disk: diskOf({ unreadable: [silent("/mnt/nfs")] }) }, context)).toMatchObject([
    { id: "not-answering:/mnt/nfs", severity: "critical" },
  ]);
  const gone = { ok: false as const, error: { code: "timeout" as const, message: "no answer" } };
  expect(diskFull.findings({ disk: gone, deleted: gone, largest: gone, removable: gone }, context)).toEqual(
    [],
  );
});

describe("deleted files", () => {
  const seen = (bytes: number, device = 5, used = 96) => ({
    disk: diskOf({ fileSystems: [fileSystem("/data", used), fileSystem("/", 50)] }),
    deleted: ok({
      ...{ bytes, seesAll: true, byDevice: [{ device, bytes }] },
      files: [{ path: "/data/app.log", bytes, pid: 42, process: "app", device }],
    }),
  });
  const found = (...given: Parameters<typeof seen>) =>
    diskFull.findings(seen(...given), context).map(({ id, severity }) => `${id} ${severity}`);

  it("come first where they are what fills it, after it where they are not", () => {
    expect(found(20)).toEqual(["deleted-open-files:/data critical", "disk-full:/data critical"]);
    expect(found(2)).toEqual(["disk-full:/data critical", "deleted-open-files:/data info"]);
  });

  it("count for the file system they lie on, and for no other", () => {
    const one = { path: "/data/app.log", bytes: 20, pid: 42, process: "app", device: 5 };
    const { findings } = judge(diskFull, {
      steps: {
        disk: diskOf({ fileSystems: [fileSystem("/data", 96), fileSystem("/", 50)] }).value,
        deleted: {
          ...{ bytes: 29, seesAll: true, files: [one, { ...one, path: "/x", bytes: 9, device: 1 }] },
          byDevice: [
            { device: 5, bytes: 20 },
            { device: 1, bytes: 9 },
          ],
        },
      },
    });
    expect(findings[0]?.title).toMatch(/^20 B of \/data in deleted files/);
  });

  it("of another file system are a remark at most, whatever their path says", () => {
    expect(found(20, 1)).toEqual(["disk-full:/data critical", "deleted-open-files:/ info"]);
    expect(found(2, 1)).toEqual(["disk-full:/data critical"]);
    expect(found(20, 99)).toEqual(["disk-full:/data critical"]);
    expect(found(20, 5, 50)).toEqual(["deleted-open-files:/data info"]);
  });
});

describe("what each type of file system is told", () => {
  const told = (more: object, used = 96) => {
    const { findings, remedies } = judge(diskFull, {
      steps: { disk: diskOf({ fileSystems: [fileSystem("/data", used, more)] }).value },
    });
    const words = Object.values(remedies).map(({ advice }) => advice ?? "");
    return { ids: findings.map(({ id }) => id), first: findings[0], advice: words.join(" ") };
  };

  it.each([
    ["ext4", "resize2fs /dev//data"],
    ["xfs", "xfs_growfs /data"],
    ["btrfs", "btrfs filesystem resize max /data"],
    ["zfs", "zpool add"],
    ["tmpfs", "shm_size"],
    ["overlay", "the engine's folder"],
    ["nfs4", "another machine's"],
    ["never-heard-of", "the tool for never-heard-of"],
  ])("%s: %s", (type, tool) => {
    const { ids, advice } = told({ type });
    expect(ids).toEqual(["disk-full:/data"]);
    expect(advice).toContain(tool);
    if (type !== "ext4") expect(advice).not.toContain("resize2fs /");
  });

  it("btrfs without room for metadata is full whatever df shows; with room set aside for nothing it is not", () => {
    const rooms = (capacity: number) => [
      { what: "metadata", used: 96, capacity, unallocated: capacity - 100 },
    ];
    const full = told({ type: "btrfs", rooms: rooms(100) }, 59);
    expect(full.ids).toEqual(["metadata-full:/data"]);
    expect(full.first?.severity).toBe("critical");
    expect(full.advice).toContain("btrfs balance start -dusage=5 /data");
    expect(full.advice).not.toMatch(/resize/);
    expect(told({ type: "btrfs", rooms: rooms(400) }, 59).ids).toEqual([]);
  });

  it("inodes that are made from free space are not a second fault", () => {
    expect(told({ type: "xfs", inodesRatio: 0.97 }).ids).toEqual(["disk-full:/data"]);
    expect(told({ type: "xfs", inodesRatio: 0.97 }, 50).ids).toEqual(["inodes-full:/data"]);
    expect(told({ type: "ext4", inodesRatio: 0.97 }).ids).toEqual(["disk-full:/data", "inodes-full:/data"]);
  });

  it("an image, or what is mounted read-only on purpose, is full by design", () => {
    expect(told({ type: "squashfs", writes: "not-meant" }, 100).ids).toEqual([]);
    expect(told({ type: "ext4", writes: "not-meant" }, 100).ids).toEqual([]);
  });

  it("a pool that is full is one fault, not one per dataset", () => {
    const zfs = { type: "zfs", device: "tank/data", inodesRatio: 0.99 };
    const pool = { name: "tank", size: 100, used: 97, health: "ONLINE", snapshots: 60 * 1024 ** 3 };
    const { findings, remedies } = judge(diskFull, {
      steps: {
        disk: diskOf({
          fileSystems: [fileSystem("/data", 97, zfs), fileSystem("/srv", 97, { ...zfs, device: "tank/srv" })],
          pools: [pool],
        }).value,
      },
    });
    expect(findings.map(({ id }) => id)).toEqual(["pool-full:tank"]);
    expect(remedies.freePool?.advice).toContain("60.0 GiB are held by snapshots");
    const quota = judge(diskFull, {
      steps: {
        disk: diskOf({ fileSystems: [fileSystem("/data", 97, zfs)], pools: [{ ...pool, used: 40 }] }).value,
      },
    });
    expect(quota.findings.map(({ id }) => id)).toEqual(["disk-full:/data"]);
    expect(quota.remedies.growFileSystem?.advice).toContain("refquota");
  });
});

it("mounts that take no writes, are gone or hidden are told apart", () => {
  const { findings } = judge(diskFull, {
    steps: {
      disk: diskOf({
        fileSystems: [
          fileSystem("/data", 10, { writes: "stopped" }),
          fileSystem("/x", 10, { writes: "mounted-read-only" }),
        ],
        unreadable: [silent("/a", "absent"), silent("/b", "gone"), { ...silent("/c/d", "hidden"), by: "/c" }],
      }).value,
    },
  });
  expect(findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
    "read-only:/data critical",
    "read-only:/x critical",
    "not-answering:/a critical",
    "not-answering:/b critical",
    "hidden:/c/d warning",
  ]);
  expect(findings[0]?.title).toContain("the kernel stopped them after an error");
  expect(findings[1]?.because).toContain("Either somebody mounted it so, or it came up so after an error");
  expect(findings[4]?.title).toContain("hidden under what was mounted later on /c");
});

describe("the mount an alert is about", () => {
  const labels = { alertname: "DiskFull", instance: "10.0.0.33:9100", mountpoint: "/mnt/longhorn" };
  const asked = (mountpoint: string, alsoIs: string | null) => {
    const image = fileSystem("/snap/x", 100, { type: "squashfs", writes: "not-meant" });
    return judge(diskFull, {
      params: { mountpoint },
      alert: { labels, annotations: {} },
      steps: { disk: diskOf({ fileSystems: [fileSystem("/", 20), image], alsoIs }).value },
    }).findings;
  };

  it("that this machine lacks is said first", () => {
    const [first] = asked("/mnt/longhorn", null);
    expect(first).toMatchObject({ id: "mount-not-here", severity: "warning" });
    expect(first?.title).toContain("/mnt/longhorn of 10.0.0.33:9100");
    expect(first?.because).toContain("This machine has: /, /snap/x.");
    expect(asked("C:", null)[0]?.title).toContain("C: of 10.0.0.33:9100");
  });

  it("that is here and well is no finding; an image is full by design", () => {
    expect(asked("/", "/")).toEqual([]);
    expect(asked("/snap/x", "/snap/x")).toMatchObject([{ id: "full-by-design:/snap/x", severity: "info" }]);
  });
});
