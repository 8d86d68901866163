import type { NewStep, SecondLook, StepResult } from "../core/ports/run-store.ts";
import { toDiagError } from "../core/words/errors.ts";
import { canonical, difference } from "../core/words/json.ts";
import type { PlannedCall } from "../core/words/plan.ts";
import type { RemedyView, RunView, StepView } from "../core/words/view.ts";
import { stepsOfStage } from "./conclude.ts";
import { contextOf } from "./context.ts";
import { type ClaimedRun, type EngineDeps, unchanged, writeAction } from "./deps.ts";
import { conclusionsOf, readStep, withHealthy } from "./diagnose.ts";
import { previewCalls } from "./propose.ts";
import { compareLooks, isBlinder, needsNewPlan } from "./second-look.ts";

/**
 * Looks at everything once more because the alert has ended or fired again: what is gone is withdrawn, and a card whose plan
 * would be another one now is planned again in place. It only reads, and what it saw is stored at once, so a worker that dies
 * in the middle leaves everything as it was and the next one begins anew.
 */
export async function lookAgain(deps: EngineDeps, claimed: ClaimedRun): Promise<void> {
  const request = claimed.view.lookAgain;
  if (request === undefined) return;
  const at = await deps.store.now();
  const steps = await readAgain(deps, claimed, at);
  const view: RunView = {
    ...claimed.view,
    lookedAgainAt: at,
    steps: [...othersOf(claimed.view), ...steps.map(asView)],
  };
  const again: ClaimedRun = { ...claimed, view };
  // What could not be looked at cannot be said to be gone: everything stays as it is, and is tried again.
  if (isBlinder(claimed.view, view)) return deps.store.lookAgainLater(claimed.fence, request.n, RETRY_MS);
  const concluded = conclusionsOf(deps, again);
  const conclusions = { ...concluded, findings: await withHealthy(deps, again, concluded.findings) };
  const compared = compareLooks(claimed.view, conclusions, request.why);
  const replanned: SecondLook["replanned"][number][] = [];
  for (const remedy of claimed.view.remedies) {
    const because = compared.wanted.has(remedy.key)
      ? await reasonToPlanAgain(deps, again, remedy)
      : undefined;
    if (because !== undefined) replanned.push({ key: remedy.key, status: remedy.status, because });
  }
  const { wanted: _wanted, ...look } = compared;
  await deps.store.recordSecondLook(claimed.fence, {
    ...look,
    explained: conclusions.explained,
    n: request.n,
    at,
    steps,
    replanned,
  });
}

const RETRY_MS = 60_000;

const othersOf = (view: RunView): StepView[] => view.steps.filter((step) => step.phase !== "diagnose");

type ReadAgain = NewStep & { readonly result: StepResult };

/** Stage by stage, as at first: a later stage may ask other things because of what an earlier one sees now. */
async function readAgain(deps: EngineDeps, claimed: ClaimedRun, at: Date): Promise<ReadAgain[]> {
  const { system } = claimed;
  const runbook = unchanged(claimed);
  const read: ReadAgain[] = [];
  for (const stage of runbook.stages.keys()) {
    const view = { ...claimed.view, lookedAgainAt: at, steps: read.map(asView) };
    const context = contextOf(view, system);
    const steps = stepsOfStage(deps, { runbook, context, steps: view.steps }, view, stage);
    const results = await Promise.all(steps.map((step) => readStep(deps, claimed, step)));
    read.push(...steps.flatMap((step, i) => asRead(step, results[i])));
  }
  return read;
}

/** As it will be read back from the rows, so that what is concluded now is what will be concluded after a crash. */
const asRead = (step: NewStep, result: StepResult | undefined): ReadAgain[] =>
  result === undefined
    ? []
    : [
        {
          ...step,
          result: { ...result, ...(JSON.parse(JSON.stringify({ output: result.output })) as object) },
        },
      ];

const asView = ({ result, ...step }: ReadAgain): StepView => ({
  ...step,
  state: result.outcome,
  epoch: 0,
  startedAt: result.startedAt,
  ...(result.output === undefined ? {} : { output: result.output }),
  ...(result.error === undefined ? {} : { error: result.error }),
});

/** What has changed since the remedy was planned; undefined: its card stays as it is. */
async function reasonToPlanAgain(
  deps: EngineDeps,
  claimed: ClaimedRun,
  remedy: RemedyView,
): Promise<readonly string[] | undefined> {
  const why = claimed.view.lookAgain?.why ?? "fired";
  if (!needsNewPlan(remedy, why)) return undefined;
  if (remedy.status !== "waiting") return [];
  const previewed = await previewCalls(deps, claimed, remedy).catch((error: unknown) => {
    if (claimed.stop.aborted || ["aborted", "store_unavailable"].includes(toDiagError(error).code))
      throw error;
    return undefined;
  });
  // It is looked at once more before anything is done; what cannot be previewed now keeps its card until then.
  if (previewed === undefined) return undefined;
  if ("skip" in previewed) return [previewed.skip];
  const lines = planDifference(deps, remedy.plan?.calls ?? [], previewed.calls).map(deps.redact);
  return lines.length === 0 ? undefined : lines;
}

function planDifference(
  deps: EngineDeps,
  before: readonly PlannedCall[],
  now: readonly PlannedCall[],
): readonly string[] {
  const same = before.length === now.length && before.every((call, i) => sameCall(call, now[i]));
  if (!same) return [...changesOnly("no longer: ", before, now), ...changesOnly("new: ", now, before)];
  return before.flatMap((call, i) => {
    const witness = now[i]?.witness ?? null;
    return writeAction(deps, call.action).drift?.(call.witness, witness) ?? difference(call.witness, witness);
  });
}

const sameCall = (one: PlannedCall, other: PlannedCall | undefined): boolean =>
  other !== undefined &&
  canonical({ action: one.action, on: one.on, input: one.input }) ===
    canonical({ action: other.action, on: other.on, input: other.input });

/** What one plan would do and the other would not, in the words of the previews. */
function changesOnly(prefix: string, of: readonly PlannedCall[], not: readonly PlannedCall[]): string[] {
  const others = new Set(not.flatMap(({ changes }) => changes));
  const lines = of.flatMap(({ changes }) => changes).filter((change) => !others.has(change));
  return lines.slice(0, 10).map((change) => `${prefix}${change}`);
}
