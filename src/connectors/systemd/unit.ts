import { z } from "zod";

/** A command of a unit that ended badly: which one (`ExecStartPre`), its program, and how. */
const FailedCommand = z.object({ of: z.string(), path: z.string(), ended: z.string(), status: z.string() });

/** Ages are seconds ago; null: never, or not said by this version. Limits: null where there is none. */
export const Unit = z.object({
  name: z.string(),
  description: z.string(),
  /** loaded, not-found, bad-setting, error, masked. */
  load: z.string(),
  loadError: z.string(),
  /** active, reloading, inactive, failed, activating, deactivating. */
  active: z.string(),
  /** running, exited, dead, failed, auto-restart, start-pre, … */
  sub: z.string(),
  /** enabled, disabled, static, masked, generated, …; empty where there is no file. */
  file: z.string(),
  fileChanged: z.boolean(),
  fragment: z.string(),
  dropIns: z.array(z.string()),
  /** simple, notify, oneshot, …; empty for what is no service. */
  type: z.string(),
  restart: z.string(),
  staysActive: z.boolean(),
  result: z.string(),
  reloadResult: z.string(),
  /** When its state last changed, µs since boot: another number, another state in between. */
  changedStamp: z.number(),
  /** 1 exited, 2 killed, 3 dumped core (CLD_…), 0: the main process has not ended. */
  mainCode: z.int(),
  mainStatus: z.int(),
  mainPid: z.int(),
  program: z.string(),
  restarts: z.int(),
  invocation: z.string(),
  failedCommands: z.array(FailedCommand),
  job: z.boolean(),
  conditionHolds: z.boolean(),
  assertionHolds: z.boolean(),
  startedAgo: z.number().nullable(),
  activeAgo: z.number().nullable(),
  leftActiveAgo: z.number().nullable(),
  endedAgo: z.number().nullable(),
  changedAgo: z.number().nullable(),
  mainStartedAgo: z.number().nullable(),
  mainEndedAgo: z.number().nullable(),
  /** Its end was asked for (a stop job, a time limit) before its main process ended; null: it has not ended. */
  wasAsked: z.boolean().nullable(),
  /** It failed before it was ever up in this start. */
  neverUp: z.boolean(),
  startTimeout: z.number().nullable(),
  stopTimeout: z.number().nullable(),
  startLimit: z.object({ burst: z.number().nullable(), seconds: z.number().nullable() }),
  /** Cannot do without: Requires, Requisite, BindsTo. */
  requires: z.array(z.string()),
  bindsTo: z.array(z.string()),
  /** Of those, the ones it waits for at its start. */
  after: z.array(z.string()),
  triggeredBy: z.array(z.string()),
  triggers: z.array(z.string()),
  wantedBy: z.array(z.string()),
  canReload: z.boolean(),
  refusesStart: z.boolean(),
  refusesStop: z.boolean(),
  user: z.string(),
  statusText: z.string(),
  /** Path below the root of control groups; empty where it has no process. */
  controlGroup: z.string(),
  memory: z.object({ now: z.number().nullable(), max: z.number().nullable() }),
  /** Beyond it the kernel slows the unit down rather than end it; null: none. */
  memoryHigh: z.number().nullable().default(null),
  tasks: z.object({ now: z.number().nullable(), max: z.number().nullable() }),
  /** CPUs it may use together; null: no limit. */
  cpuQuota: z.number().nullable().default(null),
  openFiles: z.object({ soft: z.number().nullable(), hard: z.number().nullable() }),
  /** Of timers: unix seconds. */
  timer: z
    .object({ last: z.number().nullable(), next: z.number().nullable(), nextMonotonic: z.boolean() })
    .nullable(),
  /** Of sockets: connections turned away since it listens. */
  refused: z.number().nullable(),
});
export type Unit = z.output<typeof Unit>;
