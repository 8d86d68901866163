import { describe, expect, it } from "vitest";
import { alertedMount } from "../../../runbooks/host/alerted-mount.ts";
import { cpuFindings } from "../../../runbooks/host/cpu-findings.ts";
import { fullPlace } from "../../../runbooks/host/full-place.ts";
import { kernelTables } from "../../../runbooks/host/limits-network.ts";
import { restRatio, sayCause } from "../../../runbooks/host/memory.ts";
import { judgeClock } from "../../../src/connectors/host/clock.ts";
import type { FileSystem } from "../../../src/connectors/host/file-system.ts";
import { host } from "../../../src/sdk/index.ts";

const GIB = 1024 ** 3;
const fileSystem = (more: Partial<FileSystem>): FileSystem => ({
  ...{ path: "/data", device: "/dev/sda1", type: "ext4", size: 500 * GIB, used: 100 * GIB },
  ...{ available: 400 * GIB, reserved: 0, usedRatio: 0.2, inodes: 1e7, inodesUsed: 1e5, inodesRatio: 0.01 },
  ...{ writes: "yes", devices: [1], covers: [], rooms: [] },
  ...more,
});
const diskOf = (more: Partial<FileSystem>, rest: Partial<host.Disk> = {}): host.Disk => ({
  ...{ fileSystems: [fileSystem(more)], pools: [], budgets: [], unreadable: [], alsoIs: null },
  ...rest,
});
const full = (more: Partial<FileSystem>) => {
  const disk = diskOf(more);
  return host.fullPlaces(disk, 0.85).map((place) => fullPlace(place, disk, {}, 0.85));
};

describe("disks", () => {
  it("full for everybody but root: what is kept for root is said, however little", () => {
    const used = { used: 467 * GIB, available: 0, usedRatio: 1 };
    expect(full({ ...used, reserved: 25 * GIB })[0]?.because).toContain("25.0 GiB more are free, but kept");
    expect(full({ ...used, reserved: GIB })[0]?.because).not.toContain("kept for root");
    // While users have room themselves, five in a hundred are what every mkfs keeps.
    const room = { used: 430 * GIB, available: 45 * GIB, usedRatio: 0.9, reserved: 25 * GIB };
    expect(full(room)[0]?.because).not.toContain("kept for root");
  });

  it("a terabyte left is no emergency, a share of a small disk is one", () => {
    const large = { size: 20e12, used: 19e12, available: 1e12, usedRatio: 0.95, type: "xfs" };
    expect(full(large)[0]?.severity).toBe("warning");
    const small = { size: 100 * GIB, used: 96 * GIB, available: 4 * GIB, usedRatio: 0.96 };
    expect(full(small)[0]?.severity).toBe("critical");
  });

  it("no inode can be made though there is room: that is no effect of a full disk", () => {
    const xfs = { type: "xfs", size: 1000 * GIB, used: 920 * GIB, available: 80 * GIB, usedRatio: 0.92 };
    const ids = (more: object) => full({ ...xfs, ...more }).map(({ id }) => id);
    expect(ids({ inodes: 5e6, inodesUsed: 5e6, inodesRatio: 1 })).toContain("inodes-full:/data");
    // Where the room is gone, so are the inodes.
    const spent = { used: 999 * GIB, available: GIB, usedRatio: 0.999 };
    expect(ids({ ...spent, inodes: 5e6, inodesUsed: 5e6, inodesRatio: 1 })).toEqual(["disk-full:/data"]);
  });

  it("a thin pool that is full is a fault of the disk, whatever its file systems show; half full is none", () => {
    const faults = (dataRatio: number, metadataRatio: number, mode = "rw") =>
      host.faultsOf(diskOf({}, { thinPools: [{ name: "vg-pool", dataRatio, metadataRatio, mode }] }));
    expect(faults(1, 0.12, "out_of_data_space")).toMatchObject([{ kind: "thin", severity: "critical" }]);
    expect(faults(0.61, 0.9998)[0]?.title).toContain("at 100 % of its metadata");
    expect(faults(0.61, 0.9998)[0]?.because).toContain("Without metadata");
    expect(faults(0.5, 0.2)).toEqual([]);
  });

  it("a file that engines mount into containers is no file system, and no other machine", () => {
    const labels = { device: "/dev/sda1", instance: "10.0.0.5:9100" };
    const found = alertedMount(diskOf({ usedRatio: 0.93 }), "/etc/hostname", { labels, annotations: {} });
    expect(found).toMatchObject({ id: "mount-not-here", severity: "info" });
    expect(found?.because).toContain("Here /dev/sda1 is /data, 93 % full");
    expect(alertedMount(diskOf({}), "/mnt/x", { labels, annotations: {} })?.severity).toBe("warning");
  });
});

