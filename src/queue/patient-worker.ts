import {
  type ConnectionOptions,
  type IQueueBackend,
  type JobProgress,
  type RedisQueueBackend,
  Worker,
} from "bullmq";
import { waitFor } from "../lib/wait.ts";

/** Between two questions for a job of which the first was refused. */
const AGAIN_MS = 1_000;

/**
 * BullMQ asks again at once where the answer is an error other than a refused connection. A server that starts or shuts down,
 * a failover, or a first connection that failed (BullMQ keeps that for ever, so it is no I/O at all) would be asked without
 * end, and nothing else would run on this loop: no sweep, no renewal of leases. Here every refusal costs a moment.
 */
export class PatientWorker<B extends IQueueBackend = RedisQueueBackend, C = ConnectionOptions> extends Worker<
  unknown,
  void,
  string,
  B,
  JobProgress,
  C
> {
  protected override async moveToActive(token: string, name?: string) {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await waitFor(AGAIN_MS);
      throw error;
    }
  }
}
