import { Redis } from "ioredis";
import { fillRedis } from "../../../helpers/faults/redis.ts";
import { scenario } from "../../words.ts";

export const redisFull = scenario({
  id: "redis/full",
  items: ["sergas-agents.cache-high-memory", "ai-saas.cache-memory"],
  needs: ["redis"],
  quick: true,
  situation: "the cache has reached its limit and may throw nothing away: it refuses every write",
  twin: "a cache that is as full and throws the oldest away, as caches do",
  alert: { name: "RedisOutOfConfiguredMaxmemory", severity: "critical", summary: "Redis is out of memory" },
  expect: { first: "oom", remedy: "setPolicy", apply: true },
  place: ({ redis }, keep) => {
    const app = new Redis(redis.url);
    keep(() => app.disconnect());
    return {
      connections: { cache: { kind: "redis", url: redis.url, role: "cache" } },
      break: () => fillRedis(app, "page"),
      gone: () =>
        app.set("page:new", "x".repeat(10_000)).then(
          () => true,
          () => false,
        ),
      twin: async () => {
        await app.config("SET", "maxmemory-policy", "allkeys-lru");
        await app.config("SET", "maxmemory", 12 * 1024 ** 2);
        for (let n = 0; n < 900; n++) await app.set(`page:${n}`, "x".repeat(10_000), "EX", 600 + n);
      },
    };
  },
});
