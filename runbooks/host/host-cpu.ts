import { host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { cpuFindings } from "./cpu-findings.ts";
import { PRESSURE_ADVICE, throttleFinding } from "./pressures.ts";

/** Who uses the CPUs, and what looks like it and is none. */
const book = runbookOn(
  "host",
  {
    id: "host-cpu",
    title: "Who uses the CPUs",
    covers: [
      "resync.high-cpu-memory",
      "tektra.performance",
      "tektra.cpu-optimization",
      "sergas-accounts.error-resource-contention",
      "resync.slow-responses",
      "ai-saas.triage-resources",
      "tektra.resource-snapshot",
    ],
    alerts: [
      "HostHighCpuLoad",
      "NodeCPUHighUsage",
      "HostCpuStealNoisyNeighbor",
      "HighCpuUsage",
      "HighCPUUsage",
    ],
    params: z.object({}),
  },
  () => ({ cpu: host.cpu(), stalls: host.stalls() }),
);

/** The first that somebody started by hand and that does not give way: units and containers have limits of their own. */
const byHand = (cpu: host.Cpu | undefined): host.CpuProcess | undefined =>
  cpu?.processes.find(
    (one) => one.nice <= 0 && one.protected === null && host.managerOf(one) === null && one.cpus >= 0.1,
  );

export const hostCpu = book
  .remedies({
    giveWay: book.does(
      host.renice,
      ["cpu"],
      ({ cpu }) => {
        const one = byHand(cpu);
        return one && { pid: one.pid, startTicks: one.startTicks, name: one.name, from: one.nice, to: 10 };
      },
      { title: "Let the largest process that was started by hand give way (nice 10)" },
    ),
    limitGroup: book.advises("Give the one that uses most its share", "high", ({ cpu }) => {
      const top = cpu?.processes[0];
      const name = top?.unit || (cpu?.groups[0]?.name ?? "");
      const kept =
        "A limit in CPUs holds also when others need none; a weight (CPUWeight=, `--cpu-shares`) only when they do, and is the better one for batch work.";
      if (name.startsWith("container "))
        return `\`docker update --cpus N ${shellWord(name.slice("container ".length))}\` (nothing is started anew; back with the old value, 0 for none), and \`cpus:\` in its compose file. Never a second copy by \`docker exec\`. ${kept}`;
      if (name.endsWith(".service"))
        return `\`systemctl set-property --runtime ${shellWord(name)} CPUWeight=20\`, or \`CPUQuota=100%\` for one CPU; back: \`systemctl revert ${shellWord(name)}\`. ${kept}`;
      return `For what was started by hand: \`renice -n 10 -p PID\` for each of its threads, or the next time in a unit: \`systemd-run --scope -p CPUWeight=20 COMMAND\`. ${kept}`;
    }),
    moreCpu: book.advises("Find out what the work is, before giving it more", "low", ({ cpu }) => {
      const pid = String(cpu?.processes[0]?.pid ?? "PID");
      return `Does it come with traffic, a deployment, a job of this hour? Where it is one program: \`perf top -p ${shellWord(pid)}\`, \`py-spy dump --pid ${shellWord(pid)}\`, a thread dump. More workers help only while CPUs are free, and each brings its own connections to the database (pool × workers × machines); a larger machine or one more of them, when the work is what it should be.`;
    }),
    askHost: book.advises(
      "Take it to whoever runs the hypervisor",
      "low",
      "A burstable type (t2/t3, B series, shared cores): look at its credits, take the unlimited mode or another type. Otherwise a move to another host (stop and start, not a reboot), or a type with CPUs of its own. For your own hypervisor: fewer vCPUs than cores, and its own load.",
    ),
    spreadInterrupts: book.advises(
      "See what interrupts, and spread it",
      "low",
      "`cat /proc/interrupts /proc/softirqs` twice shows which line grows, `sar -n DEV 1` or `ip -s link` packets a second. More queues: `ethtool -L DEV combined N`; irqbalance running; where the card has one queue: RPS (`/sys/class/net/DEV/queues/rx-0/rps_cpus`). A flood is stopped before the machine (firewall, provider).",
    ),
    fewerStarts: book.advises(
      "Find what starts so many processes",
      "low",
      "`execsnoop-bpfcc` (bpfcc-tools), or `auditctl -a always,exit -S execve` for a minute and `ausearch -sc execve -i`; without both: `while :; do ps -eo ppid,args --sort=start_time | tail -5; done` for some seconds. Then let it run less often, or do its work without a new process for each.",
    ),
    fullSpeed: book.advises(
      "Let the CPUs run at their clock",
      "low",
      "`cpupower frequency-info` (policy, limits), `dmesg -T | grep -i throttl`, `sensors`. A governor: `cpupower frequency-set -g performance` (or schedutil). Heat and power are matters of the hardware: fans, the profile of the BIOS, a power supply that has failed.",
    ),
    moreThreads: book.advises(
      "Let more than one thread do the work",
      "low",
      "Several processes behind one port (workers of gunicorn or uvicorn, cluster of Node, `worker_processes auto`), as many as CPUs and as the database has connections for; what computes long out of the loop that answers. First see what that thread does: `perf top -p PID`, `py-spy dump`.",
    ),
    seeStalls: book.advises(
      "See what is waited for",
      "low",
      "host-stalls names the disk, server or lock that threads wait for, with pressure by kind (`/diag SYSTEM host-stalls`). By hand: `ps -eo state,pid,wchan:30,args | grep ^D`, `iostat -x 1 3`.",
    ),
    raiseQuota: book.advises(...PRESSURE_ADVICE.raiseQuota),
  })
  .findings((find) => [
    find(["stalls"], ({ stalls }) => throttleFinding(stalls)),
    find(["cpu"], ({ cpu }, { thresholds, alert }) =>
      cpuFindings(cpu, { limit: thresholds.cpu, isAlerted: alert !== undefined }),
    ),
  ]);
