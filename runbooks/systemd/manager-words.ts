import { clip } from "../../src/sdk/index.ts";
import { managerLines, programLines, said } from "./runs.ts";
import { type AdviceKey, type Cause, fill, type Unit, type UnitLog } from "./unit.ts";

interface Row {
  /** Found in one line; systemd and mount translate none of them. */
  readonly text: RegExp;
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  /** Default: `fixUnit`. */
  readonly key?: AdviceKey;
  readonly startHelps?: true;
  /** Said in healthy starts, too: a cause only of one that never came up. */
  readonly atStart?: true;
}

/**
 * What systemd itself (PID 1, the child that becomes the program, systemd-oomd) says of a run, most specific first. The result beside
 * it (timeout, protocol, resources, 203) only says at which step it was.
 */
const ROWS: readonly Row[] = [
  {
    text: /reached runtime time limit/i,
    short: "it was ended at its time limit (RuntimeMaxSec)",
    because: "Its unit bounds how long it may run; systemd ended it then, as it was told to.",
    advice:
      "`systemctl show --property=RuntimeMaxUSec UNIT`: without a limit for a service that is to run on, or `Restart=always` where it is to be started anew each time.",
    startHelps: true,
  },
  {
    text: /systemd-oomd killed|killed \S{1,200} due to memory (pressure|used)/i,
    short: "systemd-oomd ended it, for memory pressure",
    because:
      "Not the kernel but systemd-oomd chose its group: the machine, or the slice above it, waited too long for memory, or swap was nearly full. It may have been the largest, not the one that grew.",
    advice:
      "`oomctl`, `journalctl -u systemd-oomd --since -1d`: which group was over its limit; `high-memory` and `host-swap` of this machine. `ManagedOOMPreference=avoid` spares a unit.",
    key: "memory",
    startHelps: true,
  },
  {
    text: /can't open pid file|pid file .{1,200} not readable \(yet\?\)|pid \d+ read from file .{1,200} does not exist/i,
    short: "its PID file did not come",
    because:
      "Type=forking: systemd waits for the file that `PIDFile=` names, and it is not there or cannot be read: another path than the program's own settings have, a folder below /run that is gone after a boot, or a program that stays in the foreground.",
    advice:
      "Compare `PIDFile=` with the program's settings (both /run/NAME.pid), and who may write there (`RuntimeDirectory=`). A program that can stay in the foreground: Type=exec or notify, without a PID file.",
    atStart: true,
  },
  {
    text: /new main pid \d+ does not belong to service/i,
    short: "its PID file names a process that is none of its own",
    because:
      "systemd takes no process from a PID file that another user wrote and that is outside of the unit: a file left over, or a program started by hand before.",
    advice:
      "Is a copy of it running outside of systemd (`ps -eo pid,unit,cmd | grep NAME`)? End that one; have the PID file written by root in a folder of root's.",
  },
  {
    text: /got notification message from pid \d+, but reception only permitted/i,
    short: "another process of it says that it is ready",
    because:
      "Type=notify takes the word of its main process only; here a child (a worker, or `systemd-notify` of a script) sends it, so systemd waits until its time is over.",
    advice: "`NotifyAccess=all` in the unit (`exec` for the program in a script where that is what forks).",
    atStart: true,
  },
  {
    text: /failed to load environment files?:/i,
    short: "its file of environment cannot be read",
    because:
      "`EnvironmentFile=` names a file that is not there or cannot be read; nothing of it was started.",
    advice: "`systemctl cat UNIT`: put the file there, or a `-` before its path where it is optional.",
  },
  {
    text: /failed to (create listening socket|listen on).{0,200}address already in use/i,
    short: "the port or socket it is to listen on is taken",
    because:
      "Another process listens there already: the service itself, started without its socket unit, mostly, or another program.",
    advice:
      "`ss -Hltnp 'sport = :PORT'` (of a path: `ss -Hlxp`) says who. Stop the service first where it listens by itself, then start the socket.",
    key: "freePort",
  },
  {
    text: /failed to (create listening socket|listen on).{0,200}cannot assign requested address/i,
    short: "the address it is to listen on is not of this machine, or not yet",
    because:
      "`ListenStream=` names an address that no interface has: a floating one, or the network was not up.",
    advice: "`ip -br addr`; `FreeBind=yes` lets a socket wait for an address that comes later.",
    startHelps: true,
  },
  {
    text: /(failed to set up|failed to create|failed to open|failed to (run|spawn|fork)).{0,300}(no space left on device|disk quota exceeded)/i,
    short: "there is no space (or inode) for what it needs to start",
    because:
      "systemd could not make a folder, file or control group for it: the file system it names is full, or (of a cgroup) the kernel's number of them.",
    advice:
      "`df -h; df -i` of the path it names (/run and /var above all); then `disk-full` on this machine.",
    key: "freeDisk",
  },
  {
    text: /(failed to set up|failed to create|failed to open).{0,300}read-only file system/i,
    short: "a file system it needs to start is read-only",
    because:
      "Either the file system went read-only after an error, or the unit itself forbids writing there (`ProtectSystem=strict` without `ReadWritePaths=`).",
    advice: "`findmnt -o TARGET,OPTIONS -T PATH` and `dmesg -T | grep -iE 'ext4|xfs|btrfs|i/o error'`.",
    key: "fixCrash",
  },
  {
    text: /at step exec spawning .{1,300}: no such file or directory/i,
    short: "its program is not there (203/EXEC)",
    because:
      "systemd could not start it: either the file of `ExecStart=` is not there, or it is a script whose first line names an interpreter that is not (with Windows line ends always).",
    advice: "`ls -l` the path it names, and `head -1 PATH | od -c | head -2` of a script.",
  },
  {
    text: /at step exec spawning .{1,300}: permission denied/i,
    short: "its program may not be executed (203/EXEC)",
    because:
      "systemd could not start it: the x bit is missing, or a folder on the way may not be entered by its user, or the mount is noexec, or SELinux refuses (files moved from a home folder keep their label).",
    advice: "`namei -l PATH`, `findmnt -T PATH -o OPTIONS`, `ls -Z PATH` and `restorecon -v PATH`.",
  },
  {
    text: /at step exec spawning .{1,300}: exec format error/i,
    short: "its program is not one this machine can execute (203/EXEC)",
    because:
      "systemd could not start it: either it was built for another CPU, or it is a script without a first line like #!/bin/sh, or the file is empty (an upgrade that was cut off, a full disk).",
    advice: "`file PATH; ls -l PATH`.",
  },
  {
    text: /at step exec spawning .{1,300}: text file busy/i,
    short: "its program is being written (203/EXEC)",
    because:
      "systemd could not start it: something has the file of its program open for writing, a deployment mostly.",
    advice:
      "Start it again once the deployment is done; put a new file in its place by `mv`, not by writing over it.",
    startHelps: true,
  },
];

