import { z } from "zod";
import { type ActionContext, actionsOn, type Preview } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { RedisClient } from "./client.ts";
import { checkConnection } from "./connection.ts";
import { toRedisError } from "./errors.ts";

const { write } = actionsOn<RedisClient>("redis");

/**
 * SCRIPT KILL, or FUNCTION KILL where the server says that a function holds it: ends what keeps every other client waiting. Redis refuses it once the script has written, so nothing is
 * left half done; `target_refused` then. redis.io, "Scripting with Lua: script execution timeout".
 */
export const killScript = write({
  name: "redis.kill-script",
  title: "End the running script",
  class: "cas",
  risk: "high",
  input: z.object({}),
  output: z.object({ killed: z.literal(true) }),
  target: () => "script",
  preview: async (client, _input, context): Promise<Preview> => {
    const kind = await busyWith(client, context);
    if (kind === undefined)
      return { changes: [], witness: { busy: false }, nothingToDo: "no script holds the server any more" };
    return {
      changes: [`${kind} KILL (refused by Redis if it has written already)`],
      witness: { busy: true },
    };
  },
  run: async (client, _input, context) => {
    if (context.remainingMs() < 1_000)
      throw new DiagError("target_refused", "Redis: too little time left, nothing was ended");
    const kind = (await busyWith(client, context)) ?? "SCRIPT";
    await client.change(context, (redis) => redis.call(kind, "KILL"));
    return { killed: true as const };
  },
  probe: async (client, _input, _witness, context) => {
    const isBusy = (await busyWith(client, context)) !== undefined;
    return {
      verdict: isBusy ? "not-done" : "done",
      evidence: isBusy ? "a script still holds the server" : "the server answers again",
    };
  },
  undo: "none: the script can be sent again",
  // A server that is still held does not answer this at all.
  settled: {
    check: () => ({ connection: checkConnection() }),
    holds: () => true,
    figures: () => "held by a script → answers again",
  },
});

/** What holds the server, by the command that ends it; undefined: nothing does. */
const busyWith = (client: RedisClient, context: ActionContext): Promise<"SCRIPT" | "FUNCTION" | undefined> =>
  client.useOwn(context, async (redis) => {
    const [reply] = await redis.all([["PING"]]);
    if (!(reply instanceof Error)) return undefined;
    const error = toRedisError(reply);
    if (error.detail === "BUSY") return error.message.includes("FUNCTION KILL") ? "FUNCTION" : "SCRIPT";
    throw error;
  });
