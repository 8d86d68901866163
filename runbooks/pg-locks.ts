import { postgres, runbook, verify, z } from "../src/sdk.ts";
import { blocked, leftOpen, manyDeadlocks, roots, type Sees, sayWho } from "./support/pg-lock-findings.ts";
import { cannotAskPostgres, cannotSeeSessions, grantMonitor } from "./support/pg-trouble.ts";

const params = z.object({
  waitingSeconds: z.int().min(0).max(86_400).default(2).describe("report waits longer than this, in seconds"),
  openSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      "report transactions left idle for longer than this, in seconds; empty: the system's threshold",
    ),
});

/** Who waits for whom, who began it, and transactions left open. Guides: slow queries "with blockers", idle in transaction. */
export const pgLocks = runbook({
  id: "pg-locks",
  title: "Postgres locks and blocked sessions",
  needs: ["postgres"],
  covers: ["sergas-agents.slow-queries", "tektra.db-long-running-queries"],
  alerts: [
    { alertname: "PostgresLocks" },
    { alertname: "PostgresqlTooManyLocksAcquired" },
    { alertname: "PostgresqlDeadLocks" },
    { alertname: "PostgreSQLDeadLocks" },
    { alertname: "PostgresDeadlocks" },
    { alertname: "PostgresIdleInTransaction" },
    { alertname: "PostgresqlIdleInTransaction" },
    { alertname: "PostgresLongRunningTransaction" },
  ],
  params,
})
  .diagnose(({ waitingSeconds, openSeconds }, { thresholds }) => ({
    locks: postgres.blockedSessions({ waitingSeconds }),
    open: postgres.openTransactions({ olderThanSeconds: openSeconds ?? thresholds.openTransactionSeconds }),
    deadlocks: postgres.deadlocks(),
  }))
  .findings((seen) => [
    ...cannotAskPostgres(seen),
    ...blocked(seen),
    ...leftOpen(seen),
    ...manyDeadlocks(seen),
    ...cannotSeeSessions(!seen.locks.ok || seen.locks.value.seesAll),
  ])
  .remedies({
    terminateBlockers: {
      title: "Terminate the sessions everybody waits for",
      risk: "high",
      do: ({ locks }) => {
        const sessions = locks.ok ? roots(locks.value).filter(({ mayEnd }) => mayEnd) : [];
        return sessions.length === 0
          ? []
          : [
              postgres.terminateBlockers({
                sessions: sessions.map(({ pid, startedAt }) => ({ pid, startedAt })),
              }),
            ];
      },
      verify: verify({
        check: { locks: postgres.blockedSessions({ waitingSeconds: 0 }) },
        holds: (after, { locks }: Sees) => {
          if (!after.locks.ok || !locks.ok) return false;
          const ended = new Set(roots(locks.value).map(({ pid }) => pid));
          return after.locks.value.blocked.every(({ blockedBy }) =>
            blockedBy.every((pid) => !ended.has(pid)),
          );
        },
        within: "30s",
      }),
      undo: "none: their transactions are rolled back",
    },
    terminateOpen: {
      title: "Terminate sessions that left a transaction open",
      risk: "high",
      do: ({ open }, { params, thresholds }) => {
        const sessions = open.ok ? open.value.sessions.filter(({ mayEnd }) => mayEnd) : [];
        return sessions.length === 0
          ? []
          : [
              postgres.terminateIdleSessions({
                sessions: sessions.map(({ pid, startedAt }) => ({ pid, startedAt })),
                idleSeconds: params.openSeconds ?? thresholds.openTransactionSeconds,
              }),
            ];
      },
      verify: verify({
        check: (_seen: Sees, { params, thresholds }) => ({
          open: postgres.openTransactions({
            olderThanSeconds: params.openSeconds ?? thresholds.openTransactionSeconds,
          }),
        }),
        holds: (after) => after.open.ok && after.open.value.sessions.every(({ mayEnd }) => !mayEnd),
        within: "30s",
      }),
      undo: "none: their transactions are rolled back",
    },
    endByHand: {
      title: "End a protected session by hand",
      risk: "high",
      advice: ({ locks }: Sees) => {
        const sessions = locks.ok ? roots(locks.value).filter(({ mayEnd }) => !mayEnd) : [];
        const who = sessions.map((session) => `${session.pid} (${sayWho(session)})`).join(", ");
        const isVacuum = sessions.some(({ application }) => application.startsWith("autovacuum"));
        return `diagbot does not end sessions of superusers, replication, backups, migrations and the server's own processes: ${who}.${isVacuum ? " An autovacuum that does not give way prevents wraparound: let it finish, and run what waits for it later." : ""} Ask whoever runs it; then SELECT pg_cancel_backend(<pid>), and only if that does not help pg_terminate_backend(<pid>).`;
      },
    },
    finishPrepared: {
      title: "Finish the prepared transaction",
      risk: "destructive",
      advice: ({ open, locks }: Sees) => {
        const blocking = locks.ok ? locks.value.prepared : [];
        const prepared = blocking.length > 0 ? blocking : open.ok ? open.value.prepared : [];
        const waits = locks.ok && locks.value.blocked.some(({ blockedBy }) => blockedBy.includes(0));
        const names = prepared
          .map(({ gid, owner, database }) => `'${gid}' of ${owner} in ${database}`)
          .join(", ");
        return `No session holds it, so nobody can be terminated${waits ? " although others wait for it" : ""}: ${names || "see pg_prepared_xacts"}. Ask the transaction manager whether it decided; then, as the owner in that database, COMMIT PREPARED '<gid>' or ROLLBACK PREPARED '<gid>'.`;
      },
    },
    grantMonitor,
    orderLocks: {
      title: "Take locks in one order",
      risk: "low",
      advice:
        "The server log holds both statements of each deadlock (`deadlock detected`, DETAIL). Let every transaction touch the rows in one order (sort ids before updating), keep transactions short, and retry on SQLSTATE 40P01.",
    },
    recover: {
      title: "Get Postgres back",
      risk: "high",
      advice: (seen: Sees) => postgres.firstFailure(seen)?.advice ?? "",
    },
  });
