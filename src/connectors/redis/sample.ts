import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { Expiry, expiryOf } from "./expiry.ts";
import { databasesOf, parseInfo } from "./info.ts";
import { maskKey, prefixOf, protectedAs, queueLibrary } from "./keys.ts";
import { refusedPart } from "./permission.ts";

const { read } = actionsOn<RedisClient>("redis");

const Sample = z.object({
  /** Keys of all databases, and how many of them were looked at. */
  keys: z.number(),
  looked: z.int(),
  /** Of those looked at. */
  bytes: z.number(),
  /** Largest first, at most 20; masked. */
  biggest: z.array(
    z.object({ key: z.string(), type: z.string(), bytes: z.number(), ttlSeconds: z.number().nullable() }),
  ),
  prefixes: z.array(
    z.object({
      ...{ prefix: z.string(), keys: z.int(), bytes: z.number(), withoutTtl: z.int(), strings: z.int() },
      /** How the server keeps them (`embstr`, `listpack`, `hashtable`), of those whose encoding was asked for. */
      encodings: z.record(z.string(), z.int()).default({}),
      /** Keys that end in a signed number of 64 bits, as Python's hash() makes them, and how many of those are negative. */
      hashed: z.int().default(0),
      negative: z.int().default(0),
    }),
  ),
  ttl: z.object({ none: z.int(), underMinute: z.int(), underHour: z.int(), longer: z.int() }),
  /** Keys that are no cache, by kind, with one masked example each. */
  protected: z.array(z.object({ what: z.string(), keys: z.int(), example: z.string() })),
  /** Of those looked at, by the queue library they belong to. */
  queues: z.array(z.object({ library: z.string(), keys: z.int(), withoutTtl: z.int() })).default([]),
  /** Null: recorded before it was looked at. */
  expiry: Expiry.nullable().default(null),
  notSeen,
});
export type KeySample = z.infer<typeof Sample>;

const BATCH = 250;
/** The budget of time ends it first on most servers; one giant key among many must not be missed for a low number. */
const MAX_KEYS = 100_000;
/** Of so many the encoding is asked for: each is one more question, and it is the same for keys of one kind. */
const MAX_ENCODINGS = 2_000;
/** The last part of a key as Python's hash() of a text: 64 bits with a sign. */
const HASHED = /(?:^|[:._|/])(-?)\d{16,19}$/;

/**
 * Looks at keys by SCAN with a budget of time and number, over all databases: size by MEMORY USAGE (not element counts),
 * TTL, type, grouped by prefix. It counts in keyspace_hits: never in parallel with redis.sample-rates. A sample, not a census, where `looked` is below `keys`. Names are masked.
 * sergas-agents.cache-high-memory; traps redis-bigkeys, redis-scan-sample.
 */
export const sampleKeys = read({
  name: "redis.sample-keys",
  title: "Biggest keys, prefixes and TTLs of a sample",
  timeoutSeconds: 15,
  input: z.object({ budgetMs: z.int().min(50).max(10_000).default(2_000) }),
  output: Sample,
  run: (client, { budgetMs }, context) => sample(client, budgetMs, context),
});

/** For the guards of the writes too. */
export const sample = (client: RedisClient, budgetMs: number, context: ActionContext): Promise<KeySample> =>
  client.useOwn(context, async (redis) => {
    const { databases, missing } = await databasesIn(redis);
    const found: Found = { looked: [], refused: new Map(), begun: performance.now() };
    for (const { database } of databases) {
      if (databases.length > 1 || database !== 0) await redis.call("SELECT", database);
      const share = { ms: budgetMs / databases.length, keys: Math.ceil(MAX_KEYS / databases.length) };
      await scan(redis, share, found);
    }
    const keys = databases.reduce((sum, one) => sum + one.keys, 0);
    return {
      ...{ keys, looked: found.looked.length },
      ...summary(found.looked, { keys, databases: databases.length }),
      notSeen: [...missing, ...found.refused.values()],
    };
  });

interface Found {
  readonly looked: Looked[];
  /** By what it is. */
  readonly refused: Map<string, NotSeen>;
  readonly begun: number;
}

const keep = (refused: Found["refused"], parts: readonly NotSeen[]): void => {
  for (const part of parts) refused.set(part.what, part);
};

/** Databases that hold keys; where INFO is not to be had, the first only. */
async function databasesIn(redis: RedisHands) {
  const [info, size] = await redis.all([["INFO", "keyspace"], ["DBSIZE"]]);
  if (!(info instanceof Error)) return { databases: databasesOf(parseInfo(String(info))), missing: [] };
  const keys = typeof size === "number" ? size : 0;
  return {
    databases: [{ database: 0, keys, withTtl: 0 }],
    missing: refusedPart("databases other than the first", info, "+info"),
  };
}

export interface Looked {
  readonly key: string;
  readonly type: string;
  readonly bytes: number;
  /** Null: none. */
  readonly ttlSeconds: number | null;
  /** Undefined: it was not asked for, or may not be. */
  readonly encoding?: string | undefined;
  /** When it was looked at, seconds after the first: keys that end at once were not all asked at once. */
  readonly after: number;
}

