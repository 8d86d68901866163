import {
  clip,
  count,
  orThreshold,
  postgres,
  rows,
  runbookOn,
  sayDuration,
  sqlText,
  z,
} from "../../src/sdk/index.ts";

/** A deadlock an hour is a habit of the application; one a month is not. */
const DEADLOCKS_PER_HOUR = 1;
const ago = (seconds: number) => sayDuration(seconds * 1000);
const longest = <T>(all: readonly T[], seconds: (one: T) => number) => ago(Math.max(...all.map(seconds)));
const idOf = ({ pid, startedAt }: { pid: number; startedAt: string }) => ({ pid, startedAt });

/** Who waits for whom, who began it, and transactions left open. Guides: slow queries "with blockers", idle in transaction. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-locks",
    title: "Postgres locks and blocked sessions",
    covers: ["sergas-agents.slow-queries", "tektra.db-long-running-queries"],
    alerts: [
      "PostgresLocks",
      "PostgresqlTooManyLocksAcquired",
      "PostgresqlDeadLocks",
      "PostgreSQLDeadLocks",
      "PostgresDeadlocks",
      "PostgresIdleInTransaction",
      "PostgresqlIdleInTransaction",
      "PostgresLongRunningTransaction",
    ],
    params: z.object({
      waitingSeconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(2)
        .describe("report waits longer than this, in seconds"),
      openSeconds: orThreshold(
        "openTransactionSeconds",
        "report transactions left idle for longer than this, in seconds",
        z.int().min(1).max(86_400),
      ),
    }),
  },
  ({ params }) => ({
    locks: postgres.blockedSessions({ waitingSeconds: params.waitingSeconds }),
    open: postgres.openTransactions({ olderThanSeconds: params.openSeconds }),
    deadlocks: postgres.deadlocks(),
  }),
);

export const pgLocks = book
  .remedies({
    terminateBlockers: book.does(
      postgres.terminateBlockers,
      ["locks"],
      ({ locks }) => sessionsToEnd(heads(locks)),
      {
        title: "Terminate the sessions everybody waits for",
      },
    ),
    terminateOpen: book.does(
      postgres.terminateIdleSessions,
      ["open"],
      ({ open }, { params }) => {
        const ending = sessionsToEnd(open.sessions);
        return ending === undefined ? undefined : { ...ending, idleSeconds: params.openSeconds };
      },
      {
        title: "Terminate sessions that left a transaction open",
        recheck: ["open"],
        holds: ({ open }) => open.sessions.every(({ mayEnd }) => !mayEnd),
      },
    ),
    endByHand: book.advises("End a protected session by hand", "high", ({ locks }) => {
      const sessions = locks === undefined ? [] : heads(locks).filter(({ mayEnd }) => !mayEnd);
      const who = sessions.map((session) => `${session.pid} (${sayWho(session)})`).join(", ");
      const isVacuum = sessions.some(({ application }) => application.startsWith("autovacuum"));
      return `diagbot does not end sessions of superusers, replication, backups, migrations and the server's own processes: ${who}.${isVacuum ? " An autovacuum that does not give way prevents wraparound: let it finish, and run what waits for it later." : ""} Ask whoever runs it; then SELECT pg_cancel_backend(<pid>), and only if that does not help pg_terminate_backend(<pid>).`;
    }),
    finishPrepared: book.advises("Finish the prepared transaction", "destructive", ({ open, locks }) => {
      const prepared = locks?.prepared.length ? locks.prepared : (open?.prepared ?? []);
      const waits = locks?.blocked.some(({ blockedBy }) => blockedBy.includes(0));
      const names = prepared
        .map(({ gid, owner, database }) => `${sqlText(gid)} of ${owner} in ${database}`)
        .join(", ");
      return `No session holds it, so nobody can be terminated${waits ? " although others wait for it" : ""}: ${names || "see pg_prepared_xacts"}. Ask the transaction manager whether it decided; then, as the owner in that database, COMMIT PREPARED '<gid>' or ROLLBACK PREPARED '<gid>'.`;
    }),
    orderLocks: book.advises(
      "Take locks in one order",
      "low",
      "The server log holds both statements of each deadlock (`deadlock detected`, DETAIL). Let every transaction touch the rows in one order (sort ids before updating), keep transactions short, and retry on SQLSTATE 40P01.",
    ),
  })
  .findings((find) => [
    find(["locks"], ({ locks }) => {
      const { blocked, prepared } = locks;
      if (blocked.length === 0) return undefined;
      const first = heads(locks);
      const waited = Math.max(...blocked.map(({ waitSeconds }) => waitSeconds));
      const what = blocked.every(({ lock }) => lock.startsWith("advisory")) ? "an advisory lock" : "a lock";
      return {
        id: "blocked-sessions",
        severity: waited >= 30 || blocked.length >= 5 ? "critical" : "warning",
        title: `${sayWaiters(blocked.length)} for ${what}${sayHolder(locks)}, the longest for ${ago(waited)}`,
        because: [
          ...first.slice(0, 1).map((head) => sayHead(head, waitersOf(head.pid, blocked))),
          ...prepared.map(
            ({ gid, owner, seconds }) =>
              `Prepared transaction '${gid}' of ${owner} was never finished (${ago(seconds)} ago) and holds locks without any session.`,
          ),
        ].join(" "),
        evidence: [
          rows("Waiting", blocked, {
            pid: (one) => one.pid,
            application: (one) => one.application,
            waits: (one) => ago(one.waitSeconds),
            behind: (one) => one.blockedBy.map((pid) => (pid === 0 ? "prepared" : pid)).join(", "),
            statement: (one) => clip(one.statement, 80),
            lock: (one) => one.lock,
          }),
          ...(first.length === 0
            ? []
            : [
                rows("At the head of the queue", first, {
                  pid: (one) => one.pid,
                  application: (one) => one.application,
                  waiters: (one) => waitersOf(one.pid, blocked),
                  "open for": (one) => ago(one.transactionSeconds),
                  state: (one) => one.state,
                  "last statement": (one) => clip(one.statement, 80),
                  role: (one) => one.user,
                }),
              ]),
        ],
        remedies: [
          ...(first.some(({ mayEnd }) => mayEnd) ? (["terminateBlockers"] as const) : []),
          ...(first.some(({ mayEnd }) => !mayEnd) ? (["endByHand"] as const) : []),
          ...(blocked.some(({ blockedBy }) => blockedBy.includes(0)) ? (["finishPrepared"] as const) : []),
        ],
      };
    }),
    find(["open", "locks?"], ({ open, locks }) => {
      const waitedFor = new Set(locks === undefined ? [] : heads(locks).map(({ pid }) => pid));
      const rest = open.sessions.filter(({ pid }) => !waitedFor.has(pid));
      if (rest.length === 0) return undefined;
      return {
        id: "idle-in-transaction",
        severity: "warning",
        title: `${count(rest.length, "session")} idle in an open transaction, the longest for ${longest(rest, (one) => one.stateSeconds)}`,
        because: "Whoever needs their locks next will wait, and vacuum cannot clean up behind them.",
        evidence: [
          rows("", rest, {
            pid: (one) => one.pid,
            application: (one) => one.application,
            role: (one) => one.user,
            idle: (one) => ago(one.stateSeconds),
            locks: (one) => one.locks,
          }),
        ],
        remedies: rest.some(({ mayEnd }) => mayEnd) ? ["terminateOpen"] : [],
      };
    }),
    find(
      ["open"],
      ({ open: { prepared } }) =>
        prepared.length > 0 && {
          id: "prepared-transactions",
          severity: "warning",
          title: `${count(prepared.length, "prepared transaction")} left unfinished`,
          because: `The oldest was prepared ${longest(prepared, ({ seconds }) => seconds)} ago. Its locks survive even a restart of the server.`,
          evidence: [
            rows("", prepared, {
              gid: (one) => one.gid,
              owner: (one) => one.owner,
              database: (one) => one.database,
              age: (one) => ago(one.seconds),
            }),
          ],
          remedies: ["finishPrepared"],
        },
    ),
    find(["deadlocks"], ({ deadlocks: { deadlocks, hours, timeoutSetting } }) =>
      deadlocks === 0 || deadlocks / Math.max(hours, 1) < DEADLOCKS_PER_HOUR
        ? undefined
        : {
            id: "deadlocks",
            severity: "warning",
            title: `${count(deadlocks, "deadlock")} in ${ago(hours * 3_600)}`,
            because: `Transactions take the same locks in different order; the server ends one of them after ${timeoutSetting} (SQLSTATE 40P01).`,
            remedies: ["orderLocks"],
          },
    ),
  ]);

/** Those that may be ended, by (pid, start). */
function sessionsToEnd(sessions: readonly (postgres.BackendId & { mayEnd: boolean })[]) {
  const may = sessions.filter(({ mayEnd }) => mayEnd).map(idOf);
  return may.length === 0 ? undefined : { sessions: may };
}

