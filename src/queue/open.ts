import type { Backend, QueuePlace } from "./backend.ts";
import { postgresBackend } from "./postgres.ts";
import { redisBackend } from "./redis.ts";

/** Redis where there is one, else Postgres. Connects at first use. */
export const openBackend = (place: QueuePlace): Backend =>
  place.redisUrl === undefined
    ? postgresBackend(place.databaseUrl, `${place.prefix}_queue`)
    : redisBackend(place.redisUrl, place.prefix);
