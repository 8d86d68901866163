import type { pgbouncer, postgres } from "../../src/sdk/index.ts";

/** Why the clients of a pool wait. */
export type Cause =
  /** PAUSE of the database or of the whole bouncer. */
  | "paused"
  /** Not one server connection: logins fail, or the whole bouncer is paused and this version does not say so. */
  | "no-server"
  /** The bouncer knows no address for the server's name. */
  | "no-name"
  /** Fewer than the pool may have, and no more come. */
  | "cannot-add"
  /** A limit across pools is reached: max_db_connections, max_user_connections. */
  | "limit"
  /** Session pooling: connected clients keep theirs. */
  | "sessions"
  /** The same clients have had theirs all the time: long statements, or transactions left open. */
  | "held"
  /** Transactions in which little is asked of the server. */
  | "idle-in-transaction"
  /** Transactions that take long. */
  | "slow"
  /** Short transactions, and more of them than the pool can carry. */
  | "small"
  /** Free server connections that nobody is given. */
  | "not-given";

export interface Waiting {
  readonly pool: pgbouncer.Pool;
  readonly database: pgbouncer.BouncedDatabase | undefined;
  readonly cause: Cause;
  /** Of the whole database, while it was looked at. */
  readonly traffic: pgbouncer.PoolSample["traffic"][number] | undefined;
  /** Undefined: no transaction began meanwhile. */
  readonly share: ReturnType<typeof shareOf>;
}

export interface Looked {
  readonly sample: pgbouncer.PoolSample;
  readonly databases: readonly pgbouncer.BouncedDatabase[];
  readonly state: pgbouncer.BouncerState | undefined;
}

/** Who has a server connection for so long, on average, has it long for a pool. */
const LONG_SECONDS = 0.1;

/**
 * Clients that waited at both looks, the first of them for longer than `waitSeconds`; or, where the bouncer does not count
 * the wait (a client's very first login), without one transaction meanwhile. A short queue that moves is how a pool works.
 */
export function waitingPools(looked: Looked, waitSeconds: number): Waiting[] {
  const { sample, databases } = looked;
  return sample.pools.flatMap((pool) => {
    const traffic = sample.traffic.find((one) => one.database === pool.database);
    const isStill = pool.maxWaitSeconds === 0 && (traffic?.transactions ?? 0) === 0;
    if (pool.waitingThroughout === 0 || !(pool.maxWaitSeconds >= waitSeconds || isStill)) return [];
    const database = databases.find(({ name }) => name === pool.database);
    return [
      {
        ...{ pool, database, traffic },
        cause: causeOf(pool, database, traffic, looked),
        share: shareOf(pool.database, traffic, sample),
      },
    ];
  });
}

function causeOf(
  pool: pgbouncer.Pool,
  database: Waiting["database"],
  traffic: Waiting["traffic"],
  looked: Looked,
): Cause {
  const { serverActive, held, mode } = pool;
  const { state } = looked;
  if (database?.paused === true || state?.state === "paused" || state?.state === "suspended") return "paused";
  const size = database?.poolSize ?? state?.poolSize ?? 0;
  if (serversOf(pool) === 0 || serverActive < Math.min(size, serversOf(pool)) || serversOf(pool) < size)
    return isAtLimit(pool, database, looked) ? "limit" : belowSize(pool, database, state);
  if (held * 2 >= serverActive) return mode === "session" ? "sessions" : "held";
  return ofTraffic(pool, traffic, looked);
}

const serversOf = ({ serverActive, serverIdle, serverUsed }: pgbouncer.Pool): number =>
  serverActive + serverIdle + serverUsed;

function belowSize(
  pool: pgbouncer.Pool,
  database: Waiting["database"],
  state: pgbouncer.BouncerState | undefined,
): Cause {
  if (serversOf(pool) === 0)
    return database !== undefined && state?.unresolved.includes(database.host) === true
      ? "no-name"
      : "no-server";
  return serversOf(pool) > pool.serverActive && pool.serverLogin === 0 ? "not-given" : "cannot-add";
}

function ofTraffic(pool: pgbouncer.Pool, traffic: Waiting["traffic"], { sample }: Looked): Cause {
  const share = shareOf(pool.database, traffic, sample);
  if (share === undefined) return pool.mode === "session" ? "sessions" : "held";
  if (share.meanSeconds < LONG_SECONDS) return pool.mode === "session" ? "sessions" : "small";
  return share.idle > 0.5 ? "idle-in-transaction" : "slow";
}

/**
 * What a full pool's server connections were used for: the bouncer counts waiting into transactions and statements (their
 * clocks begin with the client's first word), so how long a transaction has one is taken from how many there were.
 */
export function shareOf(
  database: string,
  traffic: Waiting["traffic"],
  { pools, seconds }: pgbouncer.PoolSample,
): { readonly meanSeconds: number; readonly idle: number } | undefined {
  if (traffic === undefined || traffic.transactions === 0) return undefined;
  const servers = pools
    .filter((pool) => pool.database === database)
    .reduce((sum, { serverActive }) => sum + serverActive, 0);
  const spent = servers * seconds;
  const idle = Math.max(0, traffic.transactionMicros - traffic.queryMicros) / 1e6;
  return { meanSeconds: spent / traffic.transactions, idle: Math.min(1, idle / Math.max(spent, 1e-9)) };
}

function isAtLimit(pool: pgbouncer.Pool, database: Waiting["database"], { state, sample }: Looked): boolean {
  const ofUser = sample.pools
    .filter(({ user }) => user === pool.user)
    .reduce((sum, one) => sum + serversOf(one), 0);
  const perUser = state?.maxUserConnections ?? 0;
  const perDatabase = database?.maxConnections ?? 0;
  return (
    (perUser > 0 && ofUser >= perUser) || (perDatabase > 0 && (database?.connections ?? 0) >= perDatabase)
  );
}

/** Server connections that all pools towards one server may open together, by `host:port`. */
export function mayOpen({ sample, databases }: Looked): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const database of databases) {
    const pools = sample.pools.filter((pool) => pool.database === database.name).length;
    const wanted = pools * (database.poolSize + database.reserve);
    const most = database.maxConnections > 0 ? Math.min(wanted, database.maxConnections) : wanted;
    all.set(placeOf(database), (all.get(placeOf(database)) ?? 0) + most);
  }
  return all;
}

export const placeOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.toLowerCase()}:${port}`;

/** What the server itself says its sessions do; undefined: it was not asked, or did not say. */
export function saidByServer(usage: postgres.ConnectionUsage | undefined): string | undefined {
  if (usage === undefined || usage.active === null) return undefined;
  const { active, idle, idleInTransaction, waitingForLock } = usage;
  return `The server itself counts ${active} active sessions (${waitingForLock ?? 0} of them wait for a lock), ${idleInTransaction ?? 0} idle in transaction and ${idle ?? 0} idle, of all its clients.`;
}
