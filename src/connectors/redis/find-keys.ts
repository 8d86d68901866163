import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { toRedisError } from "./errors.ts";
import { protectedAs } from "./keys.ts";

const { read } = actionsOn<RedisClient>("redis");

/**
 * A glob of SCAN with at least three letters before its first wildcard: a whole name, or a prefix. A backslash, a bracket or a control
 * character has no place in it.
 */
export const KeyPattern = z
  .string()
  .max(300)
  .regex(/^[^\p{C}\\[\]?*]{3}[^\p{C}\\[\]]*$/u, "at least three letters of the key's name before a * or ?");

/** So many keys are listed, and changed, at most. */
export const MOST_KEYS = 50;
/** Keys that are gone through for them. */
const MOST_LOOKED = 2_000_000;
const BATCH = 1_000;

const Key = z.object({
  key: z.string(),
  type: z.string(),
  /** Null: it stays. */
  ttlMs: z.number().nullable(),
  /** A counter's value, or how many entries it holds; null: it is another text, which is not shown. */
  count: z.number().nullable(),
  bytes: z.number().nullable(),
  /** `queue`, `session`, `token`, `lock`, `rate limit`; null: it looks like a cache entry. */
  kind: z.string().nullable(),
});
export type FoundKey = z.infer<typeof Key>;

const Found = z.object({
  /** By name, at most 50. */
  keys: z.array(Key).max(MOST_KEYS),
  /** Seen in all, as far as was looked. */
  total: z.int(),
  /** False: it took too long, and there may be more. */
  isWhole: z.boolean(),
});
export type FoundKeys = z.infer<typeof Found>;

/**
 * Keys by a name or a prefix, of the connection's database: type, what is left of their time, counters. Values are never shown but
 * those that are a number. SCAN with a budget, never KEYS. ai-saas.rate-limit-status; traps redis-placeholder, redis-scan-sample.
 */
export const findKeys = read({
  name: "redis.find-keys",
  title: "Keys by name: type, time left, counters",
  timeoutSeconds: 20,
  input: z.object({ pattern: KeyPattern }),
  output: Found,
  run: (client, { pattern }, context) => found(client, pattern, context),
});

/** The same of keys that are known by name, at most 50; those that are gone are left out. */
export const namedKeys = read({
  name: "redis.named-keys",
  title: "Named keys as they are now",
  input: z.object({ keys: z.array(z.string().min(1).max(1_100)).max(MOST_KEYS) }),
  output: z.object({ keys: z.array(Key).max(MOST_KEYS) }),
  run: async (client, { keys }, context) => ({
    keys: keys.length === 0 ? [] : await client.use(context, (redis) => lookAt(redis, keys)),
  }),
});

/** For the guards of the writes, too. */
export const found = (client: RedisClient, pattern: string, context: ActionContext): Promise<FoundKeys> =>
  client.use(context, async (redis) => {
    const { names, total, isWhole } = await namesOf(redis, pattern, context.timeoutMs - 3_000);
    return { keys: await lookAt(redis, names), total, isWhole };
  });

async function namesOf(redis: RedisHands, pattern: string, budgetMs: number) {
  if (!/[*?]/.test(pattern)) {
    const isThere = (await redis.call("EXISTS", pattern)) === 1;
    return { names: isThere ? [pattern] : [], total: isThere ? 1 : 0, isWhole: true };
  }
  const end = performance.now() + Math.max(500, budgetMs);
  // SCAN may say a name twice.
  const seen = new Set<string>();
  let [looked, cursor] = [0, "0"];
  do {
    const [next, names] = await page(redis, cursor, pattern);
    cursor = next;
    looked += BATCH;
    for (const name of names) if (seen.size < MOST_COUNTED) seen.add(name);
  } while (cursor !== "0" && looked < MOST_LOOKED && seen.size < MOST_COUNTED && performance.now() < end);
  return { names: [...seen].sort().slice(0, MOST_KEYS), total: seen.size, isWhole: cursor === "0" };
}

/** More are not counted: it is more than anybody lists. */
const MOST_COUNTED = 100_000;

async function page(redis: RedisHands, cursor: string, pattern: string): Promise<[string, string[]]> {
  const reply = await redis.call("SCAN", cursor, "MATCH", pattern, "COUNT", BATCH);
  if (!Array.isArray(reply)) return ["0", []];
  return [String(reply[0]), Array.isArray(reply[1]) ? reply[1].map(String) : []];
}

const SIZE: Readonly<Record<string, string>> = {
  list: "LLEN",
  set: "SCARD",
  zset: "ZCARD",
  hash: "HLEN",
  stream: "XLEN",
};
/** More digits are no counter. */
const DIGITS = 16;

/** Named keys as they are now; those that are gone are left out. */
export async function lookAt(redis: RedisHands, names: readonly string[]): Promise<FoundKey[]> {
  const asked = await redis.all(
    names.flatMap((key): [string, ...(string | number)[]][] => [
      ["TYPE", key],
      ["PTTL", key],
      ["MEMORY", "USAGE", key],
    ]),
  );
  const facts = names.flatMap((key, at) => {
    const [type, ttl, bytes] = asked.slice(at * 3, at * 3 + 3);
    if (type instanceof Error) throw toRedisError(type);
    if (ttl instanceof Error) throw toRedisError(ttl);
    if (type === "none" || typeof ttl !== "number" || ttl === -2) return [];
    return [
      {
        key,
        type: String(type),
        ttlMs: ttl < 0 ? null : ttl,
        bytes: typeof bytes === "number" ? bytes : null,
      },
    ];
  });
  const counts = await redis.all(
    facts.map(({ key, type }): [string, ...(string | number)[]] => {
      const size = SIZE[type];
      return size === undefined ? ["GETRANGE", key, 0, DIGITS] : [size, key];
    }),
  );
  return facts.map((one, at) => ({
    ...one,
    count: countIn(counts[at]),
    kind: protectedAs(one.key, one.type) ?? null,
  }));
}

const countIn = (reply: unknown): number | null => {
  if (typeof reply === "number") return reply;
  const text = typeof reply === "string" ? reply : "";
  return /^-?\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : null;
};
