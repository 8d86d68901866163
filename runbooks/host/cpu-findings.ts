import { count, type Evidence, type Finding, facts, host, rows, sayPercent } from "../../src/sdk/index.ts";

type Cpu = host.Cpu;
export type CpuRemedy =
  | "giveWay"
  | "limitGroup"
  | "moreCpu"
  | "askHost"
  | "spreadInterrupts"
  | "fewerStarts"
  | "fullSpeed"
  | "moreThreads"
  | "seeStalls";
type Found = Finding<CpuRemedy>;

const STEAL = 0.1;
const INTERRUPTS = 0.15;
const INTERRUPTS_ON_ONE = 0.8;
const IO_WAIT = 0.2;
const SLOW_CLOCK = 0.6;
const MANY_FORKS = 50;
/** A thread that uses so much of one CPU can do no more. */
const ONE_CPU = 0.95;

/** What keeps others from the CPUs: work that gives way (nice above 0) does not. */
export const pressing = ({ shares }: Cpu): number =>
  shares.user + shares.system + shares.interrupts + shares.steal;

/** What a burst of two seconds is told by: the load of minutes, or an alert. */
export interface How {
  readonly limit: number;
  readonly isAlerted: boolean;
}

/** What is wrong with the CPUs. Pure. */
export function cpuFindings(seen: Cpu, how: How): Found[] {
  return [
    stolen(seen),
    interrupted(seen),
    slowClock(seen),
    shortLived(seen, how),
    used(seen, how),
    oneThread(seen, how),
    idleLoad(seen),
  ].filter((found) => found !== undefined);
}

const figures = ({ shares, cpus, load1, load5, running, blocked }: Cpu): Evidence =>
  facts({
    "programs, kernel": `${sayPercent(shares.user)}, ${sayPercent(shares.system)}`,
    "gives way (nice)": sayPercent(shares.nice),
    "waits for disks": sayPercent(shares.ioWait),
    "interrupts, hypervisor": `${sayPercent(shares.interrupts)}, ${sayPercent(shares.steal)}`,
    load: `${load1.toFixed(1)}, 5 min ${load5.toFixed(1)}, on ${count(cpus, "CPU")}`,
    "running, blocked": `${running}, ${blocked}`,
  });

export const consumers = ({ processes, groups }: Cpu): Evidence[] => [
  ...(processes.length === 0
    ? []
    : [
        rows("Processes", processes.slice(0, 8), {
          process: (one) => one.command || one.name,
          pid: (one) => one.pid,
          CPUs: (one) => one.cpus.toFixed(2),
          nice: (one) => one.nice,
          threads: (one) => one.threads,
          unit: (one) => one.unit,
        }),
      ]),
  ...(groups.length === 0
    ? []
    : [
        rows("Units and containers", groups.slice(0, 8), {
          name: (one) => one.name,
          CPUs: (one) => one.cpus.toFixed(2),
        }),
      ]),
];

const sayTop = ({ processes }: Cpu): string =>
  processes
    .slice(0, 3)
    .filter(({ cpus }) => cpus >= 0.1)
    .map(
      ({ name, pid, cpus, unit }) =>
        `${name} (pid ${pid}${unit === "" ? "" : `, ${unit}`}) ${cpus.toFixed(2)}`,
    )
    .join(", ");

function used(seen: Cpu, { limit, isAlerted }: How): Found | undefined {
  const ratio = pressing(seen);
  if (ratio < limit) return undefined;
  const isLasting = isAlerted || seen.load5 / seen.cpus >= limit;
  const { shares, processes } = seen;
  const top = processes.find(({ nice }) => nice <= 0) ?? processes[0];
  const isOthers = top !== undefined && top.protected === null && host.managerOf(top) === null;
  const kernel = shares.system > shares.user && shares.system >= limit / 2;
  return {
    id: "cpu-used",
    severity: !isLasting ? "info" : ratio >= 0.95 && seen.load5 / seen.cpus >= 2 ? "critical" : "warning",
    title: `${sayPercent(ratio)} of ${count(seen.cpus, "CPU")} in use that do not give way: ${sayTop(seen) || "no single process"}`,
    because: `The limit is ${sayPercent(limit)}, measured over ${seen.seconds} s.${isLasting ? "" : " The load of the last 5 minutes does not say so: this may be a burst."}${kernel ? ` The kernel itself has more of it than programs (${sayPercent(shares.system)}): system calls, page faults, ${Math.round(seen.switches)} switches a second.` : ""}${shares.nice >= 0.05 ? ` Another ${sayPercent(shares.nice)} goes to what gives way, and is not counted.` : ""}`,
    evidence: [figures(seen), ...consumers(seen)],
    remedies: [...(isOthers ? (["giveWay"] as const) : []), "limitGroup", "moreCpu"],
  };
}

const stolen = (seen: Cpu): Found | undefined =>
  seen.shares.steal < STEAL
    ? undefined
    : {
        id: "cpu-steal",
        severity: seen.shares.steal >= 0.3 ? "critical" : "warning",
        title: `The hypervisor keeps ${sayPercent(seen.shares.steal)} of the CPU time from this machine`,
        because:
          "Programs were ready to run and the machine had no CPU to run them on: another guest uses it, or the credits of a burstable type are used up. Nothing on this machine changes that.",
        evidence: [figures(seen)],
        remedies: ["askHost"],
        explains: ["cpu-used", "one-thread"],
      };

