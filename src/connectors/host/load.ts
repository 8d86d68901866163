import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { Pressure, parsePressure } from "./pressure.ts";

const { read } = actionsOn<HostClient>("host");

const LOAD = `cat /proc/loadavg /proc/uptime; echo ==
grep -E '^(cpu|procs_)' /proc/stat; sleep 1; echo ==
grep -E '^(cpu|procs_)' /proc/stat; echo ==
cat /proc/pressure/cpu 2>/dev/null; echo ==
cat /proc/pressure/io 2>/dev/null; true`;

const Output = z.object({
  cpus: z.int(),
  load1: z.number(),
  load5: z.number(),
  load15: z.number(),
  /** Shares (0..1) of all CPU time over one second: used, waiting for disks, taken by the hypervisor. */
  usedRatio: z.number(),
  ioWaitRatio: z.number(),
  stealRatio: z.number(),
  running: z.int(),
  blocked: z.int(),
  cpuPressure: Pressure.nullable(),
  ioPressure: Pressure.nullable(),
  uptimeSeconds: z.number(),
});

/** Load and CPU over one second, not since boot (trap `first-sample`). tektra.resource-snapshot, ai-saas.triage-resources. */
export const load = read({
  name: "host.load",
  title: "Load, CPU and uptime",
  input: z.object({}),
  output: Output,
  run: async (client, _input, context) => {
    const said = partsOf(await script(client, LOAD, [], context));
    const [head = "", before = "", after = "", cpu = "", io = ""] = said;
    const [averages = "", uptime = ""] = head.split("\n");
    const [load1 = 0, load5 = 0, load15 = 0] = averages.split(" ").map(Number);
    const counter = (name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(after)?.[1] ?? 0);
    return {
      cpus: after.match(/^cpu\d+ /gm)?.length ?? 1,
      load1,
      load5,
      load15,
      ...cpuShares(before, after),
      running: counter("procs_running"),
      blocked: counter("procs_blocked"),
      cpuPressure: parsePressure(cpu),
      ioPressure: parsePressure(io),
      uptimeSeconds: Number(uptime.split(" ")[0]),
    };
  },
});

/** Shares of the time between two looks at /proc/stat (proc(5): user nice system idle iowait irq softirq steal). */
export function cpuShares(before: string, after: string) {
  const ticks = (text: string) => (/^cpu +(.*)$/m.exec(text)?.[1] ?? "").split(" ").map(Number).slice(0, 8);
  const first = ticks(before);
  const passed = ticks(after).map((value, index) => Math.max(0, value - (first[index] ?? 0)));
  const all = passed.reduce((sum, value) => sum + value, 0);
  const share = (index: number) => (all === 0 ? 0 : (passed[index] ?? 0) / all);
  return {
    usedRatio: all === 0 ? 0 : Math.max(0, 1 - share(3) - share(4)),
    ioWaitRatio: share(4),
    stealRatio: share(7),
  };
}
