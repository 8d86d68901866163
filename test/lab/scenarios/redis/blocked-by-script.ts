import { Redis } from "ioredis";
import { until } from "../../../helpers/until.ts";
import { scenario } from "../../words.ts";

export const blockedByScript = scenario({
  id: "redis/blocked-by-script",
  items: ["sergas-agents.cache-slow"],
  needs: ["redis"],
  quick: true,
  situation: "a script that does not end keeps the server from answering anybody",
  twin: "scripts that end at once",
  alert: { name: "RedisLatencyHigh", severity: "critical", summary: "Redis answers slowly" },
  expect: { first: "busy", remedy: "killScript", apply: true },
  place: ({ redis }, keep) => {
    const app = new Redis(redis.url);
    keep(() => app.disconnect());
    const answers = () =>
      app.ping().then(
        () => true,
        () => false,
      );
    return {
      connections: { cache: { kind: "redis", url: redis.url, role: "cache" } },
      break: async (undo) => {
        await app.config("SET", "busy-reply-threshold", "100");
        const other = new Redis(redis.url, { maxRetriesPerRequest: 0 });
        undo(() => other.disconnect());
        undo(() => app.script("KILL").catch(() => undefined));
        other.eval("while true do end", 0).catch(() => undefined);
        await until(async () => !(await answers()));
      },
      gone: answers,
      twin: async () => {
        for (let n = 0; n < 50; n++) await app.eval("return redis.call('PING')", 0);
      },
    };
  },
});
