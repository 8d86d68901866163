import { clip, saySeconds, shellWord } from "../../src/sdk/index.ts";
import { nearest } from "../last-lines/nearest.ts";
import type { LineRow } from "../last-lines/row.ts";
import { wordsOf } from "./line-words.ts";
import { STATUSES } from "./statuses.ts";
import { type Cause, fill, type Unit, type UnitLog } from "./unit.ts";

/** A run this long was well for a while: what ended it is no fault of its start. */
const LONG_SECONDS = 60;

const SIGNALS: Readonly<Record<number, string>> = {
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

type Line = UnitLog["lines"][number];

/** Lines of the run that ended: its own invocation where it is down, the one before where it runs again. Oldest first. */
function lastRun(unit: Unit, log: UnitLog | undefined): readonly Line[] {
  const lines = log?.lines ?? [];
  const isOver = unit.active !== "active" && unit.active !== "reloading";
  const ended = isOver
    ? unit.invocation
    : lines.findLast(({ invocation }) => invocation !== "" && invocation !== unit.invocation)?.invocation;
  return lines.filter(({ invocation }) => invocation === ended);
}

/** What its program wrote in that run; systemd's own words are no lines of it. */
export const programLines = (unit: Unit, log: UnitLog | undefined): readonly string[] =>
  lastRun(unit, log)
    .filter(({ bySystemd }) => !bySystemd)
    .map(({ message }) => message);

/** What systemd itself says of that run. */
const managerLines = (unit: Unit, log: UnitLog | undefined): readonly string[] =>
  lastRun(unit, log)
    .filter(({ bySystemd }) => bySystemd)
    .map(({ message }) => message);

/** systemd's own news of that run of one kind; empty: none. */
const news = (unit: Unit, log: UnitLog | undefined, kind: Line["tells"]): string =>
  lastRun(unit, log).findLast(({ tells }) => tells === kind)?.message ?? "";

const ranLong = ({ mainStartedAgo, mainEndedAgo }: Unit): boolean =>
  mainStartedAgo !== null && mainEndedAgo !== null && mainStartedAgo - mainEndedAgo >= LONG_SECONDS;

/** A start again helps nothing that fails at every start. */
const onlyIf = (helps: boolean, { startHelps, ...cause }: Cause): Cause =>
  helps && startHelps ? { ...cause, startHelps } : cause;

/**
 * Why it ended: by Result, how its process ended, what systemd and the program said. A code is not a cause: a line that tells it
 * comes first, then what systemd proves, and where nothing does both causes are named. systemd.service(5), systemd.exec(5). Pure.
 */
export function causeOf(unit: Unit, log: UnitLog | undefined): Cause {
  const special = byResult(unit, log);
  if (special !== undefined) return special;
  const failed = unit.failedCommands.find(
    ({ of }) => of !== "ExecStart" && of !== "ExecStop" && of !== "ExecReload",
  );
  const line = lineCause(unit, log, () => true);
  if (failed !== undefined && unit.mainCode === 0)
    return (
      line ?? {
        short: `its ${failed.of} fails`,
        because: `${failed.path} (${failed.of}) ended with ${sayEnd(failed.ended, failed.status)}: its program was not started at all.${said(unit, log)}`,
        advice: readOn(unit),
      }
    );
  const own = ownStatus(unit, log) ?? (isAnswerToStop(unit) ? answeredStop(unit) : undefined);
  if (own !== undefined) return own;
  if (unit.mainCode > 1) return lineCause(unit, log, ({ isSure }) => isSure === true) ?? bySignal(unit, log);
  const passedOn = unit.mainCode === 1 && SIGNALS[unit.mainStatus - 128] !== undefined;
  if (line === undefined && passedOn)
    return bySignal({ ...unit, mainStatus: unit.mainStatus - 128 }, log, unit.mainStatus);
  return (
    line ??
    onlyIf(ranLong(unit), {
      short: unit.mainCode === 1 ? `exit code ${unit.mainStatus}` : "",
      because: `${unit.mainCode === 1 ? `Its program reported an error (exit code ${unit.mainStatus}).` : `Result ${unit.result}.`}${said(unit, log)}`,
      advice: readOn(unit),
      startHelps: true,
    })
  );
}

const sayEnd = (ended: string, status: string): string =>
  ended === "exited" ? `exit code ${status}` : `signal ${status}`;

/** Last lines that only say where more is to be read, or which runtime it was. */
const POINTS_ELSEWHERE = /^\s{0,20}(?:dmesg\(1\) may have|see ["'`]?(?:systemctl|journalctl)|node\.js v\d)/i;

/** ` It wrote: …` or what systemd said last, where that says more than the result. */
export function said(unit: Unit, log: UnitLog | undefined): string {
  const last = programLines(unit, log).findLast((line) => !POINTS_ELSEWHERE.test(line));
  if (last !== undefined) return ` It wrote last: ${clip(last, 200)}`;
  return log === undefined ? "" : " It wrote nothing to the journal.";
}

export const readOn = (unit: Unit): NonNullable<Cause["advice"]> => ({
  key: "fixCrash",
  text: fill(
    "Read on: `journalctl -u UNIT --since -1h --no-pager`, `systemctl cat UNIT`. Check what it depends on (database, cache) before anything else.",
    unit,
  ),
});

function lineCause(
  unit: Unit,
  log: UnitLog | undefined,
  wanted: (row: LineRow) => boolean,
): Cause | undefined {
  const found = nearest(programLines(unit, log), wanted);
  if (found === undefined) return undefined;
  const { row, line } = found;
  const words = wordsOf(row);
  const cause: Cause = {
    short: row.short,
    because: `${fill(words.because, unit)} It wrote: ${clip(line, 200)}`,
    advice: { key: words.key ?? "fixCrash", text: fill(words.advice, unit) },
    ...(row.startHelps ? { startHelps: true as const } : {}),
    ...(words.acts === undefined ? {} : { acts: words.acts }),
    ...(row.isDependency ? { isDependency: true as const } : {}),
  };
  return row.isDependency ? cause : onlyIf(ranLong(unit), cause);
}

/** 200 to 243 from systemd itself, where it says that it could not start the program; a program may end with such a number, too. */
function ownStatus(unit: Unit, log: UnitLog | undefined): Cause | undefined {
  const row = STATUSES[unit.mainStatus];
  if (unit.mainCode !== 1 || row === undefined) return undefined;
  const [name, says, advice] = row;
  const words = news(unit, log, "spawn-failed");
  const proven =
    words !== "" || managerLines(unit, log).some((one) => one.includes(`status=${unit.mainStatus}/${name}`));
  const path = unit.program === "" ? "" : ` Its program is ${unit.program}.`;
  return {
    short: `${says} (${unit.mainStatus}/${name})`,
    because:
      words !== ""
        ? `systemd could not start it: ${words}`
        : `${proven ? "systemd names it so" : "systemd uses this code where it cannot start a program"}, unless the program itself ends with ${unit.mainStatus}; to tell them apart: \`journalctl -u ${shellWord(unit.name)} --since -1d -o verbose\` has “Failed at step ${name}” in the first case.${path}${said(unit, log)}`,
    advice: { key: "fixUnit", text: fill(advice, unit) },
  };
}

/** It was asked to stop, and ended with 128 and the signal it was sent: Java, Node and shells answer so. */
export const isAnswerToStop = ({ wasAsked, result, mainCode, mainStatus }: Unit): boolean =>
  wasAsked === true && result === "exit-code" && mainCode === 1 && [129, 130, 143].includes(mainStatus);

const answeredStop = ({ mainStatus }: Unit): Cause => ({
  short: `it was stopped on request, and answers with ${mainStatus}`,
  because: `It was asked to stop, and ended with exit code ${mainStatus}: 128 and ${mainStatus - 128}, its answer to ${SIGNALS[mainStatus - 128]}. systemd takes any code but 0 for a failure; it is none.`,
  advice: {
    key: "fixUnit",
    text: `\`SuccessExitStatus=${shellWord(String(mainStatus))}\` in its unit, then \`systemctl daemon-reload\`: a stop is then no failure any more, and alerts are about real ones.`,
  },
  startHelps: true,
});

/** `code`: the exit code of 128 and the signal, where a shell or wrapper passed on how its child ended. */
function bySignal(unit: Unit, log: UnitLog | undefined, code?: number): Cause {
  const cause = ofSignal(unit, log);
  return code === undefined
    ? cause
    : {
        ...cause,
        because: `It ended with exit code ${code}: 128 and ${unit.mainStatus}, which a shell or wrapper passes on where its child ended by ${SIGNALS[unit.mainStatus]}. ${cause.because}`,
      };
}

function ofSignal(unit: Unit, log: UnitLog | undefined): Cause {
  const name = SIGNALS[unit.mainStatus] ?? `signal ${unit.mainStatus}`;
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
  const isCrash = [4, 6, 7, 8, 11, 31].includes(unit.mainStatus);
  return onlyIf(!isCrash || ranLong(unit), {
    short: `${isCrash ? "it crashed" : "ended by a signal"} (${name})`,
    because: `${isCrash ? `${name} comes from an error of the program itself, or of a library it uses${unit.mainStatus === 6 ? "; SIGABRT it sends to itself where it finds one" : ""}.` : `Somebody sent it ${name}: systemd did not.`}${said(unit, log)}`,
    advice: {
      key: "fixCrash",
      text: fill(
        "`coredumpctl list --since -1d` and `coredumpctl info PID` show where (systemd-coredump must be installed); did it, or a library, change lately (`grep -h ' upgrade ' /var/log/dpkg.log | tail`)?",
        unit,
      ),
    },
    startHelps: true,
  });
}

/** Results that say more than how the process ended. */
function byResult(unit: Unit, log: UnitLog | undefined): Cause | undefined {
  const { result } = unit;
  if (result === "oom-kill" || news(unit, log, "out-of-memory") !== "") return outOfMemory(unit, log);
  if (result === "timeout") return timedOut(unit, log);
  if (result === "watchdog")
    return {
      short: "it gave no sign of life (watchdog)",
      because: `systemd ended it because it did not report within WatchdogSec: it hung, or the machine was too busy to let it run.${said(unit, log)}`,
      advice: {
        key: "fixCrash",
        text: "What did it wait for then? A restart brings it back until it hangs again.",
      },
      startHelps: true,
    };
  if (result === "protocol")
    return {
      short: "it did not say that it was ready",
      because: `It ended, or its first process did, without what Type=${unit.type} promises (sd_notify READY=1, a PID file, a name on the bus).${said(unit, log)}`,
      advice: {
        key: "fixUnit",
        text: "`Type=exec` for a program that stays in the foreground and reports nothing; `Type=forking` wants `PIDFile=`; `Type=notify` wants sd_notify (NotifyAccess=all where a child sends it).",
      },
    };
  if (result === "resources")
    return {
      short: "systemd could not make what it needs",
      because: `${managerLines(unit, log).findLast((one) => /fail|no such|cannot/i.test(one) && !/with result|failed to start/i.test(one)) ?? "A file or limit the unit names could not be had, before its program was started."}`,
      advice: {
        key: "fixUnit",
        text: fill(
          "`EnvironmentFile=` that is not there (a `-` in front makes it optional), a PID file that cannot be read, or no room for one more process: `systemctl cat UNIT`.",
          unit,
        ),
      },
    };
  return undefined;
}

function outOfMemory(unit: Unit, log: UnitLog | undefined): Cause {
  const { max } = unit.memory;
  return {
    short:
      max === null
        ? "killed for memory"
        : `killed at its limit of memory (MemoryMax ${Math.round(max / 1048576)} MiB)`,
    because:
      max === null
        ? `The kernel killed a process of it because the machine, or a slice above it, was short of memory; it has no limit of its own.${said(unit, log)}`
        : `The kernel killed a process of it. It has a limit of its own, which is the likely reason; the machine may have been short as well.${said(unit, log)}`,
    advice: {
      key: "memory",
      text: "Does it need so much, or does it leak? `high-memory` on this machine shows who holds what; memory that only grows comes back to any limit.",
    },
    startHelps: true,
    ...(max === null ? {} : { acts: ["raiseMemory"] as const }),
  };
}

function timedOut(unit: Unit, log: UnitLog | undefined): Cause {
  if (unit.neverUp) {
    const limit = unit.startTimeout === null ? "" : ` (${saySeconds(unit.startTimeout)})`;
    const line = lineCause(unit, log, ({ isSure, isDependency }) => isSure === true || isDependency === true);
    return {
      ...line,
      short: line?.short ?? `not ready within its time${limit}`,
      because: `It was not ready within TimeoutStartSec${limit} and was ended. ${line?.because ?? `Either it needs longer to start, or waits for something, or never says that it is ready (Type=${unit.type}).${said(unit, log)}`}`,
      advice: line?.advice ?? {
        key: "fixUnit",
        text: fill(
          "`journalctl -u UNIT --since -1h`: what is the last thing it did? `TimeoutStartSec=` where it needs longer; Type=exec where it reports nothing.",
          unit,
        ),
      },
    };
  }
  const limit = unit.stopTimeout === null ? "" : ` (${saySeconds(unit.stopTimeout)})`;
  return {
    short: `did not end within its time${limit} when it was stopped`,
    because: `It was to stop, did not end within TimeoutStopSec${limit} and was killed: what it had not written is lost.${said(unit, log)}`,
    advice: {
      key: "fixCrash",
      text: "It does not end on SIGTERM: a shell in front of it does not pass it on (`exec` in its script does), or it has more to do than `TimeoutStopSec=` allows.",
    },
    startHelps: true,
  };
}
