import { postgres, runbook, verify, z } from "../src/sdk.ts";
import {
  cannotAsk,
  endable,
  fullLimits,
  leaking,
  leaks,
  leftOpen,
  limitsReached,
  poolArithmetic,
  type Sees,
  slotsTaken,
} from "./support/pg-pool-findings.ts";

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

/** Slots, who holds them, and the sessions that hold one for nothing. Guides: "too many connections", connection leaks. */
export const pgPoolExhausted = runbook({
  id: "pg-pool-exhausted",
  title: "Postgres connection pool",
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
      do: (seen, { params, thresholds }) => {
        const sessions = endable(seen, thresholds.connections, params.application).slice(0, params.atMost);
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
        holds: (after, before: Sees, { thresholds, params }) => {
          if (!after.usage.ok || !after.idle.ok || !before.idle.ok) return false;
          const left = new Set(after.idle.value.sessions.map(({ pid, startedAt }) => `${pid}/${startedAt}`));
          const ended = endable(before, thresholds.connections, params.application).slice(0, params.atMost);
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
    findLoad: {
      title: "Find what keeps the sessions busy",
      risk: "low",
      advice: ({ usage }: Sees) =>
        usage.ok && usage.value.waitingForLock > 0
          ? `${usage.value.waitingForLock} sessions wait for a lock and keep their connection meanwhile: run pg-locks, it names the session at the head of the queue and can end it. Ending idle sessions or raising limits does not help.`
          : "The sessions work: run pg-slow-queries, it shows what runs for how long and can cancel it. More connections would only make each statement slower; a statement_timeout for the application's role bounds this.",
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
        return `Restart ${names.join(", ") || "the application"} to free the sessions now; then find where it takes a connection and does not give it back (an early return or exception without \`finally\`/\`with\`). A net until then (PostgreSQL 14+): \`ALTER ROLE <role> SET idle_session_timeout = '15min'\`. A bigger pool only postpones the failure.`;
      },
    },
    raiseLimit: {
      title: "Raise the connection limit",
      risk: "high",
      advice: ({ usage }: Sees, { thresholds }) => {
        const full = usage.ok ? fullLimits(usage.value, thresholds.connections) : [];
        const statements = full.map(
          ({ what, name, limit }) =>
            `ALTER ${what.toUpperCase()} "${name.replaceAll('"', '""')}" CONNECTION LIMIT ${limit === 0 ? -1 : limit * 2}`,
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
