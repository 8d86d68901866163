import { describe, expect, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import { Thresholds } from "../../../src/core/words/system.ts";

const ok = (value: unknown) => ({ ok: true as const, value });
const fileSystem = (path: string, used: number) => ({
  ...{ path, device: `/dev/${path}`, type: "ext4", size: 100, used, available: 100 - used },
  ...{ usedRatio: used / 100, inodes: 100, inodesUsed: 1, inodesRatio: 0.01 },
  ...{ readOnly: false, shouldBeWritable: false },
});
const budget = (path: string, used: number | null) => ({
  ...{ path, bytes: 100, used, usedRatio: used === null ? null : used / 100 },
  error: used === null ? "it could not be measured within 8 s" : null,
});
const diskOf = (part: { fileSystems?: object[]; budgets?: object[]; unreadable?: string[] }) =>
  ok({ fileSystems: [], budgets: [], unreadable: [], ...part });
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
    expect(holds({ unreadable: ["/data"] })).toBe(false);
    expect(holds({ fileSystems: [fileSystem("/data", 84)], unreadable: ["/backup"] })).toBe(true);
  });
});

it("file systems that do not answer are found; a machine that does not is the connector's to say", () => {
  expect(diskFull.findings({ disk: diskOf({ unreadable: ["/mnt/nfs"] }) }, context)).toMatchObject([
    { id: "not-answering:/mnt/nfs", severity: "critical" },
  ]);
  const gone = { ok: false as const, error: { code: "timeout" as const, message: "no answer" } };
  expect(diskFull.findings({ disk: gone, deleted: gone, largest: gone, removable: gone }, context)).toEqual(
    [],
  );
});

it("deleted files come first where they are what fills it, after it where they are not", () => {
  const seen = (bytes: number) => ({
    disk: diskOf({ fileSystems: [fileSystem("/data", 96)] }),
    deleted: ok({ bytes, files: [{ path: "/data/app.log", bytes, pid: 42, process: "app" }] }),
  });
  const idsOf = (bytes: number) => diskFull.findings(seen(bytes), context).map(({ id }) => id);
  expect(idsOf(20)).toEqual(["deleted-open-files", "disk-full:/data"]);
  expect(idsOf(2)).toEqual(["disk-full:/data", "deleted-open-files"]);
});
