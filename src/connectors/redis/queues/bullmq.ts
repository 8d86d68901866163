import type { RedisHands } from "../client.ts";
import { events, type Past } from "./bullmq-events.ts";
import { flowsOf } from "./bullmq-flows.ts";
import { againOf, failuresOf, heldOf, jobsOf, longestOf, lostOf } from "./bullmq-jobs.ts";
import { PARENTS, partsOf, SAMPLE, SHIFT } from "./bullmq-parts.ts";
import type { Workers } from "./clients.ts";
import { type Found, MOST_QUEUES, ofType } from "./find.ts";
import { blank, type Look } from "./queue.ts";
import { askEach, GRACE_MS, largest, middle, secondsSince } from "./replies.ts";

/** `bull:mails`: a name holds no colon, a prefix may. */
export const splitBase = (base: string): { prefix: string; name: string } => {
  const at = base.lastIndexOf(":");
  return { prefix: base.slice(0, at), name: base.slice(at + 1) };
};

/** BullMQ and Bull: keys `<prefix>:<queue>:<part>` (queue-keys.ts, and the Lua scripts of bullmq 6). */
export async function lookAtBull(
  redis: RedisHands,
  { bull, database }: Found,
  workers: Workers,
  nowMs: number,
  past: Past,
): Promise<Look[]> {
  const named = await ofType(redis, [...bull].slice(0, MOST_QUEUES * 5), (base) => [
    { key: `${base}:meta`, types: ["hash"] },
    { key: `${base}:id`, types: ["string"] },
  ]);
  const parts = (await askEach(redis, named.slice(0, MOST_QUEUES), commandsFor(nowMs))).flatMap(
    ([base, replies]) => partsOf(base, replies),
  );
  const jobs = await jobsOf(redis, parts);
  const seen = await events(redis, parts, past);
  const flows = await flowsOf(redis, parts, nowMs);
  return parts.map((one): Look => {
    const { prefix, name } = splitBase(one.base);
    const mine = jobs.get(one.base) ?? [];
    const told = seen.get(one.base);
    const flow = flows.get(one.base);
    const durations = mine.flatMap(({ state, took }) =>
      state === "completed" && took !== null ? [took] : [],
    );
    const oldest = mine.filter(({ state }) => state === "waiting").map(({ readyMs }) => readyMs);
    return {
      queue: {
        ...blank({ library: one.isBullMQ ? "BullMQ" : "Bull", database, prefix, name }),
        ...{ version: one.version, waiting: one.waiting, active: one.active, delayed: one.delayed },
        ...{ due: one.due, failed: one.failed, paused: one.paused, limited: one.limited },
        ...{ mayLimitSeconds: one.mayLimitSeconds, held: heldOf(mine) },
        dueSeconds: one.due > 0 ? secondsSince(one.nextDueMs, nowMs) : null,
        oldestSeconds: secondsSince(
          oldest.reduce((a, b) => least(a, b), null),
          nowMs,
        ),
        workers: workers.ofBull(prefix, name),
        activeSeconds: longestOf(mine, nowMs),
        typicalSeconds: middle(durations),
        lastDoneSeconds: secondsSince(one.lastDoneMs, nowMs),
        lastFailedSeconds: secondsSince(largest([...one.failedAt.values()]), nowMs),
        again: againOf(mine, told?.givenBack ?? new Map()),
        failures: failuresOf(mine),
        ...(flow === undefined ? {} : { flows: flow }),
      },
      counted: {
        added: told?.added ?? null,
        done: told?.done ?? null,
        failing: told?.failing ?? null,
        begun: told?.begun ?? null,
      },
      lost: lostOf(mine),
      next: one.next,
    };
  });
}

const least = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

const commandsFor =
  (nowMs: number) =>
  (base: string): [string, ...(string | number)[]][] => [
    ["HMGET", `${base}:meta`, "version", "paused", "concurrency", "opts.maxLenEvents", "max"],
    ["LLEN", `${base}:wait`],
    ["LLEN", `${base}:paused`],
    ["ZCARD", `${base}:prioritized`],
    ["LLEN", `${base}:active`],
    ["ZCARD", `${base}:delayed`],
    ["ZCARD", `${base}:failed`],
    ["ZCOUNT", `${base}:delayed`, 0, (nowMs - GRACE_MS) * SHIFT],
    ["ZRANGE", `${base}:delayed`, 0, SAMPLE - 1, "WITHSCORES"],
    ["LRANGE", `${base}:wait`, -SAMPLE, -1],
    ["LRANGE", `${base}:paused`, -1, -1],
    ["ZRANGE", `${base}:prioritized`, 0, 0],
    ["LRANGE", `${base}:active`, 0, 199],
    ["ZREVRANGE", `${base}:completed`, 0, 9, "WITHSCORES"],
    ["ZREVRANGE", `${base}:failed`, 0, 99, "WITHSCORES"],
    ["EXISTS", `${base}:meta-paused`],
    ["PTTL", `${base}:limiter`],
    ["EXISTS", `${base}:id`],
    ["GET", `${base}:limiter`],
    ["LINDEX", `${base}:wait`, 0],
    ["ZCARD", `${base}:waiting-children`],
    ["ZRANGE", `${base}:waiting-children`, 0, PARENTS - 1, "WITHSCORES"],
  ];
