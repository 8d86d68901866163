import type { RedisHands } from "../client.ts";
import { protectedAs } from "../keys.ts";
import { ask, askEach, type Command, numberOf, textsOf } from "./replies.ts";

/** Names of queues by the keys of their libraries, in one database. */
export interface Found {
  readonly database: number;
  /** `bull:mails`: of Bull and BullMQ. */
  readonly bull: ReadonlySet<string>;
  /** What stands before all keys; most often nothing. */
  readonly celery: ReadonlySet<string>;
  readonly sidekiq: ReadonlySet<string>;
  readonly rq: boolean;
  /** Keys, perhaps streams or lists. */
  readonly streams: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
}

/** Most of each that is looked at. */
export const MOST_QUEUES = 200;
const BATCH = 1_000;
const MOST_KEYS = 1_000_000;
/** Parts of a queue of Bull or BullMQ (queue-keys.ts of bullmq). */
const PART =
  /^(.{1,250}?):(?:meta|meta-paused|wait|active|delayed|failed|completed|paused|prioritized|events|marker|stalled|stalled-check|waiting-children)$/s;
/** A job, or anything else of one: where there are many of them, the parts are rarely met. */
const JOB = /^(\{?(?:bull|bullmq|bq)\}?:[^:]{1,200}):/;
const BINDING = /^(.{0,100}?)_kombu\.binding\./;
const UNACKED = /^(.{0,100}?)unacked(?:_index)?$/;
const SIDEKIQ = /^(.{0,100}?)(?:queues|processes|queue:[^:]{1,200}|retry|schedule|dead)$/;

type Sets = { -readonly [K in keyof Found]: Found[K] extends ReadonlySet<string> ? Set<string> : Found[K] };

/** Looks at the names only. */
function note(key: string, found: Sets): void {
  const base = PART.exec(key)?.[1] ?? JOB.exec(key)?.[1];
  if (base?.includes(":")) found.bull.add(base);
  if (key.startsWith("rq:")) found.rq = true;
  else {
    const celery = BINDING.exec(key)?.[1] ?? UNACKED.exec(key)?.[1];
    if (celery !== undefined) found.celery.add(celery);
    const sidekiq = SIDEKIQ.exec(key)?.[1];
    if (sidekiq !== undefined && !/resque:$/i.test(sidekiq)) found.sidekiq.add(sidekiq);
    if (found.lists.size < MOST_QUEUES && LISTED.test(key) && protectedAs(key) === "queue")
      found.lists.add(key);
  }
}
/** No part of a job: `queue:mails`, `jobs`, not `bull:mails:17:lock`. */
const LISTED = /^[^:]{1,80}(?::[^:]{1,80})?$/;

/** Where keys begin with a prefix that is known, nothing else is looked at. `[`, `*`, `?` and `\` are no pattern in it. */
const patternOf = (prefix: string): string => `${prefix.replace(/[\\*?[\]]/g, "\\$&")}*`;

/**
 * By SCAN (never KEYS) of the database that is selected, within `ms` and a million keys; streams by a second one, which the server
 * filters by type. `whole`: all of it was seen.
 */
export async function findQueues(
  redis: RedisHands,
  { database, prefix, ms }: { database: number; prefix: string; ms: number },
): Promise<{ found: Found; whole: boolean }> {
  const found: Sets = {
    ...{ database, bull: new Set(), celery: new Set(), sidekiq: new Set(), rq: false },
    ...{ streams: new Set(), lists: new Set() },
  };
  const match = prefix === "" ? [] : ["MATCH", patternOf(prefix)];
  const names = await scan(redis, match, ms * 0.7, (key) => note(key, found));
  const streams = await scan(redis, [...match, "TYPE", "stream"], ms * 0.3, (key) => {
    if (found.streams.size < MOST_QUEUES && !(key.endsWith(":events") && PART.test(key)))
      found.streams.add(key);
  }).catch(() => true); // Before 6.0 there is no TYPE, and servers that leave it out have no streams to speak of.
  return { found, whole: names && streams };
}

async function scan(
  redis: RedisHands,
  words: readonly string[],
  ms: number,
  each: (key: string) => void,
): Promise<boolean> {
  const end = performance.now() + ms;
  let [cursor, left] = ["0", MOST_KEYS];
  do {
    const [reply] = await ask(redis, [["SCAN", cursor, ...words, "COUNT", BATCH]]);
    if (!Array.isArray(reply)) return false;
    cursor = String(reply[0]);
    for (const key of textsOf(reply[1])) each(key);
    left -= BATCH;
  } while (cursor !== "0" && left > 0 && performance.now() < end);
  return cursor === "0";
}

/** Of candidates those whose keys have the types of the layout: names alone are anybody's. */
export async function ofType(
  redis: RedisHands,
  candidates: readonly string[],
  typed: (name: string) => { readonly key: string; readonly types: readonly string[] }[],
): Promise<string[]> {
  const wanted = candidates.map((name) => ({ name, keys: typed(name) }));
  const replies = await askEach(redis, wanted, ({ keys }) => keys.map(({ key }): Command => ["TYPE", key]));
  return replies.flatMap(([{ name, keys }, types]) =>
    keys.some(({ types: right }, n) => right.includes(String(types[n]))) ? [name] : [],
  );
}

/** Keys of the database that is selected. */
export const sizeOf = async (redis: RedisHands): Promise<number> =>
  numberOf((await ask(redis, [["DBSIZE"]]))[0]);
