import { said } from "./runs.ts";
import { type Cause, fill, type Unit, type UnitLog } from "./unit.ts";

export const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** Signals that nobody sends: the kernel does, at a limit, or at a call the program may not make. signal(7). */
const OF_KERNEL: Readonly<Record<number, readonly [short: string, because: string, advice: string]>> = {
  4: [
    "an instruction its CPU does not know (SIGILL)",
    "Either the program was built for a newer CPU than this one (or than the virtual machine shows), or it ended itself at a failed check of its own; its lines before tell the second.",
    "`grep -o -m1 -w avx /proc/cpuinfo`: nothing means no AVX; another build, or another CPU type of the virtual machine. `coredumpctl list --since -1d` and `coredumpctl info PID` show where.",
  ],
  7: [
    "memory behind a file was not there (SIGBUS)",
    "Either the disk or /dev/shm below a mapped file is full, or that file was cut while it was mapped, or the memory itself is faulty.",
    "`df -h /dev/shm` and of the folders it maps files from; `journalctl -k --since -1d | grep -iE 'mce|memory failure'`.",
  ],
  13: [
    "who read its output went away (SIGPIPE)",
    "It wrote into a pipe or connection that nobody reads any more; it was no error of its own start.",
    "Look at the pipe in its command: its reader ended first. `IgnoreSIGPIPE=` of a unit is yes unless somebody set it to no.",
  ],
  14: [
    "its own alarm clock ended it (SIGALRM)",
    "A time limit that the program, or `timeout` before it, has set.",
    "Look for the limit in ExecStart and its settings.",
  ],
  24: [
    "its limit of CPU time was used up (SIGXCPU)",
    "The kernel ends a process at LimitCPU: seconds of processor time over its whole life, not a share.",
    "`systemctl show --property=LimitCPU UNIT`: a unit that runs for long takes none; `CPUQuota=` bounds the share.",
  ],
  25: [
    "a file grew to its limit (SIGXFSZ)",
    "The kernel ends a process that writes a file beyond LimitFSIZE.",
    "`systemctl show --property=LimitFSIZE UNIT`; then the file that grew (a log, mostly).",
  ],
  31: [
    "it made a call that its unit forbids (SIGSYS)",
    "`SystemCallFilter=` of the unit ends a program that makes a call it does not name: after an upgrade of the program or of libc often a new one. Nothing else is wrong with it.",
    "`journalctl --since -1d _AUDIT_TYPE=1326` (or `-k | grep SECCOMP`) has the number of the call, `systemd-analyze syscall-filter` its group: allow it, or `SystemCallErrorNumber=EPERM` in place of the end.",
  ],
};

/** What crashes by an error of its own. */
const CRASHES = new Set([6, 8, 11]);

/** `code`: the exit code of 128 and the signal, where a shell or wrapper passed on how its child ended. */
export function bySignal(unit: Unit, log: UnitLog | undefined, ranLong: boolean, code?: number): Cause {
  const { startHelps, ...cause } = ofSignal(unit, log);
  const rest = startHelps && (ranLong || !CRASHES.has(unit.mainStatus)) ? { startHelps } : {};
  return code === undefined
    ? { ...cause, ...rest }
    : {
        ...cause,
        ...rest,
        because: `It ended with exit code ${code}: 128 and ${unit.mainStatus}, which a shell or wrapper passes on where its child ended by ${SIGNALS[unit.mainStatus]}. ${cause.because}`,
      };
}

function ofSignal(unit: Unit, log: UnitLog | undefined): Cause {
  const name = SIGNALS[unit.mainStatus] ?? `signal ${unit.mainStatus}`;
  const kernel = OF_KERNEL[unit.mainStatus];
  if (kernel !== undefined) {
    const [short, because, advice] = kernel;
    const key = unit.mainStatus === 31 ? "fixUnit" : "fixCrash";
    return {
      short,
      because: `${because}${said(unit, log)}`,
      advice: { key, text: fill(advice, unit) },
      ...([13, 14].includes(unit.mainStatus) ? { startHelps: true as const } : {}),
    };
  }
  if (unit.mainStatus === 9)
    return {
      short: "killed with SIGKILL",
      because: `Either the kernel killed it for memory, or somebody sent SIGKILL; to tell them apart: \`journalctl -k --since -1d | grep -i 'killed process'\` names it in the first case.${said(unit, log)}`,
      advice: {
        key: "memory",
        text: "Killed for memory: `high-memory` on this machine says who took it. Otherwise ask who did it.",
      },
      startHelps: true,
    };
  if (!CRASHES.has(unit.mainStatus))
    return {
      short: `ended by a signal (${name})`,
      because: `Somebody sent it ${name}: systemd did not.${said(unit, log)}`,
      advice: {
        key: "fixCrash",
        text: "Who sends it: a script or logrotate (`grep -rn 'kill' /etc/logrotate.d /etc/cron*`), earlyoom, which sends SIGTERM first (`journalctl -u earlyoom --since -1d`), a person (`last`); `auditctl -a always,exit -F arch=b64 -S kill` notes the next time.",
      },
      startHelps: true,
    };
  return {
    short: `it crashed (${name})`,
    because: `${name} comes from an error of the program itself, or of a library it uses${unit.mainStatus === 6 ? "; SIGABRT it sends to itself where it finds one" : ""}.${said(unit, log)}`,
    advice: {
      key: "fixCrash",
      text: "`coredumpctl list --since -1d` and `coredumpctl info PID` show where (systemd-coredump must be installed); did it, or a library, change lately (`grep -h ' upgrade ' /var/log/dpkg.log | tail`)?",
    },
    startHelps: true,
  };
}
