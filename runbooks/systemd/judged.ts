import { count, saySeconds, shellWord } from "../../src/sdk/index.ts";
import type { Case, Said } from "./case.ts";
import { causeOf, isAnswerToStop, readOn } from "./ends.ts";
import { broken, masked, noDevice, notFound } from "./no-unit.ts";
import { said } from "./runs.ts";
import {
  type Advice,
  type Cause,
  enable,
  fill,
  findWait,
  isRestarting,
  type Unit,
  type UnitLog,
} from "./unit.ts";

/** Restarts beyond which a unit that is up now is said to have been down again and again; up for less than this, seconds. */
const FLAPS = 3;
const UP_SHORT = 600;
/** A start that takes longer is said, where no time limit of its own ends it before. */
const LONG_START = 600;
/** A stop or reload that takes longer is said: systemd itself waits for 90 s where nothing else is set. */
const LONG_STOP = 150;

const ago = (seconds: number | null): string => (seconds === null ? "" : ` ${saySeconds(seconds)} ago`);
const ending = ({ short }: Cause): string => (short === "" ? "" : `: ${short}`);
const adviceOf = ({ advice }: Cause): readonly Advice[] => (advice === undefined ? [] : [advice]);

/** What is wrong with a unit; undefined: nothing. Pure. */
export function judge(it: Case): Said | undefined {
  const { unit, isAsked } = it;
  if (unit.load === "not-found") return notFound(it);
  if (unit.load === "bad-setting" || unit.load === "error") return broken(unit);
  if (unit.load === "masked") return isAsked ? masked(unit) : undefined;
  if (isRestarting(unit)) return restarting(it);
  return BY_STATE[unit.active]?.(it);
}

const BY_STATE: Readonly<Record<string, (it: Case) => Said | undefined>> = {
  failed: (it) => failed(it),
  activating: (it) => starting(it),
  deactivating: (it) => underWay(it),
  reloading: (it) => underWay(it),
  active: (it) =>
    it.unit.restarts >= FLAPS && (it.unit.activeAgo ?? UP_SHORT) < UP_SHORT ? flapping(it) : undefined,
  inactive: (it) => (it.unit.name.endsWith(".device") ? noDevice(it) : inactive(it)),
};

function failed(it: Case): Said {
  const { unit, log } = it;
  const cause = causeOf(unit, log);
  const gaveUp = hasGivenUp(unit, log);
  const stopped =
    (unit.result === "timeout" && !unit.neverUp && unit.wasAsked === true) || isAnswerToStop(unit);
  const limit = gaveUp
    ? ` systemd gave up: ${count(unit.startLimit.burst ?? 0, "start")} within ${saySeconds(unit.startLimit.seconds ?? 0)} is the limit${unit.mainCode === 1 && unit.mainStatus === 0 ? "" : ", and every one failed"}. Once it is mended, \`systemctl reset-failed ${shellWord(unit.name)}\` lets it be started.`
    : "";
  return {
    kind: "failed",
    severity: stopped && !it.isAsked ? "warning" : "critical",
    title: `${unit.name} failed${ago(unit.endedAgo ?? unit.changedAgo)}${ending(cause)}`,
    because: `${cause.because}${limit}${whyNotBack(unit)}${byWhom(it)}`,
    advice: adviceOf(cause),
    acts: [...(cause.acts ?? []), ...(cause.startHelps && mayStart(unit) ? (["start"] as const) : [])],
  };
}

const hasGivenUp = ({ result }: Unit, log: UnitLog | undefined): boolean =>
  result === "start-limit-hit" ||
  log?.lines.findLast(({ tells }) => ["started", "stopping", "gave-up"].includes(tells))?.tells === "gave-up";

/** A timer or socket starts it when it is time. */
const mayStart = (unit: Unit): boolean => !unit.refusesStart && !unit.name.endsWith(".scope");

