import type { ClaimedRun, EngineDeps } from "./deps.ts";

/**
 * Asked to look again, but the runbook has changed since the run began: what was seen and found by the old text cannot be
 * held against what the new one sees. So a new run looks, and asks instead of this one; where none can begin, this one keeps
 * the cards it has, each as it was planned.
 */
export async function lookAnew(deps: EngineDeps, { fence, view }: ClaimedRun): Promise<void> {
  if (view.lookAgain === undefined) return;
  const now = deps.catalog.runbooks.find(({ id }) => id === view.runbook);
  const params = now?.params.safeParse(view.params);
  await deps.store.lookAnew(
    fence,
    view.lookAgain.n,
    now === undefined
      ? { because: "the runbook is gone" }
      : params?.success !== true
        ? { because: "the runbook has changed and does not take these parameters any more" }
        : { because: "the runbook has changed", as: { params: params.data, title: now.title } },
  );
}
