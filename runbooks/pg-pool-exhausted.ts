import {
  count,
  type Finding,
  facts,
  postgres,
  runbook,
  type Seen,
  sayDuration,
  sayPercent,
  table,
  verify,
  z,
} from "../src/sdk.ts";

const params = z.object({
  idleMinutes: z
    .int()
    .min(1)
    .max(1440)
    .optional()
    .describe("sessions idle for longer than this may be ended; empty: the system's threshold"),
  application: z.string().max(200).optional().describe("end only sessions of this application name"),
  atMost: z.int().min(1).max(50).default(50).describe("end at most this many sessions"),
});

/** An application with at least this many sessions it used once and never gave back leaks. */
const LEAK_AT_LEAST = 5;

type Remedy = "terminateIdle" | "freeSlots" | "sizePools" | "fixLeak" | "raiseLimit" | "recover";
type Sees = {
  usage: Seen<postgres.ConnectionUsage>;
  clients: Seen<{ clients: postgres.ClientSessions[] }>;
  idle: Seen<{ total: number; sessions: postgres.Backend[] }>;
};

/** Slots, who holds them, and the sessions that hold one for nothing. Guides: "too many connections", connection leaks. */
export const pgPoolExhausted = runbook({
  id: "pg-pool-exhausted",
  title: "Postgres connection pool exhausted",
  needs: ["postgres"],
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
  ],
  alerts: [
    { alertname: "PostgresTooManyConnections" },
    { alertname: "PostgresqlTooManyConnections" },
    { alertname: "PostgreSQLTooManyConnections" },
    { alertname: "PostgreSQLMaxConnectionsReached" },
    { alertname: "PostgresConnectionPoolExhausted" },
    { alertname: "DatabaseConnectionPoolExhausted" },
    { alertname: "DatabaseConnectionsHigh" },
  ],
  params,
})
  .diagnose(({ idleMinutes, application }, { thresholds }) => ({
    usage: postgres.connectionUsage(),
    clients: postgres.connectionsByClient({
      abandonedAfterSeconds: Math.min(86_400, (idleMinutes ?? thresholds.idleMinutes) * 60),
    }),
    idle: postgres.idleSessions({ olderThanMinutes: idleMinutes ?? thresholds.idleMinutes, application }),
  }))
  .findings((seen, { thresholds }) => [
    ...cannotAsk(seen),
    ...slotsTaken(seen, thresholds.connections),
    ...leaks(seen, thresholds.connections),
    ...leftOpen(seen),
    ...limitsReached(seen, thresholds.connections),
  ])
  .remedies({
    terminateIdle: {
      title: "Terminate sessions that have been idle for long",
      risk: "high",
      do: ({ idle }, { params, thresholds }) => {
        const sessions = idle.ok ? idle.value.sessions.slice(0, params.atMost) : [];
        const idleSeconds = (params.idleMinutes ?? thresholds.idleMinutes) * 60;
        return sessions.length === 0
          ? []
          : [
              postgres.terminateIdleSessions({
                sessions: sessions.map(({ pid, startedAt }) => ({ pid, startedAt })),
                idleSeconds,
              }),
            ];
      },
      verify: verify({
        check: (_seen: Sees, { params, thresholds }) => ({
          usage: postgres.connectionUsage(),
          idle: postgres.idleSessions({
            olderThanMinutes: params.idleMinutes ?? thresholds.idleMinutes,
            application: params.application,
          }),
        }),
        holds: (after, { idle }, { thresholds, params }) => {
          if (!after.usage.ok || !after.idle.ok || !idle.ok) return false;
          const left = new Set(after.idle.value.sessions.map(({ pid, startedAt }) => `${pid}/${startedAt}`));
          const ended = idle.value.sessions.slice(0, params.atMost);
          return (
            after.usage.value.ratio < thresholds.connections &&
            ended.every(({ pid, startedAt }) => !left.has(`${pid}/${startedAt}`))
          );
        },
        within: "30s",
      }),
      undo: "none: clients connect again by themselves",
    },
    freeSlots: {
      title: "Free slots as a superuser",
      risk: "high",
      advice: (_seen, { params, thresholds }) =>
        `Connect as a superuser (their slots are reserved) and end idle sessions of ordinary roles, longest first: SELECT pid, usename, application_name, state, state_change FROM pg_stat_activity WHERE backend_type = 'client backend' AND state LIKE 'idle%' AND state_change < now() - interval '${params.idleMinutes ?? thresholds.idleMinutes} minutes' ORDER BY state_change; then SELECT pg_terminate_backend(<pid>) one by one. So that diagbot can do this next time, give it a role that may use reserved slots: a superuser, or on PostgreSQL 16 and later GRANT pg_use_reserved_connections, pg_monitor, pg_signal_backend TO <bot role> with reserved_connections = 3.`,
    },
    sizePools: {
      title: "Fit the pools to the server",
      risk: "high",
      advice: ({ usage, clients }: Sees) => poolArithmetic(usage, clients),
    },
    fixLeak: {
      title: "Repair the leak",
      risk: "low",
      advice: (seen: Sees) => {
        const names = leaking(seen).map(({ application, address }) => `${application} (${address})`);
        return `Find where ${names.join(", ") || "the application"} takes a connection and does not give it back (an early return or exception without \`finally\`/\`with\`), restart it to free the sessions now, and set idle_session_timeout (PostgreSQL 14+) for its role as a net: ALTER ROLE <role> SET idle_session_timeout = '15min'. A bigger pool only postpones the failure.`;
      },
    },
    raiseLimit: {
      title: "Raise the connection limit",
      risk: "high",
      advice: ({ usage }: Sees, { thresholds }) => {
        const full = usage.ok ? fullLimits(usage.value, thresholds.connections) : [];
        const statements = full.map(
          ({ what, name, limit }) =>
            `ALTER ${what.toUpperCase()} "${name.replaceAll('"', '""')}" CONNECTION LIMIT ${limit * 2}`,
        );
        return `Check first who holds the sessions; then, if the use is right: ${statements.join("; ")}. It applies to new sessions at once.`;
      },
    },
    recover: {
      title: "Get Postgres back",
      risk: "high",
      advice: (seen: Sees) => postgres.firstFailure(seen)?.advice ?? "",
    },
  });

