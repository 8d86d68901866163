import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { HIDDEN, hiddenFrom, SEES_ALL } from "./backend.ts";
import type { PostgresClient } from "./client.ts";

const { read } = actionsOn<PostgresClient>("postgres");

/**
 * Client sessions only: background processes hold none of max_connections (trap pg-conn-count). To a role without
 * pg_monitor the type of others' sessions is null; those of a database are counted all the same (trap pg-privileges).
 * The bot's own sessions are left out, and those that are just logging in: they may be the bot's.
 */
const CLIENTS = `FROM pg_stat_activity a
  WHERE (a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL))
    AND a.pid <> pg_backend_pid()
    AND NOT (a.usesysid = current_user::regrole AND a.application_name = current_setting('application_name'))
    AND NOT (a.usesysid IS NULL AND a.backend_start > now() - interval '2 seconds')`;

const Limit = z.object({ name: z.string(), used: z.int(), limit: z.int() });

const Usage = z.object({
  used: z.int(),
  usable: z.int(),
  max: z.int(),
  reserved: z.int(),
  /** used / usable. */
  ratio: z.number(),
  /** What the sessions do; null: it is hidden of at least one of them (no pg_monitor). */
  active: z.int().nullable(),
  idle: z.int().nullable(),
  idleInTransaction: z.int().nullable(),
  /** Memory one sort or hash of a session may take, in bytes; a session may have several. */
  workMemBytes: z.number(),
  /** Active sessions that wait for a lock; null as above. */
  waitingForLock: z.int().nullable(),
  /** Roles and databases with a CONNECTION LIMIT, fullest first; at most 10 each. */
  roleLimits: z.array(Limit),
  databaseLimits: z.array(Limit),
  /** False: states of others' sessions are hidden from the bot's role. */
  seesAll: z.boolean(),
  notSeen,
});
export type ConnectionUsage = z.infer<typeof Usage>;

/**
 * Sessions against the slots ordinary roles can have: max_connections - superuser_reserved_connections -
 * reserved_connections (PG 16). sergas-agents.pool-exhausted, tektra.database-health. Without the bot's own sessions.
 */
export const connectionUsage = read({
  name: "postgres.connection-usage",
  title: "Sessions against the usable connection slots",
  input: z.object({}),
  output: Usage,
  run: (client, _input, context) =>
    client.readAnywhere(context, async (sql) => {
      const [usage] = await sql<{
        used: number;
        max: number;
        reserved: number;
        active: number;
        idle: number;
        idleInTransaction: number;
        waitingForLock: number;
        hidden: number;
        workMemBytes: number;
        seesAll: boolean;
      }>(`SELECT count(*) AS used,
          count(*) FILTER (WHERE state = 'active') AS active,
          count(*) FILTER (WHERE state = 'idle') AS idle,
          count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS "idleInTransaction",
          count(*) FILTER (WHERE state = 'active' AND wait_event_type = 'Lock') AS "waitingForLock",
          count(*) FILTER (WHERE ${HIDDEN}) AS hidden,
          pg_size_bytes(current_setting('work_mem')) AS "workMemBytes",
          current_setting('max_connections')::int AS max,
          current_setting('superuser_reserved_connections')::int
            + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
          ${SEES_ALL} AS "seesAll"
        ${CLIENTS}`);
      if (usage === undefined) throw new Error("an aggregate returns one row");
      const { hidden, ...counted } = usage;
      const usable = Math.max(1, usage.max - usage.reserved);
      return {
        ...counted,
        ...(hidden > 0 ? { active: null, idle: null, idleInTransaction: null, waitingForLock: null } : {}),
        notSeen: [...hiddenFrom(usage.seesAll)],
        usable,
        ratio: usage.used / usable,
        roleLimits: await sql<z.infer<typeof Limit>>(
          `SELECT r.rolname AS name, count(a.pid) AS used, r.rolconnlimit AS limit FROM pg_roles r
           LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid WHERE r.rolconnlimit >= 0 AND NOT r.rolsuper
             AND r.rolcanlogin GROUP BY 1, 3 ORDER BY count(a.pid)::float / greatest(r.rolconnlimit, 1) DESC LIMIT 10`,
        ),
        databaseLimits: await sql<z.infer<typeof Limit>>(
          `SELECT d.datname AS name, count(a.pid) AS used, d.datconnlimit AS limit FROM pg_database d
           LEFT JOIN pg_stat_activity a ON a.datid = d.oid WHERE d.datconnlimit >= 0
           GROUP BY 1, 3 ORDER BY count(a.pid)::float / greatest(d.datconnlimit, 1) DESC LIMIT 10`,
        ),
      };
    }),
});

