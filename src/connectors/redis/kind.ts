import { z } from "zod";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { url } from "../settings.ts";
import * as redis from "./actions.ts";
import { checkRedis } from "./check.ts";
import { openRedis, type RedisClient } from "./client.ts";
import { failureOf } from "./failure.ts";
import { health, judgeHealth } from "./health.ts";
import { redisTrouble } from "./trouble.ts";

/** Redis: looks with bounded SCANs, changes limits of caches only. */
export const redisConnector: Connector<RedisClient, { readonly url: string }> = {
  actions: actionsIn(redis),
  open: ({ settings }) => openRedis(settings.url),
  check: checkRedis,
  close: (client) => client.close(),
  trouble: redisTrouble,
};

export const kind = connectionKind({
  name: "redis",
  settings: z.strictObject({
    url,
    /** Guards eviction: only a `cache` may lose keys. */
    role: z.enum(["cache", "queue", "mixed"]).default("mixed"),
    /** What the keys of its queues begin with: looking for them then costs less. */
    queuePrefix: z.string().min(1).max(100).optional(),
  }),
  schemes: { "redis:": { port: 6379 }, "rediss:": { port: 6379, tls: true } },
  about: ({ role, queuePrefix }) => ({ role, ...(queuePrefix === undefined ? {} : { queuePrefix }) }),
  health: [asks(health(), judgeHealth)],
  failure: failureOf,
  connector: redisConnector,
});
