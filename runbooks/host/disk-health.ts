import { host, runbookOn, z } from "../../src/sdk/index.ts";
import { ARRAY_ADVICE, poolAdvice, redundancyFindings } from "./disk-faults.ts";
import { driveFindings } from "./drive-findings.ts";
import { PRESSURE_ADVICE } from "./pressures.ts";

/** Do drives fail, and is what guards against that whole? Space is disk-full's. */
const book = runbookOn(
  "host",
  {
    id: "disk-health",
    title: "Health of drives, RAIDs and pools",
    covers: [],
    alerts: [
      "HostRaidArrayGotInactive",
      "HostRaidDiskFailure",
      "HostSoftwareRaidInsufficientDrives",
      "HostSoftwareRaidDiskFailure",
      "NodeRAIDDegraded",
      "NodeRAIDDiskFailure",
      "RaidDegraded",
      "ZfsPoolUnhealthy",
      "ZfsOfflinePool",
      "SmartDeviceTemperatureWarning",
      "SmartDeviceTemperatureCritical",
      "SmartCriticalWarning",
      "SmartMediaErrors",
      "SmartNvmeWearoutIndicator",
      "SmartDeviceFailing",
      "SmartHealthFailed",
      "DiskFailing",
    ],
    params: z.object({}),
  },
  () => ({ drives: host.drives(), disk: host.disk({}), kernel: host.kernelSays() }),
);

export const diskHealth = book
  .remedies({
    replaceDrive: book.advises(
      "Copy what is on it, then replace it",
      "high",
      "Now: is the backup fresh, and is it part of a RAID or pool that has another copy (`lsblk`, `cat /proc/mdstat`, `zpool status`)? Without one copy what is readable first, and write nothing there (`ddrescue /dev/OLD IMAGE MAP`; no fsck before). Note its serial number (`smartctl -i DEVICE`) before anything is pulled: it stands on the drive. Of a cloud's or hypervisor's disk the provider replaces it: make a snapshot, move to a new volume.",
    ),
    rescueSectors: book.advises(
      "Find what lies there, and have it written anew",
      "high",
      "A sector that cannot be read is given up only when it is written. In a RAID `echo check > /sys/block/MD/md/sync_action` (ZFS: `zpool scrub POOL`) reads all and mends from the other copy. Without: `smartctl -t long DEVICE`, hours later `smartctl -l selftest DEVICE` names the first sector; `debugfs icheck`/`ncheck` (ext4) the file, which comes back from the backup. Look again in a week: a drive with more of them is replaced.",
    ),
    coolDrive: book.advises(
      "Get the heat away",
      "low",
      "Air in front of and behind it, fans, dust; M.2 drives want a heat sink. `smartctl -A DEVICE` some minutes apart; heavy writing (a rebuild, a backup) heats for a time only.",
    ),
    planDrive: book.advises(
      "Plan its successor",
      "low",
      "`smartctl -A DEVICE` each month says how fast it goes on. What writes so much: `iotop -oPa`, `pidstat -d 60`; logs, swap on flash, a database without battery. Drives of one batch wear out together: replace those of a mirror at different times.",
    ),
    changeCable: book.advises(
      "Change the cable, then the slot",
      "high",
      "Cable, backplane slot, controller, power supply, in this order; the counter never goes back, so note it and compare after a day of work.",
    ),
    repairArray: book.advises("Give the array its device back", "high", ARRAY_ADVICE),
    repairPool: book.advises("Repair the pool", "high", ({ disk }) => poolAdvice(disk)),
    growPool: book.advises(...PRESSURE_ADVICE.growPool),
  })
  .findings((find) => [
    find(["drives", "kernel?"], ({ drives, kernel }) => driveFindings(drives, kernel)),
    find(["disk"], ({ disk }) => redundancyFindings(disk)),
  ]);
