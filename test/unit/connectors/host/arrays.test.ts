import { expect, it } from "vitest";
import { isDegraded, parseArrays } from "../../../../src/connectors/host/arrays.ts";

const stat = (...arrays: string[]) =>
  parseArrays(
    ["Personalities : [raid1] [raid6] [raid5] [raid4]", ...arrays, "unused devices: <none>"].join("\n"),
  );

it.each<readonly [what: string, text: string, degraded: boolean, rebuilt: number | null]>([
  ["whole", "md0 : active raid1 sdb1[1] sda1[0]\n      523712 blocks [2/2] [UU]", false, null],
  ["a disk thrown out", "md0 : active raid1 sdb1[1](F) sda1[0]\n      523712 blocks [2/1] [U_]", true, null],
  [
    "rebuilding",
    "md0 : active raid5 sdd1[3] sdc1[1] sdb1[0]\n      1953260544 blocks level 5, 512k chunk [3/2] [UU_]\n      [==>....]  recovery = 12.6% (1/2) finish=9.9min",
    true,
    0.126,
  ],
  [
    "being checked, which each does every month",
    "md0 : active raid1 sdb1[1] sda1[0]\n      523712 blocks [2/2] [UU]\n      [==>....]  check = 12.6% (1/2) finish=9.9min",
    false,
    null,
  ],
  [
    "a mirror of a NAS with more places than disks",
    "md0 : active raid1 sdb1[1] sda1[0]\n      2490176 blocks [12/2] [UU__________]",
    false,
    null,
  ],
  [
    "the same with one disk left",
    "md0 : active raid1 sda1[0]\n      2490176 blocks [12/1] [U___________]",
    true,
    null,
  ],
  [
    "not written to yet",
    "md0 : active (auto-read-only) raid1 sdb1[1] sda1[0]\n      523712 blocks [2/2] [UU]",
    false,
    null,
  ],
  [
    "raid0 has no redundancy to lose",
    "md0 : active raid0 sdb1[1] sda1[0]\n      523712 blocks 512k chunks",
    false,
    null,
  ],
])("%s", (_what, text, degraded, rebuilt) => {
  const [one] = stat(text);
  expect(one && isDegraded(one)).toBe(degraded);
  expect(one?.rebuilt).toBe(rebuilt);
});

it("each line is of the array above it, and one that is not put together has no level", () => {
  const found = stat(
    "md2 : inactive sdc1[1](S)\n      976630464 blocks super 1.2",
    "md1 : active raid1 sdb2[1](F) sda2[0]\n      523712 blocks [2/1] [U_]",
  );
  expect(found).toMatchObject([
    { name: "md2", active: false, level: "", failed: [] },
    { name: "md1", active: true, level: "raid1", wanted: 2, working: 1, failed: ["sdb2"] },
  ]);
  expect(stat()).toEqual([]);
  expect(parseArrays("")).toEqual([]);
});
