import { describe, expect, it } from "vitest";
import { groupsNearLimit, heldBackFinding } from "../../../../runbooks/host/memory-groups.ts";
import { groupsIn } from "../../../../src/connectors/host/memory-groups.ts";

const MIB = 1024 * 1024;
const V2 = "/sys/fs/cgroup/system.slice/app\\x2dworker.service";
const said = (own: string, stat: string, current: number, events: [number, number] = [0, 0]) =>
  [
    own,
    `${V2}/memory.events:high ${events[0]}\n${V2}/memory.events:max 9`,
    `${V2}/memory.events:high ${events[1]}\n${V2}/memory.events:max 9`,
    `${V2}/memory.current:${current}`,
    stat,
  ].join("\n==\n");
const stat = (anon: number, file: number) =>
  `${V2}/memory.stat:anon ${anon}\n${V2}/memory.stat:inactive_file ${file}\n${V2}/memory.stat:active_file 0`;

describe("memory of control groups", () => {
  it("is read of version 2 and 1, names of units as they are", () => {
    const [one] = groupsIn(said(`${V2}/memory.max:${100 * MIB}`, stat(90 * MIB, 8 * MIB), 98 * MIB));
    expect(one).toEqual({
      ...{ path: "/system.slice/app\\x2dworker.service", limit: 100 * MIB, high: null, held: 90 * MIB },
      ...{ cache: 8 * MIB, waits: 0 },
    });
    const v1 = "/sys/fs/cgroup/memory/docker/abc";
    const old = groupsIn(
      [
        `${v1}/memory.limit_in_bytes:${100 * MIB}`,
        ...["", ""],
        `${v1}/memory.usage_in_bytes:${99 * MIB}`,
        `${v1}/memory.stat:total_rss ${5 * MIB}\n${v1}/memory.stat:total_inactive_file ${94 * MIB}`,
      ].join("\n==\n"),
    );
    expect(old).toMatchObject([{ path: "/docker/abc", limit: 100 * MIB, held: 5 * MIB, waits: null }]);
  });

  it("near its limit it is found; full of file cache, or the root of a container, it is not", () => {
    const near = groupsIn(said(`${V2}/memory.max:${100 * MIB}`, stat(95 * MIB, 0), 95 * MIB));
    expect(groupsNearLimit(near)).toMatchObject([
      {
        severity: "warning",
        title: "/system.slice/app\\x2dworker.service holds 95.0 MiB: 95 % of its memory limit of 100 MiB",
      },
    ]);
    const cached = groupsIn(said(`${V2}/memory.max:${100 * MIB}`, stat(5 * MIB, 94 * MIB), 99 * MIB));
    expect(groupsNearLimit(cached)).toEqual([]);
    expect(groupsNearLimit(near.map((one) => ({ ...one, path: "/" })))).toEqual([]);
  });

  it("is said to wait at memory.high only where it does so now", () => {
    const own = `${V2}/memory.high:${100 * MIB}`;
    const groups = (events: [number, number]) => groupsIn(said(own, stat(99 * MIB, 0), 99 * MIB, events));
    expect(heldBackFinding(groups([5, 60]))).toMatchObject({
      id: "memory-high",
      title: expect.stringContaining(
        "is made to wait for memory: it holds 99.0 MiB, and memory.high is 100 MiB",
      ),
    });
    expect(heldBackFinding(groups([60, 60]))).toBeUndefined();
    const cached = groupsIn(said(own, stat(5 * MIB, 94 * MIB), 99 * MIB, [5, 60]));
    expect(heldBackFinding(cached)).toBeUndefined();
  });
});
