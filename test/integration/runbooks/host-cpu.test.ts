// Real processes that use a CPU: seen by the process, its nice value and its threads; the machine's other load is whatever it is.
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { hostCpu } from "../../../runbooks/host/host-cpu.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostBench, minimalMachine, NOBODY, processes, whyNoMinimal } from "../../helpers/host-bench.ts";
import { until } from "../../helpers/until.ts";

const { run, end } = processes();
afterEach(end);
/** Tests themselves may run nice. */
const OWN = getPriority();
const NICER = Math.min(19, OWN + 3);
const SPIN = 'require("fs").writeSync(1, "x"); for (;;);';
/** A process that uses a CPU, with a name of its own to be found by. */
const spin = (prefix: readonly string[] = []) => run([...prefix, process.execPath, "-e", SPIN]);
const startOf = (pid: number) => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
};
const nicesOf = (pid: number) =>
  new Set(
    readdirSync(`/proc/${pid}/task`).map((task) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    }),
  );

describe.each([
  ["this machine", undefined, false],
  [`busybox alone (skipped: ${whyNoMinimal() ?? "no"})`, whyNoMinimal(), true],
] as const)("CPU use on %s", (_where, why, isMinimal) => {
  it.skipIf(why !== undefined)("names the process, with its nice value", async () => {
    const busy = await spin();
    const batch = await spin(["nice", "-n", "19"]);
    const machine = isMinimal ? minimalMachine() : undefined;
    const bench = hostBench(machine?.prefix ?? []);
    try {
      // Others of this machine want the CPUs, too: it is looked at until both were seen at work.
      const seen = await until(async () => {
        const one = await bench.call(host.cpu());
        const of = (pid: number) => one.processes.find((process) => process.pid === pid);
        return of(busy.pid) !== undefined && { one, busy: of(busy.pid), batch: of(batch.pid) };
      });
      expect(seen.busy).toMatchObject({ name: "node", nice: OWN, unit: expect.any(String) });
      expect(seen.busy?.cpus).toBeGreaterThan(0);
      if (seen.batch !== undefined) expect(seen.batch.nice).toBe(19);
      const { shares } = seen.one;
      expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1.001);
    } finally {
      await bench.close();
      machine?.stop();
    }
  });
});

it("a process gives way with all its threads, and undo brings exactly that back", async () => {
  const busy = await spin();
  const call = host.renice({
    pid: busy.pid,
    startTicks: startOf(busy.pid),
    name: "node",
    from: OWN,
    to: NICER,
  });
  const bench = hostBench();
  expect((await bench.preview(call)).changes[0]).toMatch(/^nice -?\d+ → -?\d+ for \d+ threads of process /);
  const { changed } = await bench.call<{ changed: number }>(call);
  expect(changed).toBeGreaterThan(1);
  expect([...nicesOf(busy.pid)]).toEqual([NICER]);
  const { action, client, context } = bench.resolve(call);
  if (action.effect !== "write" || typeof action.undo === "string") throw new Error("no undo");
  expect(await action.probe(client, call.input, {}, context)).toMatchObject({ verdict: "done" });
  const undo = action.undo(call.input, {}, { changed });
  await bench.call(undo ?? call);
  expect([...nicesOf(busy.pid)]).toEqual([OWN]);
  await bench.close();
});

it("whoever is not root may not change the process of another: nothing was done, and it is said", async () => {
  const busy = await spin();
  const bench = hostBench(NOBODY);
  const call = host.renice({
    pid: busy.pid,
    startTicks: startOf(busy.pid),
    name: "node",
    from: OWN,
    to: NICER,
  });
  await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused", detail: "EPERM" });
  expect([...nicesOf(busy.pid)]).toEqual([OWN]);
  await bench.close();
});

it("the runbook says what it saw of this machine, whatever that is", async () => {
  await spin();
  const bench = hostBench([], {}, { alert: { labels: { alertname: "HostHighCpuLoad" }, annotations: {} } });
  const { seen, findings } = await bench.diagnose(hostCpu).finally(() => bench.close());
  expect(seen.cpu?.ok).toBe(true);
  for (const { evidence } of findings) expect(evidence.length).toBeGreaterThan(0);
});

describe("an emulated machine, by the kernel's own counters", () => {
  /** Ticks of a second: user nice system idle iowait irq softirq steal, of 400 in two seconds on two CPUs. */
  const look = (ticks: readonly number[], up: string) =>
    `cpu  ${ticks.join(" ")} 0 0\ncpu0 ${ticks.join(" ")} 0 0\ncpu1 ${ticks.join(" ")} 0 0\nctxt 1\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n${up}\n==\n==\n==\n`;
  const diagnose = async (load: string, ...ticks: readonly number[]) => {
    const text = `100\n${load} 1/90 4\n==\n${look([0, 0, 0, 0, 0, 0, 0, 0], "10.00")}${look(ticks, "12.00")}==\n==\n==\n`;
    const emulated = (script: string) => (script.includes("scaling_governor") ? text : undefined);
    const bench = hostBench([], {}, { emulated });
    const { findings } = await bench.diagnose(hostCpu).finally(() => bench.close());
    return findings.map(({ id }) => id);
  };

  it("idle, or full of work that gives way: nothing is wrong", async () => {
    expect(await diagnose("0.10 0.10 0.10", 10, 0, 5, 380, 5, 0, 0, 0)).toEqual([]);
    expect(await diagnose("2.10 2.00 2.00", 10, 380, 5, 5, 0, 0, 0, 0)).toEqual([]);
  });

  it("the hypervisor, disks and interrupts are told from work", async () => {
    expect(await diagnose("2.10 2.00 2.00", 150, 0, 50, 0, 0, 0, 0, 200)).toEqual(["cpu-steal", "cpu-used"]);
    expect(await diagnose("2.10 2.00 2.00", 20, 0, 10, 100, 270, 0, 0, 0)).toEqual(["load-without-cpu"]);
    expect(await diagnose("0.50 0.50 0.50", 20, 0, 10, 250, 0, 20, 100, 0)).toEqual(["cpu-interrupts"]);
  });
});
