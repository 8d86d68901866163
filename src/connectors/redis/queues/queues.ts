import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { waitFor } from "../../../lib/wait.ts";
import type { RedisClient, RedisHands } from "../client.ts";
import { databasesOf, parseInfo } from "../info.ts";
import { lookAtBull } from "./bullmq.ts";
import type { Past } from "./bullmq-events.ts";
import { lookAtCelery } from "./celery.ts";
import { workersIn } from "./clients.ts";
import { type Found, findQueues, sizeOf } from "./find.ts";
import { between, keyOf, type Look, RedisQueue } from "./queue.ts";
import { ask } from "./replies.ts";
import { lookAtRq } from "./rq.ts";
import { lookAtSidekiq } from "./sidekiq.ts";
import { lookAtLists, lookAtStreams } from "./streams.ts";

/** More than that nobody reads in one thread. */
const MOST = 100;
const MOST_DATABASES = 8;

/**
 * Queues of BullMQ, Bull, Celery, Sidekiq and RQ, groups of streams, and lists by their names, found by their keys (SCAN, bounded) in
 * all databases, with two looks `seconds` apart: counters since a queue began say nothing about now. Payloads are not read, except for
 * what stands next in Celery and Sidekiq, whose messages hold all in one text; of that only name, id and retries are kept. In a
 * cluster only the queues of the node that is asked are there. `prefix`: what their keys begin with (default: the connection's
 * `queuePrefix`, or all). sergas-agents.high-queue-depth.
 */
export const queues = actionsOn<RedisClient>("redis").read({
  name: "redis.queues",
  title: "Queues in Redis, their workers, and what happens in them now",
  timeoutSeconds: 45,
  input: z.object({
    seconds: z.number().min(0.2).max(15).default(5),
    budgetMs: z.int().min(100).max(10_000).default(4_000),
    prefix: z.string().max(100).optional(),
  }),
  output: z.object({
    seconds: z.number(),
    /** Keys of the databases looked at. */
    keys: z.number(),
    total: z.number(),
    /** Longest first. */
    queues: z.array(RedisQueue).max(MOST),
    notSeen,
  }),
  run: (client, { seconds, budgetMs, prefix }, context) =>
    client.useOwn(context, async (redis) => {
      const missing: NotSeen[] = [];
      const start = prefix ?? queuePrefix(context);
      const { found, keys } = await findIn(redis, { prefix: start, budgetMs }, missing);
      const past: Past = new Map();
      const first = await lookAll(redis, found, past, missing);
      const begun = performance.now();
      await waitFor(seconds * 1000, context.signal);
      const second = await lookAll(redis, found, past, []);
      const before = new Map(first.map((look) => [keyOf(look.queue), look]));
      const all = second
        .map((look) => between(before.get(keyOf(look.queue)), look))
        .sort((a, b) => b.waiting - a.waiting || b.active - a.active);
      if (all.length > MOST)
        missing.push({
          what: `${all.length - MOST} shorter queues`,
          why: `only the ${MOST} longest are looked at`,
          fix: "prefix: what the keys of the queues in question begin with",
        });
      return {
        ...{ seconds: (performance.now() - begun) / 1000, keys, total: all.length },
        queues: all.slice(0, MOST),
        notSeen: missing,
      };
    }),
});

const queuePrefix = ({ connection }: ActionContext): string => {
  const set = connection.about?.queuePrefix;
  return typeof set === "string" ? set : "";
};

/** One after the other within one budget; the database of the URL first. */
async function findIn(
  redis: RedisHands,
  { prefix, budgetMs }: { prefix: string; budgetMs: number },
  missing: NotSeen[],
): Promise<{ found: Found[]; keys: number }> {
  const [info, cluster] = await redis.all([
    ["INFO", "keyspace"],
    ["INFO", "cluster"],
  ]);
  const isCluster = !(cluster instanceof Error) && /^cluster_enabled:1/m.test(String(cluster));
  const listed =
    info instanceof Error ? [] : databasesOf(parseInfo(String(info))).map(({ database }) => database);
  // Where INFO says nothing, the one of the URL.
  const databases = isCluster || listed.length === 0 ? [undefined] : listed.slice(0, MOST_DATABASES);
  if (isCluster)
    missing.push({
      what: "queues of other nodes of the cluster",
      why: "a node has the keys of its own slots only",
      fix: "a connection per master",
    });
  if (listed.length > databases.length && !isCluster)
    missing.push({
      what: `${listed.length - databases.length} databases`,
      why: `only ${MOST_DATABASES} are looked at`,
    });
  const found: Found[] = [];
  let keys = 0;
  for (const database of databases) {
    if (database !== undefined) await redis.call("SELECT", database);
    keys += await sizeOf(redis);
    const one = await findQueues(redis, { database: database ?? 0, prefix, ms: budgetMs / databases.length });
    found.push(one.found);
    if (!one.whole)
      missing.push({
        what: `queues among the keys of database ${database ?? 0} that were not met`,
        why: `the budget of ${budgetMs} ms ended before all keys were listed`,
        fix: "prefix: what the keys of the queues begin with, or queuePrefix of the connection",
      });
  }
  return { found, keys };
}

async function lookAll(
  redis: RedisHands,
  found: readonly Found[],
  past: Past,
  missing: NotSeen[],
): Promise<Look[]> {
  const { workers, missing: unseen } = await workersIn(redis);
  missing.push(...unseen);
  const [time] = await ask(redis, [["TIME"]]);
  const [s, us] = Array.isArray(time) ? time.map(Number) : [Date.now() / 1000, 0];
  const nowMs = Math.floor((s ?? 0) * 1000 + (us ?? 0) / 1000);
  const looks: Look[] = [];
  for (const one of found) {
    if (found.length > 1) await redis.call("SELECT", one.database);
    const own = [
      ...(await lookAtBull(redis, one, workers, nowMs, past)),
      ...(await lookAtCelery(redis, one, workers, nowMs)),
      ...(await lookAtSidekiq(redis, one, nowMs)),
      ...(await lookAtRq(redis, one, nowMs)),
      ...(await lookAtStreams(redis, one, workers, nowMs)),
    ];
    looks.push(...own, ...(await lookAtLists(redis, one, listsOf(own))));
  }
  return looks;
}

/** Lists that belong to a library's queue already. */
const listsOf = (looks: readonly Look[]): ReadonlySet<string> =>
  new Set(
    looks.flatMap(({ queue: { library, prefix, name } }) => {
      if (library === "Celery") return [`${prefix}${name}`];
      if (library === "Sidekiq") return [`${prefix}queue:${name}`];
      return library === "RQ" ? [`rq:queue:${name}`] : [];
    }),
  );
