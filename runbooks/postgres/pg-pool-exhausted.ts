import {
  clip,
  count,
  facts,
  orThreshold,
  postgres,
  rows,
  runbookOn,
  type StepsOf,
  sayBytes,
  sayDuration,
  sayPercent,
  sqlName,
  z,
} from "../../src/sdk/index.ts";

/** An application with at least this many sessions it used once and never gave back leaks. */
const LEAK_AT_LEAST = 5;
const ago = (seconds: number | null) => (seconds === null ? "–" : sayDuration(seconds * 1000));

/** Slots, who holds them, and the sessions that hold one for nothing. Guides: "too many connections", connection leaks. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-pool-exhausted",
    title: "Postgres connection pool",
    covers: [
      "sergas-agents.pool-exhausted",
      "sergas-agents.error-db-connections",
      "sergas-agents.kill-idle-connections",
      "sergas-agents.connection-leak",
      "sergas-agents.pool-resize",
      "sergas-accounts.pool-exhausted",
      "sergas-accounts.kill-idle-connections",
      "sergas-accounts.app-pool-size",
      "sergas-accounts.pg-max-connections",
      "tektra.db-pool-tuning",
      "tektra.database-health",
      "sergas-agents.quick-reference",
    ],
    alerts: [
      "PostgresTooManyConnections",
      "PostgresqlTooManyConnections",
      "PostgreSQLTooManyConnections",
      "PostgreSQLMaxConnectionsReached",
      "PostgresConnectionPoolExhausted",
      "DatabaseConnectionPoolExhausted",
      "DatabaseConnectionsHigh",
    ],
    params: z.object({
      idleMinutes: orThreshold(
        "idleMinutes",
        "sessions idle for longer than this may be ended",
        z.int().min(1).max(1440),
      ),
      application: z.string().max(200).optional().describe("end only sessions of this application name"),
      atMost: z.int().min(1).max(50).default(50).describe("end at most this many sessions"),
    }),
  },
  ({ params: { idleMinutes, application } }) => ({
    usage: postgres.connectionUsage(),
    clients: postgres.connectionsByClient({ abandonedAfterSeconds: Math.min(86_400, idleMinutes * 60) }),
    idle: postgres.idleSessions({ olderThanMinutes: idleMinutes, application }),
  }),
);

type Steps = StepsOf<typeof book>;
type Usage = Steps["usage"];

export const pgPoolExhausted = book
  .remedies({
    terminateIdle: book.does(
      postgres.terminateIdleSessions,
      ["idle", "usage?", "clients?"],
      (values, { params, thresholds }) => {
        const sessions = endable(values, thresholds.connections, params.application).slice(0, params.atMost);
        if (sessions.length === 0) return undefined;
        return {
          sessions: sessions.map(({ pid, startedAt }) => ({ pid, startedAt })),
          idleSeconds: params.idleMinutes * 60,
        };
      },
      {
        title: "Terminate sessions that have been idle for long",
        recheck: ["usage"],
        holds: ({ usage }, _done, { thresholds }) => usage.ratio < thresholds.connections,
      },
    ),
    findLoad: book.advises("Find what keeps the sessions busy", "low", ({ usage }) =>
      usage !== undefined && (usage.waitingForLock ?? 0) > 0
        ? `${usage.waitingForLock} sessions wait for a lock and keep their connection meanwhile: run pg-locks, it names the session at the head of the queue and can end it. Ending idle sessions or raising limits does not help.`
        : "The sessions work: run pg-slow-queries, it shows what runs for how long and can cancel it. More connections would only make each statement slower; a statement_timeout for the application's role bounds this.",
    ),
    sizePools: book.advises("Fit the pools to the server", "high", poolArithmetic),
    fixLeak: book.advises("Repair the leak", "low", ({ clients }) => {
      const names = leaking(clients).map(({ application, address }) => `${application} (${address})`);
      return `Restart ${names.join(", ") || "the application"} to free the sessions now; then find where it takes a connection and does not give it back (an early return or exception without \`finally\`/\`with\`). A net until then (PostgreSQL 14+): \`ALTER ROLE <role> SET idle_session_timeout = '15min'\`. A bigger pool only postpones the failure.`;
    }),
    raiseLimit: book.advises("Raise the connection limit", "high", ({ usage }, { thresholds }) => {
      const statements = fullLimits(usage, thresholds.connections).map(
        ({ what, name, limit }) =>
          `ALTER ${what.toUpperCase()} ${sqlName(name)} CONNECTION LIMIT ${limit === 0 ? -1 : limit * 2}`,
      );
      return `Check first who holds the sessions; then, if the use is right: ${statements.join("; ")}. It applies to new sessions at once.`;
    }),
  })
  .findings((find) => [
    find(["usage", "clients?", "idle?"], ({ usage, clients, idle }, { thresholds }) => {
      if (usage.ratio < thresholds.connections) return undefined;
      const { used, usable, max, reserved, ratio } = usage;
      const top = clients?.clients[0];
      const removable = idle?.total ?? 0;
      return {
        id: "slots-taken",
        severity: ratio >= 0.95 ? "critical" : "warning",
        title: `${used} of ${usable} usable Postgres connections are taken (${sayPercent(ratio)})${sayHolder(usage, top)}`,
        because: [
          ...(top === undefined ? [] : [`${sayClient(top)}.`]),
          sayStates(usage),
          ...(removable > 0
            ? [`${count(removable, "session")} have been idle for long and can be ended.`]
            : []),
        ].join(" "),
        evidence: [
          facts({ used, usable, max_connections: max, reserved }),
          ...(clients === undefined ? [] : [clientTable(clients.clients)]),
        ],
        remedies: [
          ...(removable > 0 ? (["terminateIdle"] as const) : []),
          ...(isBusy(usage) ? (["findLoad"] as const) : []),
          "sizePools",
        ],
      };
    }),
    find(["usage", "clients", "idle?"], ({ usage, clients, idle }, { thresholds }) =>
      leaking(clients)
        .filter((client) => isLeakLikely(client, usage, thresholds.connections))
        .map((client) => ({
          id: `leak-${client.application}-${client.address}`,
          severity: "warning",
          ...sayLeak(client),
          remedies: [
            ...(idle?.sessions.some(({ application }) => application === client.application)
              ? (["terminateIdle"] as const)
              : []),
            "fixLeak",
          ],
        })),
    ),
    find(["idle", "usage?"], ({ idle, usage }) => {
      const open = idle.sessions.filter(({ state }) => state.startsWith("idle in transaction"));
      if (open.length === 0 || open.length < (usage?.usable ?? 100) * 0.05) return undefined;
      const applications = [...new Set(open.map(({ application }) => application))].slice(0, 5);
      return {
        id: "idle-in-transaction",
        severity: "warning",
        title: `${count(open.length, "session")} idle in an open transaction for long`,
        because: `${applications.join(", ")} began transactions and does nothing in them (the longest for ${ago(Math.max(...open.map(({ stateSeconds }) => stateSeconds ?? 0)))}): each holds a slot and its locks, and vacuum cannot clean behind it.`,
        remedies: ["terminateIdle"],
      };
    }),
    find(["usage"], ({ usage }, { thresholds }) =>
      fullLimits(usage, thresholds.connections).map(({ what, name, used, limit }) => ({
        id: `limit-${what}-${name}`,
        severity: used >= limit ? "critical" : "warning",
        title:
          limit === 0
            ? `${what} ${name} is not allowed a single connection (CONNECTION LIMIT 0)`
            : `${what} ${name} uses ${used} of its ${limit} allowed connections`,
        because: `Its CONNECTION LIMIT is below what the server has to give: logins fail with "too many connections for ${what}" although slots are free.`,
        remedies: ["raiseLimit"],
      })),
    ),
  ]);

const isBusy = ({ active, used }: Usage): boolean => active !== null && active >= used / 2;

/** What most of the sessions do, and whose they are: idle ones and busy ones need opposite remedies. */
function sayHolder(usage: Usage, top: postgres.ClientSessions | undefined): string {
  const half = usage.used / 2;
  const isMost = (n: number | null) => n !== null && n >= half;
  const what = isMost(usage.waitingForLock)
    ? "sessions that wait for a lock"
    : isMost(usage.active)
      ? "running statements"
      : isMost(usage.idleInTransaction)
        ? "transactions left open"
        : isMost(usage.idle)
          ? "idle sessions"
          : "";
  const whose = top !== undefined && top.total >= half ? ` of ${clip(top.application, 60)}` : "";
  if (what === "") return whose === "" ? "" : `, mostly by sessions${whose}`;
  return `, mostly by ${what}${whose}`;
}

