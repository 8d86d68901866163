import { clip, count, type Finding, facts, type host, type OutputOf, rows } from "../../src/sdk/index.ts";
import { meaningOf, type XidMeaning } from "./xids.ts";

export type Seen = OutputOf<typeof host.gpus>;
export type Remedy =
  | "loadDriver"
  | "installTools"
  | "letIn"
  | "readDriver"
  | "giveDevices"
  | "matchDriver"
  | "resetGpu"
  | "findCable"
  | "coolDown"
  | "makeRoom"
  | "readProgram";
type Found = Finding<Remedy>;

const table = ({ gpus }: Seen) =>
  rows("", gpus, {
    GPU: (one) => one.index,
    name: (one) => one.name,
    busy: (one) => (one.utilization === null ? "not said" : `${one.utilization} %`),
    memory: (one) => (one.memoryTotal === null ? "not said" : `${one.memoryUsed} of ${one.memoryTotal} MiB`),
    temperature: (one) => (one.temperature === null ? "not said" : `${one.temperature} °C`),
    power: (one) => (one.power === null ? "not said" : `${one.power} of ${one.powerLimit ?? "?"} W`),
    persistence: (one) => (one.persistence === null ? "not said" : one.persistence ? "on" : "off"),
    MIG: (one) => (one.mig === true ? "on" : "off"),
  });

/** What runs goes on with the devices it has open: only new access is refused. */
const noDevices = (evidence: Found["evidence"]): Found => ({
  id: "nvidia-smi-fails",
  severity: "critical",
  title: "nvidia-smi may not open the GPU's devices any more (NVML: Unknown Error)",
  because:
    "Within a container this comes after some time: `systemctl daemon-reload` on the machine (an upgrade does it, too) takes the devices from containers that were given them by the toolkit. The driver and the GPU are well then, and nvidia-smi on the machine itself answers; where it fails there, too, the driver's log says why.",
  evidence: evidence ?? [],
  remedies: ["giveDevices", "readDriver"],
});

/** nvidia-smi gives no answer, and why. */
export function aboutDriver(seen: Seen): Found | undefined {
  const { failure, said, onBus, module } = seen;
  const evidence = [
    facts({
      "nvidia-smi": said === "" ? "not there" : said,
      "module of the kernel": module === "" ? "not loaded" : module,
      "devices on the bus": onBus,
    }),
  ];
  if (failure === null) return undefined;
  if (failure === "other" && /Initialize NVML: Unknown Error/i.test(said)) return noDevices(evidence);
  if (onBus === 0 && (failure === "absent" || failure === "no-devices" || failure === "no-driver"))
    return {
      id: "no-gpu",
      severity: "info",
      title: "The machine shows no NVIDIA GPU",
      because:
        "Its bus has no such device. A virtual machine has one only where it was passed through; in a container diagbot sees what the container may.",
      evidence,
    };
  const made = WHY[failure];
  return {
    ...made,
    ...(failure === "other" && said !== "" ? { title: `${made.title}: ${clip(said, 120)}` } : {}),
    severity: failure === "absent" || failure === "not-allowed" ? "warning" : "critical",
    evidence,
  };
}

const WHY: Readonly<
  Record<NonNullable<Seen["failure"]>, Pick<Found, "id" | "title" | "because" | "remedies" | "explains">>
