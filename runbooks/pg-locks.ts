import {
  clip,
  count,
  type Finding,
  postgres,
  runbook,
  type Seen,
  sayDuration,
  table,
  verify,
  z,
} from "../src/sdk.ts";
import { cannotAskPostgres } from "./support/pg-trouble.ts";

const params = z.object({
  waitingSeconds: z.int().min(0).max(86_400).default(2).describe("report waits longer than this, in seconds"),
  openSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe("report transactions left idle for longer than this, in seconds"),
});

type Remedy =
  | "terminateBlockers"
  | "terminateOpen"
  | "endByHand"
  | "finishPrepared"
  | "orderLocks"
  | "recover";
type Sees = {
  locks: Seen<{ blocked: postgres.BlockedSession[]; blockers: postgres.LockParty[] }>;
  open: Seen<postgres.OpenTransactions>;
  deadlocks: Seen<{ deadlocks: number; hours: number; timeoutSetting: string }>;
};

/** A deadlock an hour is a habit of the application; one a month is not. */
const DEADLOCKS_PER_HOUR = 1;

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
  .diagnose(({ waitingSeconds, openSeconds }) => ({
    locks: postgres.blockedSessions({ waitingSeconds }),
    open: postgres.openTransactions({ olderThanSeconds: openSeconds }),
    deadlocks: postgres.deadlocks(),
  }))
  .findings((seen) => [
    ...cannotAskPostgres(seen),
    ...blocked(seen),
    ...leftOpen(seen),
    ...manyDeadlocks(seen),
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
      do: ({ open }, { params }) => {
        const sessions = open.ok ? open.value.sessions.filter(({ mayEnd }) => mayEnd) : [];
        return sessions.length === 0
          ? []
          : [
              postgres.terminateIdleSessions({
                sessions: sessions.map(({ pid, startedAt }) => ({ pid, startedAt })),
                idleSeconds: params.openSeconds,
              }),
            ];
      },
      verify: verify({
        check: (_seen: Sees, { params }) => ({
          open: postgres.openTransactions({ olderThanSeconds: params.openSeconds }),
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
        const who = sessions
          .map(({ pid, application, user }) => `${pid} (${application} of ${user})`)
          .join(", ");
        return `diagbot does not end sessions of superusers, replication, backups and migrations: ${who}. Ask whoever runs it; then SELECT pg_cancel_backend(<pid>), and only if that does not help pg_terminate_backend(<pid>).`;
      },
    },
    finishPrepared: {
      title: "Finish the prepared transaction",
      risk: "destructive",
      advice: ({ open, locks }: Sees) => {
        const prepared = open.ok ? open.value.prepared : [];
        const waits = locks.ok && locks.value.blocked.some(({ blockedBy }) => blockedBy.includes(0));
        const names = prepared
          .map(({ gid, owner, database }) => `'${gid}' of ${owner} in ${database}`)
          .join(", ");
        return `No session holds it, so nobody can be terminated${waits ? " although others wait for it" : ""}: ${names || "see pg_prepared_xacts"}. Ask the transaction manager whether it decided; then, as the owner in that database, COMMIT PREPARED '<gid>' or ROLLBACK PREPARED '<gid>'.`;
      },
    },
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

/** Blockers that wait for nobody themselves: ending one of them frees the whole tree behind it. */
function roots({
  blocked,
  blockers,
}: {
  blocked: postgres.BlockedSession[];
  blockers: postgres.LockParty[];
}) {
  const waiting = new Set(blocked.map(({ pid }) => pid));
  return blockers.filter(({ pid }) => !waiting.has(pid));
}

/** How many wait for this session, directly or behind others that do. */
function waitersOf(root: number, blocked: readonly postgres.BlockedSession[]): number {
  const behind = new Set([root]);
  for (let before = 0; before !== behind.size; ) {
    before = behind.size;
    for (const { pid, blockedBy } of blocked) if (blockedBy.some((by) => behind.has(by))) behind.add(pid);
  }
  return behind.size - 1;
}

function blocked({ locks }: Sees): Finding<Remedy>[] {
  if (!locks.ok || locks.value.blocked.length === 0) return [];
  const { blocked, blockers } = locks.value;
  const heads = roots({ blocked, blockers }).sort(
    (a, b) => waitersOf(b.pid, blocked) - waitersOf(a.pid, blocked),
  );
  const head = heads[0];
  const isPrepared = blocked.some(({ blockedBy }) => blockedBy.includes(0));
  const longest = Math.max(...blocked.map(({ waitSeconds }) => waitSeconds));
  const remedies: Remedy[] = [
    ...(heads.some(({ mayEnd }) => mayEnd) ? (["terminateBlockers"] as const) : []),
    ...(heads.some(({ mayEnd }) => !mayEnd) ? (["endByHand"] as const) : []),
    ...(isPrepared ? (["finishPrepared"] as const) : []),
  ];
  return [
    {
      id: "blocked-sessions",
      severity: longest >= 30 || blocked.length >= 5 ? "critical" : "warning",
      title: `${count(blocked.length, "session")} ${blocked.length === 1 ? "waits" : "wait"} for a lock, the longest for ${sayDuration(longest * 1000)}`,
      because:
        `${head === undefined ? "" : sayHead(head, waitersOf(head.pid, blocked))}${isPrepared ? " A prepared transaction that nobody finished holds locks." : ""}`.trim(),
      evidence: [
        table(
          ["pid", "application", "waits", "for", "lock", "statement"],
          blocked
            .slice(0, 10)
            .map((one) => [
              one.pid,
              one.application,
              sayDuration(one.waitSeconds * 1000),
              one.blockedBy.map((pid) => (pid === 0 ? "prepared" : pid)).join(", "),
              one.lock,
              clip(one.statement, 80),
            ]),
          "Waiting",
        ),
        table(
          ["pid", "application", "role", "state", "transaction open", "waiters", "last statement"],
          heads
            .slice(0, 10)
            .map((one) => [
              ...[one.pid, one.application, one.user, one.state, sayDuration(one.transactionSeconds * 1000)],
              ...[waitersOf(one.pid, blocked), clip(one.statement, 80)],
            ]),
          "At the head of the queue",
        ),
      ],
      remedies,
    },
  ];
}

const sayHead = (head: postgres.LockParty, waiters: number): string =>
  `Session ${head.pid} (${head.application} of ${head.user}) has held its locks in a transaction open for ${sayDuration(head.transactionSeconds * 1000)} and is ${head.state}; ${count(waiters, "session")} ${waiters === 1 ? "waits" : "wait"} behind it.${head.state.startsWith("idle in transaction") ? " It does nothing meanwhile: the application forgot to commit or is busy elsewhere." : ""}`;

function leftOpen({ open, locks }: Sees): Finding<Remedy>[] {
  if (!open.ok) return [];
  const { sessions, prepared } = open.value;
  const heads = new Set(locks.ok ? roots(locks.value).map(({ pid }) => pid) : []);
  const rest = sessions.filter(({ pid }) => !heads.has(pid));
  const findings: Finding<Remedy>[] = [];
  if (rest.length > 0)
    findings.push({
      id: "idle-in-transaction",
      severity: "warning",
      title: `${count(rest.length, "session")} idle in an open transaction, the longest for ${sayDuration(Math.max(...rest.map(({ stateSeconds }) => stateSeconds)) * 1000)}`,
      because: "Whoever needs their locks next will wait, and vacuum cannot clean up behind them.",
      evidence: [
        table(
          ["pid", "application", "role", "idle", "locks"],
          rest
            .slice(0, 10)
            .map((one) => [
              one.pid,
              one.application,
              one.user,
              sayDuration(one.stateSeconds * 1000),
              one.locks,
            ]),
        ),
      ],
      remedies: rest.some(({ mayEnd }) => mayEnd) ? ["terminateOpen"] : [],
    });
  if (prepared.length > 0)
    findings.push({
      id: "prepared-transactions",
      severity: "warning",
      title: `${count(prepared.length, "prepared transaction")} left unfinished`,
      because: `The oldest was prepared ${sayDuration(Math.max(...prepared.map(({ seconds }) => seconds)) * 1000)} ago. Its locks survive even a restart of the server.`,
      evidence: [
        table(
          ["gid", "owner", "database", "age"],
          prepared.map((one) => [one.gid, one.owner, one.database, sayDuration(one.seconds * 1000)]),
        ),
      ],
      remedies: ["finishPrepared"],
    });
  return findings;
}

function manyDeadlocks({ deadlocks }: Sees): Finding<Remedy>[] {
  if (!deadlocks.ok || deadlocks.value.deadlocks === 0) return [];
  const { deadlocks: n, hours, timeoutSetting } = deadlocks.value;
  if (n / Math.max(hours, 1) < DEADLOCKS_PER_HOUR) return [];
  return [
    {
      id: "deadlocks",
      severity: "warning",
      title: `${count(n, "deadlock")} in ${sayDuration(hours * 3_600_000)}`,
      because: `Transactions take the same locks in different order; the server ends one of them after ${timeoutSetting} (SQLSTATE 40P01).`,
      remedies: ["orderLocks"],
    },
  ];
}
