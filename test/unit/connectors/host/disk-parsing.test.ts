import { expect, it } from "vitest";
import { parseBtrfs } from "../../../../src/connectors/host/btrfs.ts";
import { parseStatfs } from "../../../../src/connectors/host/statfs.ts";
import { parsePools } from "../../../../src/connectors/host/zfs.ts";

const MIB = 1024 * 1024;

it("answers of stat are told apart by the C library's words; they come in any order", () => {
  const says = (words: string) => `stat: cannot read file system information for '/x': ${words}`;
  const text = [
    "2 ok 4096 100 50 40 10 5 64768",
    "1 ",
    `3 ${says("No such file or directory")}`,
    `4 ${says("Stale file handle")}`,
    `5 ${says("Permission denied")}`,
    `6 ${says("Input/output error")}`,
    "7 Killed",
  ].join("\n");
  const answers = parseStatfs(text, 8).map((answer) => (answer.ok ? answer.numbers : answer.why));
  expect(answers).toEqual([
    "hangs",
    [4096, 100, 50, 40, 10, 5, 64768],
    "absent",
    "gone",
    "denied",
    "error",
    "hangs",
    "hangs",
  ]);
});

it("the rooms of a btrfs, with what could still be set aside, in copies, and without the kernel's reserve", () => {
  const text = [
    "source /dev/dm-0 /dev/mapper/vg-data",
    "source /dev/sdz /dev/sdz",
    "==",
    `device dm-0 ${(512 * MIB) / 512}`,
    `data ${264 * MIB} ${200 * MIB} ${264 * MIB} `,
    `metadata ${100 * MIB} ${95 * MIB} ${200 * MIB} `,
    `system ${8 * MIB} 16384 ${16 * MIB} `,
    `reserve ${6 * MIB}`,
  ].join("\n");
  const rooms = parseBtrfs(text);
  expect([...rooms.keys()]).toEqual(["/dev/mapper/vg-data"]);
  expect(rooms.get("/dev/mapper/vg-data")).toEqual([
    // 32 MiB belong to nothing yet: kept twice, 16 MiB more metadata.
    { what: "metadata", used: 95 * MIB, capacity: (100 - 6 - 4 + 16) * MIB, unallocated: 32 * MIB },
    { what: "system", used: 16384, capacity: (8 + 16) * MIB, unallocated: 32 * MIB },
  ]);
  expect(parseBtrfs("").size).toBe(0);
});

it("pools of ZFS, and what only their snapshots hold; no list is not an empty one", () => {
  const text =
    "tank\t1000\t970\t30\tONLINE\nrpool\t500\t10\t490\tDEGRADED\n==\ntank\t5\ntank/a\t100\nrpool\t7\n";
  expect(parsePools(text)).toEqual([
    { name: "tank", size: 1000, used: 970, health: "ONLINE", snapshots: 105 },
    { name: "rpool", size: 500, used: 10, health: "DEGRADED", snapshots: 7 },
  ]);
  expect(parsePools("sh: 1: zpool: not found\n==\n")).toBeUndefined();
});
