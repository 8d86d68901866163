import { describe, expect, it } from "vitest";
import { pagingFinding, shortFinding, suggested, wantedFinding } from "../../../runbooks/host/swap-space.ts";
import { judgeSwapRight } from "../../../src/connectors/host/check.ts";
import { judgeSwap } from "../../../src/connectors/host/swap/swap.ts";
import type { host } from "../../../src/sdk/index.ts";

const GIB = 2 ** 30;
const seen = (changed: Partial<host.Swap> = {}): host.Swap => ({
  ...{ areas: [], total: 0, used: 0, memoryTotal: 16 * GIB, memoryAvailable: 8 * GIB, inRate: 0, outRate: 0 },
  ...{ pressure: { some: 0, full: 0 }, swappiness: 60, zswap: null, kernel: "6.1.0", isContainer: false },
  ...{ isKubernetesNode: false, missing: [], groupsWithout: [], notSeen: [] },
  place: { path: "/swapfile", is: "absent", bytes: null, fileSystem: "ext4", free: 100 * GIB },
  ...changed,
});
const short = (changed: Partial<host.Swap>) => shortFinding(seen(changed), undefined, 0.8);
const FEW = GIB;

describe("is there too little swap", () => {
  it("none, or a full one, is no fault while memory is to spare", () => {
    expect(short({})).toBeUndefined();
    expect(short({ total: GIB, used: GIB })).toBeUndefined();
    expect(short({ total: 4 * GIB, used: GIB, memoryAvailable: FEW })).toBeUndefined();
  });

  it("none, or a full one, while memory is short", () => {
    expect(short({ memoryAvailable: FEW })).toMatchObject({
      id: "swap-short",
      remedies: ["add", "findHolder"],
    });
    expect(short({ memoryAvailable: FEW, total: GIB, used: GIB })?.title).toContain("Swap is 100 % full");
  });

  it("in a container it is the machine's, and a node of Kubernetes gets none", () => {
    expect(short({ memoryAvailable: FEW, isContainer: true })).toBeUndefined();
    expect(short({ memoryAvailable: FEW, isKubernetesNode: true })?.remedies).toEqual(["findHolder"]);
    expect(wantedFinding(seen({ isContainer: true }), 64)).toMatchObject({ severity: "info", remedies: [] });
    expect(wantedFinding(seen({ isKubernetesNode: true }), 64)?.because).toContain("kubelet");
  });

  it("where diagbot may make none, a person is told how", () => {
    expect(short({ memoryAvailable: FEW, place: null })?.remedies).toEqual(["addByHand", "findHolder"]);
    const place = {
      path: "/swapfile",
      is: "absent",
      bytes: null,
      fileSystem: "btrfs",
      free: 100 * GIB,
    } as const;
    expect(wantedFinding(seen({ place }), 64)).toMatchObject({ remedies: ["addByHand"] });
    expect(wantedFinding(seen({ place }), 64)?.because).toContain("on btrfs");
  });

  it("never more than memory, a quarter of what is free, or what the guide says", () => {
    expect(suggested(seen())).toBe(8_192);
    expect(suggested(seen({ memoryTotal: 2 * GIB }))).toBe(2_048);
    const place = { path: "/swapfile", is: "absent", bytes: null, fileSystem: "ext4", free: GIB } as const;
    expect(suggested(seen({ place }))).toBe(256);
    expect(suggested(seen({ place: { ...place, free: 2 ** 27 } }))).toBeUndefined();
  });
});

describe("is it used now", () => {
  it("both ways at once, or all tasks wait: by the rate, whatever is in it", () => {
    expect(pagingFinding(seen({ total: GIB, used: GIB }))).toBeUndefined();
    // Only coming back: what was put away earlier is asked for again.
    expect(pagingFinding(seen({ inRate: 50e6 }))).toBeUndefined();
    expect(pagingFinding(seen({ inRate: 50e6, outRate: 60e6 }))).toMatchObject({ id: "paging-now" });
    expect(pagingFinding(seen({ pressure: { some: 0.4, full: 0.3 } }))?.severity).toBe("critical");
  });
});

const MEMORY =
  "MemTotal: 1000 kB\nMemAvailable: 500 kB\nSwapTotal: 200 kB\nSwapFree: 50 kB\nsome avg10=1.00 avg60=0\nfull avg10=0.50 avg60=0\n";
const said = (swaps: string, fstab: string, zram = "", place = "") =>
  [
    `Filename Type Size Used Priority\n${swaps}`,
    "pswpin 100\npswpout 10\n50.0\n",
    "pswpin 300\npswpout 10\n52.0\n",
    "4096\n",
    MEMORY,
    "swappiness 60\nzswap Y\nkernel 6.1\n",
    fstab,
    zram,
    place,
    "/sys/fs/cgroup/system.slice/api.service\n",
  ].join("==\n");

describe("what a machine says of its swap", () => {
  it("rates are of the time between the looks", () => {
    const swap = judgeSwap(said("", "readable\n"), undefined);
    expect(swap).toMatchObject({
      inRate: 409_600,
      outRate: 0,
      zswap: true,
      groupsWithout: ["/system.slice/api.service"],
    });
    expect(swap.pressure).toEqual({ some: 0.01, full: 0.005 });
  });

  it("an area comes back by a path, an id of its device, a unit, or a service (zram)", () => {
    const swaps =
      "/swap\\040file file 100 0 -2\n/dev/vda2 partition 100 0 -3\n/dev/vdb partition 1 0 -4\n/dev/zram0 partition 100 50 100\n/extra file 1 0 -5\n";
    const fstab =
      "readable\nsw\t/swap\t\nsw\tUUID=1-2\t\nsw\tUUID=gone\t\nis\tUUID=1-2\t/dev/vda2\nunit\t/dev/vdb\n";
    const swap = judgeSwap(said(swaps, fstab, "/dev/zram0 4096 100 512 0 1 0\n"), undefined);
    expect(swap.areas.map(({ path, type, isKept, memory }) => [path, type, isKept, memory])).toEqual([
      ["/swap file", "file", false, null],
      ["/dev/vda2", "partition", true, null],
      ["/dev/vdb", "partition", true, null],
      ["/dev/zram0", "zram", true, 512],
      ["/extra", "file", false, null],
    ]);
    expect(swap.missing).toEqual(["/swap", "UUID=gone"]);
  });

  it("by a label nobody can look up, nothing is said to be missing or lost", () => {
    const swap = judgeSwap(said("/dev/vda2 partition 100 0 -3\n", "readable\nsw\tLABEL=swap\t\n"), undefined);
    expect([swap.missing, swap.areas[0]?.isKept]).toEqual([[], true]);
  });

  it("a fstab that may not be read is said", () => {
    const swap = judgeSwap(said("/dev/vda2 partition 100 0 -3\n", ""), undefined);
    expect(swap.areas[0]?.isKept).toBeNull();
    expect(swap.notSeen?.[0]?.why).toContain("/etc/fstab");
  });
});

it("doctor says what a swap file needs, each program for that one path", () => {
  expect(judgeSwapRight("diagbot", "/swapfile", true)).toMatchObject([{ state: "ok" }]);
  const [check] = judgeSwapRight("diagbot", "/swapfile", false);
  expect(check?.paste).toContain("diagbot ALL=(root) NOPASSWD: /usr/sbin/swapon /swapfile");
  expect(check?.paste?.slice(1).every((line) => line.endsWith("/swapfile"))).toBe(true);
});