async function scan(redis: RedisHands, budget: { ms: number; keys: number }, found: Found): Promise<void> {
  const end = performance.now() + budget.ms;
  const after = () => (performance.now() - found.begun) / 1000;
  let [cursor, left] = ["0", budget.keys];
  do {
    const [reply] = await redis.all([["SCAN", cursor, "COUNT", BATCH]]);
    keep(found.refused, refusedPart("keys", reply, "+scan"));
    if (!Array.isArray(reply)) break;
    cursor = String(reply[0]);
    const names = (Array.isArray(reply[1]) ? reply[1].map(String) : []).slice(0, left);
    left -= names.length;
    const isAsked = found.looked.length < MAX_ENCODINGS;
    found.looked.push(...(await lookAt(redis, names, found.refused, { after: after(), isAsked })));
  } while (cursor !== "0" && left > 0 && performance.now() < end);
}

async function lookAt(
  redis: RedisHands,
  names: readonly string[],
  refused: Found["refused"],
  { after, isAsked }: { after: number; isAsked: boolean },
): Promise<Looked[]> {
  const questions = (key: string): [string, ...(string | number)[]][] => [
    ["MEMORY", "USAGE", key, "SAMPLES", 5],
    ["PTTL", key],
    ["TYPE", key],
    ...(isAsked ? [["OBJECT", "ENCODING", key] as [string, ...string[]]] : []),
  ];
  const each = isAsked ? 4 : 3;
  const replies = await redis.all(names.flatMap(questions));
  return names.flatMap((key, index) => {
    const [bytes, ttl, type, encoding] = replies.slice(index * each, (index + 1) * each);
    keep(refused, refusedPart("the size of keys", bytes, "+memory|usage"));
    keep(refused, refusedPart("when keys expire", ttl, "+pttl"));
    // Gone between SCAN and now.
    if (typeof bytes !== "number" || typeof ttl !== "number" || ttl === -2) return [];
    return [
      {
        ...{ key, bytes, ttlSeconds: ttl < 0 ? null : ttl / 1000, type: String(type), after },
        ...(typeof encoding === "string" ? { encoding: encoding.slice(0, 40) } : {}),
      },
    ];
  });
}

type Prefix = KeySample["prefixes"][number];

/** Adds a key to those of its prefix. */
function countIn(prefixes: Map<string, Prefix>, { key, type, bytes, ttlSeconds, encoding }: Looked): void {
  const prefix = prefixOf(key);
  const group = prefixes.get(prefix) ?? {
    ...{ prefix, keys: 0, bytes: 0, withoutTtl: 0, strings: 0 },
    ...{ encodings: {}, hashed: 0, negative: 0 },
  };
  const hashed = HASHED.exec(key);
  group.keys += 1;
  group.bytes += bytes;
  group.withoutTtl += ttlSeconds === null ? 1 : 0;
  group.strings += type === "string" ? 1 : 0;
  group.hashed += hashed === null ? 0 : 1;
  group.negative += hashed?.[1] === "-" ? 1 : 0;
  if (encoding !== undefined) group.encodings[encoding] = (group.encodings[encoding] ?? 0) + 1;
  prefixes.set(prefix, group);
}

/** Sizes, prefixes, TTLs and protected kinds of what was looked at. */
export function summary(
  looked: readonly Looked[],
  all: { readonly keys: number; readonly databases: number },
): Omit<KeySample, "keys" | "looked" | "notSeen"> {
  const prefixes = new Map<string, Prefix>();
  const kinds = new Map<string, { what: string; keys: number; example: string }>();
  const queues = new Map<string, KeySample["queues"][number]>();
  for (const one of looked) {
    const { key, type, ttlSeconds } = one;
    countIn(prefixes, one);
    const library = queueLibrary(key, type);
    if (library !== undefined) {
      const queue = queues.get(library) ?? { library, keys: 0, withoutTtl: 0 };
      queue.keys += 1;
      queue.withoutTtl += ttlSeconds === null ? 1 : 0;
      queues.set(library, queue);
    }
    const what = protectedAs(key, type);
    if (what === undefined) continue;
    const kind = kinds.get(what) ?? { what, keys: 0, example: maskKey(key) };
    kind.keys += 1;
    kinds.set(what, kind);
  }
  const ttlIn = (from: number, to: number) =>
    looked.filter(({ ttlSeconds }) => ttlSeconds !== null && ttlSeconds >= from && ttlSeconds < to).length;
  return {
    bytes: looked.reduce((sum, { bytes }) => sum + bytes, 0),
    biggest: [...looked]
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 20)
      .map(({ encoding: _encoding, ...one }) => ({ ...one, key: maskKey(one.key) })),
    prefixes: [...prefixes.values()].sort((a, b) => b.bytes - a.bytes).slice(0, 15),
    ttl: {
      none: looked.filter(({ ttlSeconds }) => ttlSeconds === null).length,
      underMinute: ttlIn(0, 60),
      underHour: ttlIn(60, 3600),
      longer: ttlIn(3600, Number.POSITIVE_INFINITY),
    },
    protected: [...kinds.values()].sort((a, b) => b.keys - a.keys),
    queues: [...queues.values()].sort((a, b) => b.keys - a.keys),
    expiry: expiryOf(looked, all),
  };
}
