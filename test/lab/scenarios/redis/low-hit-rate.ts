import { Redis } from "ioredis";
import { keepDoing } from "../../../helpers/faults/redis.ts";
import { scenario } from "../../words.ts";

/** Between two lookups. */
const REQUEST_MS = 2;

export const lowHitRate = scenario({
  id: "redis/low-hit-rate",
  items: [
    "sergas-agents.cache-misses",
    "sergas-agents.cache-low-hit-rate",
    "sergas-agents.cache-performance",
    "ai-saas.low-cache-hit-rate",
  ],
  needs: ["redis"],
  situation: "what is asked for was never stored: reader and writer make different keys",
  twin: "misses of long ago in the counters, and lookups that hit now",
  alert: { name: "RedisLowHitRate", severity: "warning", summary: "The cache is missed too often" },
  expect: { first: "low-hit-rate", remedy: "repairKeys" },
  place: ({ redis }, keep) => {
    const app = new Redis(redis.url);
    keep(() => app.disconnect());
    return {
      connections: { cache: { kind: "redis", url: redis.url, role: "cache" } },
      break: async (undo) => {
        await app.call("DEBUG", "POPULATE", "20000", "page", "10");
        undo(keepDoing((n) => app.get(`page:v2-${n}`), REQUEST_MS));
      },
      twin: async (undo) => {
        for (let n = 0; n < 5_000; n++) await app.get(`nothing:${n}`);
        await app.set("page:1", "x", "EX", 3_600);
        undo(keepDoing(() => app.get("page:1"), REQUEST_MS));
      },
    };
  },
});
