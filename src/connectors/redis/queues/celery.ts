import type { RedisHands } from "../client.ts";
import type { Workers } from "./clients.ts";
import { type Found, MOST_QUEUES } from "./find.ts";
import { blank, type Look, type RedisQueue } from "./queue.ts";
import { ask, askEach, lineOf, numberOf, objectIn, scoredOf, secondsSince, textsOf } from "./replies.ts";

/** kombu/transport/redis.py: `sep`, `priority_steps` (the defaults), `keyprefix_queue`. */
const SEP = "\x06\x16";
const STEPS = [0, 3, 6, 9];
const BINDINGS = "_kombu.binding.";
/** Of a worker's remote control and of events: no tasks. */
const CONTROL = /(^|\.)(celery\.pidbox|celeryev)(\.|$)|^(celeryev|reply\.celery\.pidbox)/;
/** `visibility_timeout`, the default: what was given out longer ago is given out again. */
const VISIBLE_SECONDS = 3_600;
const HELD = 200;

/** A message that a worker has, and the queue it came from. */
interface Held {
  readonly queue: string;
  readonly message: Message;
  readonly givenMs: number | null;
}

interface Message {
  readonly id: string;
  readonly task: string;
  readonly retries: number;
  readonly isForLater: boolean;
  readonly cameBack: boolean;
}

/**
 * Celery on Redis (kombu/transport/redis.py): lists by the name of the queue and its priority, which queues there are in the sets
 * `_kombu.binding.<exchange>`, what workers hold in the hash `unacked`. Messages say nothing of when they were sent, and of what
 * failed the broker knows nothing.
 */
export async function lookAtCelery(
  redis: RedisHands,
  { celery, database }: Found,
  workers: Workers,
  nowMs: number,
): Promise<Look[]> {
  const looks: Look[] = [];
  for (const prefix of [...celery].slice(0, 5)) {
    const bound = await bindingsOf(redis, prefix);
    const names = [...new Set([...bound.values()].flat())].slice(0, MOST_QUEUES);
    const [held, index] = [
      await heldIn(redis, prefix, bound),
      await ask(redis, [
        ["HLEN", `${prefix}unacked`],
        ["ZCOUNT", `${prefix}unacked_index`, "-inf", nowMs / 1000 - VISIBLE_SECONDS],
      ]),
    ];
    // Of more than a sample the rest is taken to be as those.
    const share = held.length === 0 ? 1 : Math.max(1, numberOf(index[0]) / held.length);
    const replies = await askEach(redis, names, (name) => [
      ...STEPS.map((step) => ["LLEN", keyFor(prefix, name, step)] as const),
      ...STEPS.map((step) => ["LINDEX", keyFor(prefix, name, step), -1] as const),
    ]);
    for (const [name, each] of replies) {
      const mine = held.filter(({ queue }) => queue === name);
      const heads = each.slice(STEPS.length);
      const working = mine.filter(({ message }) => !message.isForLater);
      looks.push({
        queue: {
          ...blank({ library: "Celery", database, prefix, name }),
          waiting: each.slice(0, STEPS.length).reduce<number>((sum, n) => sum + numberOf(n), 0),
          active: Math.round(working.length * share),
          delayed: Math.round((mine.length - working.length) * share),
          workers: workers.ofCelery(database),
          workersOf: "library",
          stalled:
            numberOf(index[1]) > 0
              ? Math.round(working.filter((one) => isOverdue(one, nowMs)).length * share)
              : 0,
          activeSeconds: secondsSince(earliest(working), nowMs),
          again: againIn(heads, working),
        },
        counted: { added: null, done: null, failing: null },
        next: nextOf(heads),
      });
    }
  }
  return looks;
}

const keyFor = (prefix: string, name: string, step: number): string =>
  `${prefix}${name}${step === 0 ? "" : `${SEP}${step}`}`;

const isOverdue = ({ givenMs }: Held, nowMs: number): boolean =>
  givenMs !== null && nowMs - givenMs > VISIBLE_SECONDS * 1000;

const earliest = (held: readonly Held[]): number | null =>
  held.reduce<number | null>(
    (least, { givenMs }) => (givenMs !== null && (least === null || givenMs < least) ? givenMs : least),
    null,
  );