/** Blockers that wait for nobody themselves, the one most wait for first: ending one frees the whole tree behind it. */
function heads({ blocked, blockers }: postgres.Blocking): postgres.LockParty[] {
  const waiting = new Set(blocked.map(({ pid }) => pid));
  const free = blockers.filter(({ pid }) => !waiting.has(pid));
  return free.sort((a, b) => waitersOf(b.pid, blocked) - waitersOf(a.pid, blocked));
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

const sayWaiters = (n: number) => `${count(n, "session")} ${n === 1 ? "waits" : "wait"}`;

/** `orders of app`; background processes have no role. */
const sayWho = ({ application, user }: postgres.LockParty) =>
  user === "" ? application : `${application} of ${user}`;

function sayHolder(locks: postgres.Blocking): string {
  const holders = [
    ...heads(locks).map(({ application, state }) => `${application} (${state})`),
    ...locks.prepared.map(({ gid }) => `prepared transaction '${clip(gid, 40)}'`),
  ];
  if (holders.length === 0) return "";
  return ` held by ${holders[0]}${holders.length === 1 ? "" : ` and ${count(holders.length - 1, "other")}`}`;
}

function sayHead(head: postgres.LockParty, waiters: number): string {
  const who = `Session ${head.pid} (${sayWho(head)})`;
  const behind = `${sayWaiters(waiters)} behind it.`;
  // Only a lock of the session itself (pg_advisory_lock) outlives its transaction.
  if (head.state === "idle")
    return `${who} holds a lock of its session (pg_advisory_lock) outside any transaction and is idle; ${behind} It was never given back; ending the session frees it.`;
  const idle = head.state.startsWith("idle in transaction")
    ? " It does nothing meanwhile: the application forgot to commit or is busy elsewhere."
    : "";
  return `${who} has held its locks in a transaction open for ${ago(head.transactionSeconds)} and is ${head.state}; ${behind}${idle}`;
}
