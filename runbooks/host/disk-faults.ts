import { type Finding, facts, host, type OutputOf } from "../../src/sdk/index.ts";
import { kernelWords } from "./kernel-words.ts";

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
  pool: "repairPool",
  array: "repairArray",
} as const;

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
