import type { Limits } from "../core/limits.ts";
import type { Intake, MessageStore, Reader } from "../core/ports.ts";
import type { RunStore, SweepStore } from "../core/run-store.ts";
import type { OnCommit } from "./fence.ts";
import { createIntake, type DoorPoint } from "./intake.ts";
import { createMessageStore } from "./messages.ts";
import { asStoreErrors, type Pool } from "./pool.ts";
import { createReader } from "./reader.ts";
import { remedies } from "./remedies.ts";
import { remedyAftermath } from "./remedy-aftermath.ts";
import { runEnds } from "./run-ends.ts";
import { runLease } from "./run-lease.ts";
import { runSteps } from "./run-steps.ts";
import { lookAtRun } from "./run-view.ts";
import type { Redactors } from "./safe-intake.ts";
import { secondLook } from "./second-look.ts";
import { createSweepStore } from "./sweep.ts";
import { writes } from "./writes.ts";

export { auditHead, firstRowAfter, verifyAudit } from "./audit.ts";
export { lookAtStore } from "./check.ts";
export { DOOR_POINTS, type DoorPoint } from "./intake.ts";
export { createLeaseKeeper } from "./lease-keeper.ts";
export { migrate } from "./migrate.ts";
export { openPool, type Pool } from "./pool.ts";
export { keepPulse } from "./pulse.ts";

export interface Store {
  readonly intake: Intake;
  readonly reader: Reader;
  readonly runs: RunStore;
  readonly sweep: SweepStore;
  readonly messages: MessageStore;
}

/** The truth. `onCommit` hears what each commit touched, so that somebody is told to look. */
export function createStore(
  pool: Pool,
  onCommit: OnCommit,
  tuning: {
    didNotAfterMs?: number;
    limits?: Limits;
    redactors?: Redactors;
    crash?: (point: DoorPoint) => void;
  } = {},
): Store {
  const house = { pool, onCommit, ...tuning };
  return {
    intake: createIntake(house),
    reader: createReader(pool, tuning.limits),
    runs: asStoreErrors(createRunStore(house)),
    sweep: asStoreErrors(createSweepStore(house)),
    messages: createMessageStore(pool),
  };
}

const createRunStore = (house: { pool: Pool; onCommit: OnCommit }): RunStore => ({
  look: (run) => lookAtRun(house.pool, run),
  now: async () =>
    (await house.pool.query<{ now: Date }>("SELECT clock_timestamp() AS now")).rows[0]?.now ?? new Date(),
  ...runLease(house),
  ...runSteps(house),
  ...secondLook(house),
  ...remedies(house),
  ...remedyAftermath(house),
  ...writes(house),
  ...runEnds(house),
});
