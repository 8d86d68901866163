import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { numberAfter } from "../meminfo.ts";
import { Pressure, parsePressure } from "../pressure.ts";
import { SWAP_LOOK } from "./look-script.ts";

const { read } = actionsOn<HostClient>("host");
const KIB = 1024;

/** Where pages go: a partition, a file, or compressed memory (zram). */
const Area = z.object({
  path: z.string(),
  type: z.enum(["partition", "file", "zram"]),
  bytes: z.number(),
  used: z.number(),
  priority: z.int(),
  /** It comes back after a restart: a line of fstab or a unit of systemd names it; null: fstab may not be read. */
  isKept: z.boolean().nullable(),
  /** Of zram: bytes of memory it takes for what it holds. */
  memory: z.number().nullable(),
});
export type SwapArea = z.output<typeof Area>;

/** Where the declared swap file would be. */
const Place = z.object({
  path: z.string(),
  is: z.enum(["absent", "file", "link"]),
  bytes: z.number().nullable(),
  fileSystem: z.string(),
  /** Copies on write is off or unknown: only ext4 and xfs are used. */
  free: z.number().nullable(),
});

const Output = z.object({
  areas: z.array(Area).max(40),
  total: z.number(),
  used: z.number(),
  memoryTotal: z.number(),
  memoryAvailable: z.number(),
  /** Bytes a second between two looks. */
  inRate: z.number(),
  outRate: z.number(),
  pressure: Pressure.nullable(),
  swappiness: z.int().nullable(),
  /** Pages are compressed in memory before they are written; null: the kernel has none. */
  zswap: z.boolean().nullable(),
  kernel: z.string(),
  isContainer: z.boolean(),
  isKubernetesNode: z.boolean(),
  /** Areas that fstab names to be in use from the start on, and that are not. */
  missing: z.array(z.string()).max(20),
  /** Control groups that may not use any. */
  groupsWithout: z.array(z.string()).max(50),
  /** Null: diagbot.yaml declares none. */
  place: Place.nullable(),
  notSeen,
});
export type Swap = z.output<typeof Output>;

/**
 * Swap areas, how full they are, and whether they are in use now: the counters of two looks, not the fill. kernel.org
 * admin-guide/sysctl/vm, blockdev/zram, mm/zswap; tektra.swap-space.
 */
export const swap = read({
  name: "host.swap",
  title: "Swap areas and whether they are in use now",
  input: z.object({}),
  output: Output,
  timeoutSeconds: 15,
  run: (client, _input, context) => swapOf(client, context, 2),
});

/** The same for the writes, which judge no rates: without time between the looks. */
export async function swapOf(client: HostClient, context: ActionContext, seconds = 0): Promise<Swap> {
  const path = client.swapFile?.path;
  return judgeSwap(await script(client, SWAP_LOOK, [path ?? "", String(seconds)], context), path);
}

/** Pure. Exported for its test. */
export function judgeSwap(said: string, path: string | undefined): Swap {
  const [swaps = "", before = "", after = "", page = "", memory = "", settings = "", ...rest] = partsOf(said);
  const [fstab = "", zram = "", place = "", groups = ""] = rest;
  const bytes = (name: string) => (numberAfter(memory, `${name}:`) ?? 0) * KIB;
  if (bytes("MemTotal") === 0)
    throw new DiagError("bad_output", "the machine does not say how much memory it has");
  const seconds = Math.max(0.1, Number(linesOf(after).at(-1)) - Number(linesOf(before).at(-1)));
  const rate = (name: string) =>
    (Math.max(0, (numberAfter(after, name) ?? 0) - (numberAfter(before, name) ?? 0)) *
      (Number(page) || 4096)) /
    seconds;
  const word = (name: string) => new RegExp(`^${name} (.+)$`, "m").exec(settings)?.[1] ?? "";
  const kept = keptOf(fstab);
  const areas = linesOf(swaps)
    .slice(1)
    .map((line) => areaOf(line, kept, zram));
  const isNamed = (name: string) =>
    areas.some((one) => one.path === name || one.path === kept?.devices.get(name));
  return {
    areas: areas.slice(0, 40),
    total: bytes("SwapTotal"),
    used: bytes("SwapTotal") - bytes("SwapFree"),
    ...{ memoryTotal: bytes("MemTotal"), memoryAvailable: bytes("MemAvailable") },
    ...{ inRate: rate("pswpin"), outRate: rate("pswpout") },
    pressure: parsePressure(memory.slice(Math.max(0, memory.indexOf("some ")))),
    swappiness: word("swappiness") === "" ? null : Number(word("swappiness")),
    zswap: word("zswap") === "" ? null : word("zswap") === "Y",
    kernel: word("kernel"),
    ...{ isContainer: word("container") === "yes", isKubernetesNode: word("kubelet") === "yes" },
    // By label or by an id that no device has any more: which area is meant is not known, so only what is an address is judged.
    missing: (kept?.lines ?? [])
      .filter(({ options, name }) => !/(^|,)noauto(,|$)/.test(options) && !isNamed(name) && isJudged(name))
      .map(({ name }) => name)
      .slice(0, 20),
    groupsWithout: linesOf(groups).map((one) => one.replace(/^\/sys\/fs\/cgroup\/?/, "/")),
    place: path === undefined ? null : placeOf(path, place),
    notSeen: unseenOf(kept),
  };
}

