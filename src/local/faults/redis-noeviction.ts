import type { Redis } from "ioredis";
import { fault } from "./fault.ts";
import { redisFull } from "./redis-rules.ts";

const IMPORTER = "image-importer";
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

/** What the cache is started with, and goes back to. */
export const CACHE_SETTINGS = { maxmemory: "48mb", "maxmemory-policy": "allkeys-lru" } as const;

export async function restoreCache(cache: Redis): Promise<void> {
  await cache.config("SET", "maxmemory", CACHE_SETTINGS.maxmemory);
  await cache.config("SET", "maxmemory-policy", CACHE_SETTINGS["maxmemory-policy"]);
  await cache.flushall();
}

/** Somebody copied the settings of a queue to a cache: nothing is evicted, and the cache refuses writes when it is full. */
export const redisNoeviction = fault({
  id: "redis-noeviction",
  title: "Fill a cache that may not evict",
  description: "The cache's policy becomes noeviction and it fills up: writes fail with OOM.",
  runbook: "redis-memory",
  expects: { finding: "oom", remedy: "setPolicy" },
  rule: redisFull,
  break: async (shop) => {
    const cache = shop.cache();
    await cache.config("SET", "maxmemory-policy", "noeviction");
    for (const bytes of SIZES) await fill(cache, bytes);
    // The importer goes on: what buffers give back is used at once, as long as nothing is evicted.
    let next = 0;
    shop.keepBusy(IMPORTER, 100, async () => {
      await cache.set(`shop:thumbnail:${next++ % 10_000}`, THUMBNAIL);
    });
  },
  heal: async (shop) => {
    await shop.relieve(IMPORTER);
    await restoreCache(shop.cache());
  },
});
