// One door as a process: takes requests over IPC, stores them as the product does, and acknowledges.
import { z } from "zod";
import { crashAt } from "../../src/app/crash.ts";
import type { AnswerRequest, Entry, RunRequest, VoteRequest } from "../../src/core/ports/intake.ts";
import { createDispatcher } from "../../src/queue/dispatcher.ts";
import { createStore, openPool } from "../../src/store/index.ts";

/** What the test sends: the same letter again is a second delivery of it. */
export type Delivery = { readonly letter: Entry } & (
  | { readonly run: RunRequest }
  | { readonly vote: VoteRequest }
  | { readonly answer: AnswerRequest }
);

const env = z
  .object({
    DATABASE_URL: z.string(),
    REDIS_URL: z.string().optional(),
    QUEUE_PREFIX: z.string(),
    CRASH_AT: z.string().optional(),
  })
  .parse(process.env);
const place = { redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL, prefix: env.QUEUE_PREFIX };
const dispatcher = createDispatcher(place);
const store = createStore(
  openPool(env.DATABASE_URL, { max: 2 }),
  (touched) => {
    for (const { kind, id } of touched) if (kind === "run") dispatcher.dispatch(kind, id).catch(() => {});
  },
  { didNotAfterMs: 300, crash: crashAt(env.CRASH_AT) },
);

const take = (delivery: Delivery): Promise<unknown> => {
  if ("run" in delivery) return store.intake.submitRun(delivery.letter, delivery.run);
  if ("vote" in delivery) return store.intake.castVote(delivery.letter, delivery.vote);
  return store.intake.answer(delivery.letter, delivery.answer);
};

process.on("message", (delivery: Delivery) => {
  take(delivery).then(
    () => process.send?.({ ack: true }),
    (error: unknown) => process.send?.({ ack: false, why: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
