import { DiagError } from "../core/words/errors.ts";
import type { RunId } from "../core/words/ids.ts";
import { isEnded } from "../core/words/outcome.ts";
import type { RunView } from "../core/words/view.ts";
import { waitFor } from "../lib/wait.ts";
import type { AppDeps } from "./deps.ts";

const LOOK_MS = 250;

/** Nothing more happens to the run unless a human acts. */
export const isAtRest = (run: RunView): boolean => isEnded(run.status) || run.status === "waiting";

export async function runOf(deps: AppDeps, id: RunId): Promise<RunView> {
  const run = await deps.store.reader.run(id);
  if (run === undefined) throw new DiagError("unknown_run", `there is no run ${id}`);
  return run;
}

/** Resolves when the run has ended or waits for a human. */
export async function waitForRun(deps: AppDeps, id: RunId): Promise<RunView> {
  for (;;) {
    const run = await runOf(deps, id);
    if (isAtRest(run)) return run;
    await waitFor(LOOK_MS);
  }
}

/** Works the run in this process: the same engine and store, so it also works when every worker and Slack are down. */
export async function workInline(deps: AppDeps, id: RunId): Promise<RunView> {
  const engine = (await import("./engine.ts")).engineOf(deps);
  try {
    for (;;) {
      await engine.advance(id);
      const run = await runOf(deps, id);
      if (isAtRest(run)) return run;
      await waitFor(LOOK_MS);
    }
  } finally {
    await engine.stop(5_000);
    await engine.close();
  }
}
