import { type Finding, facts, host, type OutputOf, shellWord } from "../../src/sdk/index.ts";
import { kernelWords } from "./kernel-words.ts";

const OF_REDUNDANCY = { pool: "repairPool", array: "repairArray", thin: "growPool" } as const;

/** What takes no writes, is hidden under another mount, or whose pool is ill. Pure. */
export const faultFindings = (disk: host.Disk, kernel: OutputOf<typeof host.kernelSays> | undefined) =>
  host
    .faultsOf(disk)
    .filter(({ kind }) => kind !== "silent")
    .map(({ id, path, severity, kind, title, because }) => {
      const one = disk.fileSystems.find((each) => each.path === path);
      const said = kernelWords(kind === "writes" ? (one?.device ?? "") : "", kernel);
      return {
        ...{ id, severity, title, because: `${because}${kind === "writes" ? said.words : ""}` },
        evidence: one === undefined ? [] : [facts({ device: one.device, type: one.type }), ...said.evidence],
        remedies: kind === "silent" ? [] : [FAULT_REMEDY[kind]],
      };
    });

const FAULT_REMEDY = {
  writes: "repairReadOnly",
  hidden: "mountInOrder",
  ...OF_REDUNDANCY,
} as const;

/** Redundancy that is lost and pools that are full, nothing else of a disk. Pure. */
export const redundancyFindings = (
  disk: host.Disk,
): Finding<(typeof OF_REDUNDANCY)[keyof typeof OF_REDUNDANCY]>[] =>
  host
    .faultsOf(disk)
    .flatMap(({ id, severity, kind, title, because }) =>
      kind === "pool" || kind === "array" || kind === "thin"
        ? [{ id, severity, title, because, remedies: [OF_REDUNDANCY[kind]] }]
        : [],
    );

/** What a person does about a ZFS pool that lacks a device. */
export function poolAdvice(disk: host.Disk | undefined): string {
  const ill = disk?.pools.find(({ health }) => health !== "ONLINE" && health !== "");
  const pool = ill?.name ?? "POOL";
  return `\`zpool status -v ${shellWord(pool)}\` names the device and its errors, and files that were hit. Cabling and the kernel's log first (\`dmesg -T\`): a device that is back takes up again by \`zpool online ${shellWord(pool)} DEVICE\`. Otherwise \`zpool replace ${shellWord(pool)} OLD NEW\` and wait for the resilver; \`zpool clear ${shellWord(pool)}\` only once the cause is gone. No reboot and no second pull of a disk while it has no redundancy; see that the backup is fresh.`;
}

/** What does not answer. Pure. */
export const silentFindings = (disk: host.Disk): Finding<never>[] =>
  host
    .faultsOf(disk)
    .filter(({ kind }) => kind === "silent")
    .map(({ id, severity, title, because }) => ({ id, severity, title, because }));

/** Budgets that could not be checked. Pure. */
export const unmeasuredFindings = (disk: host.Disk): Finding<never>[] =>
  disk.budgets
    .filter(({ error }) => error !== null)
    .map(({ path, error }) => ({
      id: `unmeasured:${path}`,
      severity: "warning",
      title: `The budget of ${path} could not be checked`,
      because: error ?? "",
    }));

/** What a person does about a software RAID that lacks a device. */
export const ARRAY_ADVICE =
  "`mdadm --detail /dev/MD` and `cat /proc/mdstat`; see that the backup is fresh before anything else. Why the device went: `dmesg -T | grep -iE 'ata|nvme|I/O error'`, `smartctl -a DEVICE` (reallocated and pending sectors, CRC errors: the cable). One that is well: `mdadm /dev/MD --re-add DEVICE`. Otherwise `mdadm /dev/MD --fail DEVICE --remove DEVICE`, replace the disk, part it like the other (`sgdisk -R NEW OLD; sgdisk -G NEW`), `mdadm /dev/MD --add NEW`. No reboot and no second disk pulled while it has no redundancy. One that is not put together: `mdadm --examine DEVICE` says what it belongs to; `mdadm --assemble --scan`, never `--create`.";
