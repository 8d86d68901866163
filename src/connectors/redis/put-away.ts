import { createHash } from "node:crypto";
import { z } from "zod";
import { type ActionContext, actionsOn, type Preview, type WriteContext } from "../../core/words/action.ts";
import type { DiagError } from "../../core/words/errors.ts";
import { count } from "../../core/words/format.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { RedisClient } from "./client.ts";
import { toRedisError } from "./errors.ts";
import { type FoundKey, found, KeyPattern, lookAt, MOST_KEYS, namedKeys } from "./find-keys.ts";
import { maskKey } from "./keys.ts";

const { write } = actionsOn<RedisClient>("redis");

const DAY_MS = 86_400_000;
/** Larger values are not kept a second day. */
const MOST_BYTES = 1_048_576;

const Names = z.array(z.string().min(3).max(1_000)).min(1).max(MOST_KEYS);
const Input = z.object({
  pattern: KeyPattern,
  /** Exactly these: one that comes later is not meant. */
  keys: Names,
});
type Input = z.infer<typeof Input>;

const Moved = z.object({
  key: z.string(),
  /** Where it is kept for a day. */
  kept: z.string(),
  /** When it would have ended, in milliseconds since 1970; null: never. */
  endsAt: z.number().nullable(),
});

/**
 * The same slot of a cluster: what stands in braces decides it, and a name without any is put into some whole. Names are
 * foreign and may be long; what is in front is always ours.
 */
export function keptName(key: string): string {
  const digest = createHash("sha256").update(key).digest("hex").slice(0, 8);
  // As Redis reads it: from the first brace to the next one that closes, unless there is nothing between them.
  const open = key.indexOf("{");
  const isMarked = open !== -1 && key.indexOf("}", open) > open + 1;
  return isMarked ? `diagbot:kept:${digest}:${key}` : `diagbot:kept:${digest}:{${key}}`;
}

/** Losing these loses jobs, logs people out or lets two in at once. */
const NEVER = new Set(["queue", "session", "lock"]);

function refusalOf(keys: readonly FoundKey[], wanted: readonly string[]): string | undefined {
  const bad = keys.find(({ kind }) => kind !== null && NEVER.has(kind));
  if (bad !== undefined)
    return `${maskKey(bad.key)} looks like a ${bad.kind}: what it holds would be lost to whoever uses it`;
  const refresh = keys.find(({ key }) => /refresh/i.test(key));
  if (refresh !== undefined)
    return `${maskKey(refresh.key)} looks like a refresh token: without it nobody gets a new one; log in anew first, and let the application write it`;
  const stream = keys.find(({ type }) => type === "stream");
  if (stream !== undefined) return `${maskKey(stream.key)} is a stream`;
  const large = keys.find(({ bytes }) => (bytes ?? 0) > MOST_BYTES);
  if (large !== undefined)
    return `${maskKey(large.key)} is larger than 1 MiB: it would take its room a day longer`;
  const own = wanted.find((key) => key.startsWith("diagbot:kept:"));
  return own === undefined ? undefined : "what diagbot has put away is left alone";
}

const stateOf = (
  client: RedisClient,
  names: readonly string[],
  context: ActionContext,
): Promise<FoundKey[]> => client.use(context, (redis) => lookAt(redis, names));

const say = ({ key, type, ttlMs, kind }: FoundKey): string =>
  `put away ${maskKey(key)} (${type}${kind === null ? "" : `, ${kind}`}, ${ttlMs === null ? "without an end" : `ends in ${Math.round(ttlMs / 1000)} s`})`;

/**
 * Takes named keys out of the way by renaming each to a name of diagbot's, where it ends after a day: the application finds them
 * missing and makes them anew, and no value ever leaves Redis. Undo renames them back where nothing has come in their place. Not
 * queues, sessions, locks or refresh tokens. sergas-accounts.zoho-clear-tokens; trap redis-del-token, catalogue guard (d) 6.
 */
export const putAwayKeys = write({
  name: "redis.put-away-keys",
  title: "Take keys out of the way",
  class: "cas",
  risk: "high",
  timeoutSeconds: 20,
  input: Input,
  output: z.object({ moved: z.array(Moved), gone: z.int() }),
  target: ({ pattern }) => `keys/${pattern}`,
  preview: async (client, { pattern, keys }, context): Promise<Preview> => {
    const { total, isWhole } = await found(client, pattern, context);
    const now = await stateOf(client, keys, context);
    const witness = { keys: now.map(({ key, type }) => `${type} ${key}`) };
    if (now.length === 0)
      return { changes: [], witness, nothingToDo: "none of these keys is there any more" };
    const others = isWhole ? total - now.length : undefined;
    const changes = [
      ...now.map(say),
      `${count(now.length, "key")} of ${isWhole ? total : "an unknown number"} that fit ${pattern}; kept for a day as diagbot:kept:…${others === 0 ? "" : "; the others stay"}`,
    ];
    const why = refusalOf(now, keys);
    return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
  },
  // One that is gone needs nothing; one that is of another type is another one.
  drift: (then, after) => {
    const before = new Set((then as { keys?: string[] } | null)?.keys ?? []);
    const now = (after as { keys?: string[] } | null)?.keys ?? [];
    return now.filter((one) => !before.has(one)).map((one) => `${maskKey(one)} was not there`);
  },
  run: (client, input, context) => putAway(client, input, context),
  probe: async (client, { keys }, witness, context) => {
    const before = (witness as { keys?: string[] } | null)?.keys?.length ?? keys.length;
    const now = await stateOf(client, keys, context);
    const kept = await stateOf(client, keys.map(keptName), context);
    const evidence = `${now.length} of ${before} keys are there, ${kept.length} are kept`;
    if (kept.length === 0 && now.length > 0) return { verdict: "not-done", evidence };
    return { verdict: now.length === 0 ? "done" : "unknown", evidence };
  },
  undo: (_input, _witness, { moved }) => ({ action: "redis.bring-back-keys", input: { moved } }),
  leaves: "what the application has written in their place stays, and the old value then ends",
  says: (_input, { moved }) => `${count(moved.length, "key")} put away`,
  settled: {
    check: ({ keys }) => ({ kept: namedKeys({ keys: keys.map(keptName) }), now: namedKeys({ keys }) }),
    holds: ({ kept }, _input, { moved }) => kept.keys.length >= moved.length,
    figures: ({ now }, _input, { moved }) =>
      `${count(moved.length, "key")} put away, ${now.keys.length} made anew by now`,
  },
});