describe("huge pages", () => {
  const parts = {
    ...{ free: 3, cache: 2, slabReclaimable: 0, processes: 6, shared: 0, kernel: 1, hugePages: 48 },
    ...{ compressed: 0, arc: 0, unaccounted: 0 },
  };
  const memory = (hugePagesFree: number | undefined) =>
    ({
      ...{ total: 63 * GIB, available: 5.6 * GIB, usedRatio: 0.91, isEstimate: false, arc: null },
      ...{ scope: "machine", seenProcesses: { count: 9, bytes: 6 * GIB }, group: null, pressure: null },
      ...{ swapTotal: 0, swapUsed: 0, swapInRate: 0, swapOutRate: 0, oomKills: 0 },
      parts: Object.fromEntries(Object.entries(parts).map(([name, n]) => [name, n * GIB])),
      ...(hugePagesFree === undefined ? {} : { hugePagesFree }),
    }) as unknown as host.Memory;

  it("that nobody uses are given back; those of a database are what they are for", () => {
    const idle = sayCause(memory(47.9 * GIB), undefined, 0.8);
    expect(idle.because).toContain("nobody uses");
    expect(idle.remedies).toEqual(["freeHugePages"]);
    const busy = sayCause(memory(0.2 * GIB), undefined, 0.8);
    expect(busy.because).toContain("what they are for");
    expect(busy.remedies).not.toContain("freeHugePages");
  });

  it("in use are set apart: the rest of the machine may have room", () => {
    expect(restRatio(memory(0.2 * GIB))).toBeLessThan(0.8);
    expect(restRatio(memory(48 * GIB))).toBeGreaterThan(0.9);
    expect(restRatio(memory(undefined))).toBeGreaterThan(0.9);
  });
});

it("a time service without servers still knows how far off it is", () => {
  const said = (offset: string) =>
    `00000000,,0,0.0,${offset},0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n==\n==\n==\n==\nkvm-clock\n`;
  expect(judgeClock(said("412.300000000"))).toMatchObject({ synchronised: false, offsetSeconds: 412.3 });
  // One that never had any says 0, which is not known to be right.
  expect(judgeClock(said("0.000000000")).offsetSeconds).toBeNull();
});

it("tables of the kernel for the whole machine", () => {
  const tables = (entries: number, pages: number) =>
    kernelTables({ neighbours: { entries, max: 1024 }, tcpMemory: { pages, max: 100_000 } } as host.Sockets);
  expect(tables(1020, 10).map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical neighbours"]);
  expect(tables(10, 85_000).map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning tcp-memory"]);
  expect(tables(300, 50_000)).toEqual([]);
  expect(kernelTables({ neighbours: null, tcpMemory: null } as host.Sockets)).toEqual([]);
});

it("a clock that is low for heat is told from one that saves power", () => {
  const busy = {
    ...{ cpus: 16, seconds: 2, interruptsOnOne: 0, load1: 20, load5: 20, running: 16, blocked: 0, forks: 1 },
    ...{ switches: 9, processes: [], accounted: 15, groups: [], online: "", possible: "" },
    shares: { user: 0.9, nice: 0, system: 0.05, ioWait: 0, interrupts: 0, steal: 0 },
    frequency: { now: 800_000, max: 3_400_000, governor: "performance" },
  };
  const clock = (heat: number | null) =>
    cpuFindings({ ...busy, heat }, { limit: 0.7, isAlerted: false }).find(({ id }) => id === "cpu-clock");
  expect(clock(14)?.title).toContain("for their heat");
  expect(clock(0)?.because).toContain("Either it saves power");
  expect(clock(null)?.because).toContain("Either it saves power");
});
