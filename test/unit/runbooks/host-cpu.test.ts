import { describe, expect, it } from "vitest";
import { cpuFindings } from "../../../runbooks/host/cpu-findings.ts";
import { judgeCpu } from "../../../src/connectors/host/cpu.ts";
import type { host } from "../../../src/sdk/index.ts";

const process = (changed: Partial<host.CpuProcess> = {}): host.CpuProcess => ({
  ...{ pid: 40, startTicks: 1, name: "backup", command: "backup --all", uid: 0, resident: 0, anonymous: 0 },
  ...{ swap: 0, unit: "", supervisor: "", protected: null, cpus: 3.6, nice: 0, threads: 4, ...changed },
});
type Shares = host.Cpu["shares"];
const seen = (shares: Partial<Shares>, changed: Partial<host.Cpu> = {}): host.Cpu => ({
  ...{
    cpus: 4,
    seconds: 2,
    interruptsOnOne: 0,
    load1: 4,
    load5: 4,
    running: 4,
    blocked: 0,
    forks: 1,
    switches: 900,
  },
  shares: { user: 0, nice: 0, system: 0, ioWait: 0, interrupts: 0, steal: 0, ...shares },
  processes: [process()],
  ...{ accounted: 3.6, groups: [], frequency: null, online: "0-3", possible: "0-3" },
  ...changed,
});
const find = (cpu: host.Cpu, isAlerted = false) => cpuFindings(cpu, { limit: 0.7, isAlerted });
const ids = (cpu: host.Cpu, isAlerted = false) => find(cpu, isAlerted).map(({ id }) => id);

describe("who uses the CPUs", () => {
  it("work that gives way is none, however much it is", () => {
    const batch = [process({ nice: 19 })];
    expect(ids(seen({ nice: 0.92, user: 0.03 }, { processes: batch }))).toEqual([]);
    expect(ids(seen({ nice: 0.92, user: 0.03 }, { processes: batch }), true)).toEqual([]);
  });

  it("what does not give way is named; who may be asked to, is by hand, unprotected and no unit's", () => {
    const [found] = find(seen({ user: 0.9, system: 0.05 }));
    expect(found).toMatchObject({ id: "cpu-used", severity: "warning" });
    expect(found?.title).toContain("backup (pid 40) 3.60");
    expect(found?.remedies).toContain("giveWay");
    for (const other of [
      { unit: "api.service" },
      { unit: "container 4f1d0c2a9b3e" },
      { protected: "postgres" },
    ])
      expect(find(seen({ user: 0.9 }, { processes: [process(other)] }))[0]?.remedies).not.toContain(
        "giveWay",
      );
  });

  it("a burst of two seconds is said to be one, unless an alert says otherwise", () => {
    const burst = seen({ user: 0.9 }, { load1: 1, load5: 0.4 });
    expect(find(burst)[0]).toMatchObject({ id: "cpu-used", severity: "info" });
    expect(find(burst, true)[0]).toMatchObject({ id: "cpu-used", severity: "warning" });
  });

  it("what the hypervisor takes is the cause, and not what programs use", () => {
    const found = find(seen({ user: 0.4, steal: 0.4 }));
    expect(found.map(({ id }) => id)).toEqual(["cpu-steal", "cpu-used"]);
    expect(found[0]?.explains).toContain("cpu-used");
  });

  it("waiting for a disk is idle time; a load without CPU is waiting", () => {
    expect(find(seen({ user: 0.05, ioWait: 0.6 }, { load1: 2, load5: 2 }))[0]).toMatchObject({
      id: "load-without-cpu",
      severity: "info",
    });
    expect(find(seen({ user: 0.05 }, { load1: 40, load5: 38, blocked: 38 }))[0]).toMatchObject({
      id: "load-without-cpu",
      severity: "warning",
    });
    // A storm of the last minute alone.
    expect(ids(seen({ user: 0.05 }, { load1: 40, load5: 2 }))).toEqual([]);
  });

  it("processes too short to be seen, by the parts that do not add up", () => {
    const found = find(seen({ user: 0.6, system: 0.3 }, { accounted: 0.4, forks: 700, processes: [] }));
    expect(found.map(({ id }) => id)).toEqual(["short-lived", "cpu-used"]);
    expect(found[0]?.title).toContain("3.2 of 3.6 CPUs");
    expect(ids(seen({ user: 0.6, system: 0.3 }, { accounted: 3.5, forks: 700 }))).toEqual(["cpu-used"]);
  });

  it("one CPU that only answers interrupts, one whole thread, a clock that is held down", () => {
    expect(ids(seen({ user: 0.1, interrupts: 0.2 }, { interruptsOnOne: 0.9, load5: 1 }))).toEqual([
      "cpu-interrupts",
    ]);
    const thread = [process({ cpus: 0.99, threads: 1 })];
    expect(ids(seen({ user: 0.25 }, { processes: thread, load5: 1 }))).toEqual(["one-thread"]);
    const slow = { frequency: { now: 800_000, max: 3_200_000, governor: "powersave" } };
    expect(ids(seen({ user: 0.6 }, slow))).toEqual(["cpu-clock"]);
    expect(ids(seen({ user: 0.1 }, { ...slow, load5: 1 }))).toEqual([]);
  });
});

it("the counters of the kernel, by difference", () => {
  const stat = (ticks: number, start: number) =>
    `7 (a b) R 1 7 7 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 5 3 0 ${start} 0 100`;
  const id = "a".repeat(64);
  const look = (user: number, nice: number, idle: number, up: string, ticks: number, usage: number) =>
    `cpu  ${user} ${nice} 0 ${idle} 0 0 0 0 0 0\ncpu0 ${user} ${nice} 0 ${idle} 0 0 0 0 0 0\nctxt ${user}\nprocesses ${nice}\nprocs_running 2\nprocs_blocked 0\n${up}\n==\n${stat(ticks, 50)}\n==\n/sys/fs/cgroup/system.slice/docker-${id}.scope/cpu.stat:usage_usec ${usage}\n==\n`;
  const said = `100\n0.50 0.40 0.30 1/2 3\n==\n${look(100, 0, 100, "10.00", 100, 0)}${look(200, 100, 100, "12.00", 200, 1_000_000)}==\n==\n==\n`;
  const found = judgeCpu(said);
  expect(found.shares).toMatchObject({ user: 0.5, nice: 0.5 });
  expect(found.top[0]).toMatchObject({ pid: 7, cpus: 0.5, nice: 5, threads: 3 });
  expect(found.groups).toEqual([{ name: "container aaaaaaaaaaaa", cpus: 0.5 }]);
  expect(found).toMatchObject({ cpus: 1, load1: 0.5, forks: 50, frequency: null });
});