/** How many do what; of sessions that hide it nothing is said. */
const sayStates = ({ idle, active, idleInTransaction }: Usage): string =>
  idle === null || active === null || idleInTransaction === null
    ? "What they do is hidden from the bot's role (it lacks pg_monitor), so idle and busy ones cannot be told apart."
    : `${idle} of the sessions are idle, ${active} active, ${idleInTransaction} idle in a transaction.`;

const sayClient = (client: postgres.ClientSessions): string => {
  const { application, user, address, total, idle, active, hidden } = client;
  const what = hidden > 0 ? "what they do is hidden" : `of them ${idle} idle and ${active} active`;
  return `${application} (role ${user}${address === "hidden" ? "" : `, from ${address}`}) holds the most: ${total}, ${what}`;
};

const clientTable = (clients: readonly postgres.ClientSessions[]) =>
  rows("Sessions by client", clients, {
    application: (one) => one.application,
    sessions: (one) => one.total,
    idle: (one) => (one.hidden > 0 ? "hidden" : one.idle),
    "idle for": (one) => ago(one.longestIdleSeconds),
    active: (one) => (one.hidden > 0 ? "hidden" : one.active),
    "in tx": (one) => (one.hidden > 0 ? "hidden" : one.idleInTransaction),
    from: (one) => one.address,
    role: (one) => one.user,
  });

