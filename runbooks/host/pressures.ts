import {
  count,
  type Finding,
  facts,
  host,
  rows,
  sayBytes,
  sayPercent,
  saySeconds,
} from "../../src/sdk/index.ts";

type Stalls = host.Stalls;
export type PressureRemedy = "lessCpu" | "findIo" | "lessMemory" | "raiseQuota" | "growPool";

/** From this share of its periods on a quota is felt (as the alert CPUThrottlingHigh of the mixins has it). */
const THROTTLED = 0.25;
/** Both ways at once: pages go out and are asked back. */
const THRASHING = 4 * 1024 * 1024;

/** Share of time beyond which it is felt, now and over the last minute: a spike of ten seconds is work. */
const LIMITS = { cpu: 0.6, io: 0.2, memory: 0.1 } as const;

/** Pressure: of the CPU `some` counts (somebody always runs), of disk and memory `full` (nobody did anything useful). */
export function pressureFindings({
  pressure,
  throttled,
  swapInRate,
  swapOutRate,
}: Stalls): Finding<PressureRemedy>[] {
  const { cpu, io, memory } = pressure;
  const evidence = [
    rows(
      "Share of time tasks waited",
      (["cpu", "io", "memory"] as const).flatMap((what) => {
        const one = pressure[what];
        return one === null ? [] : [{ what, ...one }];
      }),
      {
        for: (one) => one.what,
        "some, now": (one) => sayPercent(one.some),
        "all, now": (one) => sayPercent(one.full),
        "some, last minute": (one) => sayPercent(one.some60),
        "all, last minute": (one) => sayPercent(one.full60),
      },
    ),
  ];
  const isSwapping = swapInRate + swapOutRate > 0;
  const swaps = Math.min(swapInRate, swapOutRate) >= THRASHING;
  const found: Finding<PressureRemedy>[] = [];
  if (swaps || (memory !== null && memory.full >= LIMITS.memory && memory.full60 >= LIMITS.memory))
    found.push({
      id: "memory-pressure",
      severity: "critical",
      title: [
        memory === null
          ? "The machine pages without end"
          : `All that runs waits for memory ${sayPercent(memory.full)} of the time`,
        ...(isSwapping
          ? [`${sayBytes(swapInRate)}/s come in from swap, ${sayBytes(swapOutRate)}/s go out`]
          : []),
      ].join("; "),
      because: `What runs needs more memory at once than there is: ${isSwapping ? "pages go out and are asked back" : "pages of programs and files are dropped and read again"}, and the disk is busy with that.`,
      evidence,
      remedies: ["lessMemory"],
      explains: ["io-pressure", "stuck:memory"],
    });
  if (io !== null && io.full >= LIMITS.io && io.full60 >= LIMITS.io)
    found.push({
      id: "io-pressure",
      severity: "warning",
      title: `All that runs waits for disks ${sayPercent(io.full)} of the time (${sayPercent(io.full60)} in the last minute)`,
      because:
        "In that time nothing useful was done at all. Either more is read and written than the disks can, or they answer more slowly than they did; to tell them apart: utilisation and await of `iostat -x 1`.",
      evidence,
      remedies: ["findIo"],
    });
  if (cpu !== null && cpu.some >= LIMITS.cpu && cpu.some60 >= LIMITS.cpu)
    found.push({
      id: "cpu-pressure",
      severity: "warning",
      title: `Something waits for a CPU ${sayPercent(cpu.some)} of the time (${sayPercent(cpu.some60)} in the last minute)`,
      because: `More wants to run than there are CPUs: what answers people waits in line with what could wait. For a machine of batch work that is as it should be.${throttled.length > 0 ? " Quotas of control groups count in it, too." : ""}`,
      evidence,
      remedies: ["lessCpu"],
    });
  return found;
}