function cannotAsk(seen: Sees): Finding<Remedy>[] {
  const failure = postgres.firstFailure(seen);
  if (failure === undefined) return [];
  const isFull = failure.id === "too-many-clients";
  return [
    {
      id: failure.id,
      severity: "critical",
      title: isFull ? "Every Postgres connection slot is taken: logins are refused (53300)" : failure.title,
      because: failure.because,
      evidence: [facts({ code: failure.error.code, detail: failure.error.detail ?? "–" })],
      remedies: [isFull ? "freeSlots" : "recover"],
    },
  ];
}

function slotsTaken({ usage, clients, idle }: Sees, threshold: number): Finding<Remedy>[] {
  if (!usage.ok || usage.value.ratio < threshold) return [];
  const { used, usable, max, reserved, ratio } = usage.value;
  const top = clients.ok ? clients.value.clients[0] : undefined;
  const removable = idle.ok ? idle.value.total : 0;
  return [
    {
      id: "slots-taken",
      severity: ratio >= 0.95 ? "critical" : "warning",
      title: `${used} of ${usable} usable Postgres connections are taken (${sayPercent(ratio)})`,
      because: [
        top === undefined ? "" : `${sayClient(top)}.`,
        `${usage.value.idle} of the sessions are idle, ${usage.value.active} active, ${usage.value.idleInTransaction} idle in a transaction.`,
        removable > 0 ? `${count(removable, "session")} have been idle for long and can be ended.` : "",
        usage.value.seesAll
          ? ""
          : "The bot's role lacks pg_monitor, so it cannot see states of other roles' sessions.",
      ]
        .filter((sentence) => sentence !== "")
        .join(" "),
      evidence: [
        facts({ used, usable, max_connections: max, reserved }),
        ...(clients.ok ? [clientTable(clients.value.clients)] : []),
      ],
      remedies: [...(removable > 0 ? (["terminateIdle"] as const) : []), "sizePools"],
    },
  ];
}

const sayClient = (client: postgres.ClientSessions): string =>
  `${client.application} (role ${client.user}, from ${client.address}) holds the most: ${client.total}, of them ${client.idle} idle and ${client.active} active`;

const clientTable = (clients: readonly postgres.ClientSessions[]) =>
  table(
    ["application", "role", "from", "sessions", "active", "idle", "idle in tx", "longest idle"],
    clients
      .slice(0, 10)
      .map((one) => [
        ...[one.application, one.user, one.address, one.total, one.active, one.idle, one.idleInTransaction],
        sayDuration(one.longestIdleSeconds * 1000),
      ]),
    "Sessions by client",
  );

