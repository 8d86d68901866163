import {
  count,
  type Finding,
  type OutputOf,
  type RunContext,
  type redis,
  type Seen,
  sayBytes,
  sayPercent,
  valueIn,
} from "../../src/sdk/index.ts";
import {
  canEvict,
  countedOf,
  memoryFacts,
  partRows,
  prefixRows,
  type Role,
  roleOf,
  whyNothingEvicted,
} from "./memory.ts";
import { clientRows, curesOf, sayTaker, takerOf } from "./taker.ts";

interface Steps {
  readonly state: Seen<redis.RedisState>;
  readonly write: Seen<unknown>;
  readonly rates: Seen<redis.RedisRates>;
  readonly keys: Seen<redis.KeySample>;
  readonly clients: Seen<OutputOf<typeof redis.listClients>>;
}

type Cure = ReturnType<typeof curesOf>[number];

/** Full, or nearly: what takes the memory, and what helps against that. Pure. */
export function fullFinding(seen: Steps, context: RunContext): Finding<Cure> | undefined {
  const state = valueIn(seen.state);
  const memory = state?.memory ?? null;
  if (state === undefined || memory === null) return undefined;
  const [keys, clients] = [valueIn(seen.keys), valueIn(seen.clients)];
  const taker = takerOf(memory, keys, clients);
  const said = refusesWrites(seen) ? refusing(state, memory) : near(state, memory, context.thresholds.memory);
  if (said === undefined) return undefined;
  return {
    ...said,
    title: `${said.title}${sayTaker(taker)}`,
    evidence: [
      memoryFacts(memory, state.keys),
      ...partRows(memory, keys),
      ...(taker.what === "part" ? clientRows(clients) : prefixRows(keys)),
    ],
    restsOn: ["write"],
    explains: ["client-buffers"],
    remedies: curesOf(taker, memory, roleOf(context)),
  };
}

type Said = Pick<Finding, "id" | "severity" | "title" | "because">;

const refusing = ({ keys, totals }: redis.RedisState, memory: redis.RedisMemory): Said => ({
  id: "oom",
  severity: "critical",
  title: `Redis refuses writes: ${sayBytes(memory.used)} of ${sayBytes(memory.max)} are used and the policy is ${memory.policy}`,
  because: `${whyNothingEvicted(memory, keys)} ${count(totals.oomErrors, "write")} answered with OOM since the start.`,
});

function near({ keys }: redis.RedisState, memory: redis.RedisMemory, threshold: number): Said | undefined {
  const hasLimit = memory.max > 0;
  const limit = hasLimit ? memory.max : (memory.system ?? 0);
  const used = hasLimit ? countedOf(memory) : memory.used;
  if (limit === 0 || used / limit < threshold || canEvict(memory, keys)) return undefined;
  return {
    id: "nearly-full",
    severity: "warning",
    title: `Redis uses ${sayPercent(used / limit)} of ${hasLimit ? "maxmemory" : "the machine's memory"} (${sayBytes(used)} of ${sayBytes(limit)})`,
    because: hasLimit
      ? `${whyNothingEvicted(memory, keys)} At the limit every write fails with OOM.`
      : "maxmemory is 0, so nothing stops it before the kernel's out-of-memory killer does; a container's own limit, which Redis does not see, is reached earlier.",
  };
}

/** It answered a write with OOM, now or while it was watched. */
const refusesWrites = ({ write, rates }: Steps): boolean =>
  (!write.ok && write.error.detail === "OOM") || (rates.ok && rates.value.oomErrors > 0);

/** What is written pushes out what was just written. Pure. */
export function stormFinding(
  { memory, keys }: redis.RedisState,
  rates: redis.RedisRates,
  role: Role,
  { limit, hitRatio }: { readonly limit: number; readonly hitRatio: number },
) {
  const perSecond = rates.evicted / rates.seconds;
  if (memory === null || perSecond < limit) return undefined;
  const taker = takerOf(memory, undefined, undefined);
  // A cache is meant to be full: while what is asked for is there, those that go are those nobody asks for.
  const isServing = rates.hitRatio !== null && rates.hitRatio >= hitRatio;
  if (role === "cache" && isServing && taker.what !== "part") return undefined;
  const hits = rates.hitRatio === null ? "" : `, and only ${sayPercent(rates.hitRatio)} of lookups hit`;
  const lost =
    role === "cache" ? "" : ` The connection's role is ${role}: data that must stay is being lost.`;
  return {
    id: "eviction-storm",
    severity: role === "cache" ? "warning" : "critical",
    title: `Redis evicts ${Math.round(perSecond)} keys a second${taker.what === "part" ? sayTaker(taker) : ""}`,
    because: `${sayBytes(memory.used)} of ${sayBytes(memory.max)} are used: what is written pushes out what was just written${hits}.${lost}`,
    evidence: [memoryFacts(memory, keys), ...partRows(memory, undefined)],
    explains: ["client-buffers"],
    remedies: taker.what === "part" ? curesOf(taker, memory, role) : stormCures(role),
  } as const;
}

const stormCures = (role: Role) =>
  role === "cache"
    ? (["raiseMaxmemory", "persistConfig", "makeRoom"] as const)
    : (["keepNoEviction", "makeRoom"] as const);
