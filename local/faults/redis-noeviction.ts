import type { Redis } from "ioredis";
import type { CacheUser } from "../sample/users.ts";
import { CACHE_USERS, resetCache } from "./cache.ts";
import { fault } from "./fault.ts";
import { redisFull } from "./redis-rules.ts";

const THUMBNAIL = "x".repeat(4 << 10);

/** Large values first, then small ones: the server refuses only above its limit, and must stay there. */
const SIZES = [64 << 10, 1 << 10, 64];

async function fill(cache: Redis, bytes: number): Promise<void> {
  const value = "x".repeat(bytes);
  for (let at = 0, refusals = 0; refusals < 5 && at < 20_000; at++) {
    await cache.set(`shop:image:${bytes}:${at}`, value).catch((error: Error) => {
      if (!error.message.startsWith("OOM")) throw error;
      refusals += 1;
    });
  }
}

/** Somebody copied the settings of a queue to a cache: nothing is evicted, and the cache refuses writes when it is full. */
export const redisNoeviction = fault<CacheUser>({
  id: "redis-noeviction",
  title: "Fill a cache that may not evict",
  description: "The cache's policy becomes noeviction and it fills up: writes fail with OOM.",
  runbook: "redis-memory",
  expects: { finding: "oom", remedy: "setPolicy" },
  rule: redisFull,
  break: async (shop) => {
    await resetCache(shop);
    const cache = shop.cache();
    await cache.config("SET", "maxmemory-policy", "noeviction");
    for (const bytes of SIZES) await fill(cache, bytes);
    // The importer goes on: what buffers give back is used at once, as long as nothing is evicted.
    let next = 0;
    shop.keepBusy(CACHE_USERS.importer, 100, async () => {
      await cache.set(`shop:thumbnail:${next++ % 10_000}`, THUMBNAIL);
    });
  },
  heal: resetCache,
});
