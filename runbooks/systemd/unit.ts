import { type Finding, type OutputOf, shellWord, type systemd } from "../../src/sdk/index.ts";

export type Units = OutputOf<typeof systemd.units>;
export type Unit = Units["units"][number];
export type Logs = OutputOf<typeof systemd.lastLines>;
export type UnitLog = Logs["logs"][number];
export type Uses = OutputOf<typeof systemd.use>;
export type Use = Uses["units"][number];

/** What a person may be told to do. Each is one remedy of the runbook; the words come from the cause. */
export type AdviceKey =
  | "fixCrash"
  | "fixUnit"
  | "repairDependency"
  | "freePort"
  | "freeDisk"
  | "enable"
  | "findWait"
  | "memory";
/** What diagbot may do. */
export type Act =
  | "start"
  | "restart"
  | "reload"
  | "daemonReload"
  | "raiseOpenFiles"
  | "raiseMemory"
  | "raiseTasks";

export interface Advice {
  readonly key: AdviceKey;
  readonly text: string;
}

/** Why a unit ended, and what helps against that: nothing is offered that does not. */
export interface Cause {
  /** Ends the title: a few words. Empty: nothing tells. */
  readonly short: string;
  readonly because: string;
  readonly advice?: Advice;
  /** What ended it is over, or may be: starting it brings the service back. */
  readonly startHelps?: true;
  readonly acts?: readonly Act[];
  /** It needs something else that was not there. */
  readonly isDependency?: true;
}

/** One unit's problem. */
export interface Problem {
  /** First part of the finding's id. */
  readonly kind: string;
  readonly unit: Unit;
  readonly severity: Finding["severity"];
  readonly title: string;
  readonly because: string;
  readonly advice: readonly Advice[];
  readonly acts: readonly Act[];
  /** Ids of problems that follow from it. */
  readonly explains: readonly string[];
}

export const idOf = ({ kind, unit }: Pick<Problem, "kind" | "unit">): string => `${kind}:${unit.name}`;

/** It ended and is started again by itself, after a pause. */
export const isRestarting = ({ sub }: Unit): boolean => sub.startsWith("auto-restart");
export const isDown = ({ active }: Unit): boolean => active === "failed" || active === "inactive";

/** Words of a table, of this unit: UNIT stands for its name, as a word of a command; SERVICE without its ending. */
export const fill = (words: string, { name }: Unit): string =>
  words.replace(/\bUNIT\b/g, () => shellWord(name));

/** It has not failed: it is at work, or waits. */
export const findWait = (unit: Unit): Advice => ({
  key: "findWait",
  text: fill(
    "`systemctl status UNIT` shows its processes, `systemctl list-jobs` what waits behind this; `journalctl -u UNIT --since -1h --no-pager` what it wrote. What it waits for is often outside: a database, a lock, a mount (`cat /proc/PID/wchan` of its main process; host-stalls).",
    unit,
  ),
});

export const enable = (unit: Unit): Advice => ({
  key: "enable",
  text: fill("`systemctl enable UNIT` has it started at boot (the unit needs an `[Install]` section).", unit),
});
