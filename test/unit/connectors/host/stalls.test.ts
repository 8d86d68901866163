// Emulated: pressure, quotas and thin pools as machines have them that no test can make here.
import { describe, expect, it } from "vitest";
import { poolFindings, pressureFindings, throttleFinding } from "../../../../runbooks/host/pressures.ts";
import { judgeStalls } from "../../../../src/connectors/host/stalls.ts";

interface Made {
  /** Microseconds within two seconds, and percent over the last minute: some, full. */
  cpu?: [number, number, number];
  io?: [number, number, number];
  memory?: [number, number, number];
  swap?: number;
  groups?: [string, string];
  pools?: string;
  psi?: boolean;
}
const said = ({ cpu, io, memory, swap = 0, groups = ["", ""], pools = "0\n", psi = true }: Made) => {
  const pressure = (times: number) =>
    !psi
      ? ""
      : Object.entries({ cpu, io, memory })
          .map(
            ([name, [some, full, minute] = [0, 0, 0]]) =>
              `${name} some avg10=99.00 avg60=${minute}.00 avg300=0.00 total=${5_000_000 + some * times}\n${name} full avg10=99.00 avg60=${minute}.00 avg300=0.00 total=${1_000_000 + full * times}\n`,
          )
          .join("");
  const look = (times: number) =>
    `${pressure(times)}==\npswpin ${900_000 + swap * times}\npswpout ${800_000 + swap * times}\n${100 + 2 * times}.00\n==\n${groups[times] ?? ""}==\n`;
  return `${look(0)}${look(1)}4096\n==\n${pools}`;
};
const stat = (path: string, periods: number, throttled: number, time: string) =>
  `/sys/fs/cgroup${path}/cpu.stat:nr_periods ${periods}\n/sys/fs/cgroup${path}/cpu.stat:nr_throttled ${throttled}\n/sys/fs/cgroup${path}/cpu.stat:${time}\n`;

describe("pressure", () => {
  it("much since boot, nothing now: well; a spike of ten seconds, too", () => {
    expect(pressureFindings(judgeStalls(said({})))).toEqual([]);
    expect(pressureFindings(judgeStalls(said({ io: [1_800_000, 1_500_000, 3] })))).toEqual([]);
  });

  it("a CPU that is busy with work nobody waits for is none: some counts, not use", () => {
    expect(pressureFindings(judgeStalls(said({ cpu: [200_000, 0, 15] })))).toEqual([]);
    expect(pressureFindings(judgeStalls(said({ cpu: [1_900_000, 0, 92] })))).toMatchObject([
      { id: "cpu-pressure" },
    ]);
  });

  it("paging both ways explains the busy disk; pages that only go out long ago do not", () => {
    const seen = judgeStalls(
      said({ io: [1_900_000, 1_200_000, 60], memory: [1_500_000, 900_000, 45], swap: 9_000 }),
    );
    expect(seen.swapInRate).toBe((9_000 * 4096) / 2);
    const [memory, io] = pressureFindings(seen);
    expect(memory).toMatchObject({ id: "memory-pressure", severity: "critical" });
    expect(memory?.explains).toContain(io?.id);
  });

  it("a kernel that does not count it is unknown, not well", () => {
    const seen = judgeStalls(said({ psi: false }));
    expect(seen.pressure).toEqual({ cpu: null, io: null, memory: null });
    expect(seen.notSeen).toMatchObject([{ what: "pressure (PSI)" }]);
  });
});

describe("CPU quotas", () => {
  it("version 2 and version 1, by difference, each in its own unit", () => {
    const before =
      stat("/web", 100, 50, "throttled_usec 1000000") + stat("/cpu/job", 10, 1, "throttled_time 1");
    const after =
      stat("/web", 120, 68, "throttled_usec 3500000") + stat("/cpu/job", 30, 11, "throttled_time 1500000001");
    const seen = judgeStalls(said({ groups: [before, after] }));
    expect(seen.throttled).toEqual([
      { path: "/web", periods: 20, throttled: 18, ratio: 0.9, seconds: 2.5 },
      { path: "/cpu/job", periods: 20, throttled: 10, ratio: 0.5, seconds: 1.5 },
    ]);
    const finding = throttleFinding(seen);
    expect(finding?.title).toBe(
      "/web is stopped by its CPU quota in 90 % of its periods, and 1 further group",
    );
    expect(finding?.because).toContain("The machine has CPU to spare");
  });

  it("stopped a million times since it was started, not now: well", () => {
    const same = stat("/web", 2_000_000, 1_000_000, "throttled_usec 9000000000");
    expect(throttleFinding(judgeStalls(said({ groups: [same, same] })))).toBeUndefined();
  });
});

describe("thin pools", () => {
  const pool = (data: string, more = "rw discard_passdown queue_if_no_space - 1024") =>
    `1\nvg-pool-tpool: 0 8192 thin-pool 1 12/1024 ${data} - ${more}\n`;

  it("one nearly full, one that has no space left, and one with room", () => {
    const of = (pools: string) => poolFindings(judgeStalls(said({ pools })));
    expect(of(pool("58/64"))).toMatchObject([{ id: "thin-pool:vg-pool", severity: "warning" }]);
    expect(of(pool("64/64", "out_of_data_space discard_passdown queue_if_no_space"))).toMatchObject([
      { severity: "critical" },
    ]);
    expect(of(pool("10/64"))).toEqual([]);
  });

  it("a pool nobody may look at is said so", () => {
    expect(judgeStalls(said({ pools: "1\n" })).notSeen).toMatchObject([
      { what: "how full 1 LVM thin pool is" },
    ]);
    expect(judgeStalls(said({})).notSeen).toEqual([]);
  });
});