function interrupted(seen: Cpu): Found | undefined {
  const isOnOne = seen.interruptsOnOne >= INTERRUPTS_ON_ONE && seen.cpus > 1;
  if (seen.shares.interrupts < INTERRUPTS && !isOnOne) return undefined;
  return {
    id: "cpu-interrupts",
    severity: "warning",
    title: isOnOne
      ? `One CPU does nothing but answer interrupts (${sayPercent(seen.interruptsOnOne)})`
      : `${sayPercent(seen.shares.interrupts)} of the CPU time goes to interrupts`,
    because: isOnOne
      ? "All packets of a network card (or its queue) come to one CPU: what arrives is bounded by that one, while others are idle."
      : "More packets or disk requests come in than it should cost: a flood, very small packets, or a driver without offload.",
    evidence: [figures(seen)],
    remedies: ["spreadInterrupts"],
  };
}

function slowClock(seen: Cpu): Found | undefined {
  const { frequency } = seen;
  if (frequency === null || frequency.now / frequency.max >= SLOW_CLOCK || pressing(seen) < 0.5)
    return undefined;
  const isHot = (seen.heat ?? 0) > 0;
  return {
    id: "cpu-clock",
    severity: "warning",
    title: `The CPUs run at ${sayPercent(frequency.now / frequency.max)} of their clock though they are busy${isHot ? ", for their heat" : ""}`,
    because: isHot
      ? `They slowed down for their heat ${count(seen.heat ?? 0, "time")} within ${seen.seconds} s: the load is not more than it was, the machine does less of it.`
      : `Governor ${frequency.governor || "unknown"}. Either it saves power (powersave, a limit of scaling_max_freq), or the machine is too hot or short of power; to tell them apart: the kernel's log says "throttled", and scaling_max_freq.`,
    evidence: [figures(seen)],
    remedies: ["fullSpeed"],
    explains: ["cpu-used"],
  };
}

/** The parts do not add up: what used it was not there at both looks. */
function shortLived(seen: Cpu, { limit }: How): Found | undefined {
  const { shares, cpus, accounted, forks } = seen;
  const used = (shares.user + shares.nice + shares.system) * cpus;
  const missing = used - accounted;
  if (forks < MANY_FORKS || missing < 0.3 * used || pressing(seen) < limit) return undefined;
  const top = seen.groups[0];
  return {
    id: "short-lived",
    severity: "warning",
    title: `${missing.toFixed(1)} of ${used.toFixed(1)} CPUs are used by processes that live for less than ${seen.seconds} s; ${Math.round(forks)} begin each second`,
    because: `No list of processes shows them. Most often a script in a loop, a health check that starts a program, or something that is started again and again.${top === undefined ? "" : ` By unit or container the most is used by ${top.name} (${top.cpus.toFixed(2)}).`}`,
    evidence: [figures(seen), ...consumers(seen)],
    remedies: ["fewerStarts"],
    explains: ["cpu-used"],
  };
}

/** CPUs to spare, and one thread that cannot use them. */
function oneThread(seen: Cpu, { limit }: How): Found | undefined {
  if (seen.cpus < 2 || pressing(seen) >= limit) return undefined;
  const one = seen.processes.find(
    ({ cpus, nice, threads }) => cpus >= ONE_CPU && cpus <= 1.1 && nice <= 0 && threads >= 1,
  );
  if (one === undefined) return undefined;
  return {
    id: "one-thread",
    severity: "info",
    title: `${one.name} (pid ${one.pid}) uses one whole CPU of ${seen.cpus}, and no more: it is most likely one thread`,
    because:
      "The machine has CPUs to spare, which one thread cannot use. If it answers requests (an event loop, a worker of Python), they wait in line for it; if it is a batch, that is as it should be.",
    evidence: [figures(seen), ...consumers(seen)],
    remedies: ["moreThreads"],
  };
}

/** High load without CPU: the load counts what waits for disks and servers, too. */
function idleLoad(seen: Cpu): Found | undefined {
  const { shares, load1, load5, cpus, blocked } = seen;
  const isWaiting = shares.ioWait >= IO_WAIT;
  const isLoaded = Math.min(load1, load5) >= cpus * 1.5 && pressing(seen) + shares.nice < 0.5;
  if (!isWaiting && !isLoaded) return undefined;
  return {
    id: "load-without-cpu",
    severity: isLoaded ? "warning" : "info",
    title: isLoaded
      ? `The load is ${load1.toFixed(1)} on ${count(cpus, "CPU")}, of which ${sayPercent(pressing(seen) + shares.nice)} are used: what counts is waiting (${blocked} blocked now)`
      : `The CPUs are idle for ${sayPercent(shares.ioWait)} of the time while something waits for a disk`,
    because:
      "On Linux the load counts what waits in the kernel for a disk or a server, too; and time in which a CPU waits for a disk is time it could have worked. More CPUs change nothing.",
    evidence: [figures(seen)],
    remedies: ["seeStalls"],
  };
}
