import { sayDuration } from "../core/words/duration.ts";
import type { RemedyView } from "../core/words/view.ts";
import { judge } from "./checks.ts";
import type { ClaimedRun, EngineDeps } from "./deps.ts";
import { ENDS, holdOf, LOOK_MS, lookAt, seenAfter, undoSteps, watchMs } from "./verify.ts";

/**
 * A look at what was applied without a person and has helped: does it stay so? One look, then the worker is free until the next.
 * What has not stayed has failed, which turns the policy of its system off; a target that cannot be asked is asked again, and is
 * no proof until the time is over.
 */
export async function watchRemedy(deps: EngineDeps, claimed: ClaimedRun, remedy: RemedyView): Promise<void> {
  const { fence, view } = claimed;
  const results = await lookAt(deps, claimed, remedy);
  const now = await deps.store.now();
  const since = remedy.endedAt ?? now;
  const watched = now.getTime() - since.getTime();
  const left = watchMs(claimed, remedy) - watched;
  const isBlind = results.some(({ result }) => result.outcome !== "succeeded");
  const next = () => deps.store.watchOn(fence, remedy.key, Math.min(LOOK_MS, Math.max(left, 1_000)));
  const end = async (status: "succeeded" | "failed" | "errored", note: string) => {
    await deps.store.recordCheck(fence, results);
    const undo = undoSteps(deps, view, remedy);
    deps.events.remedy(view.runbook, status);
    if (status === "failed" && undo.length > 0 && remedy.approval?.policy.undo === "auto")
      return deps.store.beginUndo(fence, remedy.key, undo, `${note}; it is being undone`);
    return deps.store.setRemedy(fence, remedy.key, {
      status,
      note,
      ...(undo.length === 0 ? {} : holdOf(view, remedy)),
    });
  };
  if (isBlind)
    return left > 0
      ? next()
      : end("errored", `It helped, but whether it stayed so for ${sayDuration(watched)} could not be seen`);
  const verdict = judge(deps, claimed, remedy, seenAfter(results), Math.floor(watched / 1000));
  if (ENDS[verdict] === "failed")
    return end(
      "failed",
      `It helped at first, and did not stay so: seen ${sayDuration(Math.max(watched, 1_000))} later`,
    );
  if (left > 0) return next();
  return end("succeeded", `${remedy.note ?? "Verified"}; it has stayed so for ${sayDuration(watched)}`);
}
