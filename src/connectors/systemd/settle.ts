import { saySeconds } from "../../core/words/format.ts";
import type { Unit } from "./unit.ts";

/** Another start than the one before. */
export const wasSeen = (now: string, before: string): boolean => now !== "" && now !== before;

const one = (all: readonly Unit[], name: string): Unit | undefined => all.find((unit) => unit.name === name);

/** Started anew and up; a oneshot that has done its work counts as up. */
export function isDone(all: readonly Unit[], name: string, invocationBefore: string): boolean {
  const unit = one(all, name);
  if (unit === undefined || unit.job || !wasSeen(unit.invocation, invocationBefore)) return false;
  return isUp(unit);
}

export const isUp = (unit: Unit): boolean =>
  unit.active === "active" ||
  (unit.type === "oneshot" && unit.active === "inactive" && unit.result === "success");

/** `api.service: active (running) for 12 s`. */
export function sayState(all: readonly Unit[], name: string): string {
  const unit = one(all, name);
  if (unit === undefined) return "";
  const since = unit.changedAgo === null ? "" : ` for ${saySeconds(unit.changedAgo)}`;
  return `${name}: ${unit.active} (${unit.sub})${since}`;
}
