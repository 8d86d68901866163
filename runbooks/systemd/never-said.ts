import { clip } from "../../src/sdk/index.ts";
import { programLines } from "./runs.ts";
import { type Cause, fill, type Unit, type UnitLog } from "./unit.ts";

/** A program's own word that it serves. */
const SERVES =
  /\b(now )?(listening|accepting connections|serving|server (is )?(started|running|ready)|started server)\b/i;

/** It was at work when its time to start was over: what systemd waited for is not how it tells of itself. */
export function neverSaid(unit: Unit, log: UnitLog | undefined): Cause | undefined {
  const line = programLines(unit, log).findLast((one) => SERVES.test(one.slice(0, 300)));
  const waits = { notify: NOTIFY, "notify-reload": NOTIFY, forking: FORKING }[unit.type];
  if (line === undefined || waits === undefined) return undefined;
  return {
    short: waits.short,
    because: `It wrote “${clip(line, 150)}”, and was ended all the same when TimeoutStartSec was over: ${waits.because}`,
    advice: { key: "fixUnit", text: fill(waits.advice, unit) },
  };
}
const NOTIFY = {
  short: "it runs, and never tells systemd that it is ready",
  because:
    "Type=notify waits for READY=1, which it does not send, or which comes from another process than systemd listens to.",
  advice:
    "Type=exec where it reports nothing; where a child reports, `NotifyAccess=all`. A longer time changes nothing.",
};
const FORKING = {
  short: "it runs, and does not go into the background",
  because: "Type=forking waits for its first process to end, which stays.",
  advice:
    "Type=exec (or simple), without the option that makes a daemon of it. A longer time changes nothing.",
};
