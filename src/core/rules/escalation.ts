import { isCritical } from "../words/alert.ts";
import type {
  Escalation,
  EscalationBecause,
  EscalationFacts,
  Level,
  LevelView,
} from "../words/escalation.ts";
import type { Damage } from "../words/finding.ts";

/** Who is told one after another, and how long each waits for an answer. */
export interface Levels {
  readonly afterMs: number;
  readonly to: readonly Level[];
  /** The severity counts by itself, without a remedy that waits. */
  readonly bySeverity: boolean;
  /** Who is told of harm that is found, whatever the severity. */
  readonly damage?: Escalation["damage"];
}

/** Escalations of diagbot.yaml: a system's own takes the place of the common one. */
export interface Escalations {
  readonly common: Escalation | undefined;
  readonly systems: Readonly<Record<string, Escalation | undefined>>;
}

/** How often an open ticket of a system is spoken of; undefined: never. */
export const remindMs = ({ common, systems }: Escalations, system: string | undefined): number | undefined =>
  ((system === undefined ? undefined : systems[system]) ?? common)?.remind;

/** The levels of an incident; undefined: nobody is told. */
export function levelsOf(
  { common, systems }: Escalations,
  { system, severity }: { readonly system?: string | undefined; readonly severity: string },
): Levels | undefined {
  const rules = (system === undefined ? undefined : systems[system]) ?? common;
  if (rules === undefined) return undefined;
  const own = Object.hasOwn(rules.severities, severity) ? rules.severities[severity] : undefined;
  const to = own?.to ?? rules.to;
  const damage = Object.values(rules.damage).some((one) => one.to.length > 0) ? { damage: rules.damage } : {};
  if (to.length === 0 && damage.damage === undefined) return undefined;
  const bySeverity = own !== undefined || isCritical(severity);
  return { afterMs: own?.after ?? rules.after, to, bySeverity, ...damage };
}

const HARM: Readonly<Record<Damage, string>> = {
  "data-loss": "Data was lost or damaged",
  security: "A breach of security was found",
  disruption: "The service is disrupted",
  performance: "The service is slower than it may be",
};
/** What findings tell of, in words of ours. */
export const sayDamage = (kind: Damage): string => HARM[kind];

/** A step that is to be taken. */
export interface NextLevel {
  readonly level: number;
  readonly target: Level;
  readonly at: Date;
  readonly because: EscalationBecause;
  /** Set with `damage`. */
  readonly damage?: Damage;
}

/**
 * The next step and when it is due, as long as nobody answers; undefined: none is left, somebody has answered, or nothing asks
 * for it. A step that could not be told is followed by the next one at once. Pure.
 */
export function nextLevel(levels: Levels, facts: EscalationFacts): NextLevel | undefined {
  const all = [...ofDamage(levels, facts), ofSilence(levels, facts)].filter((one) => one !== undefined);
  return all.sort((a, b) => a.at.getTime() - b.at.getTime())[0];
}

const ofTurn = ({ turn, levels }: EscalationFacts): readonly LevelView[] =>
  levels.filter((one) => one.turn === turn);

/** Whether somebody has answered since then. */
export const isAnsweredSince = ({ answered, answeredLast }: EscalationFacts, since: Date): boolean =>
  answered !== undefined && (answeredLast ?? answered.at) >= since;

/** A step of its own for each kind of harm: whoever looked after it before did not know of it. */
function ofDamage(levels: Levels, facts: EscalationFacts): NextLevel[] {
  return (facts.damage ?? []).flatMap(({ kind, since }): NextLevel[] => {
    const rule = levels.damage?.[kind];
    const taken = ofTurn(facts).filter(({ because, damage }) => because === "damage" && damage === kind);
    const target = rule?.to[taken.length];
    if (rule === undefined || target === undefined || isAnsweredSince(facts, since)) return [];
    const last = taken.at(-1);
    const waits =
      last === undefined || last.state !== "failed" ? (rule.after ?? (last ? levels.afterMs : 0)) : 0;
    const at = new Date((last?.at ?? since).getTime() + waits);
    return [{ level: ofTurn(facts).length, target, because: "damage", damage: kind, at }];
  });
}

/** Nobody answers what the severity asks for, or what waits. */
function ofSilence(levels: Levels, facts: EscalationFacts): NextLevel | undefined {
  const { since, waitingSince, answered } = facts;
  if (answered !== undefined) return undefined;
  const base = levels.bySeverity ? since : waitingSince;
  const level = ofTurn(facts).length;
  const taken = ofTurn(facts).filter((one) => one.because !== "damage");
  const target = levels.to[taken.length];
  const last = taken.at(-1);
  // Without a base what was waited for is decided, expired or withdrawn: steps that were taken for it lead no further.
  if (target === undefined || base === undefined) return undefined;
  const because = levels.bySeverity ? "severity" : "waiting";
  if (last === undefined) return { level, target, because, at: new Date(base.getTime() + levels.afterMs) };
  const waits = last.state === "failed" ? 0 : levels.afterMs;
  return { level, target, because, at: new Date(last.at.getTime() + waits) };
}
