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
import { type RedisMemory, SAY_PART, takenBesideKeys } from "./memory.ts";
import { sample } from "./sample.ts";
import { serverState, stateNow } from "./server-state.ts";

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

/** The memory section, without which no limit can be judged. */
async function memoryNow(client: RedisClient, context: ActionContext): Promise<RedisMemory> {
  const { memory } = await stateNow(client, context);
  if (memory !== null) return memory;
  throw new DiagError(
    "target_refused",
    "Redis: INFO of this server says nothing of its memory, nothing was set",
  );
}

/** Catalogue guard (d) 6: an instance declared cache-only, and nothing in it that is no cache. */
async function refusal(client: RedisClient, context: ActionContext): Promise<string | undefined> {
  if (context.connection.about?.role !== "cache")
    return `connection ${context.connection.name} has role ${context.connection.about?.role ?? "mixed"} in diagbot.yaml: only a cache may lose keys`;
  const { protected: kinds, looked, keys, notSeen = [] } = await sample(client, GUARD_BUDGET_MS, context);
  if (notSeen.length > 0)
    return `it cannot be told whether it holds a cache only: could not look at ${notSeen.map(({ what }) => what).join(", ")}`;
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

const witnessOf = ({ policy, max }: RedisMemory): Json => ({ policy, maxmemory: max });

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
    const memory = await memoryNow(client, context);
    const witness = witnessOf(memory);
    const changes = [
      `CONFIG SET maxmemory-policy ${policy} (now ${memory.policy}; at runtime only, a restart undoes it)`,
    ];
    if (memory.policy === policy)
      return { changes: [], witness, nothingToDo: `the policy is ${policy} already` };
    const refused = policyRefusal(memory, policy, from) ?? (await refusal(client, context));
    return refused === undefined ? { changes, witness } : { changes, witness, refused };
  },
  run: async (client, { policy, from }, context) => {
    const memory = await memoryNow(client, context);
    if (context.connection.about?.role !== "cache") refuseRun("the connection is not declared a cache");
    const why = memory.policy === policy ? undefined : policyRefusal(memory, policy, from);
    if (why !== undefined) refuseRun(why);
    await setConfig(client, "maxmemory-policy", policy, context);
    return { policy, before: memory.policy };
  },
  probe: async (client, { policy, from }, _witness, context) =>
    probed((await memoryNow(client, context)).policy, policy, from),
  undo: ({ policy, from }) => ({
    action: "redis.set-eviction-policy",
    input: { policy: from, from: policy },
  }),
  settled: {
    check: () => ({ state: serverState() }),
    holds: ({ state }, { policy }) => state.memory?.policy === policy,
    figures: ({ state }, { from }) => `maxmemory-policy ${from} → ${state.memory?.policy ?? "unknown"}`,
  },
  leaves: "keys that were evicted meanwhile do not come back",
  says: ({ policy }, { before }) => `maxmemory-policy ${before} → ${policy}`,
});

function policyRefusal(memory: RedisMemory, policy: string, from: string): string | undefined {
  if (memory.policy !== from) return `the policy is ${memory.policy}, not ${from}`;
  if (memory.max === 0) return "maxmemory is 0 (no limit): a policy has no effect";
  // Evicting would take every key and still not make room.
  const taken = takenBesideKeys(memory);
  if (policy !== "noeviction" && taken !== undefined)
    return `${sayBytes(taken.bytes)} of ${sayBytes(memory.used)} are ${SAY_PART[taken.part]}: evicting keys would empty the cache and not help`;
  return undefined;
}

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
    const memory = await memoryNow(client, context);
    const witness = witnessOf(memory);
    const changes = [
      `CONFIG SET maxmemory ${bytes} (${sayBytes(bytes)}; now ${sayBytes(memory.max)}, ${sayBytes(memory.used)} used; at runtime only, a restart undoes it)`,
    ];
    if (memory.max === bytes)
      return { changes: [], witness, nothingToDo: "maxmemory has that value already" };
    const refused = memoryRefusal(memory, bytes, from, restores) ?? (await refusal(client, context));
    return refused === undefined ? { changes, witness } : { changes, witness, refused };
  },
  run: async (client, { bytes, from, restores }, context) => {
    const memory = await memoryNow(client, context);
    if (context.connection.about?.role !== "cache") refuseRun("the connection is not declared a cache");
    const why = memory.max === bytes ? undefined : memoryRefusal(memory, bytes, from, restores);
    if (why !== undefined) refuseRun(why);
    await setConfig(client, "maxmemory", String(bytes), context);
    return { bytes, before: memory.max };
  },
  probe: async (client, { bytes, from }, _witness, context) =>
    probed(String((await memoryNow(client, context)).max), String(bytes), String(from)),
  undo: ({ bytes, from }) => ({
    action: "redis.set-maxmemory",
    input: { bytes: from, from: bytes, restores: true },
  }),
  settled: {
    check: () => ({ state: serverState() }),
    holds: ({ state }, { bytes }) => state.memory?.max === bytes,
    figures: ({ state: { memory } }, { from }) =>
      memory === null
        ? ""
        : `maxmemory ${sayBytes(from)} → ${sayBytes(memory.max)}, ${sayBytes(memory.used)} used`,
  },
  leaves: "what does not fit the smaller limit is evicted or refused",
  says: ({ bytes }, { before }) => `maxmemory ${sayBytes(before)} → ${sayBytes(bytes)}`,
});

function memoryRefusal(memory: RedisMemory, bytes: number, from: number, restores: boolean) {
  if (memory.max !== from) return `maxmemory is ${memory.max}, not ${from}`;
  if (bytes === 0 || restores) return undefined;
  if (bytes < memory.used * HEADROOM)
    return `${sayBytes(bytes)} is below 1.1 x the ${sayBytes(memory.used)} in use: keys would be evicted at once`;
  if (memory.system !== null && bytes > memory.system * MACHINE_SHARE)
    return `${sayBytes(bytes)} is more than 60 % of the machine's ${sayBytes(memory.system)}`;
  return undefined;
}
