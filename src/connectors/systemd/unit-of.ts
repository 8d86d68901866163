import { clip } from "../../core/words/format.ts";
import { agoOf, numberOf, type Shown, spanOf, unixOf, wordOf, wordsOf } from "./show.ts";
import type { Unit } from "./unit.ts";

/** What `systemctl show` is asked for. A version that does not know one leaves it out. */
export const PROPERTIES = [
  "Id,Description,LoadState,LoadError,ActiveState,SubState,UnitFileState,NeedDaemonReload,FragmentPath,DropInPaths",
  "Type,Restart,RemainAfterExit,Result,ReloadResult,ExecMainCode,ExecMainStatus,MainPID,NRestarts,InvocationID,Job",
  "ExecCondition,ExecStartPre,ExecStart,ExecStartPost,ExecReload,ExecStop,ExecStopPost,ConditionResult,AssertResult",
  "InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic",
  "InactiveEnterTimestampMonotonic,StateChangeTimestampMonotonic,ExecMainStartTimestampMonotonic",
  "ExecMainExitTimestampMonotonic,ConditionTimestampMonotonic,AssertTimestampMonotonic,TimeoutStartUSec,TimeoutStopUSec,StartLimitBurst,StartLimitIntervalUSec",
  "Requires,Requisite,BindsTo,After,TriggeredBy,Triggers,WantedBy,RequiredBy,UpheldBy",
  "ControlGroup,CanReload,RefuseManualStart,RefuseManualStop,User,StatusText,MemoryCurrent,MemoryHigh,MemoryMax,TasksCurrent,TasksMax",
  "LimitNOFILE,LimitNOFILESoft,CPUQuotaPerSecUSec,LastTriggerUSec,NextElapseUSecRealtime,NextElapseUSecMonotonic,NRefused",
].join(",");

const isYes = (shown: Shown, key: string): boolean => wordOf(shown, key) === "yes";
const names = (shown: Shown, ...keys: readonly string[]): string[] =>
  [...new Set(keys.flatMap((key) => wordsOf(shown, key)))].slice(0, 60);

/** One record as a unit; `uptime`: seconds since boot at the time of the look. Pure. */
export const unitOf = (shown: Shown, uptime: number): Unit => ({
  ...stateOf(shown),
  ...endOf(shown),
  ...timesOf(shown, uptime),
  ...relationsOf(shown),
  ...limitsOf(shown),
});

const stamp = (shown: Shown, key: string): number => numberOf(shown, `${key}TimestampMonotonic`) ?? 0;
/** It was asked, and the answer was no. What was never started was never asked. */
const isUnmet = (shown: Shown, what: "Condition" | "Assert"): boolean =>
  wordOf(shown, `${what}Result`) === "no" && stamp(shown, what) > 0;

const stateOf = (shown: Shown) => ({
  name: wordOf(shown, "Id"),
  description: clip(wordOf(shown, "Description"), 120),
  load: wordOf(shown, "LoadState"),
  loadError: clip(wordOf(shown, "LoadError"), 300),
  active: wordOf(shown, "ActiveState"),
  sub: wordOf(shown, "SubState"),
  file: wordOf(shown, "UnitFileState"),
  fileChanged: isYes(shown, "NeedDaemonReload"),
  fragment: wordOf(shown, "FragmentPath"),
  dropIns: names(shown, "DropInPaths").slice(0, 20),
  type: wordOf(shown, "Type"),
  restart: wordOf(shown, "Restart"),
  staysActive: isYes(shown, "RemainAfterExit"),
  invocation: wordOf(shown, "InvocationID"),
  job: !["", "0"].includes(wordOf(shown, "Job")),
  statusText: clip(wordOf(shown, "StatusText"), 200),
  controlGroup: wordOf(shown, "ControlGroup"),
  user: wordOf(shown, "User"),
});

