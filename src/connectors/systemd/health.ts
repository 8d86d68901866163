import type { OutputOf } from "../../core/words/action.ts";
import { clip, count, listed, saySeconds } from "../../core/words/format.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import type { Unit } from "./unit.ts";
import type { units } from "./units.ts";

/** Units of the connection: failed, restarting, or not there at all. An inactive one may have done its work. */
export function judgeUnits({ units: all }: OutputOf<typeof units>, _limits: HealthLimits): HealthWord {
  const failed = all.filter((one) => one.active === "failed");
  const looping = all.filter(isRestarting);
  const broken = all.filter(({ load }) => ["bad-setting", "error"].includes(load));
  const absent = all.filter(({ load }) => load === "not-found");
  const bad = [...failed, ...looping, ...broken, ...absent];
  const running = all.filter(({ active }) => active === "active" || active === "reloading").length;
  const starting = all.filter((one) => one.active === "activating" && !isRestarting(one)).length;
  const seen = `${running} of ${count(all.length, "unit")} active${starting > 0 ? `, ${starting} starting` : ""}`;
  if (all.length === 0)
    return {
      word: "no unit",
      because: "None of the names and globs of the connection means a unit of this machine.",
      severity: "warning",
      next: "Correct `units:` of the connection in diagbot.yaml (`systemctl list-units --type=service`).",
    };
  if (bad.length === 0) return seen;
  return {
    word: clip(sayBad(bad), 60),
    because: `${listed(bad.map(sayState), 5)}; ${seen}.`,
    severity: failed.length + looping.length + broken.length > 0 ? "critical" : "warning",
    next: "Run unit-failure: it says why they failed and what helps.",
  };
}

/** It ended and is started again by itself, after a pause. */
export const isRestarting = ({ sub }: Pick<Unit, "sub">): boolean => sub.startsWith("auto-restart");

const sayBad = (bad: readonly Unit[]): string =>
  bad.length === 1 && bad[0] !== undefined ? sayState(bad[0]) : `${bad.length} units down`;

function sayState(one: Unit): string {
  if (one.load === "not-found") return `${one.name} is not there`;
  if (one.load === "bad-setting" || one.load === "error") return `${one.name} cannot be loaded`;
  const since = one.changedAgo === null ? "" : ` since ${saySeconds(one.changedAgo)}`;
  return isRestarting(one)
    ? `${one.name} restarts (${count(one.restarts, "time")})`
    : `${one.name} failed${since}`;
}
