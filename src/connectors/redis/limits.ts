import { ReplyError } from "ioredis";
import { z } from "zod";
import {
  type ActionContext,
  actionsOn,
  type Preview,
  type Probed,
  type WriteContext,
} from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { sayBytes } from "../../core/words/format.ts";
import type { Json } from "../../core/words/json.ts";
import type { RedisClient } from "./client.ts";
import { toRedisError } from "./errors.ts";
import { sample } from "./sample.ts";
import { checkConnection, type RedisState, serverState, stateOf } from "./server.ts";

const { write } = actionsOn<RedisClient>("redis");

export const POLICIES = [
  ...(["noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random"] as const),
  ...(["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] as const),
] as const;

/** Room that must stay between what is used and the new limit: below it Redis would evict or refuse at once. */
const HEADROOM = 1.1;
/** Share of the machine's memory that maxmemory may take: fork's copies, fragmentation and buffers come on top. */
const MACHINE_SHARE = 0.6;
const GUARD_BUDGET_MS = 3_000;

const stateNow = (client: RedisClient, context: ActionContext): Promise<RedisState> =>
  client.use(context, async (redis) => stateOf(String(await redis.call("INFO", "everything"))));

/** Catalogue guard (d) 6: an instance declared cache-only, and nothing in it that is no cache. */
async function refusal(client: RedisClient, context: ActionContext): Promise<string | undefined> {
  if (context.connection.about?.role !== "cache")
    return `connection ${context.connection.name} has role ${context.connection.about?.role ?? "mixed"} in diagbot.yaml: only a cache may lose keys`;
  const { protected: kinds, looked, keys } = await sample(client, GUARD_BUDGET_MS, context);
  if (kinds.length === 0) return undefined;
  const found = kinds.map(({ what, keys: n, example }) => `${n} ${what} keys such as ${example}`).join(", ");
  return `it holds more than a cache (looked at ${looked} of ${keys} keys): ${found}`;
}

/** CONFIG SET, read back; `target_refused` where it is proven that nothing was set. */
async function setConfig(
  client: RedisClient,
  name: string,
  value: string,
  context: WriteContext,
): Promise<void> {
  if (context.remainingMs() < 1_000)
    throw new DiagError("target_refused", "Redis: too little time left, nothing was set");
  await client.change(context, async (redis) => {
    const [reply] = await redis.all([["CONFIG", "SET", name, value]]);
    if (!(reply instanceof Error)) return;
    const error = toRedisError(reply);
    // Only an error the server itself replied proves that it was turned down (managed services leave CONFIG out).
    if (!(reply instanceof ReplyError)) throw error;
    const detail = error.detail === undefined ? {} : { detail: error.detail };
    throw new DiagError("target_refused", error.message, { ...detail, cause: reply });
  });
}

const refuseRun = (why: string): never => {
  throw new DiagError("target_refused", `Redis: ${why}, nothing was set`);
};

const witnessOf = ({ memory }: RedisState): Json => ({ policy: memory.policy, maxmemory: memory.max });

const probed = (is: string, wanted: string, before: string): Probed => ({
  verdict: is === wanted ? "done" : is === before ? "not-done" : "unknown",
  evidence: `it is ${is} now; it was ${before} and should become ${wanted}`,
});

/**
 * CONFIG SET maxmemory-policy on a cache, from the value it was decided on. Runtime only: a restart brings the old value
 * back. sergas-agents.cache-high-memory, ai-saas.cache-eviction-policy, resync.high-memory; traps redis-allkeys-lru,
 * redis-policy-nopersist.
 */
export const setEvictionPolicy = write({
  name: "redis.set-eviction-policy",
  title: "Set the eviction policy",
  class: "cas",
  risk: "high",
  timeoutSeconds: 15,
  input: z.object({ policy: z.enum(POLICIES), from: z.enum(POLICIES) }),
  output: z.object({ policy: z.string(), before: z.string() }),
  target: () => "config/maxmemory-policy",
  preview: async (client, { policy, from }, context): Promise<Preview> => {
    const state = await stateNow(client, context);
    const witness = witnessOf(state);
    const changes = [
      `CONFIG SET maxmemory-policy ${policy} (now ${state.memory.policy}; at runtime only, a restart undoes it)`,
    ];
    if (state.memory.policy === policy)
      return { changes: [], witness, nothingToDo: `the policy is ${policy} already` };
    const refused =
      state.memory.policy !== from
        ? `the policy is ${state.memory.policy}, not ${from}`
        : state.memory.max === 0
          ? "maxmemory is 0 (no limit): a policy has no effect"
          : await refusal(client, context);
    return refused === undefined ? { changes, witness } : { changes, witness, refused };
  },
  run: async (client, { policy, from }, context) => {
    const { memory } = await stateNow(client, context);
    if (context.connection.about?.role !== "cache") refuseRun("the connection is not declared a cache");
    if (memory.policy !== from && memory.policy !== policy)
      refuseRun(`the policy is ${memory.policy}, not ${from}`);
    await setConfig(client, "maxmemory-policy", policy, context);
    return { policy, before: memory.policy };
  },
  probe: async (client, { policy, from }, _witness, context) =>
    probed((await stateNow(client, context)).memory.policy, policy, from),
  undo: ({ policy, from }) => ({
    action: "redis.set-eviction-policy",
    input: { policy: from, from: policy },
  }),
  settled: {
    check: () => ({ state: serverState() }),
    holds: ({ state }, { policy }) => state.memory.policy === policy,
    figures: ({ state }, { from }) => `maxmemory-policy ${from} → ${state.memory.policy}`,
  },
  leaves: "keys that were evicted meanwhile do not come back",
  says: ({ policy }, { before }) => `maxmemory-policy ${before} → ${policy}`,
});

/**
 * CONFIG SET maxmemory on a cache: never below 1.1 x used (mass eviction), never above 60 % of the machine's memory.
 * Runtime only. ai-saas.cache-maxmemory; traps redis-maxmemory, redis-policy-nopersist.
 */
export const setMaxmemory = write({
  name: "redis.set-maxmemory",
  title: "Set the memory limit",
  class: "cas",
  risk: "high",
  timeoutSeconds: 15,
  input: z.object({
    bytes: z.int().min(0),
    from: z.int().min(0),
    /** Taking a change back: this limit was in force before, so the floor of 1.1 x used does not apply to it. */
    restores: z.boolean().default(false),
  }),
  output: z.object({ bytes: z.int(), before: z.int() }),
  target: () => "config/maxmemory",
  preview: async (client, { bytes, from, restores }, context): Promise<Preview> => {
    const state = await stateNow(client, context);
    const witness = witnessOf(state);
    const changes = [
      `CONFIG SET maxmemory ${bytes} (${sayBytes(bytes)}; now ${sayBytes(state.memory.max)}, ${sayBytes(state.memory.used)} used; at runtime only, a restart undoes it)`,
    ];
    if (state.memory.max === bytes)
      return { changes: [], witness, nothingToDo: "maxmemory has that value already" };
    const refused = memoryRefusal(state, bytes, from, restores) ?? (await refusal(client, context));
    return refused === undefined ? { changes, witness } : { changes, witness, refused };
  },
  run: async (client, { bytes, from, restores }, context) => {
    const state = await stateNow(client, context);
    if (context.connection.about?.role !== "cache") refuseRun("the connection is not declared a cache");
    const why = state.memory.max === bytes ? undefined : memoryRefusal(state, bytes, from, restores);
    if (why !== undefined) refuseRun(why);
    await setConfig(client, "maxmemory", String(bytes), context);
    return { bytes, before: state.memory.max };
  },
  probe: async (client, { bytes, from }, _witness, context) =>
    probed(String((await stateNow(client, context)).memory.max), String(bytes), String(from)),
  undo: ({ bytes, from }) => ({
    action: "redis.set-maxmemory",
    input: { bytes: from, from: bytes, restores: true },
  }),
  settled: {
    check: () => ({ state: serverState() }),
    holds: ({ state }, { bytes }) => state.memory.max === bytes,
    figures: ({ state: { memory } }, { from }) =>
      `maxmemory ${sayBytes(from)} → ${sayBytes(memory.max)}, ${sayBytes(memory.used)} used`,
  },
  leaves: "what does not fit the smaller limit is evicted or refused",
  says: ({ bytes }, { before }) => `maxmemory ${sayBytes(before)} → ${sayBytes(bytes)}`,
});

function memoryRefusal({ memory }: RedisState, bytes: number, from: number, restores: boolean) {
  if (memory.max !== from) return `maxmemory is ${memory.max}, not ${from}`;
  if (bytes === 0 || restores) return undefined;
  if (bytes < memory.used * HEADROOM)
    return `${sayBytes(bytes)} is below 1.1 x the ${sayBytes(memory.used)} in use: keys would be evicted at once`;
  if (memory.system > 0 && bytes > memory.system * MACHINE_SHARE)
    return `${sayBytes(bytes)} is more than 60 % of the machine's ${sayBytes(memory.system)}`;
  return undefined;
}

/**
 * SCRIPT KILL: ends the script that holds every other client. Redis refuses it once the script has written, so nothing is
 * left half done; `target_refused` then. redis.io, "Scripting with Lua: script execution timeout".
 */
export const killScript = write({
  name: "redis.kill-script",
  title: "End the running script",
  class: "cas",
  risk: "high",
  input: z.object({}),
  output: z.object({ killed: z.literal(true) }),
  target: () => "script",
  preview: async (client, _input, context): Promise<Preview> => {
    const isBusy = await busy(client, context);
    const changes = ["SCRIPT KILL (refused by Redis if the script has written already)"];
    return isBusy
      ? { changes, witness: { busy: true } }
      : { changes: [], witness: { busy: false }, nothingToDo: "no script holds the server any more" };
  },
  run: async (client, _input, context) => {
    if (context.remainingMs() < 1_000) refuseRun("too little time left");
    await client.change(context, (redis) => redis.call("SCRIPT", "KILL"));
    return { killed: true as const };
  },
  probe: async (client, _input, _witness, context) => {
    const isBusy = await busy(client, context);
    return {
      verdict: isBusy ? "not-done" : "done",
      evidence: isBusy ? "a script still holds the server" : "the server answers again",
    };
  },
  undo: "none: the script can be sent again",
  // A server that is still held does not answer this at all.
  settled: {
    check: () => ({ connection: checkConnection() }),
    holds: () => true,
    figures: () => "held by a script → answers again",
  },
});

const busy = (client: RedisClient, context: ActionContext): Promise<boolean> =>
  client.useOwn(context, async (redis) => {
    const [reply] = await redis.all([["PING"]]);
    if (!(reply instanceof Error)) return false;
    const error = toRedisError(reply);
    if (error.detail === "BUSY") return true;
    throw error;
  });
