import type { Redis } from "ioredis";
import type { CacheUser } from "../sample/users.ts";
import { CACHE_USERS, resetCache } from "./cache.ts";
import { fault } from "./fault.ts";
import { redisEvictions } from "./redis-rules.ts";

const TEASERS = 600;
/** Just below a size class of the allocator (32 KiB). */
const TEASER = "x".repeat(31_000);
/** What the cache is left of what the crawler needs. */
const SHARE = 0.85;

/** Looks the next few teasers up, and computes and keeps those that are missing: a cache as it is meant. */
async function lookUp(cache: Redis, first: number, count: number): Promise<void> {
  const keys = Array.from({ length: count }, (_, at) => `shop:teaser:${(first + at) % TEASERS}`);
  const found = await cache.mget(keys);
  const missing = keys.filter((_key, at) => found[at] === null);
  if (missing.length > 0) await cache.mset(missing.flatMap((key) => [key, TEASER]));
}

/** A cache somewhat smaller than what is read round and round: what is needed next was evicted just before. */
export const redisTooSmall = fault<CacheUser>({
  id: "redis-too-small",
  title: "Shrink the cache",
  description:
    "The cache gets less memory than a crawler reads round and round: teasers are evicted before they are read again.",
  runbook: "redis-memory",
  expects: { finding: "eviction-storm", remedy: "raiseMaxmemory" },
  rule: redisEvictions,
  break: async (shop) => {
    await resetCache(shop);
    const cache = shop.cache();
    for (let at = 0; at < TEASERS; at += 50) await lookUp(cache, at, 50);
    const used = /used_memory:(\d+)/.exec(await cache.info("memory"))?.[1];
    await cache.config("SET", "maxmemory", String(Math.round(Number(used) * SHARE)));
    let next = 0;
    shop.keepBusy(CACHE_USERS.crawler, 50, async () => {
      await lookUp(cache, next, 20);
      next = (next + 20) % TEASERS;
    });
  },
  heal: resetCache,
});