/** Queues by exchange and routing key: members `key<sep>pattern<sep>queue`. */
async function bindingsOf(redis: RedisHands, prefix: string): Promise<Map<string, string[]>> {
  const keys: string[] = [];
  let cursor = "0";
  for (let round = 0; round < 1_000 && keys.length < 100; round++) {
    const pattern = `${prefix.replace(/[\\*?[\]]/g, "\\$&")}${BINDINGS}*`;
    const [reply] = await ask(redis, [["SCAN", cursor, "MATCH", pattern, "COUNT", 1_000]]);
    const [next, names] = Array.isArray(reply) ? reply : ["0", []];
    keys.push(...textsOf(names));
    cursor = String(next);
    if (cursor === "0") break;
  }
  const sets = await askEach(redis, keys.slice(0, 100), (key) => [["SRANDMEMBER", key, MOST_QUEUES]]);
  const bound = new Map<string, string[]>();
  for (const [key, [members]] of sets) {
    const exchange = key.slice(prefix.length + BINDINGS.length);
    for (const member of textsOf(members)) {
      const [routing = "", , queue = ""] = member.split(SEP);
      if (queue === "" || queue.length > 200 || CONTROL.test(queue)) continue;
      const at = JSON.stringify([exchange, routing]);
      bound.set(at, [...(bound.get(at) ?? []), queue]);
    }
  }
  return bound;
}

/** `unacked`: `[message, exchange, routing key]` by delivery tag; `unacked_index`: when each was given out. */
async function heldIn(
  redis: RedisHands,
  prefix: string,
  bound: ReadonlyMap<string, readonly string[]>,
): Promise<Held[]> {
  const [oldest] = await ask(redis, [["ZRANGE", `${prefix}unacked_index`, 0, HELD - 1, "WITHSCORES"]]);
  const given = scoredOf(oldest);
  const tags = given.map(({ member }) => member);
  const [values] = tags.length === 0 ? [[]] : await ask(redis, [["HMGET", `${prefix}unacked`, ...tags]]);
  return given.flatMap(({ score }, at) => {
    const parts = objectIn(Array.isArray(values) ? values[at] : undefined);
    if (!Array.isArray(parts)) return [];
    const [message, exchange, routing] = parts as unknown[];
    const queue = bound.get(JSON.stringify([exchange, routing]))?.[0] ?? String(routing);
    return [{ queue, message: messageOf(message), givenMs: score * 1000 }];
  });
}

/** Protocol 2: what matters stands in the headers, the arguments in `body`, which nobody reads here. */
function messageOf(message: unknown): Message {
  const whole = typeof message === "object" && message !== null ? (message as Record<string, unknown>) : {};
  const headers = (whole.headers ?? {}) as Record<string, unknown>;
  const properties = (whole.properties ?? {}) as Record<string, unknown>;
  const delivery = (properties.delivery_info ?? {}) as Record<string, unknown>;
  return {
    id: lineOf(headers.id ?? properties.correlation_id, 200),
    task: lineOf(headers.task, 80),
    retries: typeof headers.retries === "number" ? headers.retries : 0,
    isForLater: typeof headers.eta === "string",
    cameBack: headers.redelivered === true || delivery.redelivered === true,
  };
}

/** The first by priority: what a worker takes next. */
const nextOf = (heads: readonly unknown[]): string | null => {
  const tags = heads.flatMap((text) => {
    const message = objectIn(text);
    const tag = (message?.properties as Record<string, unknown> | undefined)?.delivery_tag;
    return typeof text === "string" ? [typeof tag === "string" ? tag : text.slice(0, 500)] : [];
  });
  return tags.length === 0 ? null : tags.join("\n").slice(0, 2_000);
};

const againIn = (heads: readonly unknown[], working: readonly Held[]): RedisQueue["again"] => {
  const waiting = heads.flatMap((text) => {
    const message = objectIn(text);
    return message === undefined ? [] : [{ state: "waiting" as const, message: messageOf(message) }];
  });
  const held = working.map(({ message }) => ({ state: "active" as const, message }));
  return [...held, ...waiting]
    .filter(({ message: { retries, cameBack } }) => retries >= 3 || cameBack)
    .map(({ state, message }) => ({
      ...{ id: message.id, name: message.task, attempts: message.retries + 1, times: null, state },
      error: message.cameBack ? "its worker ended, or kept it longer than the visibility timeout" : "",
    }))
    .sort((a, b) => b.attempts - a.attempts)
    .slice(0, 5);
};
