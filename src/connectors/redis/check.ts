import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { toRedisError } from "./errors.ts";

type Command = readonly [string, ...(string | number)[]];

/** Nobody's key: the questions are asked of it, so they cost nothing and say nothing about anybody's data. */
const KEY = "diagbot:would-read";

/** What the reads send, with the rule that allows it. All are harmless, so they are tried. */
const READS: readonly (readonly [rule: string, command: Command])[] = [
  ["+ping", ["PING"]],
  ["+info", ["INFO", "server"]],
  ["+time", ["TIME"]],
  ["+slowlog|get", ["SLOWLOG", "GET", 1]],
  ["+latency|latest", ["LATENCY", "LATEST"]],
  ["+scan", ["SCAN", 0, "COUNT", 1]],
  ["+type", ["TYPE", KEY]],
  ["+pttl", ["PTTL", KEY]],
  ["+memory|usage", ["MEMORY", "USAGE", KEY]],
  ["+config|get", ["CONFIG", "GET", "dir"]],
  ["+client|list", ["CLIENT", "LIST", "TYPE", "master"]],
  ["+module|list", ["MODULE", "LIST"]],
  ["+getrange", ["GETRANGE", KEY, 0, 1]],
  ["+acl|log", ["ACL", "LOG", 1]],
];
/** What looking into queues sends besides. */
const QUEUES: readonly (readonly [rule: string, command: Command])[] = [
  ["+llen", ["LLEN", KEY]],
  ["+lindex", ["LINDEX", KEY, 0]],
  ["+lrange", ["LRANGE", KEY, 0, 0]],
  ["+zcard", ["ZCARD", KEY]],
  ["+zcount", ["ZCOUNT", KEY, 0, 0]],
  ["+zrange", ["ZRANGE", KEY, 0, 0]],
  ["+zrevrange", ["ZREVRANGE", KEY, 0, 0]],
  ["+zscore", ["ZSCORE", KEY, "x"]],
  ["+hmget", ["HMGET", KEY, "x"]],
  ["+hget", ["HGET", KEY, "x"]],
  ["+hgetall", ["HGETALL", KEY]],
  ["+hlen", ["HLEN", KEY]],
  ["+get", ["GET", KEY]],
  ["+exists", ["EXISTS", KEY]],
  ["+srandmember", ["SRANDMEMBER", KEY, 1]],
  ["+xrange", ["XRANGE", KEY, "-", "+", "COUNT", 1]],
  ["+xrevrange", ["XREVRANGE", KEY, "+", "-", "COUNT", 1]],
  ["+xlen", ["XLEN", KEY]],
  ["+xinfo|groups", ["XINFO", "GROUPS", KEY]],
  ["+xinfo|consumers", ["XINFO", "CONSUMERS", KEY, "x"]],
  ["+xinfo|stream", ["XINFO", "STREAM", KEY]],
  ["+xpending", ["XPENDING", KEY, "x"]],
  ["+dbsize", ["DBSIZE"]],
  ["+select", ["SELECT", 0]],
];
/** What the remedies send. Never tried: Redis is asked whether it would allow them (7.0 and newer). */
const WRITES: readonly (readonly [rule: string, command: Command])[] = [
  ["+config|set", ["CONFIG", "SET", "maxmemory-policy", "noeviction"]],
  ["+script|kill", ["SCRIPT", "KILL"]],
  // What BullMQ's own scripts do: to pause, to try again, to remove.
  ["+eval", ["EVAL", "return 1", 0]],
  ["+hset", ["HSET", KEY, "x", "1"]],
  ["+hdel", ["HDEL", KEY, "x"]],
  ["+rename", ["RENAME", KEY, KEY]],
  ["+rpush", ["RPUSH", KEY, "x"]],
  ["+lpush", ["LPUSH", KEY, "x"]],
  ["+lrem", ["LREM", KEY, 1, "x"]],
  ["+lpos", ["LPOS", KEY, "x"]],
  ["+zadd", ["ZADD", KEY, 0, "x"]],
  ["+zrem", ["ZREM", KEY, "x"]],
  ["+incr", ["INCR", KEY]],
  ["+xadd", ["XADD", KEY, "*", "x", "1"]],
  ["+del", ["DEL", KEY]],
];

