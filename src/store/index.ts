import type { EscalationStore } from "../core/ports/escalation-store.ts";
import type { Intake } from "../core/ports/intake.ts";
import type { MessageStore } from "../core/ports/message-store.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { RunStore } from "../core/ports/run-store.ts";
import type { SweepStore } from "../core/ports/sweep-store.ts";
import type { Limits } from "../core/words/limits.ts";
import { createEscalationStore } from "./alert/escalations.ts";
import { lookAnew } from "./alert/look-anew.ts";
import { createIntake, type DoorPoint } from "./intake.ts";
import { asStoreErrors, type Pool } from "./pool.ts";
import { createReader } from "./reader.ts";
import { autoVotes } from "./run/auto.ts";
import { beforeOf, healthyBefore } from "./run/before.ts";
import type { OnCommit } from "./run/fence.ts";
import { remedies } from "./run/remedies.ts";
import { remedyAftermath } from "./run/remedy-aftermath.ts";
import { runEnds } from "./run/run-ends.ts";
import { runLease } from "./run/run-lease.ts";
import { runSteps } from "./run/run-steps.ts";
import { lookAtRun } from "./run/run-view.ts";
import { secondLook } from "./run/second-look.ts";
import { createSweepStore } from "./run/sweep.ts";
import { writes } from "./run/writes.ts";
import type { Redactors } from "./safe-intake.ts";
import { createMessageStore } from "./thread/messages.ts";

export { auditHead, firstRowAfter, rowsAfter, verifyAudit } from "./audit.ts";
export {
  type ArchiveRecord,
  archivable,
  archivingAlone,
  forgetArchived,
  noteArchive,
  unfinished,
} from "./audit-archives.ts";
export { type AuditRow, walk } from "./audit-chain.ts";
export { lookAtStore } from "./check.ts";
export { DOOR_POINTS, type DoorPoint } from "./intake.ts";
export { migrate } from "./migrate.ts";
export { openPool, type Pool } from "./pool.ts";
export { keepPulse } from "./pulse.ts";
export { createLeaseKeeper } from "./run/lease-keeper.ts";

export interface Store {
  readonly intake: Intake;
  readonly reader: Reader;
  readonly runs: RunStore;
  readonly sweep: SweepStore;
  readonly messages: MessageStore;
  readonly escalations: EscalationStore;
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
  const deps = { pool, onCommit, ...tuning };
  return {
    intake: createIntake(deps),
    reader: createReader(pool, tuning.limits),
    runs: asStoreErrors(createRunStore(deps)),
    sweep: asStoreErrors(createSweepStore(deps)),
    messages: createMessageStore(pool),
    escalations: createEscalationStore(deps),
  };
}

const createRunStore = (deps: { pool: Pool; onCommit: OnCommit }): RunStore => ({
  look: (run) => lookAtRun(deps.pool, run),
  before: (run) => beforeOf(deps.pool, run),
  healthyBefore: (run) => healthyBefore(deps.pool, run),
  now: async () =>
    (await deps.pool.query<{ now: Date }>("SELECT clock_timestamp() AS now")).rows[0]?.now ?? new Date(),
  ...runLease(deps),
  ...runSteps(deps),
  ...secondLook(deps),
  ...lookAnew(deps),
  ...remedies(deps),
  ...autoVotes(deps),
  ...remedyAftermath(deps),
  ...writes(deps),
  ...runEnds(deps),
});