/** Groups that use up their quota: slow though the machine is idle. */
export function throttleFinding({ throttled, seconds, pressure }: Stalls): Finding<"raiseQuota"> | undefined {
  const held = throttled.filter(({ ratio, periods }) => ratio >= THROTTLED && periods >= 5);
  const [first] = held;
  if (first === undefined) return undefined;
  const isIdle = (pressure.cpu?.some ?? 0) < LIMITS.cpu;
  return {
    id: "throttled",
    severity: "warning",
    title: `${first.path} is stopped by its CPU quota in ${sayPercent(first.ratio)} of its periods${held.length > 1 ? `, and ${count(held.length - 1, "further group")}` : ""}`,
    because: `Within ${seconds} s its threads were held back ${saySeconds(first.seconds)} in all: it has used its share of each period before the period was over.${isIdle ? " The machine has CPU to spare." : ""} Its average may look low: many threads use up a quota within milliseconds.`,
    evidence: [
      rows("", held, {
        group: (one) => one.path,
        periods: (one) => one.periods,
        stopped: (one) => one.throttled,
        share: (one) => sayPercent(one.ratio),
        "held back": (one) => saySeconds(one.seconds),
      }),
    ],
    remedies: ["raiseQuota"],
    explains: ["cpu-pressure"],
  };
}

/** Thin pools near their end: df of the volumes does not show it. */
export const poolFindings = ({ thinPools }: Pick<Stalls, "thinPools">): Finding<"growPool">[] =>
  thinPools.flatMap((pool) =>
    host.thinFault(pool).map(({ id, severity, title, because }) => ({
      ...{ id, severity, title, because },
      evidence: [
        facts({
          data: sayPercent(pool.dataRatio),
          metadata: sayPercent(pool.metadataRatio),
          mode: pool.mode,
        }),
      ],
      remedies: ["growPool"],
      explains: ["stuck:disk", "io-pressure"],
    })),
  );

/** Advice for each: title, risk, what to do. */
export const PRESSURE_ADVICE = {
  lessCpu: [
    "See what uses the CPUs",
    "low",
    "`pidstat 1 5` or `top -o %CPU`. What can wait: `nice`, `systemctl set-property --runtime UNIT CPUWeight=20`, another hour. What cannot: more CPUs, or fewer workers than there are CPUs. High steal (`vmstat 1`, st): the hypervisor gives less than it says.",
  ],
  findIo: [
    "See who reads and writes, and whether the disk is slow",
    "low",
    "`iostat -x 1 3`: a device near 100 % with a short await is asked for much, one with a long await answers slowly. Who: `pidstat -d 1 5`, `iotop -oPa`. What can wait: `ionice -c3`, `systemctl set-property --runtime UNIT IOWeight=20`, another hour. A slow device: `dmesg -T | tail -50` (errors, paths that failed), for a cloud volume its limits and burst credits.",
  ],
  lessMemory: [
    "Find who takes the memory, and let it take less",
    "high",
    "high-memory says who holds it. At once: end or restart what is not needed now, fewer workers. What grows without end gets a limit of its own (`systemctl set-property --runtime UNIT MemoryHigh=SIZE`, `docker update --memory`), so that the others go on; then more memory, or less work on this machine.",
  ],
  raiseQuota: [
    "Raise the quota, or use fewer threads",
    "high",
    "Let the program start no more threads than its quota has CPUs (GOMAXPROCS, -XX:ActiveProcessorCount, UV_THREADPOOL_SIZE, workers): that often is enough. Otherwise a higher quota, or none and a weight instead: Kubernetes `limits.cpu`, `docker update --cpus N CONTAINER`, `systemctl set-property --runtime UNIT CPUQuota=N%`.",
  ],
  growPool: [
    "Make room in the thin pool",
    "high",
    "`lvs -a -o lv_name,lv_size,data_percent,metadata_percent,origin`. Remove snapshots nobody needs (`lvremove`), give back what files have freed (`fstrim -av`), or grow it: `lvextend -L +SIZE VG/POOL`, for metadata `lvextend --poolmetadatasize +256M VG/POOL`; then `thin_pool_autoextend_threshold = 80` in lvm.conf.",
  ],
} as const;