> = {
  mismatch: {
    id: "driver-mismatch",
    title: "The driver's library is of another version than the module that is loaded",
    because:
      "It was updated, and the kernel still has the old module: what runs goes on, and nothing new can begin. The GPU itself is not at fault.",
    remedies: ["matchDriver"],
  },
  "no-driver": {
    id: "driver-not-loaded",
    title: "The NVIDIA driver is not loaded",
    because:
      "nvidia-smi cannot speak to it, and the bus has the device: after a new kernel the module was not built for it, or Secure Boot refuses it.",
    remedies: ["loadDriver"],
  },
  "no-devices": {
    id: "no-devices",
    title: "The driver is loaded and finds no GPU it can use",
    because:
      "The bus has the device: the driver does not support it, could not begin it, or it has stopped answering.",
    remedies: ["readDriver"],
  },
  lost: {
    id: "gpu-lost",
    title: "A GPU does not answer any more",
    because:
      "The driver cannot get hold of it: it has fallen off the bus or hangs. Others of the machine may go on.",
    explains: ["xid-79"],
    remedies: ["resetGpu", "findCable"],
  },
  "not-allowed": {
    id: "gpu-not-allowed",
    title: "The GPUs may not be asked",
    because: "The user that diagbot logs in as may not open the devices.",
    remedies: ["letIn"],
  },
  absent: {
    id: "no-nvidia-smi",
    title: "There is an NVIDIA GPU, and no nvidia-smi",
    because:
      "The driver's tools are not installed, or stand elsewhere (`nvidiaSmi` of the connection): nothing is known of the GPU.",
    remedies: ["installTools"],
  },
  other: {
    id: "nvidia-smi-fails",
    title: "nvidia-smi fails",
    because: "It says why in words that are not known here.",
    remedies: ["readDriver"],
  },
};

const SEVERITY: Readonly<Record<XidMeaning["by"], Found["severity"]>> = {
  ...{ application: "warning", hardware: "critical", driver: "critical" },
  ...{ follows: "info", note: "warning" },
};
const REMEDIES: Readonly<Record<XidMeaning["by"], readonly Remedy[]>> = {
  ...{ application: ["readProgram"], hardware: ["resetGpu", "findCable"], driver: ["resetGpu"] },
  ...{ follows: [], note: ["resetGpu"] },
};

/** Errors of the kernel's log, by code. */
export function aboutXids({ xids }: Seen, hours: number): Found[] {
  const codes = [...new Set(xids.map(({ code }) => code))];
  return codes.map((code) => {
    const mine = xids.filter((one) => one.code === code);
    const { by, means } = meaningOf(code);
    return {
      id: `xid-${code}`,
      severity: SEVERITY[by],
      title: `Xid ${code}: ${means}`,
      because: `${count(
        mine.reduce((sum, one) => sum + one.count, 0),
        "line",
      )} in the last ${hours} h${by === "application" ? ". Mostly a fault of the program; where several programs have it on one GPU and on no other, the GPU's." : "."}`,
      evidence: [
        rows("", mine.slice(0, 15), {
          GPU: (one) => one.device,
          times: (one) => one.count,
          last: (one) => new Date(one.lastAt * 1000).toISOString().slice(0, 16).replace("T", " "),
          says: (one) => one.text,
        }),
      ],
      explains: code === 45 ? [] : ["xid-45"],
      remedies: REMEDIES[by],
    };
  });
}

/** Of GPUs that answer: memory that failed, heat, power. */
export function aboutState(seen: Seen): Found[] {
  const failed = seen.gpus.filter(({ uncorrected, needsReset }) => needsReset || (uncorrected ?? 0) > 0);
  const worn = seen.gpus.filter(({ remapFailed }) => remapFailed === true);
  const hot = seen.gpus.filter(({ slowed }) => slowed.includes("heat"));
  const braked = seen.gpus.filter(
    ({ slowed }) => slowed.includes("power-brake") || slowed.includes("hardware"),
  );
  const names = (all: Seen["gpus"]) => all.map(({ index }) => `GPU ${index}`).join(", ");
  const made = (id: string, title: string, because: string, remedies: readonly Remedy[]): Found => ({
    ...{ id, severity: "warning", title, because, remedies },
    evidence: [table(seen)],
  });
  return [
    ...(worn.length === 0
      ? []
      : [
          {
            ...made(
              "memory-worn-out",
              `Memory of ${names(worn)} fails, and no spare row is left for it`,
              "Rows that fail are replaced by spare ones, and that has failed: what it computes may be wrong, and a reset changes nothing. The card is to be replaced (under warranty, remapping that failed is the reason).",
              ["findCable"],
            ),
            severity: "critical" as const,
            explains: ["memory-errors"],
          },
        ]),
    ...(failed.length === 0
      ? []
      : [
          made(
            "memory-errors",
            `Memory of ${names(failed)} has failed`,
            "Errors that could not be corrected since the driver was loaded, or memory that is left out only after a reset. Programs that used it were ended, or computed with it.",
            ["resetGpu"],
          ),
        ]),
    ...(hot.length === 0
      ? []
      : [
          made(
            "throttled-by-heat",
            `${names(hot)} slowed down by heat (${hot[0]?.temperature ?? "?"} °C)`,
            "It lowers its clock to stay whole: jobs take longer, and nothing else is wrong with it. Busy at 100 % alone is no fault.",
            ["coolDown"],
          ),
        ]),
    ...(braked.length === 0
      ? []
      : [
          made(
            "throttled-by-power",
            `${names(braked)} slowed down from outside`,
            "The machine tells it to brake (power supply, board), not its own limit: at its own limit a busy GPU is as it should be.",
            ["findCable"],
          ),
        ]),
  ];
}

