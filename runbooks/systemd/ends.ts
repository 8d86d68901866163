import { clip, count, saySeconds, shellWord } from "../../src/sdk/index.ts";
import { nearest } from "../last-lines/nearest.ts";
import type { LineRow } from "../last-lines/row.ts";
import { wordsOf } from "./line-words.ts";
import { managerCause } from "./manager-words.ts";
import { neverSaid } from "./never-said.ts";
import { managerLines, news, programLines, said } from "./runs.ts";
import { bySignal, SIGNALS } from "./signals.ts";
import { STATUSES } from "./statuses.ts";
import { type Cause, fill, type Unit, type UnitLog } from "./unit.ts";

/** A run this long was well for a while: what ended it is no fault of its start. */
const LONG_SECONDS = 60;

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
  const special = managerCause(unit, log) ?? byTrigger(unit) ?? byResult(unit, log);
  if (special !== undefined) return special;
  const line = lineCause(unit, log, () => true);
  const own = failedBeside(unit, log, line) ?? byEnd(unit, log, line);
  if (own !== undefined) return own;
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

/** How its process ended, where that says more than a line that it wrote. */
function byEnd(unit: Unit, log: UnitLog | undefined, line: Cause | undefined): Cause | undefined {
  if (unit.mainCode === 1 && unit.mainStatus === 0) return endedWell(unit, log, line);
  if (unit.mainCode > 1)
    return lineCause(unit, log, ({ isSure }) => isSure === true) ?? bySignal(unit, log, ranLong(unit));
  const own = ownStatus(unit, log) ?? (isAnswerToStop(unit) ? answeredStop(unit) : undefined);
  if (own !== undefined) return own;
  const passedOn = unit.mainCode === 1 && SIGNALS[unit.mainStatus - 128] !== undefined;
  // What a shell says of its child ("Killed") says no more than the code it passes on.
  return passedOn && lineCause(unit, log, ({ isFrame }) => isFrame !== true) === undefined
    ? bySignal({ ...unit, mainStatus: unit.mainStatus - 128 }, log, ranLong(unit), unit.mainStatus)
    : undefined;
}

/** A command beside its program failed: before that ran (ExecStartPre), or right after it was started (ExecStartPost). */
function failedBeside(unit: Unit, log: UnitLog | undefined, line: Cause | undefined): Cause | undefined {
  const failed = unit.failedCommands.find(({ of }) =>
    of === "ExecStartPost" ? unit.neverUp : unit.mainCode === 0 && /^Exec(Condition|StartPre)$/.test(of),
  );
  if (failed === undefined) return undefined;
  const { of, path, ended, status } = failed;
  const what = `${path} (${of}) ended with ${sayEnd(ended, status)}`;
  if (of === "ExecStartPost")
    return {
      ...line,
      short: `its ExecStartPost fails${line === undefined ? "" : `: ${line.short}`}`,
      because: `${what}, so systemd ended its program as well, which had been started. ${line?.because ?? said(unit, log).trim()}`,
      advice: line?.advice ?? readOn(unit),
    };
  return (
    line ?? {
      short: `its ${of} fails`,
      because: `${what}: its program was not started at all.${said(unit, log)}`,
      advice: readOn(unit),
    }
  );
}

/** Its program ended without an error, and the unit has failed all the same. */
function endedWell(unit: Unit, log: UnitLog | undefined, line: Cause | undefined): Cause {
  const after = unit.failedCommands.find(({ of }) => of === "ExecStop" || of === "ExecStopPost");
  if (after !== undefined)
    return {
      short: `its ${after.of} fails`,
      because: `Its program itself ended without an error (exit code 0); then ${after.path} (${after.of}) ended with ${sayEnd(after.ended, after.status)}, for which systemd calls the unit failed.${said(unit, log)}`,
      advice: {
        key: "fixUnit",
        text: fill(
          `Correct the command (\`systemctl cat UNIT\`), or a \`-\` before its path where its end does not matter.`,
          unit,
        ),
      },
      startHelps: true,
    };
  if (line !== undefined) return line;
  const { burst, seconds } = unit.startLimit;
  return {
    short: "it ended at once, without an error, as often as it was started",
    because: `Exit code 0 each time${burst === null ? "" : `, ${count(burst, "time")} within ${saySeconds(seconds ?? 0)}`}: either it goes into the background (Type=${unit.type} wants it in the foreground), or its work is done at once and something starts it too often (a timer, a path, Restart=always).${said(unit, log)}`,
    advice: {
      key: "fixUnit",
      text: fill(
        "Keep its program in the foreground, or `Type=oneshot` and `Restart=no` for work that is done; `systemctl reset-failed UNIT` counts anew.",
        unit,
      ),
    },
  };
}

/** Sockets, paths and timers fail for what they start. */
function byTrigger(unit: Unit): Cause | undefined {
  if (!/^(service-start-limit-hit|trigger-limit-hit)$/.test(unit.result)) return undefined;
  const [named] = unit.triggers;
  const started = named ?? "what it starts";
  return {
    short: `${started} was started too often`,
    because: `It gave up because ${started} ended as soon as it was started, again and again, while what starts it was still there: the cause is there, not here.`,
    advice: {
      key: "repairDependency",
      text: fill(
        `Run unit-failure for ${named ?? "that unit"} and mend that; then \`systemctl reset-failed UNIT\` and start both.`,
        unit,
      ),
    },
  };
}

const sayEnd = (ended: string, status: string): string =>
  ended === "exited" ? `exit code ${status}` : `signal ${status}`;

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

/** What systemd writes of a program it could not start, besides the line by which it is known. */
const COULD_NOT_START =
  /Failed (at step [A-Z_]+|to (set up|determine|locate|change|apply|drop|open))|Changing to the requested working directory failed/;

/** 200 to 243 from systemd itself, where it says that it could not start the program; a program may end with such a number, too. */
function ownStatus(unit: Unit, log: UnitLog | undefined): Cause | undefined {
  const row = STATUSES[unit.mainStatus];
  if (unit.mainCode !== 1 || row === undefined) return undefined;
  const [name, says, advice] = row;
  const words =
    news(unit, log, "spawn-failed") ||
    (managerLines(unit, log).findLast((one) => COULD_NOT_START.test(one)) ?? "");
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
  if (result === "protocol") return lineCause(unit, log, () => true) ?? notReady(unit, log);
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

const notReady = (unit: Unit, log: UnitLog | undefined): Cause => ({
  short: "it did not say that it was ready",
  because: `It ended, or its first process did, without what Type=${unit.type} promises (sd_notify READY=1, a PID file, a name on the bus); where its start command itself failed, its own log says why.${said(unit, log)}`,
  advice: {
    key: "fixUnit",
    text: "`Type=exec` for a program that stays in the foreground and reports nothing; `Type=forking` wants `PIDFile=`; `Type=notify` wants sd_notify (NotifyAccess=all where a child sends it). Of Debian's `postgresql@VERSION-main` read /var/log/postgresql/postgresql-VERSION-main.log.",
  },
});

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
    const mute = neverSaid(unit, log);
    if (mute !== undefined) return mute;
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
