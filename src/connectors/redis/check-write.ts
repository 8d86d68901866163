import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { inTime } from "../../lib/deadline.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { toRedisError } from "./errors.ts";
import { pairsOf, parseInfo } from "./info.ts";
import { savesTo } from "./intrusion.ts";
import { sentinelAt } from "./sentinel.ts";
import { namedIn } from "./server-state.ts";
import { saySlots } from "./standing.ts";
import { clusterOf, SLOTS } from "./state.ts";

const { read } = actionsOn<RedisClient>("redis");

const KEY = "diagbot:would-write";
/** In a cluster a node takes the keys of its own slots only: of so many keys one is its own almost for certain. */
const KEYS = 32;

/**
 * Would a write be accepted? `MULTI`, `SET`, `DISCARD`: Redis decides about a queued write as about a real one (OOM, MISCONF,
 * NOREPLICAS), but DISCARD throws it away, so nothing changes. A refusal is the error's `detail`. Null: nobody can say, as the
 * bot's own user may not write, or it is a replica, or a node of a cluster without slots, where nobody is meant to.
 */
export const checkWrite = read({
  name: "redis.check-write",
  title: "Ask whether a write would be accepted",
  input: z.object({}),
  output: z.object({ accepted: z.literal(true).nullable() }),
  run: async (client, _input, context) => ({ accepted: await wouldAccept(client, context) }),
});

/** As `redis.check-write` says; throws the refusal. */
export const wouldAccept = (client: RedisClient, context: ActionContext): Promise<true | null> =>
  client.useOwn(context, async (redis) => {
    // Asked of a replica it would count among the writes that others try there (errorstat_READONLY).
    if (await isReplica(redis)) return null;
    const first = await unlessHeldBack(ask(redis, [KEY]), client, context);
    const refused =
      first?.detail === "MOVED" || first?.detail === "ASK"
        ? await ask(
            redis,
            Array.from({ length: KEYS }, (_, n) => `${KEY}:${n}`),
          )
        : first;
    if (refused?.detail === "MISCONF") return verdict(await withFolder(redis, refused));
    if (refused?.detail === "NOREPLICAS") return verdict(await withReplicas(redis, refused));
    return verdict(refused?.detail === "CLUSTERDOWN" ? await withSlots(redis, refused) : refused);
  });

/** So long a write to be queued may take before another connection is asked whether the server answers at all. */
const HELD_MS = 1_500;

/** While writes are paused even one that is only queued waits, and everything else is answered. Throws where that is so. */
async function unlessHeldBack<T>(asked: Promise<T>, client: RedisClient, context: ActionContext): Promise<T> {
  const came = await inTime(asked, { ms: HELD_MS, signal: context.signal });
  if (came.state === "done") return came.value;
  if (came.state === "failed" || context.signal.aborted) return asked;
  await client.useOwn(context, (other) => other.call("PING"));
  // What came meanwhile was only slow.
  const late = await inTime(asked, { ms: 0 });
  if (late.state !== "late") return asked;
  throw new DiagError("target_refused", "Redis: reads are answered, and a write waits", {
    detail: "paused-writes",
  });
}

/** The answer does not say why it cannot save; where it saves to is half of the reason. */
async function withFolder(redis: RedisHands, refused: DiagError): Promise<DiagError> {
  const [reply] = await redis.all([["CONFIG", "GET", "d*"]]);
  const { dir, dbfilename } = savesTo(pairsOf(reply));
  if (dir === undefined || dbfilename === undefined) return refused;
  return new DiagError(refused.code, refused.message, {
    detail: "MISCONF",
    said: { dir, dbfilename },
    cause: refused,
  });
}

/** The answer does not say how many there are, how late they are, and how late they may be. */
async function withReplicas(redis: RedisHands, refused: DiagError): Promise<DiagError> {
  const [info, config] = await redis.all([
    ["INFO", "replication"],
    ["CONFIG", "GET", "min-*"],
  ]);
  if (info instanceof Error) return refused;
  const limits = new Map(config instanceof Error ? [] : pairsOf(config));
  const replicas = `${
    String(info)
      .match(/^slave\d+:.{1,300}$/gm)
      ?.join(" ") ?? ""
  }`;
  const late = [...replicas.matchAll(/ip=([^,\s]{1,100}),port=(\d+)[^\s]{0,100}lag=(-?\d+)/g)].map(
    ([, ip, port, lag]) => `${ip}:${port} last answered ${lag} s ago`,
  );
  const [wanted, most] = [limits.get("min-replicas-to-write"), limits.get("min-replicas-max-lag")];
  const asks = wanted === undefined ? "" : ` It asks for ${wanted} that answered within ${most ?? "10"} s.`;
  const seen = late.length === 0 ? " None is connected." : ` Connected: ${late.slice(0, 5).join(", ")}.`;
  return new DiagError(refused.code, refused.message, {
    detail: "NOREPLICAS",
    said: { replicas: `${asks}${seen}`.trim() },
    cause: refused,
  });
}

/** The answer does not say which slots, nor whose. */
async function withSlots(redis: RedisHands, refused: DiagError): Promise<DiagError> {
  const [info] = await redis.all([["CLUSTER", "INFO"]]);
  const seen = info instanceof Error ? null : clusterOf(String(info));
  if (seen === null) return refused;
  const whose = saySlots(await namedIn(redis, seen));
  const said = { cluster: `${seen.slotsCovered} of ${SLOTS} slots are served.${whose}` };
  return new DiagError(refused.code, refused.message, { detail: "CLUSTERDOWN", said, cause: refused });
}

async function isReplica(redis: RedisHands): Promise<boolean> {
  const [info] = await redis.all([["INFO", "replication"]]);
  const { role, slave_read_only: readOnly } = parseInfo(info instanceof Error ? "" : String(info));
  return role === "slave" && readOnly !== "0";
}

/** Undefined: one of the keys would be taken. Otherwise the refusal that says most. */
async function ask(redis: RedisHands, keys: readonly string[]): Promise<DiagError | undefined> {
  const sets = keys.map((key): [string, string, string] => ["SET", key, "1"]);
  const [multi, ...queued] = await redis.all([["MULTI"], ...sets, ["DISCARD"]]);
  if (multi instanceof Error) return (await asSentinel(redis)) ?? toRedisError(multi);
  const errors = queued
    .slice(0, keys.length)
    .map((one) => (one instanceof Error ? toRedisError(one) : undefined));
  if (errors.includes(undefined)) return undefined;
  return errors.find((error) => !["MOVED", "ASK"].includes(error?.detail ?? "")) ?? errors[0];
}

function verdict(refused: DiagError | undefined): true | null {
  if (refused === undefined) return true;
  if (["NOPERM", "MOVED", "ASK", "READONLY"].includes(refused.detail ?? "")) return null;
  throw refused;
}

async function asSentinel(redis: RedisHands): Promise<DiagError | undefined> {
  const [reply] = await redis.all([["INFO"]]);
  return sentinelAt(redis, parseInfo(reply instanceof Error ? "" : String(reply)));
}
