import { describe, expect, it } from "vitest";
import { databaseOf } from "../../../runbooks/host/database-here.ts";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import { judge } from "../../../src/testing/index.ts";

const GIB = 1024 ** 3;
const disk = (used: number, path = "/data") => ({
  fileSystems: [
    {
      ...{ path, device: "/dev/vdb", type: "ext4", size: 100 * GIB, used: used * GIB },
      ...{ available: (100 - used) * GIB, usedRatio: used / 100, inodes: 0, inodesUsed: 0, inodesRatio: 0 },
      ...{ reserved: 0, writes: "yes", devices: [1], covers: [], rooms: [] },
    },
  ],
  ...{ pools: [], budgets: [], unreadable: [], alsoIs: null },
});
const slotOf = (more: object = {}) => ({
  ...{ name: "old", kind: "logical", database: "shop", active: false, inactiveSeconds: 259_200 },
  ...{ retainedBytes: 40 * GIB, safeBytes: null, walStatus: "extended", lostBecause: "", synced: false },
  ...more,
});
const HEALTHY = { mode: "off", failedCount: 0, isFailing: false, lastFailedWal: "" };

function told(given: {
  used?: number;
  path?: string;
  slots?: object[];
  archiver?: object;
  is?: string;
  real?: string | null;
}) {
  const places = ["/data/pg", "/data/pg/pg_wal"].map((path) => ({
    path,
    is: given.is ?? "here",
    real: path.endsWith("pg_wal") ? (given.real ?? null) : null,
  }));
  return judge(diskFull, {
    connections: {
      machine: { kind: "host", local: true },
      db: { kind: "postgres", url: "postgres://db.lab/shop" },
    },
    steps: {
      disk: disk(given.used ?? 97, given.path),
      database: { dataFolder: "/data/pg", databases: [], tables: [], walBytes: 41 * GIB },
      replication: {
        ...{ slots: given.slots ?? [slotOf()], slotLimitBytes: null, standbys: [], receiver: null },
        ...{ archiver: { ...HEALTHY, ...given.archiver }, conflicts: null },
      },
      whereabouts: { places },
    },
  });
}
const idsOf = (judged: ReturnType<typeof told>) => judged.findings.map(({ id }) => id);

describe("WAL that fills a disk and may not be removed", () => {
  it("is said first, with its slot, and the disk follows from it", () => {
    const judged = told({});
    expect(judged.findings).toMatchObject([
      {
        id: "wal-held:/data",
        severity: "critical",
        title: expect.stringMatching(
          /^\/data is 97 % full, because of WAL that replication slot old keeps back \(40\.0 GiB; nobody has read from it for 3 d\)/,
        ),
        remedies: ["freeWal"],
      },
      { id: "disk-full:/data" },
    ]);
    expect(judged.remedies.freeWal?.advice).toContain("SELECT pg_drop_replication_slot('old')");
    expect(judged.findings[0]?.because).toContain("never to be deleted by hand");
  });

  it("is a part where the disk would be too full without it", () => {
    const judged = told({ slots: [slotOf({ retainedBytes: 11 * GIB })] });
    expect(idsOf(judged)).toEqual(["disk-full:/data", "wal-held:/data"]);
    expect(judged.findings[1]).toMatchObject({
      severity: "warning",
      title: expect.stringContaining("in part because"),
    });
    expect(judged.findings[0]?.remedies).toContain("growFileSystem");
  });

  it("is the archiver's where that fails and no slot keeps as much", () => {
    const archiver = {
      mode: "on",
      failedCount: 9,
      isFailing: true,
      lastFailedWal: "0000000100000000000000AA",
    };
    const { findings } = told({ slots: [], archiver });
    expect(findings[0]).toMatchObject({ id: "wal-held:/data", remedies: ["repairArchiver"] });
    expect(findings[0]?.title).toContain("WAL that is not archived (41.0 GiB)");
  });

  it.each([
    ["a slot that keeps next to nothing", { slots: [slotOf({ retainedBytes: GIB })] }],
    ["a consumer that keeps up", { slots: [slotOf({ active: true, retainedBytes: 1000 })] }],
    ["a slot that is lost keeps nothing", { slots: [slotOf({ walStatus: "lost" })] }],
    ["a slot kept in step for a failover", { slots: [slotOf({ synced: true })] }],
    ["a server on another machine", { is: "absent", path: "/" }],
    ["pg_wal on another file system", { real: "/wal/pg" }],
    ["nothing of Postgres", { slots: [] }],
  ])("is not said: %s", (_name, given) => {
    expect(idsOf(told(given))).toEqual([`disk-full:${"path" in given ? "/" : "/data"}`]);
  });

  it("nor of a disk that has room", () => {
    expect(judge(diskFull, { steps: { disk: disk(60) } }).findings).toEqual([]);
  });

  it("a server elsewhere does not keep its data here, though every path lies below the root", () => {
    expect(told({ is: "absent", path: "/" }).findings[0]?.because).not.toContain("Postgres keeps its data");
    expect(told({ is: "denied", path: "/" }).findings.at(-1)?.because).toContain("Postgres keeps its data");
  });
});

describe("which database may lie on the machine", () => {
  const db = (name: string, host: string) => ({
    name,
    kind: "postgres",
    endpoint: { host, port: 5432, tls: false },
  });
  const local = { name: "here", kind: "host", about: { local: true } };
  const far = { name: "far", kind: "host", about: { machine: "10.0.0.5" } };
  const all = [db("other", "10.0.0.9"), db("mine", "10.0.0.5"), db("own", "127.0.0.1")];

  it.each([
    ["the one at its address", far, all, "mine"],
    ["diagbot's own for diagbot's machine", local, all, "own"],
    ["one whose address does not say", far, [db("named", "db.lab"), db("own", "localhost")], "named"],
    ["never one at diagbot's loopback for another machine", far, [db("own", "::1")], undefined],
    ["none", far, [], undefined],
  ] as const)("%s", (_name, machine, connections, wanted) => {
    expect(databaseOf(connections, machine)?.name).toBe(wanted);
  });
});
