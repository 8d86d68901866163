import { z } from "zod";
import { clip } from "../../core/words/format.ts";

/** Bits of an NVMe drive's critical warning (NVM Express base specification, SMART / Health Information). */
export const NVME_WARNINGS = [
  "spare",
  "temperature",
  "reliability",
  "read-only",
  "backup-power",
  "persistent-memory",
] as const;

const count = z.number().nullable();

/** A drive as it speaks of itself; null: it does not say, or has no such thing. Counts are of its whole life. */
export const Drive = z.object({
  /** `/dev/sda`. */
  device: z.string(),
  model: z.string(),
  kind: z.enum(["ata", "nvme", "scsi", "other"]),
  /** Its own verdict; null: it gives none. */
  passed: z.boolean().nullable(),
  /** Sectors it could not read and has not given up yet. */
  pending: count,
  /** Errors it could not correct. */
  uncorrected: count,
  /** Sectors replaced by spare ones. */
  reallocated: count,
  /** Words damaged on the way to it (cable, backplane). */
  crcErrors: count,
  /** Share of the writes it was made for that are used; may exceed 1. */
  wear: count,
  spare: count,
  warnings: z.array(z.enum(NVME_WARNINGS)),
  /** Attributes that are at or below the maker's limit now. */
  below: z.array(z.string()).max(10),
  /** The newest self test: it failed, or not; null: there is none. */
  selfTestFailed: z.boolean().nullable(),
  temperature: count,
  hours: count,
});
export type Drive = z.output<typeof Drive>;

const raw = z.looseObject({ value: z.number().optional() }).optional();
const Attribute = z.looseObject({
  id: z.number(),
  name: z.string().default(""),
  when_failed: z.string().default(""),
  raw,
});
/** `smartctl --json`: what is read of it (smartmontools 7, smartctl(8)). */
const Said = z.looseObject({
  smartctl: z.looseObject({
    messages: z.array(z.looseObject({ string: z.string().default("") })).default([]),
  }),
  device: z.looseObject({ protocol: z.string().default("") }).optional(),
  model_name: z.string().optional(),
  scsi_model_name: z.string().optional(),
  smart_status: z.looseObject({ passed: z.boolean().optional() }).optional(),
  ata_smart_attributes: z.looseObject({ table: z.array(Attribute).default([]) }).optional(),
  ata_smart_self_test_log: z
    .looseObject({
      standard: z
        .looseObject({
          table: z
            .array(z.looseObject({ status: z.looseObject({ passed: z.boolean().optional() }).optional() }))
            .default([]),
        })
        .optional(),
    })
    .optional(),
  nvme_smart_health_information_log: z
    .looseObject({
      critical_warning: z.number().default(0),
      available_spare: z.number().optional(),
      percentage_used: z.number().optional(),
      media_errors: z.number().optional(),
    })
    .optional(),
  scsi_grown_defect_list: z.number().optional(),
  scsi_error_counter_log: z
    .looseObject({
      read: z.looseObject({ total_uncorrected_errors: z.number().optional() }).optional(),
      write: z.looseObject({ total_uncorrected_errors: z.number().optional() }).optional(),
    })
    .optional(),
  temperature: z.looseObject({ current: z.number().optional() }).optional(),
  power_on_time: z.looseObject({ hours: z.number().optional() }).optional(),
});

/** Why nothing is known of a drive. */
export type Unread = "denied" | "asleep" | "no-smart" | "other";

const REASONS: readonly (readonly [Unread, RegExp])[] = [
  ["denied", /permission denied|operation not permitted|requires root|must be root/i],
  ["asleep", /(standby|sleep|idle_[abc]) mode/i],
  [
    "no-smart",
    /unable to detect device type|smart support is: unavailable|unknown usb bridge|not supported/i,
  ],
];

type Answer = z.output<typeof Said>;

/** One answer of smartctl; what it could not tell of a drive is said why. Pure. */
export function driveIn(
  device: string,
  text: string,
): Drive | { device: string; unread: Unread; says: string } {
  const said = Said.safeParse(parseJson(text)).data;
  const messages = (said?.smartctl.messages ?? []).map((one) => one.string).join("; ");
  if (said === undefined || !tells(said))
    return {
      device,
      unread: REASONS.find(([, words]) => words.test(messages))?.[0] ?? "other",
      says: clip(messages || "it gave no answer", 200),
    };
  return {
    ...{ device, model: clip(said.model_name ?? said.scsi_model_name ?? "", 60) },
    kind: kindOf(said.device?.protocol ?? ""),
    passed: said.smart_status?.passed ?? null,
    ...ofAttributes(said),
    ...ofNvme(said),
    selfTestFailed: selfTest(said.ata_smart_self_test_log?.standard?.table[0]?.status?.passed),
    temperature: said.temperature?.current ?? null,
    hours: said.power_on_time?.hours ?? null,
  };
}

const tells = (said: Answer): boolean =>
  said.smart_status?.passed !== undefined ||
  said.nvme_smart_health_information_log !== undefined ||
  (said.ata_smart_attributes?.table.length ?? 0) > 0;

function ofAttributes(said: Answer) {
  const table = said.ata_smart_attributes?.table ?? [];
  const of = (id: number): number | null => table.find((one) => one.id === id)?.raw?.value ?? null;
  const { read, write } = said.scsi_error_counter_log ?? {};
  const scsi =
    said.scsi_error_counter_log === undefined
      ? null
      : (read?.total_uncorrected_errors ?? 0) + (write?.total_uncorrected_errors ?? 0);
  return {
    pending: of(197),
    uncorrected: said.nvme_smart_health_information_log?.media_errors ?? scsi ?? sum(of(187), of(198)),
    reallocated: said.scsi_grown_defect_list ?? of(5),
    crcErrors: of(199),
    below: table
      .filter((one) => one.when_failed === "now" || one.when_failed === "FAILING_NOW")
      .slice(0, 10)
      .map((one) => clip(one.name, 60)),
  };
}

function ofNvme({ nvme_smart_health_information_log: health }: Answer) {
  const share = (percent: number | undefined) => (percent === undefined ? null : percent / 100);
  return {
    wear: share(health?.percentage_used),
    spare: share(health?.available_spare),
    warnings: NVME_WARNINGS.filter((_name, bit) => ((health?.critical_warning ?? 0) & (1 << bit)) !== 0),
  };
}

const selfTest = (passed: boolean | undefined): boolean | null => (passed === undefined ? null : !passed);

const sum = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

const kindOf = (protocol: string): Drive["kind"] =>
  protocol === "ATA" ? "ata" : protocol === "NVMe" ? "nvme" : protocol === "SCSI" ? "scsi" : "other";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
