import { z } from "zod";
import { asWanted } from "../../core/rules/checks/wanted.ts";
import { actionsOn } from "../../core/words/action.ts";
import { RedisRead } from "../../core/words/check.ts";
import { type Cell, MOST_CELL, Reading, Wants } from "../../core/words/reading.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { toRedisError } from "./errors.ts";
import { parseInfo } from "./info.ts";

const { read } = actionsOn<RedisClient>("redis");

type Command = readonly [string, ...(string | number)[]];

/**
 * Values of an author's keys and fields of INFO, for checks as data: one read of a closed list per column, all of which take
 * little time on the server. A key that is not there is null; a field of INFO that is not there has no column.
 */
export const values = read({
  name: "redis.values",
  title: "Reads values of Redis",
  input: z.strictObject({ reads: z.record(z.string(), RedisRead), wants: Wants.prefault({}) }),
  output: Reading,
  run: (client, { reads, wants }, context) =>
    client.use(context, async (redis) => asWanted(await readingOf(redis, Object.entries(reads)), wants)),
});

async function readingOf(
  redis: RedisHands,
  reads: readonly (readonly [string, RedisRead])[],
): Promise<Reading> {
  const replies = await redis.all(reads.map(([, one]) => commandOf(one)));
  const cells = reads.flatMap(([name, one], at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw toRedisError(reply);
    const cell = cellOf(one, reply);
    return cell === undefined ? [] : [[name, cell] as const];
  });
  return {
    columns: cells.map(([name]) => ({ name })),
    rows: [cells.map(([, cell]) => cell)],
    more: false,
  };
}

/** At most so many characters of a value are read: it may be of any size. */
const END = MOST_CELL - 1;

function commandOf(one: RedisRead): Command {
  if (one.get !== undefined) return ["GETRANGE", one.get, 0, END];
  if (one.hget !== undefined) return ["HGET", ...one.hget];
  if (one.dbsize !== undefined) return ["DBSIZE"];
  if (one.info !== undefined) return ["INFO", "everything"];
  const [command = "", key = ""] = Object.entries(one).find(([, value]) => value !== undefined) ?? [];
  return [command.toUpperCase(), String(key)];
}

function cellOf(one: RedisRead, reply: unknown): Cell | undefined {
  if (one.info !== undefined) {
    const value = parseInfo(String(reply))[one.info];
    return value === undefined ? undefined : textOrNumber(value);
  }
  // -2: no such key; -1: it never expires.
  if (one.ttl !== undefined) return Number(reply) < 0 ? null : Number(reply);
  if (one.type !== undefined) return reply === "none" ? null : String(reply);
  if (one.get !== undefined && reply === "") return null;
  if (reply === null || reply === undefined) return null;
  return typeof reply === "number" ? reply : textOrNumber(String(reply));
}

const textOrNumber = (text: string): string | number =>
  /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text.slice(0, MOST_CELL);
