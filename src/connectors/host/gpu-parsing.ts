import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

const number = z.number().nullable();

/** A GPU as nvidia-smi says; null: it does not say (`[N/A]`, not of this card or driver). Memory in MiB, power in W. */
export const Gpu = z.object({
  index: z.int(),
  uuid: z.string(),
  name: z.string(),
  driver: z.string(),
  busId: z.string(),
  utilization: number,
  memoryUsed: number,
  memoryTotal: number,
  temperature: number,
  power: number,
  powerLimit: number,
  persistence: z.boolean().nullable(),
  mig: z.boolean().nullable(),
  /** Slowed down now, by what. */
  slowed: z.array(z.enum(["heat", "power-brake", "hardware"])),
  /** Uncorrectable memory errors since the driver was loaded. */
  uncorrected: number,
  /** Memory that failed is left out only after a reset. */
  needsReset: z.boolean(),
  /** Rows of memory left out for errors that could not be corrected; null: it does not say. Absent in recordings from before. */
  remapped: number.optional(),
  /** Memory failed, and no spare row is left for it: it goes on failing. */
  remapFailed: z.boolean().optional(),
});
export type Gpu = z.output<typeof Gpu>;

/** What both queries ask for, in order. The first is known to every driver of the last ten years. */
export const FIELDS =
  "index,uuid,name,driver_version,pci.bus_id,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,power.limit,persistence_mode";
export const MORE_FIELDS =
  "uuid,mig.mode.current,clocks_throttle_reasons.hw_thermal_slowdown,clocks_throttle_reasons.sw_thermal_slowdown,clocks_throttle_reasons.hw_power_brake_slowdown,clocks_throttle_reasons.hw_slowdown,ecc.errors.uncorrected.volatile.total,retired_pages.pending";

/** Of cards since Ampere, in place of retired pages. */
export const ROW_FIELDS = "gpu_uuid,remapped_rows.uncorrectable,remapped_rows.pending,remapped_rows.failure";

const cells = (line: string): string[] => line.split(", ").map((cell) => cell.trim());
const numberIn = (cell = ""): number | null => (/^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : null);
const truthIn = (cell = ""): boolean | null =>
  /^(enabled|active|yes)$/i.test(cell) ? true : /^(disabled|not active|no)$/i.test(cell) ? false : null;

/** Newer drivers say Yes and No, older ones count. */
const isSo = (cell = ""): boolean => truthIn(cell) === true || (numberIn(cell) ?? 0) > 0;

function rowsOf(line: readonly string[] | undefined) {
  const [, left, wanted, failed] = line ?? [];
  const said = left === undefined ? {} : { remapped: numberIn(left), remapFailed: isSo(failed) };
  return { isWanted: isSo(wanted), ...said };
}

/** `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`, twice, and `--query-remapped-rows=…`. Pure. */
export function gpusIn(basic: string, more: string, rows = ""): Gpu[] {
  const remapped = new Map(linesOf(rows).map((line) => [cells(line)[0] ?? "", cells(line)]));
  const details = new Map(linesOf(more).map((line) => [cells(line)[0] ?? "", cells(line)]));
  return linesOf(basic).flatMap((line) => {
    const [index, uuid = "", name = "", driver = "", busId = "", ...rest] = cells(line);
    if (!/^\d{1,3}$/.test(index ?? "")) return [];
    const [utilization, used, total, temperature, power, limit, persistence] = rest;
    const [, mig, hotByHardware, hot, brake, slow, ecc, pending] = details.get(uuid) ?? [];
    const { isWanted, ...left } = rowsOf(remapped.get(uuid));
    const isHot = truthIn(hotByHardware) === true || truthIn(hot) === true;
    return [
      {
        ...{
          index: Number(index),
          uuid: clip(uuid, 80),
          name: clip(name, 80),
          driver: clip(driver, 40),
          busId: clip(busId, 40),
        },
        ...{ utilization: numberIn(utilization), memoryUsed: numberIn(used), memoryTotal: numberIn(total) },
        ...{ temperature: numberIn(temperature), power: numberIn(power), powerLimit: numberIn(limit) },
        ...{ persistence: truthIn(persistence), mig: truthIn(mig) },
        slowed: [
          ...(isHot ? ["heat" as const] : []),
          ...(truthIn(brake) === true ? ["power-brake" as const] : []),
          ...(truthIn(slow) === true && !isHot && truthIn(brake) !== true ? ["hardware" as const] : []),
        ],
        uncorrected: numberIn(ecc),
        needsReset: truthIn(pending) === true || isWanted || /requires reset/i.test(line),
        ...left,
      },
    ];
  });
}

/** Why nvidia-smi gives no answer, by its own words. */
export const FAILURES = ["mismatch", "no-driver", "no-devices", "lost", "not-allowed", "other"] as const;
const PATTERNS: readonly (readonly [(typeof FAILURES)[number], RegExp])[] = [
  ["mismatch", /Driver\/library version mismatch/i],
  ["no-driver", /couldn't communicate with the NVIDIA driver|driver is not loaded|Driver Not Loaded/i],
  ["lost", /Unable to determine the device handle|GPU is lost|has fallen off the bus/i],
  ["no-devices", /No devices were found/i],
  ["not-allowed", /Insufficient Permissions|Permission denied/i],
];
export const failureIn = (said: string): (typeof FAILURES)[number] =>
  PATTERNS.find(([, pattern]) => pattern.test(said.slice(0, 4_000)))?.[0] ?? "other";

export const Xid = z.object({
  code: z.int(),
  device: z.string(),
  count: z.int(),
  /** Unix seconds of the last. */
  lastAt: z.number(),
  text: z.string(),
});
export type Xid = z.output<typeof Xid>;

/** `1700000000.12 host kernel: NVRM: Xid (PCI:0000:3b:00): 79, pid=…, GPU has fallen off the bus.` `zero`: what its times begin at. Pure. */
export function xidsIn(log: string, zero: number, since: number): Xid[] {
  const found = new Map<string, Xid>();
  for (const line of linesOf(log)) {
    const at = zero + Number(/^\[?\s*(\d{1,12}\.\d{1,9})/.exec(line)?.[1] ?? Number.NaN);
    const [, device = "", code, text = ""] =
      /NVRM: Xid \((?:PCI:)?([0-9a-f:.]{4,20})\): (\d{1,4}),? ?(.{0,300})/i.exec(line) ??
      // Newer drivers say the worst of them without its number, over several lines.
      (line.includes("NVRM: ") && line.includes("fallen off the bus")
        ? [line, "", "79", "fallen off the bus"]
        : []);
    if (code === undefined || !(at >= since)) continue;
    const key = `${code} ${device}`;
    const before = found.get(key);
    found.set(key, {
      code: Number(code),
      device,
      count: (before?.count ?? 0) + 1,
      lastAt: at,
      text: clip(text, 200),
    });
  }
  return [...found.values()].slice(0, 50);
}
