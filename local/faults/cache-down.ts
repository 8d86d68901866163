import { fault } from "./fault.ts";
import { down } from "./refusal.ts";

/** The cache ends: pages that were read from it come from the database, or not at all. */
export const cacheDown = fault({
  id: "cache-down",
  title: "Stop the cache",
  description: "The shop's Redis is stopped: its pages cannot be read, and its health check fails.",
  runbook: "redis-connectivity",
  expects: { finding: "refused", remedy: "recover", advice: true },
  rule: down(
    {
      alertname: "RedisDown",
      labels: { instance: "shop-cache" },
      summary: "The shop's cache is down",
      needsRedis: true,
    },
    // Without redis-server there is no cache, and no rule that would look for one.
    (shop) => shop.redisUrl ?? "",
  ),
  break: (shop) => shop.services.cache.stop(),
  heal: (shop) => shop.services.cache.start(),
});
