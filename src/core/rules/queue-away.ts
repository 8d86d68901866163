import type { Reply } from "../words/reply.ts";

/** Whether the queue has taken all it was told of; false after a second without an answer. */
export type QueueTakes = () => Promise<boolean>;

/** What a run that was asked for waits for. */
export const RUN_WAITS =
  "diagbot's own queue does not answer; the run is stored and starts by itself as soon as it does";
/** What the next step of a run waits for after a decision. */
export const STEP_WAITS =
  "Not yet: diagbot's own queue does not answer; this is stored, and the run goes on by itself as soon as it does";

/** The answer to what was stored, and what it waits for where the queue is away. */
export async function sayQueue(
  reply: Reply,
  queueTakes: QueueTakes | undefined,
  waits: string,
): Promise<Reply> {
  if (queueTakes === undefined || reply.run === undefined || reply.error !== undefined) return reply;
  if (await queueTakes()) return reply;
  return { ...reply, sections: [...reply.sections, { kind: "text", text: waits }] };
}