const leaking = ({ clients }: Sees): postgres.ClientSessions[] =>
  clients.ok
    ? clients.value.clients.filter(
        ({ abandoned, total }) => abandoned >= LEAK_AT_LEAST && abandoned >= total / 2,
      )
    : [];

// A healthy pool that opened its minimum and waits looks alike; it neither grows nor takes most of the slots.
const isLeakLikely = (
  { abandoned, openedLately }: postgres.ClientSessions,
  { usable, ratio }: postgres.ConnectionUsage,
  threshold: number,
): boolean => {
  const share = abandoned / usable;
  return share >= 0.2 && (share >= 0.4 || ratio >= threshold || openedLately >= LEAK_AT_LEAST);
};

function leaks(seen: Sees, threshold: number): Finding<Remedy>[] {
  const { usage, idle } = seen;
  return leaking(seen).flatMap((client): Finding<Remedy>[] => {
    if (!usage.ok || !isLeakLikely(client, usage.value, threshold)) return [];
    const removable =
      idle.ok && idle.value.sessions.some(({ application }) => application === client.application);
    return [
      {
        id: `leak-${client.application}-${client.address}`.slice(0, 100),
        severity: "warning",
        title: `${client.application} seems to leak connections: ${client.abandoned} of its ${client.total} sessions were used once and never again`,
        because: `Each was opened, used for less than 5 s and left idle (the longest for ${sayDuration(client.longestIdleSeconds * 1000)}); ${client.openedLately} of its sessions were opened in the last 5 minutes. A pool would have used them again.`,
        evidence: [clientTable([client])],
        remedies: [...(removable ? (["terminateIdle"] as const) : []), "fixLeak"],
      },
    ];
  });
}

function leftOpen({ idle, usage }: Sees): Finding<Remedy>[] {
  const open = idle.ok
    ? idle.value.sessions.filter(({ state }) => state.startsWith("idle in transaction"))
    : [];
  const usable = usage.ok ? usage.value.usable : 100;
  if (open.length === 0 || open.length < usable * 0.05) return [];
  const applications = [...new Set(open.map(({ application }) => application))].slice(0, 5);
  return [
    {
      id: "idle-in-transaction",
      severity: "warning",
      title: `${count(open.length, "session")} idle in an open transaction for long`,
      because: `${applications.join(", ")} began transactions and does nothing in them (the longest for ${sayDuration(Math.max(...open.map(({ stateSeconds }) => stateSeconds)) * 1000)}): each holds a slot and its locks, and vacuum cannot clean behind it.`,
      remedies: ["terminateIdle"],
    },
  ];
}

const fullLimits = ({ roleLimits, databaseLimits }: postgres.ConnectionUsage, threshold: number) =>
  [
    ...roleLimits.map((limit) => ({ what: "role", ...limit })),
    ...databaseLimits.map((limit) => ({ what: "database", ...limit })),
  ].filter(({ used, limit }) => limit > 0 && used / limit >= threshold);

function limitsReached({ usage }: Sees, threshold: number): Finding<Remedy>[] {
  if (!usage.ok) return [];
  return fullLimits(usage.value, threshold).map(({ what, name, used, limit }) => ({
    id: `limit-${what}-${name}`.slice(0, 100),
    severity: used >= limit ? "critical" : "warning",
    title: `${what} ${name} uses ${used} of its ${limit} allowed connections`,
    because: `Its CONNECTION LIMIT is below what the server has to give: logins fail with "too many connections for ${what}" although slots are free.`,
    remedies: ["raiseLimit"],
  }));
}

function poolArithmetic(usage: Sees["usage"], clients: Sees["clients"]): string {
  if (!usage.ok) return "Compare processes x (pool size + overflow) with the usable slots.";
  const { usable } = usage.value;
  const holders = clients.ok
    ? clients.value.clients
        .slice(0, 3)
        .map(({ application, address, total }) => `${application} from ${address}: ${total}`)
    : [];
  return `The sum over all processes of (pool size + overflow) must stay below ${usable} (max_connections minus reserved slots), with room for a deployment that runs old and new side by side. Now: ${holders.join("; ")}. A bigger application pool makes this worse; lower the pools (or set pool_recycle), or put PgBouncer in transaction mode in front. Raising max_connections (${usage.value.max}) needs a restart, standbys first: ALTER SYSTEM SET max_connections = ${usage.value.max * 2}.`;
}
