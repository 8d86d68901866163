import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { lostIn } from "./cluster-nodes.ts";
import { pairsOf, parseInfo } from "./info.ts";
import { refusedPart } from "./permission.ts";
import { sentinelAt } from "./sentinel.ts";
import { clusterOf, failingIn, type RedisState, State, stateOf } from "./state.ts";

const { read } = actionsOn<RedisClient>("redis");

/**
 * INFO as typed fields. There is no hit rate and no swap in it (traps redis-hit-rate, redis-swap): both are derived.
 * ai-saas.cache-memory, sergas-agents.cache-performance.
 */
export const serverState = read({
  name: "redis.server-state",
  title: "Memory, clients, persistence and replication",
  input: z.object({}),
  output: State.extend({ notSeen }),
  run: (client, _input, context) => client.use(context, (redis) => lookAtState(redis)),
});

/** The state with what of it could not be asked. */
export async function lookAtState(redis: RedisHands): Promise<RedisState & { notSeen: NotSeen[] }> {
  const info = String(await redis.call("INFO", "everything"));
  const sentinel = await sentinelAt(redis, parseInfo(info));
  if (sentinel !== undefined) throw sentinel;
  const state = withRules(stateOf(info), (await redis.all([["CONFIG", "GET", "save"]]))[0]);
  const missing: NotSeen[] = state.memory === null ? [NO_MEMORY] : [];
  // Elsewhere the question would count as an error of its own.
  if (state.mode !== "cluster") return { ...state, notSeen: missing };
  const [said] = await redis.all([["CLUSTER", "INFO"]]);
  const refused = refusedPart("whether the cluster serves all slots", said, "+cluster|info");
  return {
    ...state,
    cluster: said instanceof Error ? null : await namedIn(redis, clusterOf(String(said))),
    notSeen: [...missing, ...refused],
  };
}

/** Whether it is meant to save by itself; what refuses to say leaves it unknown. */
function withRules(state: RedisState, reply: unknown): RedisState {
  const rules = pairsOf(reply).get("save")?.slice(0, 200) ?? null;
  return { ...state, persistence: { ...state.persistence, rules } };
}

/** The list of more is long, and asked for only where masters fail. */
const MANY_NODES = 500;

/** Which masters fail, and what else of the cluster is gone. */
export async function namedIn<C extends RedisState["cluster"]>(redis: RedisHands, cluster: C): Promise<C> {
  if (cluster === null) return cluster;
  const isWhole = cluster.slotsFailed + cluster.slotsDoubtful === 0;
  if (isWhole && cluster.nodes > MANY_NODES) return cluster;
  const [nodes] = await redis.all([["CLUSTER", "NODES"]]);
  if (nodes instanceof Error) return cluster;
  const { gone, bare } = lostIn(String(nodes));
  return {
    ...cluster,
    failing: isWhole ? [] : failingIn(String(nodes)),
    gone: [...gone],
    bare: [...bare],
  };
}

const NO_MEMORY: NotSeen = {
  what: "the memory of Redis",
  why: "INFO of this server or service has no memory section",
  fix: "The figures of the provider's console have it",
};

/** For the guards of the writes. */
export const stateNow = (client: RedisClient, context: ActionContext): Promise<RedisState> =>
  client.use(context, async (redis) => stateOf(String(await redis.call("INFO", "everything"))));
