export const JOB_KINDS = ["run", "thread"] as const;
/** `run`: move a run on; `thread`: somebody should look at the threads. Jobs carry ids only. */
export type JobKind = (typeof JOB_KINDS)[number];

/** The side of the queue that doors and engine use. Failing is harmless: the sweeper dispatches what is left. */
export interface Dispatcher {
  /** Resolves once the queue has it, rejects with `queue_unavailable` after `1.5 s`. A waiting job of that id is not doubled. */
  dispatch(kind: JobKind, id: number): Promise<void>;
  close(): Promise<void>;
}