const leaking = (clients: Steps["clients"] | undefined): postgres.ClientSessions[] =>
  (clients?.clients ?? []).filter(
    ({ abandoned, total }) => abandoned >= LEAK_AT_LEAST && abandoned >= total / 2,
  );

/** It still opens more, one by one, though it has those it does not use. */
const grows = ({ openedLately, abandonedOverSeconds }: postgres.ClientSessions): boolean =>
  openedLately >= LEAK_AT_LEAST && abandonedOverSeconds >= 60;

// A healthy pool that opened its minimum and waits shows the first symptom, too: a leak grows, or takes most of the slots.
const isLeakLikely = (
  client: postgres.ClientSessions,
  { usable, ratio }: Usage,
  threshold: number,
): boolean => {
  const share = client.abandoned / usable;
  return (share >= 0.2 && grows(client)) || (share >= 0.5 && ratio >= threshold);
};

function sayLeak(client: postgres.ClientSessions): { title: string; because: string } {
  const { application, abandoned, total, longestIdleSeconds, openedLately } = client;
  const used = `${abandoned} of its ${total} sessions were used once and never again`;
  const each = `Each was opened, used for less than 5 s and left idle (the longest for ${ago(longestIdleSeconds)}); ${openedLately} of its sessions were opened in the last 5 minutes.`;
  return grows(client)
    ? {
        title: `${application} seems to leak connections: ${used}`,
        because: `${each} A pool would have used them again.`,
      }
    : {
        title: `${application} leaks connections, or its pool is too big: ${used}`,
        because: `${each} A pool that opens its minimum at once looks the same: if their number still grows, it is a leak.`,
      };
}

/**
 * The sessions that may be ended for what was found: all that are idle for long where slots run out or somebody asked for
 * one application; otherwise those of leaking applications and open transactions. Bystanders keep their connections.
 */
function endable(
  { idle, usage, clients }: Pick<Steps, "idle"> & Partial<Steps>,
  threshold: number,
  application?: string,
): readonly postgres.Backend[] {
  if (application !== undefined || (usage !== undefined && usage.ratio >= threshold)) return idle.sessions;
  const leaky =
    usage === undefined ? [] : leaking(clients).filter((client) => isLeakLikely(client, usage, threshold));
  return idle.sessions.filter(
    (session) =>
      session.state.startsWith("idle in transaction") ||
      leaky.some(
        (client) => client.application === session.application && client.address === session.address,
      ),
  );
}

const fullLimits = (usage: Usage | undefined, threshold: number) =>
  [
    ...(usage?.roleLimits ?? []).map((limit) => ({ what: "role", ...limit })),
    ...(usage?.databaseLimits ?? []).map((limit) => ({ what: "database", ...limit })),
  ].filter(({ used, limit }) => limit === 0 || used / limit >= threshold);

function poolArithmetic({ usage, clients }: Partial<Steps>): string {
  if (usage === undefined) return "Compare processes x (pool size + overflow) with the usable slots.";
  const holders = (clients?.clients ?? [])
    .slice(0, 3)
    .map(({ application, address, total }) => `${application} from ${address}: ${total}`);
  return `Lower the pools, or put PgBouncer (transaction mode) in front: pool size + overflow, summed over all processes, must stay below ${usage.usable}, also while a deployment runs old and new side by side (SQLAlchemy: pool_size + max_overflow; pool_timeout 30, pool_recycle 3600). Now: ${holders.join("; ")}. Last resort, with a restart (standbys first): \`ALTER SYSTEM SET max_connections = ${usage.max * 2}\` (now ${usage.max}); each session may take work_mem (${sayBytes(usage.workMemBytes)}) several times.`;
}
