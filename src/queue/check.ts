import { Redis } from "ioredis";
import { inTime } from "../lib/deadline.ts";
import { messageOf } from "../lib/thrown.ts";
import type { QueuePlace } from "./backend.ts";
import { openBackend } from "./open.ts";

const PATIENCE_MS = 5_000;

/**
 * What would keep the queue from working; one complaint per line, empty: nothing. Makes the queue's schema in Postgres.
 * BullMQ only warns about an eviction policy that deletes its keys (docs.bullmq.io, "Going to production").
 */
export async function checkQueue(place: QueuePlace): Promise<string[]> {
  return place.redisUrl === undefined ? checkPostgres(place) : checkRedis(place.redisUrl);
}

async function checkPostgres(place: QueuePlace): Promise<string[]> {
  const backend = openBackend(place);
  const opened = await inTime(backend.openQueue("run"), { ms: PATIENCE_MS });
  if (opened.state === "done") {
    await inTime(opened.value.close(), { ms: PATIENCE_MS });
    return [];
  }
  const why = opened.state === "late" ? `no answer within ${PATIENCE_MS} ms` : messageOf(opened.error);
  return [`the queue cannot be made in Postgres: ${why} (its role needs CREATE on the database)`];
}

async function checkRedis(url: string): Promise<string[]> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: PATIENCE_MS,
  });
  let lastError = "connection closed";
  client.on("error", (error: Error) => {
    lastError = messageOf(error);
  });
  try {
    const asked = await inTime(
      client.connect().then(() => client.info()),
      { ms: PATIENCE_MS },
    );
    if (asked.state === "late") return [`Redis gives no answer within ${PATIENCE_MS} ms`];
    if (asked.state === "failed") return [`Redis cannot be used: ${lastError}`];
    return complaintsOf(asked.value);
  } finally {
    client.disconnect();
  }
}

/** Reads Redis' INFO. Exported for its test. */
export function complaintsOf(info: string): string[] {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, "m").exec(info)?.[1]?.trim();
  const version = field("redis_version") ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const policy = field("maxmemory_policy");
  const complaints: string[] = [];
  if (major < 6 || (major === 6 && minor < 2))
    complaints.push(`Redis ${version} is too old: 6.2 or newer is needed`);
  if (policy !== undefined && policy !== "noeviction")
    complaints.push(
      `Redis' maxmemory-policy is ${policy}: it would delete jobs. Run: redis-cli config set maxmemory-policy noeviction`,
    );
  return complaints;
}
