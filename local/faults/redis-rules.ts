import type { CacheUser } from "../sample/users.ts";
import type { Rule } from "./fault.ts";

/** The figures of `INFO`, by name. */
async function info(shop: CacheUser): Promise<Record<string, string>> {
  const lines = (await shop.cache().info()).split("\r\n").filter((line) => line.includes(":"));
  return Object.fromEntries(lines.map((line) => line.split(/:(.*)/).slice(0, 2)));
}

export const redisFull: Rule<CacheUser> = {
  alertname: "RedisOutOfMemory",
  severity: "critical",
  labels: { instance: "shop-cache" },
  summary: "The cache refuses writes",
  needsRedis: true,
  firing: async (shop) => {
    const refusal = await shop
      .cache()
      .set("monitoring:probe", "x".repeat(100), "EX", 5)
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    return refusal?.startsWith("OOM") === true ? refusal.slice(0, 120) : undefined;
  },
};

/** Evictions per second above which the cache counts as too small. */
const EVICTIONS_PER_SECOND = 20;
const WINDOW_MS = 2000;

/** A rate needs two looks: the earlier one is kept here. */
const looks = new WeakMap<CacheUser, { at: number; evicted: number; rate: number }>();

export const redisEvictions: Rule<CacheUser> = {
  alertname: "RedisKeyEviction",
  severity: "warning",
  labels: { instance: "shop-cache" },
  summary: "The cache throws away keys that are still in use",
  needsRedis: true,
  firing: async (shop) => {
    const figures = await info(shop);
    const evicted = Number(figures.evicted_keys);
    const before = looks.get(shop);
    const now = performance.now();
    if (before === undefined || now - before.at >= WINDOW_MS) {
      const rate = before === undefined ? 0 : ((evicted - before.evicted) * 1000) / (now - before.at);
      looks.set(shop, { at: now, evicted, rate });
    }
    const rate = looks.get(shop)?.rate ?? 0;
    return rate < EVICTIONS_PER_SECOND ? undefined : `${rate.toFixed(0)} keys evicted per second`;
  },
};
