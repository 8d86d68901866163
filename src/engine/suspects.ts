import type { Fence } from "../core/ports/run-store.ts";
import { DiagError } from "../core/words/errors.ts";
import { isEnded } from "../core/words/outcome.ts";
import type { RunView } from "../core/words/view.ts";
import { stepError } from "./call.ts";
import type { EngineDeps } from "./deps.ts";

/** Leases lost in a row, without a recorded step, after which the run itself is what stops the workers. */
export const MOST_LOST = 3;
/** From here on a run is worked without another such run beside it: what stops a worker is not blamed on its neighbours. */
export const SUSPICIOUS = 2;

/** The one place for a suspect in this process. */
export interface SuspectSlot {
  /** Undefined: it is taken. */
  take(): { leave(): void } | undefined;
}

export function suspectSlot(): SuspectSlot {
  let holder: object | undefined;
  return {
    take: () => {
      if (holder !== undefined) return undefined;
      const mine = {};
      holder = mine;
      return {
        leave: () => {
          if (holder === mine) holder = undefined;
        },
      };
    },
  };
}

/**
 * Ends a run that stopped its worker three times: `errored`, and so does what is open of it. False: something may have
 * happened that nobody has told yet, so it goes on until a person has been asked.
 */
export async function giveUp(
  deps: EngineDeps,
  fence: Fence,
  onEnded: (view: RunView) => void,
): Promise<boolean> {
  const seen = await deps.store.look(fence.run);
  if (seen === undefined || isEnded(seen.view.status)) return true;
  if (!mayGiveUp(seen.view)) return false;
  const error = new DiagError("worker_stopped", `it stopped its worker ${MOST_LOST} times`);
  deps.logger.error(
    { run: fence.run, runbook: seen.view.runbook },
    "a run stopped its worker; it is given up",
  );
  await deps.store.finish(fence, "errored", stepError(error, deps.redact));
  onEnded(seen.view);
  return true;
}

/** Nothing is under way or unknown at a target. */
const mayGiveUp = ({ steps, remedies }: RunView): boolean =>
  !remedies.some(({ status }) => status === "unknown") &&
  !steps.some(({ effect, state }) => effect === "write" && ["executing", "unknown"].includes(state));
