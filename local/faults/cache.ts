import type { CacheUser } from "../sample/users.ts";

/** What the cache is started with, and goes back to. */
export const CACHE_SETTINGS = { maxmemory: "48mb", "maxmemory-policy": "allkeys-lru" } as const;

/** Who works on the cache while it is broken. */
export const CACHE_USERS = { importer: "image-importer", crawler: "crawler" } as const;

/**
 * The cache as it was at the start: empty, its settings, and nobody at work on it. Every fault of the cache begins here, so
 * that none depends on what another one, or its remedy, has left behind.
 */
export async function resetCache(shop: CacheUser): Promise<void> {
  for (const user of Object.values(CACHE_USERS)) await shop.relieve(user);
  const cache = shop.cache();
  await cache.config("SET", "maxmemory", CACHE_SETTINGS.maxmemory);
  await cache.config("SET", "maxmemory-policy", CACHE_SETTINGS["maxmemory-policy"]);
  await cache.flushall();
}