const endOf = (shown: Shown) => ({
  result: wordOf(shown, "Result"),
  reloadResult: wordOf(shown, "ReloadResult"),
  mainCode: numberOf(shown, "ExecMainCode") ?? 0,
  mainStatus: numberOf(shown, "ExecMainStatus") ?? 0,
  mainPid: numberOf(shown, "MainPID") ?? 0,
  program: /path=(\S+)/.exec(wordOf(shown, "ExecStart"))?.[1] ?? "",
  restarts: numberOf(shown, "NRestarts") ?? 0,
  failedCommands: failedCommands(shown),
  conditionHolds: !isUnmet(shown, "Condition"),
  assertionHolds: !isUnmet(shown, "Assert"),
});

function timesOf(shown: Shown, uptime: number) {
  const ago = (key: string) => agoOf(shown, `${key}TimestampMonotonic`, uptime);
  const [left, ended] = [stamp(shown, "ActiveExit"), stamp(shown, "ExecMainExit")];
  return {
    changedStamp: stamp(shown, "StateChange"),
    startedAgo: ago("InactiveExit"),
    activeAgo: ago("ActiveEnter"),
    leftActiveAgo: ago("ActiveExit"),
    endedAgo: ago("InactiveEnter"),
    changedAgo: ago("StateChange"),
    mainStartedAgo: ago("ExecMainStart"),
    mainEndedAgo: ago("ExecMainExit"),
    wasAsked: ended === 0 || left === 0 ? null : left < ended,
    neverUp: stamp(shown, "ActiveEnter") < stamp(shown, "InactiveExit"),
    startTimeout: spanOf(shown, "TimeoutStartUSec"),
    stopTimeout: spanOf(shown, "TimeoutStopUSec"),
  };
}

function relationsOf(shown: Shown) {
  const requires = names(shown, "Requires", "Requisite", "BindsTo");
  return {
    requires,
    bindsTo: names(shown, "BindsTo"),
    after: names(shown, "After").filter((one) => requires.includes(one)),
    triggeredBy: names(shown, "TriggeredBy"),
    triggers: names(shown, "Triggers"),
    wantedBy: names(shown, "WantedBy", "RequiredBy", "UpheldBy"),
    canReload: isYes(shown, "CanReload"),
    refusesStart: isYes(shown, "RefuseManualStart"),
    refusesStop: isYes(shown, "RefuseManualStop"),
  };
}

const limitsOf = (shown: Shown) => ({
  startLimit: { burst: numberOf(shown, "StartLimitBurst"), seconds: spanOf(shown, "StartLimitIntervalUSec") },
  memory: { now: numberOf(shown, "MemoryCurrent"), max: numberOf(shown, "MemoryMax") },
  memoryHigh: numberOf(shown, "MemoryHigh"),
  tasks: { now: numberOf(shown, "TasksCurrent"), max: numberOf(shown, "TasksMax") },
  cpuQuota: spanOf(shown, "CPUQuotaPerSecUSec"),
  openFiles: { soft: numberOf(shown, "LimitNOFILESoft"), hard: numberOf(shown, "LimitNOFILE") },
  timer: wordOf(shown, "Id").endsWith(".timer")
    ? {
        last: unixOf(shown, "LastTriggerUSec"),
        next: unixOf(shown, "NextElapseUSecRealtime"),
        nextMonotonic: spanOf(shown, "NextElapseUSecMonotonic") !== null,
      }
    : null,
  refused: numberOf(shown, "NRefused"),
});

const COMMANDS = [
  "ExecCondition",
  "ExecStartPre",
  "ExecStart",
  "ExecStartPost",
  "ExecReload",
  "ExecStop",
  "ExecStopPost",
];

/** `{ path=/bin/false ; … ; code=exited ; status=1 }`: of commands that ran and failed; arguments are not shown. */
const failedCommands = (shown: Shown): Unit["failedCommands"] =>
  COMMANDS.flatMap((of) =>
    (shown.get(of) ?? []).flatMap((line) => {
      const path = /path=(\S+)/.exec(line)?.[1] ?? "";
      const [, ended = "", status = ""] = /; code=(\w+) ; status=(\S+) \}$/.exec(line) ?? [];
      const isFine =
        ended === "" || (ended === "exited" && status === "0") || line.includes("ignore_errors=yes");
      return isFine ? [] : [{ of, path, ended, status }];
    }),
  ).slice(0, 10);
