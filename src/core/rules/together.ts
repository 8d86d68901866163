import { SEVERITIES, type Severity } from "../words/finding.ts";
import { HEALTH_RUNBOOK } from "../words/intent.ts";
import { isEnded } from "../words/outcome.ts";
import { type FindingView, gapsOf, type RunView } from "../words/view.ts";
import { foundNow, unseenOf } from "./found.ts";

/** One thing that was found, by the runs that found it; `more`: what else the first of them found. */
export interface Concluded {
  readonly finding: FindingView;
  readonly runs: readonly RunView[];
  readonly more: number;
}

/** What several runs for one question came to, together. */
export interface Together {
  /** First what is a cause and grave. */
  readonly found: readonly Concluded[];
  /** Where something could not be looked at, and what, in words. */
  readonly unseen: readonly { readonly run: RunView; readonly what: string }[];
  /** They looked at everything they ask and found nothing. */
  readonly fine: readonly RunView[];
  /** Not diagnosed yet. */
  readonly open: readonly RunView[];
}

/**
 * Runs as one answer. Within a run its first finding is the cause of what follows it, so each run counts with that one; the same
 * finding of several runs is said once. The graver comes first, and where two are equal the health matrix stands behind the
 * runbook that looks closer: it says that something is so, not why. Pure.
 */
export function together(runs: readonly RunView[]): Together {
  const open = runs.filter(isUnderWay);
  const looked = runs.filter((run) => !isUnderWay(run));
  const unseen = looked.flatMap((run) => {
    const what = whatUnseen(run);
    return what === undefined ? [] : [{ run, what }];
  });
  const fine = looked.filter((run) => foundNow(run).length === 0 && !unseen.some((one) => one.run === run));
  return { found: concluded(looked), unseen, fine, open };
}

const isUnderWay = (run: RunView): boolean => !run.diagnosed && !isEnded(run.status);

function concluded(runs: readonly RunView[]): Concluded[] {
  const known = new Map<string, { finding: FindingView; runs: RunView[]; more: number }>();
  for (const run of runs) {
    const [first, ...rest] = foundNow(run);
    if (first === undefined) continue;
    const key = `${first.id}\n${first.title}`;
    const before = known.get(key);
    if (before === undefined) known.set(key, { finding: first, runs: [run], more: rest.length });
    else before.runs.push(run);
  }
  return [...known.values()].toSorted(
    (a, b) => rankOf(b) - rankOf(a) || Number(isHealth(a)) - Number(isHealth(b)),
  );
}

const rankOf = ({ runs, finding }: Concluded): number =>
  SEVERITIES.indexOf(gravestOf(runs) ?? finding.severity);

const isHealth = ({ runs }: Concluded): boolean => runs.every(({ runbook }) => runbook === HEALTH_RUNBOOK);

/** A cause weighs as much as the gravest of what follows from it. */
const gravestOf = (runs: readonly RunView[]): Severity | undefined =>
  SEVERITIES.findLast((severity) =>
    runs.some((run) => foundNow(run).some((one) => one.severity === severity)),
  );

function whatUnseen(run: RunView): string | undefined {
  if (run.status === "errored") return run.error?.message ?? "the run broke off";
  if (run.status === "cancelled" && !run.diagnosed) return "it was cancelled before everything was looked at";
  const unseen = unseenOf(run);
  if (unseen !== undefined) return unseen.title;
  const [first, ...more] = gapsOf(run);
  if (first === undefined) return undefined;
  return `${first.title}${more.length > 0 ? ` and ${more.length} more` : ""} gave no answer`;
}
