import type { Outcome, Scenario, Seen, SeenFinding } from "./words.ts";

/** Whether an id is the one that is wanted; a `*` at the end of `wanted` stands for anything. */
export const isWanted = (wanted: string, id: string): boolean =>
  wanted.endsWith("*") ? id.startsWith(wanted.slice(0, -1)) : id === wanted;

/** The findings that are about what was brought about, and not about the machine it was brought about on. */
export const ofSituation = <One extends Pick<SeenFinding, "id">>(
  findings: readonly One[],
  elsewhere: readonly string[] = [],
): One[] => findings.filter(({ id }) => !elsewhere.some((wanted) => isWanted(wanted, id)));

/** What is above a note: somebody is asked to do something. */
export const isAboveInfo = ({ severity }: Pick<SeenFinding, "severity">): boolean => severity !== "info";

/** What people read first: the first finding above info in the order of the thread, otherwise the first at all. */
export const firstOf = (findings: readonly SeenFinding[]): SeenFinding | undefined =>
  findings.find(isAboveInfo) ?? findings[0];

/** What is wrong about the answer to the fault, in sentences. */
export function judgeFault({ expect }: Pick<Scenario, "expect">, seen: Seen): string[] {
  const first = firstOf(seen.findings);
  if (first === undefined) {
    const runs = seen.runs.map(({ runbook, status }) => `${runbook} ${status}`).join(", ") || "no run";
    return [`found nothing (${runs}), not ${expect.first}`];
  }
  const wrong: string[] = [];
  if (!isWanted(expect.first, first.id))
    wrong.push(`found first ${first.id} (${first.title}), not ${expect.first}`);
  if (expect.remedy !== undefined && !first.remedies.includes(expect.remedy))
    wrong.push(`offered ${first.remedies.join(", ") || "nothing"}, not ${expect.remedy}`);
  return wrong;
}

/** What is wrong about the answer to the twin. */
export const judgeTwin = ({ findings }: Seen): string[] =>
  findings
    .filter(isAboveInfo)
    .map(({ id, severity, title }) => `the healthy twin gave ${severity} ${id}: ${title}`);

/** What was and was not shown by a run of the lab. */
export interface Totals {
  readonly scenarios: number;
  readonly ran: number;
  readonly notRun: number;
  readonly rightFirst: number;
  readonly applied: number;
  readonly verified: number;
  readonly twins: number;
  readonly falseFindings: number;
  /** Seconds; undefined where nothing was found. */
  readonly evidenceP50: number | undefined;
  readonly evidenceP95: number | undefined;
  /** Scenarios that ran and were not as they must be. */
  readonly wrong: number;
}

/** Sums of the table. Scenarios that were not run count for nothing else. */
export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const ran = outcomes.filter(({ notRun }) => notRun === undefined);
  const seconds = ran.flatMap(({ evidenceSeconds }) => evidenceSeconds ?? []).sort((a, b) => a - b);
  const applied = ran.filter(({ verified }) => verified !== undefined);
  const twins = ran.filter(({ falseFindings }) => falseFindings !== undefined);
  return {
    scenarios: outcomes.length,
    ran: ran.length,
    notRun: outcomes.length - ran.length,
    rightFirst: ran.filter(({ right }) => right === true).length,
    applied: applied.length,
    verified: applied.filter(({ verified }) => verified).length,
    twins: twins.length,
    falseFindings: twins.reduce((sum, { falseFindings = [] }) => sum + falseFindings.length, 0),
    evidenceP50: quantile(seconds, 0.5),
    evidenceP95: quantile(seconds, 0.95),
    wrong: ran.filter(({ wrong }) => wrong.length > 0).length,
  };
}

/** Nearest rank of sorted values. */
const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
