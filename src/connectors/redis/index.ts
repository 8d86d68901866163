import type { Connector } from "../../core/words/action.ts";
import type { ConnectionOf } from "../../core/words/connection.ts";
import * as redis from "./actions.ts";
import { checkRedis } from "./check.ts";
import { openRedis, type RedisClient } from "./client.ts";
import { redisTrouble } from "./trouble.ts";

/** Redis: looks with bounded SCANs, changes limits of caches only. */
export const redisConnector: Connector<RedisClient> = {
  needs: "redis",
  actions: [
    redis.checkConnection,
    redis.checkWrite,
    redis.serverState,
    redis.sampleRates,
    redis.slowCommands,
    redis.sampleKeys,
    redis.setEvictionPolicy,
    redis.setMaxmemory,
    redis.killScript,
  ].map(({ action }) => action),
  open: (connection) => openRedis((connection as ConnectionOf<"redis">).url),
  check: checkRedis,
  close: (client) => client.close(),
  trouble: redisTrouble,
};
