import { isCritical } from "../words/alert.ts";
import type { Escalation, EscalationBecause, EscalationFacts, Level } from "../words/escalation.ts";

/** Who is told one after another, and how long each waits for an answer. */
export interface Levels {
  readonly afterMs: number;
  readonly to: readonly Level[];
  /** The severity counts by itself, without a remedy that waits. */
  readonly bySeverity: boolean;
}

/** Escalations of diagbot.yaml: a system's own takes the place of the common one. */
export interface Escalations {
  readonly common: Escalation | undefined;
  readonly systems: Readonly<Record<string, Escalation | undefined>>;
}

/** The levels of an incident; undefined: nobody is told. */
export function levelsOf(
  { common, systems }: Escalations,
  { system, severity }: { readonly system?: string | undefined; readonly severity: string },
): Levels | undefined {
  const rules = (system === undefined ? undefined : systems[system]) ?? common;
  if (rules === undefined) return undefined;
  const own = Object.hasOwn(rules.severities, severity) ? rules.severities[severity] : undefined;
  const to = own?.to ?? rules.to;
  if (to.length === 0) return undefined;
  return { afterMs: own?.after ?? rules.after, to, bySeverity: own !== undefined || isCritical(severity) };
}

/** A step that is to be taken. */
export interface NextLevel {
  readonly level: number;
  readonly target: Level;
  readonly at: Date;
  readonly because: EscalationBecause;
}

/**
 * The next step and when it is due, as long as nobody answers; undefined: none is left, somebody has answered, or nothing asks
 * for it. A step that could not be told is followed by the next one at once. Pure.
 */
export function nextLevel(levels: Levels, facts: EscalationFacts): NextLevel | undefined {
  const { turn, since, waitingSince, answered } = facts;
  if (answered !== undefined) return undefined;
  const base = levels.bySeverity ? since : waitingSince;
  const taken = facts.levels.filter((one) => one.turn === turn);
  const level = taken.length;
  const target = levels.to[level];
  const last = taken.at(-1);
  // Without a base what was waited for is decided, expired or withdrawn: steps that were taken for it lead no further.
  if (target === undefined || base === undefined) return undefined;
  const because = levels.bySeverity ? "severity" : "waiting";
  if (last === undefined) return { level, target, because, at: new Date(base.getTime() + levels.afterMs) };
  const waits = last.state === "failed" ? 0 : levels.afterMs;
  return { level, target, because, at: new Date(last.at.getTime() + waits) };
}
