import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import { waitFor } from "../../../lib/wait.ts";
import type { ConsoleRow, PgbouncerClient, Show } from "../client.ts";
import { maybeIn, nameIn, numberIn } from "../rows.ts";

const { read } = actionsOn<PgbouncerClient>("pgbouncer");

const MOST_POOLS = 100;

const Pool = z.object({
  database: z.string(),
  /** The role the pool logs in as. */
  user: z.string(),
  /** `session`, `transaction` or `statement`. */
  mode: z.string(),
  /** Clients that have a server connection, and those that wait for one: at the end, and the fewer of both looks. */
  active: z.int(),
  waiting: z.int(),
  waitingThroughout: z.int(),
  /** Seconds the first in the queue waits. 0 of clients that wait for their very first login: the bouncer counts them not. */
  maxWaitSeconds: z.number(),
  /** Server connections: linked to a client, free, free but to be checked first, logging in. */
  serverActive: z.int(),
  serverIdle: z.int(),
  serverUsed: z.int(),
  serverLogin: z.int(),
  /** Server connections of any state, fewest of both looks. */
  serversThroughout: z.int(),
  /** Linked to the same client at both looks, which sent nothing new meanwhile: one long statement, or somebody who idles. */
  held: z.int(),
});
export type Pool = z.infer<typeof Pool>;

const Traffic = z.object({
  database: z.string(),
  /** Begun meanwhile. */
  transactions: z.number(),
  queries: z.number(),
  /**
   * Microseconds of those that ended meanwhile, waiting for a server connection included (client.c: both clocks begin with the
   * client's first word). The difference of the two is idle in transaction.
   */
  transactionMicros: z.number(),
  queryMicros: z.number(),
  /** Microseconds clients waited for a server connection. */
  waitMicros: z.number(),
});

export const PoolSample = z.object({
  /** How long was really measured. */
  seconds: z.number(),
  pools: z.array(Pool),
  traffic: z.array(Traffic),
  /** Totals fell meanwhile (restart, RESET): what is said counts from then on. */
  reset: z.boolean(),
  notSeen,
});
export type PoolSample = z.infer<typeof PoolSample>;

/**
 * Who waits and why, seen twice: SHOW POOLS, SHOW SERVERS and the difference of SHOW STATS_TOTALS. A queue at one moment is no
 * trouble, and averages of the bouncer's own last minute say nothing about now. pgbouncer.org, "Usage: admin console".
 */
export const samplePools = read({
  name: "pgbouncer.sample-pools",
  title: "Pools, waiting clients and transactions over an interval",
  timeoutSeconds: 45,
  input: z.object({ seconds: z.number().min(0.2).max(30).default(3) }),
  output: PoolSample,
  run: (client, { seconds }, context) =>
    client.use(context, async (show) => {
      const before = await look(show);
      await waitFor(seconds * 1_000, context.signal);
      return sampleBetween(before, await look(show));
    }),
});

export interface Look {
  readonly at: number;
  readonly pools: readonly ConsoleRow[];
  readonly servers: readonly ConsoleRow[];
  readonly totals: readonly ConsoleRow[];
}

const look = async (show: Show): Promise<Look> => ({
  at: performance.now(),
  pools: await show("POOLS"),
  servers: await show("SERVERS"),
  totals: await show("STATS_TOTALS"),
});

/** The console's own pool. */
const isConsole = (row: ConsoleRow) => row.database === "pgbouncer";
const keyOf = (row: ConsoleRow) => `${row.database ?? ""}\n${row.user ?? ""}`;

/** Pure. Exported for its test. */
export function sampleBetween(before: Look, after: Look): PoolSample {
  const were = new Map(before.pools.map((row) => [keyOf(row), row]));
  const held = heldBetween(before.servers, after.servers);
  const pools = after.pools
    .filter((row) => !isConsole(row))
    .map((row) => poolOf(row, were.get(keyOf(row)), held.get(keyOf(row)) ?? 0))
    .sort((a, b) => b.waiting - a.waiting || b.active - a.active);
  const shown = pools.slice(0, MOST_POOLS);
  const names = new Set(shown.map(({ database }) => database));
  const totals = new Map(before.totals.map((row) => [row.database, row]));
  const moved = after.totals.filter((row) => names.has(nameIn(row, "database")));
  return {
    seconds: (after.at - before.at) / 1_000,
    pools: shown,
    traffic: moved.map((row) => trafficOf(row, totals.get(row.database ?? null))),
    reset: moved.some((row) => {
      const was = totals.get(row.database ?? null);
      return was !== undefined && numberIn(row, "xact_count") < numberIn(was, "xact_count");
    }),
    notSeen:
      pools.length > shown.length
        ? [
            {
              what: `${pools.length - shown.length} of ${pools.length} pools`,
              why: "only those with most waiting and active clients are kept",
            },
          ]
        : [],
  };
}

const serversOf = (row: ConsoleRow): number =>
  ["sv_active", "sv_idle", "sv_used", "sv_tested"].reduce((sum, name) => sum + (maybeIn(row, name) ?? 0), 0);

function poolOf(row: ConsoleRow, was: ConsoleRow | undefined, held: number): Pool {
  const waiting = numberIn(row, "cl_waiting");
  return {
    database: nameIn(row, "database"),
    user: nameIn(row, "user"),
    mode: nameIn(row, "pool_mode"),
    active: numberIn(row, "cl_active"),
    waiting,
    waitingThroughout: was === undefined ? 0 : Math.min(waiting, numberIn(was, "cl_waiting")),
    maxWaitSeconds: numberIn(row, "maxwait") + (maybeIn(row, "maxwait_us") ?? 0) / 1e6,
    serverActive: numberIn(row, "sv_active"),
    serverIdle: numberIn(row, "sv_idle"),
    serverUsed: numberIn(row, "sv_used"),
    serverLogin: Math.max(numberIn(row, "sv_login"), was === undefined ? 0 : numberIn(was, "sv_login")),
    serversThroughout: Math.min(serversOf(row), was === undefined ? serversOf(row) : serversOf(was)),
    held,
  };
}

/** Server connections by pool that the same client had at both looks without a new request in between. */
function heldBetween(before: readonly ConsoleRow[], after: readonly ConsoleRow[]): Map<string, number> {
  const idOf = (row: ConsoleRow) => [row.ptr, row.link, row.connect_time, row.request_time].join(" ");
  const were = new Set(before.filter(({ state }) => state === "active").map(idOf));
  const held = new Map<string, number>();
  for (const row of after)
    if (row.state === "active" && were.has(idOf(row))) held.set(keyOf(row), (held.get(keyOf(row)) ?? 0) + 1);
  return held;
}

function trafficOf(row: ConsoleRow, was: ConsoleRow | undefined): z.infer<typeof Traffic> {
  const grown = (column: string): number => {
    const now = numberIn(row, column);
    const then = was === undefined ? 0 : numberIn(was, column);
    return now < then ? now : now - then;
  };
  return {
    database: nameIn(row, "database"),
    transactions: grown("xact_count"),
    queries: grown("query_count"),
    transactionMicros: grown("xact_time"),
    queryMicros: grown("query_time"),
    waitMicros: grown("wait_time"),
  };
}
