import type { RedisHands } from "../client.ts";
import { pairsOf } from "../info.ts";
import type { Workers } from "./clients.ts";
import { type Found, MOST_QUEUES, ofType } from "./find.ts";
import { blank, type Look } from "./queue.ts";
import { ask, askEach, type Command, lineOf, numberOf, secondsSince } from "./replies.ts";

/** A consumer that has not been heard of for so long is not counted, unless its connection waits now. */
const ALIVE_MS = 60_000;
/** Given out so often, and not acknowledged. */
const MANY = 3;

/** Groups of streams (redis.io, XINFO GROUPS, XINFO CONSUMERS, XPENDING). A stream without a group is no queue. */
export async function lookAtStreams(
  redis: RedisHands,
  { streams, database }: Found,
  workers: Workers,
  nowMs: number,
): Promise<Look[]> {
  const infos = await askEach(redis, [...streams].slice(0, MOST_QUEUES), (key): Command[] => [
    ["XINFO", "GROUPS", key],
    ["XINFO", "STREAM", key],
  ]);
  const looks: Look[] = [];
  for (const [key, [groups, stream]] of infos) {
    const added = Number(pairsOf(stream).get("entries-added") ?? Number.NaN);
    for (const group of Array.isArray(groups) ? groups.slice(0, 20) : [])
      looks.push(
        await lookAtGroup(redis, { key, group: pairsOf(group), added, database, stream }, workers, nowMs),
      );
  }
  return looks;
}

interface Group {
  readonly key: string;
  readonly group: ReadonlyMap<string, string>;
  /** Entries ever added; NaN: before 7.0 it is not said. */
  readonly added: number;
  readonly database: number;
  /** As XINFO STREAM answers. */
  readonly stream: unknown;
}

async function lookAtGroup(
  redis: RedisHands,
  { key, group, added, database, stream }: Group,
  workers: Workers,
  nowMs: number,
): Promise<Look> {
  const name = group.get("name") ?? "";
  const after = group.get("last-delivered-id") ?? "0-0";
  const [consumers, next, pending, length] = await ask(redis, [
    ["XINFO", "CONSUMERS", key, name],
    ["XRANGE", key, nextId(after), "+", "COUNT", 1],
    ["XPENDING", key, name, "-", "+", 20],
    ["XLEN", key],
  ]);
  const [first] = Array.isArray(next) ? next : [];
  const head = Array.isArray(first) ? String(first[0]) : null;
  const held = (Array.isArray(pending) ? pending : []).flatMap((one) => (Array.isArray(one) ? [one] : []));
  const read = Number(group.get("entries-read") ?? Number.NaN);
  const active = Number(group.get("pending") ?? 0);
  return {
    queue: {
      ...blank({ library: "stream", database, prefix: "", name: `${key} / ${name}` }),
      ...waitingOf(group, { head, length: numberOf(length), ends: endsOf(stream) }),
      active,
      oldestSeconds: head === null ? null : secondsSince(Number(head.split("-", 1)[0]), nowMs),
      workers: consumersOf(consumers, workers.ofStreams(database)),
      activeSeconds: held.length === 0 ? null : Math.max(...held.map((one) => numberOf(one[2]) / 1000)),
      stalled: 0,
      again: held
        .filter((one) => numberOf(one[3]) >= MANY)
        .slice(0, 5)
        .map(([id, consumer, , times]) => ({
          ...{ id: String(id), name: lineOf(consumer, 80), attempts: numberOf(times) },
          ...{ times: null, state: "active" as const, error: "" },
        })),
    },
    counted: {
      added: Number.isFinite(added) ? added : null,
      done: Number.isFinite(read) ? read - active : null,
      failing: null,
    },
    // Not the head itself: that moves, too, where a stream is cut to a length and nobody reads.
    next: head === null ? null : after,
  };
}

/** Those heard of lately, and those that may wait now. Null: none was heard of, and who is connected could not be seen. */
function consumersOf(consumers: unknown, waitingNow: number | null): number | null {
  const all = Array.isArray(consumers) ? consumers.map(pairsOf) : [];
  const heard = all.filter((one) => Number(one.get("idle")) < ALIVE_MS).length;
  if (waitingNow === null) return heard === 0 ? null : heard;
  return Math.max(heard, Math.min(all.length, waitingNow));
}

/**
 * `lag` is of 7.0, and counts what was cut off the stream before it was given out: that waits no more. It is unknown after entries
 * were deleted; then nothing behind the last one given out is 0, and otherwise it is the share of the time between the first entry
 * and the last that lies behind it. Pure.
 */
export function waitingOf(
  group: ReadonlyMap<string, string>,
  { head, length, ends }: { head: string | null; length: number; ends: readonly [number, number] | null },
): { waiting: number; trimmed: number } {
  const lag = Number(group.get("lag") ?? Number.NaN);
  if (Number.isFinite(lag)) return { waiting: Math.min(lag, length), trimmed: Math.max(0, lag - length) };
  if (head === null) return { waiting: 0, trimmed: 0 };
  const [first, last] = ends ?? [0, 0];
  const share = last <= first ? 1 : (last - msOf(head)) / (last - first);
  return { waiting: Math.min(length, Math.max(1, Math.round(share * length))), trimmed: 0 };
}

const msOf = (id: string): number => Number(id.split("-", 1)[0]);

/** When its first entry and its last were made, in ms; null: it has none. */
function endsOf(stream: unknown): [number, number] | null {
  const [first, last] = ["first-entry", "last-entry"].map((name) => {
    const at = Array.isArray(stream) ? stream.indexOf(name) : -1;
    const entry: unknown = at < 0 ? undefined : (stream as unknown[])[at + 1];
    return Array.isArray(entry) ? msOf(String(entry[0])) : Number.NaN;
  });
  return first !== undefined && last !== undefined && first <= last ? [first, last] : null;
}

const nextId = (id: string): string => {
  const [ms = "0", n = "0"] = id.split("-");
  return `${ms}-${BigInt(n) + 1n}`;
};

/** Lists whose names say that they are queues, and that belong to no library: how long they are and whether they move. */
export async function lookAtLists(
  redis: RedisHands,
  { lists, database }: Found,
  owned: ReadonlySet<string>,
): Promise<Look[]> {
  const free = [...lists].filter((key) => !owned.has(key));
  const keys = await ofType(redis, free, (key) => [{ key, types: ["list"] }]);
  const replies = await askEach(redis, keys.slice(0, MOST_QUEUES), (key): Command[] => [["LLEN", key]]);
  return replies.map(([key, [length]]) => ({
    queue: { ...blank({ library: "list", database, prefix: "", name: key }), waiting: numberOf(length) },
    counted: { added: null, done: null, failing: null },
    // At which end it is taken nobody knows: only where it got shorter was something taken.
    next: undefined,
  }));
}
