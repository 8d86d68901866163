import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { DiagError, toDiagError } from "../../../core/words/errors.ts";
import { count } from "../../../core/words/format.ts";
import type { RabbitClient } from "../client.ts";

const { read, write } = actionsOn<RabbitClient>("rabbitmq");

/** More than that nobody throws away from a chat. */
export const MOST_PURGED = 10_000;
const Name = z.object({ vhost: z.string().min(1), queue: z.string().min(1) });
const Depth = z.object({ messages_ready: z.number(), messages_unacknowledged: z.number().default(0) });

const pathOf = ({ vhost, queue }: z.output<typeof Name>): string =>
  `queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;

const depthOf = async (client: RabbitClient, name: z.output<typeof Name>, context: ActionContext) =>
  Depth.parse(await client.get(pathOf(name), context)).messages_ready;

/** Ready messages of one queue; the figure is at most 5 s old. */
export const depth = read({
  name: "rabbitmq.depth",
  title: "Messages of one queue",
  input: Name,
  output: z.object({ ready: z.number() }),
  run: async (client, name, context) => ({ ready: await depthOf(client, name, context) }),
});

/**
 * Throws the ready messages of one named queue away. Their number is shown; above 10,000 it is refused. Unacknowledged ones stay with
 * their consumers. The figures are at most 5 s old, so what has come since goes, too.
 */
export const purgeQueue = write({
  name: "rabbitmq.purge-queue",
  title: "Throw all messages of a queue away",
  class: "guarded",
  risk: "destructive",
  input: Name,
  output: z.object({ purged: z.number() }),
  target: ({ vhost, queue }) => `${vhost}/${queue}`,
  preview: async (client, input, context) => {
    const ready = await depthOf(client, input, context);
    const witness = { queue: input.queue, vhost: input.vhost };
    const changes = [
      `throw ${count(ready, "message")} of queue ${input.queue} (${input.vhost}) away, for good`,
    ];
    if (ready === 0) return { changes, witness, nothingToDo: `queue ${input.queue} is empty` };
    return ready > MOST_PURGED ? { changes, witness, refused: tooMany(ready) } : { changes, witness };
  },
  run: async (client, input, context) => {
    const ready = await before(() => depthOf(client, input, context));
    if (ready === 0) throw refused("the queue is empty");
    if (ready > MOST_PURGED) throw refused(tooMany(ready));
    if (context.remainingMs() < 1_000) throw refused("too little time is left");
    await client.send("DELETE", `${pathOf(input)}/contents`, context);
    return { purged: ready };
  },
  probe: async (client, input, _witness, context) => {
    const ready = await depthOf(client, input, context);
    return ready === 0
      ? { verdict: "done", evidence: "the queue is empty" }
      : { verdict: "unknown", evidence: `${count(ready, "message")}: not purged, or they have come since` };
  },
  undo: "none: messages that were thrown away do not come back",
  settled: {
    within: "30s",
    check: (input) => ({ now: depth(input) }),
    holds: ({ now }, _input, output) => now.ready < (output?.purged ?? 1),
    figures: ({ now }, _input, output) => `messages ${output?.purged ?? "?"} → ${now.ready}`,
  },
});

const tooMany = (ready: number): string =>
  `${ready} messages wait, more than ${MOST_PURGED}: nobody throws so many away from a chat`;
const refused = (why: string): DiagError => new DiagError("target_refused", `${why}: nothing was done`);

/** What goes wrong before it is sent has changed nothing. */
async function before<T>(look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (thrown) {
    const error = toDiagError(thrown, "target_error");
    throw error.code === "aborted" ? error : refused(error.message);
  }
}