/** What mount(8) and swapon(8) say; the exit code (32, 255) is the same for all of it. */
const MOUNT_ROWS: readonly Row[] = [
  {
    text: /special device .{1,200} does not exist|can't find (uuid|label|in)|no such device|cannot (open|find) .{1,200}: no such file/i,
    short: "what it mounts is not there",
    because: "The disk, partition or UUID that fstab or the unit names is not on this machine (now).",
    advice: "`lsblk -f` against the line in /etc/fstab; `nofail` lets the machine boot without it.",
  },
  {
    text: /access denied by server|mount error\(13\)|permission denied/i,
    short: "the file server refuses it",
    because: "It was reached, and does not let this machine (or its user) have that share.",
    advice: "On the server `exportfs -v` (the address of this machine?), of SMB user, password and `vers=`.",
    key: "repairDependency",
  },
  {
    text: /connection (timed out|refused)|no route to host|host is down|mount error\(11[0-3]\)|failed to resolve server|network is unreachable/i,
    short: "its file server does not answer",
    because: "The server of the share was not reached: down, or the network was not up when it was mounted.",
    advice:
      "`showmount -e SERVER` by hand; `_netdev` and `x-systemd.automount` in fstab mount it once it is asked for.",
    key: "repairDependency",
    startHelps: true,
  },
  {
    text: /wrong fs type|bad superblock|structure needs cleaning|unknown filesystem type|can't read superblock|input\/output error/i,
    short: "its file system cannot be read",
    because:
      "Either it is of another type than the line says (or the kernel lacks its module), or it is damaged.",
    advice:
      "`blkid DEVICE`, `dmesg -T | tail -30`. Damaged: no writing; a copy of the device first, then `fsck` (xfs: xfs_repair) unmounted.",
    key: "fixCrash",
  },
  {
    text: /already mounted|mount point busy|is busy/i,
    short: "its place or device is in use already",
    because: "It is mounted there already, or elsewhere, by something other than systemd.",
    advice: "`findmnt DEVICE; findmnt PATH`.",
  },
  {
    text: /mount point does not exist|mount point is not a directory/i,
    short: "the folder it is to be mounted on is not there",
    because: "The place lies on a file system that is read-only or another one than before.",
    advice: "`ls -ld PATH`; make the folder.",
  },
  {
    text: /read swap header failed|swapon failed|unable to find swap-space signature|has holes|invalid argument/i,
    short: "its swap cannot be used",
    because: "The file or partition is no swap (any more), or a file with holes or copy-on-write (btrfs).",
    advice:
      "`file -s DEVICE`; `mkswap` it anew only where nothing else lies on it. `host-swap` can make one.",
  },
];

const found = (
  rows: readonly Row[],
  lines: readonly string[],
  { neverUp }: Unit,
): { row: Row; line: string } | undefined => {
  for (const line of [...lines].reverse()) {
    const row = rows.find(({ text, atStart }) => (neverUp || atStart !== true) && text.test(line));
    if (row !== undefined) return { row, line };
  }
  return undefined;
};

const isMount = ({ name }: Unit): boolean => /\.(mount|swap|automount)$/.test(name);

/** What systemd, or mount, says of that run that tells the cause; undefined: nothing it knows. Pure. */
export function managerCause(unit: Unit, log: UnitLog | undefined): Cause | undefined {
  const told =
    found(ROWS, managerLines(unit, log), unit) ??
    (isMount(unit) ? found(MOUNT_ROWS, programLines(unit, log), unit) : undefined);
  if (told === undefined) return isMount(unit) ? anyMount(unit, log) : undefined;
  const { row, line } = told;
  return {
    short: row.short,
    because: `${row.because} ${isMount(unit) ? "It says" : "systemd says"}: ${clip(line, 300)}`,
    advice: { key: row.key ?? "fixUnit", text: fill(row.advice, unit) },
    ...(row.startHelps ? { startHelps: true as const } : {}),
  };
}

const anyMount = (unit: Unit, log: UnitLog | undefined): Cause => ({
  short: unit.result === "timeout" ? "its mount did not come about in time" : "its mount did not come about",
  because: `mount's own exit code (${unit.mainStatus}) is the same for nearly everything: the device is not there, the server does not answer or refuses, or the file system cannot be read.${said(unit, log)}`,
  advice: {
    key: "fixUnit",
    text: fill(
      "`systemctl restart UNIT` by hand, then `systemctl status UNIT` and `dmesg -T | tail -30`.",
      unit,
    ),
  },
});
