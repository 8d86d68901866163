import { fault } from "./fault.ts";
import { restoreCache } from "./redis-noeviction.ts";
import { redisEvictions } from "./redis-rules.ts";

/** A cache smaller than what the shop reads: pages are evicted before they are read again. */
export const redisTooSmall = fault({
  id: "redis-too-small",
  title: "Shrink the cache",
  description: "The cache may use so little memory that pages are evicted before they are read again.",
  runbook: "redis-memory",
  expects: { finding: "redis-evicting", remedy: "raiseMaxMemory" },
  rule: redisEvictions,
  break: async (shop) => {
    const cache = shop.cache();
    await cache.flushall();
    const empty = /used_memory:(\d+)/.exec(await cache.info("memory"))?.[1];
    // Just above what an empty server needs: the pages of the next seconds do not fit.
    await cache.config("SET", "maxmemory", String(Number(empty) + (512 << 10)));
  },
  heal: (shop) => restoreCache(shop.cache()),
});