const FULL = 0.95;
const UNKNOWN_MIB = 1_024;

/** Memory: full, by whom, and what no process is seen to hold. */
export function aboutMemory(seen: Seen): Found[] {
  // That no process is listed although a GPU is busy is said as not seen.
  const isHidden = seen.apps.length === 0 && seen.gpus.some(({ utilization }) => (utilization ?? 0) > 0);
  return seen.gpus.flatMap((gpu): Found[] => {
    const { memoryUsed: used, memoryTotal: total } = gpu;
    if (used === null || total === null || total === 0) return [];
    const mine = seen.apps.filter((one) => one.gpu === gpu.uuid);
    const known = mine.reduce((sum, { memory }) => sum + (memory ?? 0), 0);
    const evidence = [
      rows("", mine, {
        pid: (one) => one.pid,
        program: (one) => one.name,
        user: (one) => (one.user === "" ? "not seen here" : one.user),
        "unit or container": (one) => one.group,
        memory: (one) => (one.memory === null ? "not said" : `${one.memory} MiB`),
      }),
    ];
    const isFull = used / total >= FULL;
    const isUnknown =
      !isHidden &&
      gpu.mig !== true &&
      mine.every(({ memory }) => memory !== null) &&
      used - known > UNKNOWN_MIB;
    return [
      ...(isFull ? [full(gpu, mine.length, evidence)] : []),
      ...(isUnknown
        ? [
            {
              id: `memory-of-nobody:${gpu.index}`,
              severity: "warning" as const,
              title: `${used - known} MiB of GPU ${gpu.index} belong to no process that is seen`,
              because:
                "A process in another container or of a user that is not shown, a display, or one that has ended and left it (then only its parent's end or a reset frees it).",
              evidence,
              remedies: ["makeRoom" as const],
            },
          ]
        : []),
    ];
  });
}

/** Full: a fault only where more than one is to fit. */
function full(
  { index, memoryUsed: used, memoryTotal: total }: Seen["gpus"][number],
  sharers: number,
  evidence: Found["evidence"],
): Found {
  const whose = sharers === 0 ? "by whom is not shown" : `by ${count(sharers, "process", "processes")}`;
  return {
    id: `memory-full:${index}`,
    severity: sharers > 1 ? "warning" : "info",
    title: `Memory of GPU ${index} is full: ${used} of ${total} MiB, ${whose}`,
    because: FULL_BECAUSE[Math.min(sharers, 2)] ?? "",
    evidence: evidence ?? [],
    remedies: ["makeRoom"],
  };
}

/** By how many share it: nobody knows, one, several. */
const FULL_BECAUSE = [
  "Nothing says how many share it. Servers of models take nearly all on purpose when they begin.",
  "One program has it all: servers of models take nearly all on purpose when they begin. It is a fault only where another is to fit beside it.",
  "Several share it: the next model finds no room. Whose they are, the table says.",
] as const;