async function putAway(client: RedisClient, { keys }: Input, context: WriteContext) {
  if (context.remainingMs() < 2_000) throw refused("too little time is left");
  const now = await beforeEffect(() => stateOf(client, keys, context));
  const why = now.length === 0 ? "none of these keys is there any more" : refusalOf(now, keys);
  if (why !== undefined) throw refused(why);
  const at = Date.now();
  return client.change(context, async (redis) => {
    const moved: z.infer<typeof Moved>[] = [];
    for (const { key, ttlMs } of now) {
      const kept = keptName(key);
      const end = Math.min(ttlMs ?? DAY_MS, DAY_MS);
      // RENAME keeps the time; the two stand together, so that nothing is left that never ends.
      const replies = await redis.all([["MULTI"], ["RENAME", key, kept], ["PEXPIRE", kept, end], ["EXEC"]]);
      const failed = replies.find((reply) => reply instanceof Error) ?? errorIn(replies.at(-1));
      if (failed === undefined) moved.push({ key, kept, endsAt: ttlMs === null ? null : at + ttlMs });
      // Gone meanwhile: there is nothing to put away.
      else if (!/no such key/i.test(String(failed))) throw notAll(failed, moved.length);
    }
    return { moved, gone: keys.length - moved.length };
  });
}

const errorIn = (reply: unknown): unknown =>
  Array.isArray(reply) ? reply.find((one) => one instanceof Error) : undefined;

/** The first that the server turns down proves that nothing was done. */
function notAll(failed: unknown, done: number): DiagError {
  const error = toRedisError(failed);
  return done === 0 ? refused(error.message, error.detail, failed) : error;
}

const Back = z.object({ moved: z.array(Moved).max(MOST_KEYS) });

/** Gives keys that were put away their names back, with the end they had, where nothing has come in their place. */
export const bringBackKeys = write({
  name: "redis.bring-back-keys",
  title: "Bring keys back that were put away",
  class: "cas",
  risk: "high",
  timeoutSeconds: 20,
  input: Back,
  output: z.object({ back: z.int(), replaced: z.int(), ended: z.int() }),
  target: () => "keys/kept",
  preview: async (client, { moved }, context): Promise<Preview> => {
    const kept = await stateOf(
      client,
      moved.map((one) => one.kept),
      context,
    );
    const changes = kept.map(({ key }) => `bring back ${maskKey(key)}`);
    const witness = { kept: kept.map(({ key }) => key) };
    return changes.length > 0
      ? { changes, witness }
      : { changes, witness, nothingToDo: "none of them is kept any more" };
  },
  run: async (client, { moved }, context) => {
    if (context.remainingMs() < 2_000) throw refused("too little time is left");
    const own = moved.filter(({ key, kept }) => kept === keptName(key));
    const kept = await beforeEffect(() =>
      stateOf(
        client,
        own.map((one) => one.kept),
        context,
      ),
    );
    if (kept.length === 0) throw refused("none of them is kept any more");
    const there = new Set(kept.map(({ key }) => key));
    return client.change(context, async (redis) => {
      let back = 0;
      let replaced = 0;
      for (const { key, kept: from, endsAt } of own.filter((one) => there.has(one.kept))) {
        const renamed = await redis.call("RENAMENX", from, key);
        if (renamed !== 1) replaced += 1;
        else {
          back += 1;
          if (endsAt === null) await redis.call("PERSIST", key);
          else await redis.call("PEXPIREAT", key, endsAt);
        }
      }
      return { back, replaced, ended: moved.length - back - replaced };
    });
  },
  probe: async (client, { moved }, _witness, context) => {
    const kept = await stateOf(
      client,
      moved.map((one) => one.kept),
      context,
    );
    const there = await stateOf(
      client,
      moved.map(({ key }) => key),
      context,
    );
    const evidence = `${there.length} of ${moved.length} keys are there, ${kept.length} are kept`;
    if (kept.length === 0) return { verdict: "done", evidence };
    return { verdict: there.length === 0 ? "not-done" : "unknown", evidence };
  },
  undo: "none: they are what they were",
  settled: {
    check: ({ moved }) => ({ keys: namedKeys({ keys: moved.map(({ key }) => key) }) }),
    holds: ({ keys: { keys } }, _input, { back }) => keys.length >= back,
    figures: (_after, _input, { back, replaced, ended }) =>
      `${count(back, "key")} brought back${replaced > 0 ? `, ${replaced} had been made anew` : ""}${ended > 0 ? `, ${ended} had ended` : ""}`,
  },
});
