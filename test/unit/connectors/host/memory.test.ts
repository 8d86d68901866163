import { describe, expect, it } from "vitest";
import { availableOf, parseArc, partsOf } from "../../../../src/connectors/host/meminfo.ts";
import { placeOf } from "../../../../src/connectors/host/memory.ts";

const KIB = 1024;
// A machine of 31 GiB that runs ZFS: nothing it lists comes to what is used.
const ZFS = `MemTotal:       32768000 kB
MemFree:         2764800 kB
MemAvailable:    3178496 kB
Buffers:            4096 kB
Cached:           979968 kB
AnonPages:       4194304 kB
Shmem:            125952 kB
SReclaimable:     409600 kB
SUnreclaim:      1687552 kB
Hugetlb:               0 kB
`;
const sum = (parts: object) => Object.values(parts).reduce((all: number, part: number) => all + part, 0);

describe("what memory is used for", () => {
  it("adds up to the total, with what is in no list", () => {
    const parts = partsOf(ZFS, null, 0);
    expect(sum(parts)).toBe(32768000 * KIB);
    expect(parts.unaccounted).toBe((32768000 - 2764800 - 4096 - 979968 - 4194304 - 409600 - 1687552) * KIB);
    expect(availableOf(ZFS, parts, null)).toEqual({ bytes: 3178496 * KIB, isEstimate: false });
  });

  it("the ARC is what is in no list, and the slab; what it gives back is available", () => {
    const size = 23_000_000 * KIB;
    const arc = parseArc(
      `size                            4    ${size}\nc_min                           4    1048576000\nc_max 4 30000000000\n`,
    );
    expect(arc).toEqual({ size, min: 1048576000, max: 30000000000 });
    const parts = partsOf(ZFS, arc, 0);
    expect(sum(parts)).toBe(32768000 * KIB);
    expect(parts.arc).toBe(size);
    expect(parts.unaccounted).toBe(0);
    expect(availableOf(ZFS, parts, arc).bytes).toBe(3178496 * KIB + size - 1048576000);
    expect(parseArc("")).toBeNull();
  });

  it("a kernel that does not say what is available is reckoned with, and it is said", () => {
    const old =
      "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 450 kB\nShmem: 100 kB\nSReclaimable: 0 kB\n";
    expect(availableOf(old, partsOf(old, null, 0), null)).toEqual({
      bytes: (100 + 400 * 0.75) * KIB,
      isEstimate: true,
    });
  });

  it("compressed swap is a part", () => {
    expect(partsOf(ZFS, null, 5_000_000).compressed).toBe(5_000_000);
  });
});

it("whose figures they are, and which processes are hidden", () => {
  expect(placeOf("proc /proc proc rw,relatime 0 0\n0\n")).toEqual({ scope: "machine" });
  expect(placeOf("proc /proc proc rw,hidepid=2 0 0\n0\n")).toEqual({ scope: "machine" });
  expect(placeOf("proc /proc proc rw,hidepid=invisible 0 0\n1000\n").notSeen).toHaveLength(1);
  expect(placeOf("proc /proc proc rw 0 0\n0\ncontainer\n").scope).toBe("machine-below");
  expect(placeOf("proc /proc proc rw 0 0\nlxcfs /proc/meminfo fuse.lxcfs rw 0 0\n0\ncontainer\n").scope).toBe(
    "container",
  );
});