interface Kept {
  readonly lines: readonly { readonly options: string; readonly name: string }[];
  readonly units: readonly string[];
  /** Devices behind the `UUID=…` of fstab. */
  readonly devices: ReadonlyMap<string, string>;
}

/** `sw\t/swapfile\t`, `is\tUUID=…\t/dev/vda2`, `unit\t/dev/zram0`; undefined: fstab may not be read. */
function keptOf(text: string): Kept | undefined {
  const [head = "", ...lines] = linesOf(text);
  if (head !== "readable") return undefined;
  const rows = lines.map((line) => line.split("\t"));
  return {
    lines: rows
      .filter(([what]) => what !== "is" && what !== "unit")
      .map(([options = "", name = ""]) => ({ options, name: name.replaceAll('"', "") })),
    units: rows.filter(([what]) => what === "unit").map(([, name = ""]) => name),
    devices: new Map(
      rows.filter(([what]) => what === "is").map(([, name = "", at = ""]) => [name, at] as const),
    ),
  };
}

const isJudged = (name: string): boolean => /^(\/|UUID=)/.test(name);

/** `/dev/vda2 partition 1048572 524 -2` of /proc/swaps; spaces of a path are written `\040`. */
function areaOf(line: string, kept: Kept | undefined, zram: string): SwapArea {
  const [name = "", type = "", size = "0", used = "0", priority = "0"] = line.split(/\s+/);
  const path = name.replaceAll("\\040", " ");
  const compressed = linesOf(zram).find((one) => one.startsWith(`${path} `));
  return {
    path,
    type: path.startsWith("/dev/zram") ? "zram" : type === "file" ? "file" : "partition",
    bytes: Number(size) * KIB,
    used: Number(used) * KIB,
    priority: Number(priority),
    isKept: kept === undefined ? null : isKept(path, kept),
    memory: compressed === undefined ? null : Number(compressed.split(/\s+/)[3]) || 0,
  };
}

/** zram is made by a service at each start; names of fstab by label or partition may be any partition. */
const isKept = (path: string, { lines, units, devices }: Kept): boolean =>
  path.startsWith("/dev/zram") ||
  units.includes(path) ||
  lines.some(({ name }) => name === path || devices.get(name) === path || !isJudged(name));

function placeOf(path: string, text: string): Swap["place"] {
  const word = (name: string) => new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1] ?? "";
  const [is = "", size = ""] = word("is").split(" ");
  return {
    path,
    is: is === "link" || is === "file" ? is : "absent",
    bytes: size === "" ? null : Number(size),
    fileSystem: word("type"),
    free: word("free") === "" ? null : Number(word("free")) * KIB,
  };
}

const unseenOf = (kept: Kept | undefined): NotSeen[] =>
  kept !== undefined
    ? []
    : [
        {
          what: "whether swap comes back after a restart",
          why: "/etc/fstab is not there or may not be read",
          fix: "`chmod 644 /etc/fstab`, where it has one",
        },
      ];