/** Whether the user may send what the actions send, and the ACL that allows it. */
export const checkRedis = (client: RedisClient, context: ActionContext): Promise<ConnectionCheck[]> =>
  client.useOwn(context, async (redis) => {
    const reads = await redis.all(READS.map(([, command]) => command));
    const queues = await redis.all(QUEUES.map(([, command]) => command));
    const blind = QUEUES.filter((_, index) => detailOf(queues[index]) === "NOPERM").map(([rule]) => rule);
    // A command this server is too old for is no lack of the user's.
    const refused = READS.filter((_, index) => detailOf(reads[index]) === "NOPERM").map(([rule]) => rule);
    const failure = reads.find((reply) => reply instanceof Error && detailOf(reply) !== "NOPERM");
    const isAway = reads.every((reply) => reply instanceof Error);
    if (isAway && failure !== undefined) throw toRedisError(failure);
    const user = await userOf(redis);
    const version = /^redis_version:(\S+)/m.exec(String(reads[1]))?.[1];
    return judgeUser({ version, user, refused, blind, wouldRefuse: await wouldRefuse(redis, user) });
  });

const detailOf = (reply: unknown): string | undefined =>
  reply instanceof Error ? toRedisError(reply).detail : undefined;

/** The user of this connection; undefined where Redis does not say. */
async function userOf(redis: RedisHands): Promise<string | undefined> {
  const [reply] = await redis.all([["ACL", "WHOAMI"]]);
  return typeof reply === "string" ? reply : undefined;
}

/** Rules of the writes the user lacks; undefined where it may not ask. */
async function wouldRefuse(redis: RedisHands, user: string | undefined): Promise<string[] | undefined> {
  if (user === undefined) return undefined;
  const replies = await redis.all(WRITES.map(([, command]) => ["ACL", "DRYRUN", user, ...command]));
  if (replies.some((reply) => reply instanceof Error)) return undefined;
  return WRITES.filter((_, index) => String(replies[index]) !== "OK").map(([rule]) => rule);
}

interface User {
  readonly version: string | undefined;
  readonly user: string | undefined;
  readonly refused: readonly string[];
  /** Of what looking into queues needs. */
  readonly blind: readonly string[];
  readonly wouldRefuse: readonly string[] | undefined;
}

/** Pure. Exported for its test. */
export function judgeUser({ version, user, refused, blind, wouldRefuse: lacking }: User): ConnectionCheck[] {
  const who = user ?? "the user of the URL";
  const checks: ConnectionCheck[] = [
    {
      name: "reach",
      state: "ok",
      detail: `Redis ${version ?? ""}${user === undefined ? "" : `, user ${user}`}`.trim(),
    },
  ];
  // `%R~` is of 7.0: before it, looking at a key needs the right to all of it.
  const keys = Number.parseInt(version ?? "7", 10) >= 7 ? "%R~*" : "~*";
  const rules = (missing: readonly string[], pattern = keys) => ({
    fix: "in redis-cli, as a user who may change the ACL (and ACL SAVE, or the same in the users file)",
    paste: [`ACL SETUSER ${quoted(user ?? "default")} ${pattern} ${missing.join(" ")}`],
  });
  if (refused.length > 0)
    checks.push({
      name: "rights",
      state: "missing",
      detail: `${who} may not look: ${refused.join(" ")}`,
      ...rules(refused),
    });
  if (blind.length > 0)
    checks.push({
      name: "queues",
      state: "warning",
      detail: `${who} may not look into queues (queue-backlog): ${blind.join(" ")}`,
      ...rules(blind),
    });
  if (lacking === undefined)
    checks.push({
      name: "remedies",
      state: "ok",
      detail:
        "whether it may do what the remedies do (CONFIG SET, SCRIPT KILL, EVAL) cannot be asked of this user or version",
    });
  else if (lacking.length > 0)
    checks.push({
      name: "remedies",
      state: "warning",
      detail: `${who} may not do what the remedies do: ${lacking.join(" ")}`,
      // Those of queues write into their keys; CONFIG SET and SCRIPT KILL touch none.
      ...rules(lacking, lacking.includes("+eval") ? "~*" : keys),
    });
  else if (refused.length === 0)
    checks.push({ name: "rights", state: "ok", detail: "may look, and do what the remedies do" });
  return checks;
}

/** A word as redis-cli reads it. */
function quoted(user: string): string {
  if (/^[\w.@-]+$/.test(user)) return user;
  if (user.includes("\0")) throw new DiagError("bad_output", "Redis: a user's name holds a NUL byte");
  return JSON.stringify(user);
}