/** ` It is not started again …` where that is why it stays down. */
const whyNotBack = ({ name, restart, result, type }: Unit): string =>
  !name.endsWith(".service") || type === "oneshot" || restart === "" || result === "start-limit-hit"
    ? ""
    : restart === "no"
      ? " `Restart=` is not set: systemd does not start it again."
      : restart === "always"
        ? ""
        : ` Restart=${restart} does not cover this end.`;

function restarting(it: Case): Said {
  const { unit, log } = it;
  const cause = causeOf(unit, log);
  return {
    kind: "restarting",
    severity: "critical",
    title: `${unit.name} ends and is started again, ${count(unit.restarts, "time")} so far${ending(cause)}`,
    because: `${cause.because} Another start by hand changes nothing: systemd tries already.`,
    advice: adviceOf(cause),
    acts: (cause.acts ?? []).slice(),
  };
}

function flapping(it: Case): Said {
  const { unit, log } = it;
  const lines =
    log?.lines.some(({ invocation }) => invocation !== "" && invocation !== unit.invocation) === true;
  return {
    kind: "restarted-often",
    severity: "warning",
    title: `${unit.name} was started again ${count(unit.restarts, "time")} by systemd, and is up for ${saySeconds(unit.activeAgo ?? 0)}`,
    because: `It runs now. ${lines ? `Before its last start:${said(unit, log)}` : "The journal has nothing of the runs before."}`,
    advice: [readOn(unit)],
    acts: [],
  };
}

function starting({ unit, log }: Case): Said | undefined {
  if (
    unit.type === "oneshot" ||
    (unit.startedAgo ?? 0) < Math.min(LONG_START, (unit.startTimeout ?? LONG_START) / 2)
  )
    return undefined;
  return {
    kind: "starting",
    severity: "warning",
    title: `${unit.name} has been starting for ${saySeconds(unit.startedAgo ?? 0)} (${unit.sub})`,
    because: `${unit.statusText === "" ? `It has not said that it is ready (Type=${unit.type}).` : `It says: ${unit.statusText}.`} ${unit.startTimeout === null ? "Nothing ends that by itself." : `systemd ends it after ${saySeconds(unit.startTimeout)}.`}${said(unit, log)}`,
    advice: [findWait(unit)],
    acts: [],
  };
}

/** A stop or a reload that does not come to its end. */
function underWay({ unit, log }: Case): Said | undefined {
  const isStop = unit.active === "deactivating";
  const since = (isStop ? unit.leftActiveAgo : unit.changedAgo) ?? unit.changedAgo ?? 0;
  if (since < LONG_STOP) return undefined;
  const killed = /sigkill/.test(unit.sub);
  const waits = killed
    ? "SIGKILL was sent, and it is still there: a process of it waits in the kernel (state D) for a disk or server that does not answer, where no signal ends it; `host-stalls` names what it waits for."
    : `${isStop && unit.stopTimeout !== null ? `It does not end by itself. systemd kills it ${saySeconds(unit.stopTimeout)} after it was asked.` : "Nothing ends that by itself."} Until then it can be neither started nor restarted: further jobs wait behind this one.`;
  return {
    kind: isStop ? "stopping" : "reloading",
    severity: "warning",
    title: `${unit.name} has been ${isStop ? "stopping" : "reloading"} for ${saySeconds(since)} (${unit.sub})`,
    because: `${waits}${said(unit, log)}`,
    advice: [findWait(unit)],
    acts: [],
  };
}

