import {
  count,
  type Evidence,
  type Finding,
  facts,
  type host,
  type OutputOf,
  sayPercent,
} from "../../src/sdk/index.ts";

type Drive = host.Drive;
type Says = OutputOf<typeof host.kernelSays>;
export type DriveRemedy = "replaceDrive" | "rescueSectors" | "coolDrive" | "planDrive" | "changeCable";
type Found = Finding<DriveRemedy>;

const WORN = 1;
const NEARLY_WORN = 0.9;
/** Damaged words over a life that are nobody's news. */
const FEW_CRC = 100;

/** `sda` of `/dev/sda`. */
const nameOf = ({ device }: Pick<Drive, "device">): string => device.slice(device.lastIndexOf("/") + 1);

/** The kernel's lines about a drive or a partition of it, that match. */
function linesOf(name: string, says: Says | undefined, words: RegExp): string[] {
  const plain = name.replace(/n\d+$|[^\w]/g, "");
  const mine = new RegExp(`\\b(${plain}(n\\d+)?(p?\\d+)?)\\b`);
  return (says?.lines ?? []).filter((line) => mine.test(line) && words.test(line));
}
const MEDIUM = /critical medium error|Unrecovered read error|UNC|media error/i;
const BROKEN = /I\/O error|critical medium error|critical target error|UNC|device is offline/i;

const NVME: Readonly<
  Record<
    Drive["warnings"][number],
    { title: string; because: string; severity: Found["severity"]; remedy: DriveRemedy } | undefined
  >
> = {
  spare: {
    ...{ title: "has too little spare memory left", severity: "critical", remedy: "replaceDrive" },
    because: "Cells that wear out are replaced by spare ones, and those are below its maker's limit.",
  },
  reliability: {
    ...{ title: "says that it cannot be relied on any more", severity: "critical", remedy: "replaceDrive" },
    because: "Its own electronics count so many errors that data on it is not safe (reliability degraded).",
  },
  "read-only": {
    ...{ title: "takes no more writes", severity: "critical", remedy: "replaceDrive" },
    because: "It has put itself read-only, so that what is on it can still be copied away.",
  },
  temperature: {
    ...{ title: "is too hot, by its own limit", severity: "warning", remedy: "coolDrive" },
    because: "It slows itself down at this point, and ends itself beyond it. Nothing is broken yet.",
  },
  "backup-power": {
    ...{ title: "has lost its power reserve", severity: "warning", remedy: "planDrive" },
    because:
      "What it holds in its own memory is lost at a power cut: a database may lose what it believes to be written.",
  },
  "persistent-memory": undefined,
};

/** What drives say of themselves, and the kernel of them. A verdict of "passed" says little: most drives that fail still pass. Pure. */
export const driveFindings = ({ drives }: Pick<host.Drives, "drives">, says: Says | undefined): Found[] => [
  ...drives.flatMap((one) => [...ofDrive(one, says), ...cable(one, says, drives.length > 1)]),
  ...kernelOnly(drives, says),
];

function ofDrive(one: Drive, says: Says | undefined): Found[] {
  const name = nameOf(one);
  const medium = linesOf(name, says, MEDIUM);
  const failing = isFailing(one);
  const bad = (one.pending ?? 0) + (one.uncorrected ?? 0);
  return [
    ...(failing ? [fails(one)] : []),
    ...one.warnings.flatMap((warning) => {
      const said = NVME[warning];
      return said === undefined
        ? []
        : [
            {
              id: `drive-${warning}:${name}`,
              severity: said.severity,
              title: `${name} ${said.title}`,
              because: said.because,
              evidence: [figures(one)],
              remedies: [said.remedy],
            },
          ];
    }),
    ...(failing || (bad === 0 && medium.length === 0) ? [] : [sectors(one, medium)]),
    ...(one.selfTestFailed === true && !failing
      ? [
          {
            id: `drive-test:${name}`,
            severity: "warning" as const,
            title: `The last self test of ${name} failed`,
            because: "The drive read itself through and met what it could not read.",
            evidence: [figures(one)],
            remedies: ["replaceDrive" as const],
          },
        ]
      : []),
    ...worn(one),
  ];
}

/** By its own verdict; NVMe says why, which is told by itself. */
const isFailing = ({ passed, below, warnings }: Drive): boolean =>
  below.length > 0 || (passed === false && warnings.length === 0);

const fails = (one: Drive): Found => ({
  id: `drive-failing:${nameOf(one)}`,
  severity: "critical",
  title: `${nameOf(one)} says that it is failing${one.below.length === 0 ? "" : ` (${one.below.slice(0, 3).join(", ")})`}`,
  because: "Its own verdict (SMART) is that it fails: that comes late, often hours before it is gone.",
  evidence: [figures(one)],
  remedies: ["replaceDrive"],
});