const Client = z.object({
  application: z.string(),
  user: z.string(),
  database: z.string(),
  address: z.string(),
  total: z.int(),
  /** How many of them hide from the bot's role what they do: the counts below are without those. */
  hidden: z.int(),
  active: z.int(),
  idle: z.int(),
  idleInTransaction: z.int(),
  /** Sessions opened in the last five minutes. */
  openedLately: z.int(),
  /** Idle sessions used for less than five seconds after they were opened, and never again since: the mark of a leak. */
  abandoned: z.int(),
  /** Seconds between the first and the last of these that were opened: a pool opens its minimum at once, a leak one by one. */
  abandonedOverSeconds: z.number(),
  /** Null: hidden of all. */
  oldestSeconds: z.number().nullable(),
  /** Null: none is known to be idle. */
  longestIdleSeconds: z.number().nullable(),
});

export type ClientSessions = z.infer<typeof Client>;

const ABANDONED = `a.state = 'idle' AND a.state_change - a.backend_start < interval '5 seconds'
  AND clock_timestamp() - a.state_change > make_interval(secs => $1)`;

/**
 * Who holds the sessions: by application, user, database and address, most first, at most 30 groups.
 * sergas-agents.pool-exhausted ("leaks"), sergas-agents.connection-leak.
 */
export const connectionsByClient = read({
  name: "postgres.connections-by-client",
  title: "Sessions by application, user and address",
  input: z.object({
    /** An idle session counts as abandoned from this age on. */
    abandonedAfterSeconds: z.number().min(0).max(86_400).default(60),
  }),
  output: z.object({ clients: z.array(Client) }),
  run: (client, { abandonedAfterSeconds }, context) =>
    client.readAnywhere(context, async (sql) => ({
      clients: await sql<z.infer<typeof Client>>(
        `SELECT left(coalesce(nullif(a.application_name, ''), '(no name)'), 80) AS application,
          coalesce(a.usename, '') AS user, coalesce(a.datname, '') AS database,
          CASE WHEN ${HIDDEN} THEN 'hidden' ELSE coalesce(host(a.client_addr), 'local') END AS address,
          count(*) AS total, count(*) FILTER (WHERE ${HIDDEN}) AS hidden,
          count(*) FILTER (WHERE a.state = 'active') AS active,
          count(*) FILTER (WHERE a.state = 'idle') AS idle,
          count(*) FILTER (WHERE a.state LIKE 'idle in transaction%') AS "idleInTransaction",
          count(*) FILTER (WHERE a.backend_start > now() - interval '5 minutes') AS "openedLately",
          count(*) FILTER (WHERE ${ABANDONED}) AS abandoned,
          coalesce(extract(epoch FROM max(a.backend_start) FILTER (WHERE ${ABANDONED})
            - min(a.backend_start) FILTER (WHERE ${ABANDONED})), 0)::float8 AS "abandonedOverSeconds",
          extract(epoch FROM now() - min(a.backend_start))::float8 AS "oldestSeconds",
          extract(epoch FROM now() - min(a.state_change) FILTER (WHERE a.state = 'idle'))::float8 AS "longestIdleSeconds"
        ${CLIENTS} GROUP BY 1, 2, 3, 4 ORDER BY total DESC, 1, 2, 3, 4 LIMIT 30`,
        [abandonedAfterSeconds],
      ),
    })),
});