function inactive(it: Case): Said | undefined {
  const { unit, log, isAsked } = it;
  if (!unit.assertionHolds)
    return {
      kind: "assertion",
      severity: "critical",
      title: `${unit.name} was not started: something it asserts does not hold`,
      because: "`Assert…=` of its unit was not met.",
      advice: [{ key: "fixUnit", text: fill("`systemctl status UNIT` names it.", unit) }],
      acts: [],
    };
  if (unit.name.endsWith(".timer")) return timerOff(it);
  if (!isAsked || unit.triggeredBy.length > 0) return undefined;
  if (!unit.conditionHolds || unit.result === "exec-condition" || newest(log) === "skipped") return unmet(it);
  const end = endOf(it);
  if (end === undefined) return neverStarted(it);
  if (unit.type === "oneshot" && unit.result === "success") return undefined;
  return {
    kind: end.wasAsked ? "stopped" : "ended",
    severity: "warning",
    title: `${unit.name} ${end.wasAsked ? "was stopped" : "ended by itself, without an error,"}${ago(end.ago)}`,
    because: end.wasAsked
      ? `Somebody, or something, asked systemd to stop it; it did not fail.${byWhom(it)}`
      : `Exit code 0, and Restart=${unit.restart} does not start it again: either its work is done, or it goes into the background (Type=${unit.type} wants it in the foreground).${said(unit, log)}`,
    advice: [],
    acts: mayStart(unit) ? ["start"] : [],
  };
}

/** What systemd did of it last. */
const newest = (log: UnitLog | undefined): string =>
  log?.lines.findLast(({ tells }) => ["started", "stopping", "skipped"].includes(tells))?.tells ?? "";

/** How long ago it ended, and whether that was asked for. systemd forgets a unit that is down and that no other needs; the journal does not. */
function endOf({ unit, log, now }: Case): { ago: number; wasAsked: boolean } | undefined {
  if (unit.endedAgo !== null) return { ago: unit.endedAgo, wasAsked: unit.wasAsked === true };
  const lines = log?.lines ?? [];
  const started = lines.findLastIndex(({ tells }) => tells === "started");
  const last = lines.findLast(({ bySystemd, tells }) => bySystemd && tells !== "skipped");
  if (last === undefined) return undefined;
  const wasAsked = lines.slice(started + 1).some(({ tells }) => tells === "stopping");
  return { ago: Math.max(0, now - last.at), wasAsked };
}

/** A condition that does not hold is no fault: the unit is not meant to run here now. Said where somebody asked for it. */
const unmet = ({ unit, log }: Case): Said => ({
  kind: "condition",
  severity: "info",
  title: `${unit.name} was not started, because a condition of it does not hold`,
  because:
    `That is no failure: the unit itself says when it is to run. ${log?.lines.findLast(({ tells }) => tells === "skipped")?.message ?? ""}`.trim(),
  advice: [{ key: "fixUnit", text: fill("`systemctl cat UNIT`: its `Condition…=` lines.", unit) }],
  acts: [],
});

const neverStarted = ({ unit }: Case): Said => ({
  kind: "never-started",
  severity: "warning",
  title: `${unit.name} is not running, and nothing is known of a start since the machine is up`,
  because:
    unit.file === "disabled"
      ? "It is disabled: nothing starts it at boot."
      : `Nothing has started it (unit file: ${unit.file || "none"}).`,
  advice: unit.file === "disabled" ? [enable(unit)] : [],
  acts: mayStart(unit) ? ["start"] : [],
});

function timerOff({ unit, isAsked }: Case): Said | undefined {
  if (!["enabled", "static"].includes(unit.file) && !isAsked) return undefined;
  if (unit.file === "static" && !isAsked) return undefined;
  return {
    kind: "timer-off",
    severity: "warning",
    title: `${unit.name} does not run: what it should start never is`,
    because: `Its file is ${unit.file}, yet the timer itself is not active${unit.endedAgo === null ? " since the machine is up" : `; it was stopped${ago(unit.endedAgo)}`}.`,
    advice: unit.file === "disabled" ? [enable(unit)] : [],
    acts: ["start"],
  };
}

/** The sudo line just before its end; stops as root or through polkit leave no name. */
function byWhom(it: Case): string {
  const { unit, asked, now } = it;
  const end = endOf(it);
  if (end?.wasAsked !== true) return "";
  const at = now - (unit.leftActiveAgo ?? end.ago);
  const found = asked.findLast((one) => one.at <= at + 2 && one.at >= at - 60);
  return found === undefined ? "" : ` Just before, ${found.by} ran: ${found.command}`;
}