function sectors(one: Drive, medium: readonly string[]): Found {
  const { passed } = one;
  const [pending, uncorrected] = [one.pending ?? 0, one.uncorrected ?? 0];
  const isNow = medium.length > 0;
  const what = [
    ...(pending > 0 ? [`${count(pending, "sector")} it cannot read`] : []),
    ...(uncorrected > 0 ? [`${count(uncorrected, "error")} it could not correct`] : []),
    ...(isNow ? ["errors in the kernel's log"] : []),
  ].join(", ");
  const since =
    pending === 0 && !isNow
      ? "The count is of its whole life: it is news only where it grows."
      : "One that gets more of them is at its end.";
  return {
    id: `drive-sectors:${nameOf(one)}`,
    severity: isNow ? "critical" : pending > 0 ? "warning" : "info",
    title: `${nameOf(one)} has ${what}${passed === true ? ", though it says PASSED" : ""}`,
    because: `${isNow ? `The kernel met it: ${medium.at(-1)}. ` : ""}What lies there cannot be read: a copy or a RAID mends it, nothing else does. ${passed === true ? PASSED : ""}${since}`,
    evidence: [figures(one)],
    remedies: isNow ? ["replaceDrive", "rescueSectors"] : ["rescueSectors", "replaceDrive"],
  };
}

const PASSED = "PASSED is the maker's threshold, and most drives that fail still pass. ";

function worn(one: Drive): Found[] {
  const { wear, warnings } = one;
  if (wear === null || wear < NEARLY_WORN || warnings.includes("spare")) return [];
  return [
    {
      id: `drive-worn:${nameOf(one)}`,
      severity: wear >= WORN ? "warning" : "info",
      title: `${nameOf(one)} has used ${sayPercent(wear)} of the writes it was made for`,
      because: `It does not fail for that: ${one.spare === null ? "" : `${sayPercent(one.spare)} of its spare cells are left, and `}the maker promises nothing beyond 100 %. Its successor wants to be planned, and what writes so much to be known.`,
      evidence: [figures(one)],
      remedies: ["planDrive"],
    },
  ];
}

/**
 * Damaged on the way to the drive: a count of its whole life, which is news only where the kernel says that it goes on. The kernel
 * names the port, not the drive: beside others it may be another one's.
 */
function cable(one: Drive, says: Says | undefined, hasOthers: boolean): Found[] {
  const now = (says?.lines ?? []).filter((line) => /ICRC|interface CRC|BadCRC/i.test(line));
  if (one.crcErrors === null || one.crcErrors < FEW_CRC || now.length === 0) return [];
  const port = /\bata\d{1,3}\b/.exec(now.at(-1) ?? "")?.[0] ?? "ata";
  return [
    {
      id: `drive-cable:${nameOf(one)}`,
      severity: "warning",
      title: `Data is damaged on the way to ${hasOthers ? `a drive, by its count ${nameOf(one)}` : nameOf(one)}: ${count(one.crcErrors, "time")} in its life, and the kernel says so now`,
      because: `The drive counts words that came to it damaged: the cable, the backplane or the power, not the disk itself.${hasOthers ? ` The kernel names the port, not the drive, so it may be another one's: \`ls -l /sys/block | grep ${port}/\` says whose it is.` : ""}`,
      evidence: [figures(one)],
      remedies: ["changeCable"],
    },
  ];
}

/** Of drives that say nothing of themselves the kernel may. */
function kernelOnly(drives: readonly Drive[], says: Says | undefined): Found[] {
  const known = new Set(drives.map(nameOf));
  const names = [
    ...new Set(
      (says?.lines ?? []).flatMap((line) =>
        BROKEN.test(line)
          ? [...line.matchAll(/\bdev (sd[a-z]{1,2}|nvme\d{1,2}n\d{1,2}|vd[a-z])\b/g)].map(
              ([, name = ""]) => name,
            )
          : [],
      ),
    ),
  ].filter((name) => !known.has(name) && !known.has(name.replace(/n\d+$/, "")));
  return names.map((name) => {
    const lines = linesOf(name, says, BROKEN);
    return {
      id: `drive-errors:${name}`,
      severity: "critical",
      title: `The kernel reads errors of ${name}`,
      because: `${lines.at(-1) ?? ""}. What the drive says of itself is not known: either it fails, or its cable, controller, hypervisor or network does, or it was unplugged while it was in use.`,
      remedies: ["replaceDrive", "changeCable"],
    };
  });
}

const figures = (one: Drive): Evidence =>
  facts(
    Object.fromEntries(
      (
        [
          ["drive", `${one.device} ${one.model}`.trim()],
          ["its own verdict", one.passed === null ? "none" : one.passed ? "PASSED" : "FAILED"],
          ["sectors it cannot read", one.pending],
          ["errors it could not correct", one.uncorrected],
          ["sectors replaced", one.reallocated],
          ["damaged on the way (life)", one.crcErrors],
          ["writes used", one.wear === null ? null : sayPercent(one.wear)],
          ["spare", one.spare === null ? null : sayPercent(one.spare)],
          ["temperature", one.temperature === null ? null : `${one.temperature} °C`],
          ["hours", one.hours],
        ] as const
      ).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
    ),
  );
