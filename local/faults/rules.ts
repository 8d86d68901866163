import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { BUDGETS, type Shop } from "../sample/shop.ts";
import type { DatabaseUser } from "../sample/users.ts";
import type { Rule } from "./fault.ts";

/** Shares and ages beyond which monitoring complains; diagbot.yaml of the demo has the same thresholds. */
export const LIMITS = {
  connections: 0.8,
  statementSeconds: 3,
  idleSeconds: 4,
  openTransactionSeconds: 8,
  folder: 0.85,
  memory: 0.8,
} as const;

const MB = 1 << 20;

export const connectionsTaken = (summary: string): Rule<DatabaseUser> => ({
  alertname: "PostgresTooManyConnections",
  severity: "critical",
  summary,
  forSeconds: LIMITS.idleSeconds + 2,
  firing: async ({ watch }) => {
    const [row] = await watch<{ used: number; usable: number }>(
      `SELECT count(*)::int AS used,
              current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                - current_setting('reserved_connections')::int AS usable
       FROM pg_stat_activity WHERE backend_type = 'client backend'`,
    );
    if (row === undefined || row.used < row.usable * LIMITS.connections) return undefined;
    return `${row.used} of ${row.usable} connections are taken`;
  },
});

export const connections: Rule = {
  ...connectionsTaken("The shop's database is running out of connections"),
  labels: { datname: "shop" },
};

export const slowStatements: Rule = {
  alertname: "PostgresSlowQueries",
  severity: "warning",
  labels: { datname: "shop" },
  summary: "Statements of the shop run for too long",
  firing: async (shop) => {
    const [row] = await shop.watch<{ count: number; oldest: number }>(
      `SELECT count(*)::int AS count, coalesce(max(extract(epoch FROM now() - query_start)), 0)::float8 AS oldest
       FROM pg_stat_activity
       WHERE usename = 'shop' AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock'
         AND query_start < now() - make_interval(secs => $1)`,
      [LIMITS.statementSeconds],
    );
    return row === undefined || row.count === 0
      ? undefined
      : `${row.count} running, the oldest for ${row.oldest.toFixed(0)} s`;
  },
};

export const lockWaits: Rule = {
  alertname: "PostgresLocks",
  severity: "critical",
  labels: { datname: "shop" },
  summary: "Sessions of the shop wait for locks",
  firing: async (shop) => {
    const [row] = await shop.watch<{ count: number; oldest: number }>(
      `SELECT count(*)::int AS count, coalesce(max(extract(epoch FROM now() - query_start)), 0)::float8 AS oldest
       FROM pg_stat_activity WHERE usename = 'shop' AND wait_event_type = 'Lock'
         AND query_start < now() - make_interval(secs => $1)`,
      [LIMITS.statementSeconds],
    );
    return row === undefined || row.count === 0
      ? undefined
      : `${row.count} waiting, the longest for ${row.oldest.toFixed(0)} s`;
  },
};

export const idleInTransaction: Rule = {
  alertname: "PostgresIdleInTransaction",
  severity: "warning",
  labels: { datname: "shop" },
  summary: "A session of the shop sits idle in an open transaction",
  firing: async (shop) => {
    const [row] = await shop.watch<{ name: string; age: number }>(
      // Whoever is in somebody's way is the business of the rule for locks.
      `SELECT application_name AS name, extract(epoch FROM now() - state_change)::float8 AS age
       FROM pg_stat_activity a WHERE usename = 'shop' AND state LIKE 'idle in transaction%'
         AND state_change < now() - make_interval(secs => $1)
         AND NOT EXISTS (SELECT FROM pg_stat_activity w WHERE a.pid = ANY(pg_blocking_pids(w.pid)))
       ORDER BY state_change LIMIT 1`,
      [LIMITS.openTransactionSeconds],
    );
    return row === undefined ? undefined : `${row.name} for ${row.age.toFixed(0)} s`;
  },
};

/** A folder over its budget, as a disk would be over its size. */
export const folderFull = (which: "logs" | "uploads"): Rule => ({
  alertname: "HostOutOfDiskSpace",
  severity: "warning",
  labels: { folder: which },
  summary: `The folder for ${which} is nearly full`,
  needsLinux: true,
  firing: async (shop) => {
    const bytes = await sizeOf(shop.folders[which]);
    return bytes < BUDGETS[which] * LIMITS.folder
      ? undefined
      : `${(bytes / MB).toFixed(0)} of ${BUDGETS[which] / MB} MiB`;
  },
});

export const workerMemory: Rule = {
  alertname: "HostOutOfMemory",
  severity: "warning",
  labels: { process: "shop-worker" },
  summary: "The shop's worker uses more memory than it may",
  needsLinux: true,
  firing: async (shop) => {
    const bytes = await residentBytes(shop);
    return bytes === undefined || bytes < BUDGETS.workerMemory * LIMITS.memory
      ? undefined
      : `${(bytes / MB).toFixed(0)} of ${BUDGETS.workerMemory / MB} MiB`;
  },
};

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = names.map((name) =>
    lstat(join(folder, name)).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Linux only; elsewhere the fault is not offered. */
async function residentBytes(shop: Shop): Promise<number | undefined> {
  const pid = shop.workerPid();
  if (pid === undefined) return undefined;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
