import {
  count,
  type Finding,
  orThreshold,
  postgres,
  rows,
  runbookOn,
  sqlText,
  z,
} from "../../src/sdk/index.ts";
import { adviseLockRoom, lockRoomFinding } from "./lock-room.ts";
import {
  adviseElection,
  ago,
  isElection,
  rootTable,
  sayHolder,
  sayWaiters,
  sayWho,
  sayWhy,
  verbOf,
  waitingTable,
} from "./lock-words.ts";

/** A deadlock an hour is a habit of the application; one a month is not. */
const DEADLOCKS_PER_HOUR = 1;
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
    lockTable: postgres.lockTable(),
  }),
);

export const pgLocks = book
  .remedies({
    terminateBlockers: book.does(
      postgres.terminateBlockers,
      ["locks"],
      ({ locks }) => sessionsToEnd(locks.roots.filter((root) => isToEnd(root, locks))),
      {
        title: "Terminate the sessions everybody waits for",
      },
    ),
    cancelQueued: book.does(
      postgres.cancelQueued,
      ["locks"],
      ({ locks }) => {
        const statements = cancellable(locks);
        return statements.length === 0 ? undefined : { statements };
      },
      { title: "Cancel the waiting statement that others queue behind" },
    ),
    retryQueued: book.advises("Run it again with a lock_timeout", "low", ({ locks }) => {
      const behind = (locks?.roots ?? []).map((root) => `${root.pid} (${sayWho(root)})`).join(", ");
      return `Leave ${behind || "whoever it waits for"} alone. Run the cancelled statement again when that has ended, with SET lock_timeout = '5s' before it and a few retries, so that it never makes others wait for longer.`;
    }),
    cancelByHand: book.advises("Cancel the statement that others queue behind", "high", ({ locks }) => {
      const makers = locks?.queue?.makers ?? [];
      const cancels = makers.map(({ pid }) => `SELECT pg_cancel_backend(${pid})`).join("; ");
      return `${cancels}: it waits itself, so only its waiting is lost (and what its transaction did before), and all that queue behind it go through at once. diagbot does not cancel what belongs to superusers, migration and maintenance tools, or is hidden from it; CONCURRENTLY leaves an invalid index, which is dropped by hand.`;
    }),
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
      const sessions = (locks?.roots ?? []).filter(({ mayEnd }) => mayEnd === false);
      const who = sessions.map((session) => `${session.pid} (${sayWho(session)})`).join(", ");
      const isVacuum = sessions.some(({ application }) => application.startsWith("autovacuum"));
      return `diagbot does not end sessions of superusers, replication, backups, migrations and the server's own processes: ${who}.${isVacuum ? " An autovacuum that does not give way prevents wraparound: let it finish, and run what waits for it later." : ""} Ask whoever runs it; then SELECT pg_cancel_backend(<pid>), and only if that does not help pg_terminate_backend(<pid>).`;
    }),
    lookWithRights: book.advises("See whose session it is", "low", ({ locks }) => {
      const hidden = (locks?.roots ?? []).filter(({ state }) => state === "hidden");
      const who = hidden.map((session) => `${session.pid} (${sayWho(session)})`).join(", ");
      return `Of session ${who || "at the head"} diagbot sees no state, so it cannot say whether it works or was left open, and ends nothing it does not know. GRANT pg_monitor TO the bot's role (and pg_signal_backend, if it is to end sessions), then run this again; or, as a superuser: SELECT pid, state, xact_start, query FROM pg_stat_activity WHERE pid IN (${hidden.map(({ pid }) => pid).join(", ") || "…"}).`;
    }),
    makeLockRoom: book.advises("Make room in the lock table", "high", ({ lockTable }) =>
      adviseLockRoom(lockTable),
    ),
    askAboutLeader: book.advises("Ask whether it leads or forgot its lock", "low", ({ locks }) =>
      adviseElection(locks),
    ),
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
    find(["locks"], ({ locks }) => (locks.blocked.length === 0 ? undefined : blockedFinding(locks))),
    find(["lockTable"], ({ lockTable }) => lockRoomFinding(lockTable)),
    find(["open", "locks?"], ({ open, locks }) => {
      const waitedFor = new Set((locks?.roots ?? []).map(({ pid }) => pid));
      const rest = open.sessions.filter(({ pid }) => !waitedFor.has(pid));
      if (rest.length === 0) return undefined;
      return {
        id: "idle-in-transaction",
        severity: "warning",
        title: `${count(rest.length, "session")} idle in an open transaction, the longest for ${longest(rest, (one) => one.stateSeconds ?? 0)}`,
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

type Locks = postgres.Blocking;
type RemedyName =
  | "terminateBlockers"
  | "cancelQueued"
  | "retryQueued"
  | "cancelByHand"
  | "endByHand"
  | "lookWithRights"
  | "askAboutLeader"
  | "finishPrepared";

/** The statements in front of the queue, if all of them may be cancelled: one that stays holds up the rest as before. */
function cancellable({ queue }: Locks) {
  const makers = queue?.makers ?? [];
  const may = makers.flatMap(({ pid, startedAt, queryStartedAt, mayEnd, statement }) =>
    mayEnd === true && queryStartedAt && !/concurrently/i.test(statement)
      ? [{ pid, startedAt, queryStartedAt }]
      : [],
  );
  return may.length === makers.length ? may : [];
}

const toCancel = (locks: Locks): readonly RemedyName[] =>
  cancellable(locks).length > 0 ? ["cancelQueued", "retryQueued"] : ["cancelByHand", "retryQueued"];

/** Those that may be ended, by (pid, start). */
function sessionsToEnd(sessions: readonly (postgres.BackendId & { mayEnd: boolean | null })[]) {
  const may = sessions.filter(({ mayEnd }) => mayEnd === true).map(idOf);
  return may.length === 0 ? undefined : { sessions: may };
}

/** Left open or never given back; one at work only where nothing else has made the queue. */
const isToEnd = ({ mayEnd, state }: postgres.LockRoot, { queue }: Locks): boolean =>
  mayEnd === true && (state.startsWith("idle") || queue === null);

/** The queue is the fault of the statement in front of it: whoever it waits for works, and would have been in nobody's way. */
const isOfQueue = ({ queue, roots }: Locks): boolean =>
  queue !== null &&
  roots.length > 0 &&
  roots.every(({ state }) => !state.startsWith("idle") && state !== "hidden");

function blockedFinding(locks: Locks): Finding<RemedyName> {
  const { blocked, roots, total, longestSeconds } = locks;
  return {
    id: "blocked-sessions",
    severity: isElection(locks) ? "info" : (longestSeconds ?? 0) >= 30 || total >= 5 ? "critical" : "warning",
    ...(isOfQueue(locks) ? ofQueue(locks) : ofHolder(locks)),
    evidence: [waitingTable(blocked), ...(roots.length === 0 ? [] : [rootTable(roots)])],
  };
}

const sayLongest = ({ longestSeconds }: Locks) =>
  longestSeconds === null ? "" : `, the longest for ${ago(longestSeconds)}`;

type Said = Pick<Finding<RemedyName>, "title" | "because" | "remedies">;

function ofQueue(locks: Locks): Said {
  const { makers = [], queued = 0 } = locks.queue ?? {};
  const [maker] = makers;
  const waitsFor = locks.roots
    .map((root) => `${root.application} (session ${root.pid}, ${root.state})`)
    .join(", ");
  return {
    title: `${count(queued, "session")} ${queued === 1 ? "queues" : "queue"} behind a waiting ${maker === undefined ? "statement" : `${verbOf(maker)} (session ${maker.pid}, ${maker.application})`}${sayLongest(locks)}`,
    because: `It asks for ${maker?.lock ?? "a lock"} and waits for ${waitsFor}. Those behind it would get along with that one, but nobody may overtake it.${makers.length > 1 ? ` ${makers.length} such statements wait: all of them must be cancelled.` : ""}`,
    remedies: toCancel(locks),
  };
}

function ofHolder(locks: Locks): Said {
  const { blocked, roots, queue, total } = locks;
  if (isElection(locks))
    return {
      title: `${sayWaiters(total)} for an advisory lock that ${roots[0]?.application} holds: spare instances of an elected leader, or a lock never given back`,
      because: sayWhy(locks),
      remedies: ["askAboutLeader"],
    };
  const what = blocked.every(({ lock }) => lock.startsWith("advisory")) ? "an advisory lock" : "a lock";
  const isEndable = roots.some((root) => isToEnd(root, locks));
  const isToCancel = queue !== null && !isEndable;
  const wanted: readonly [RemedyName, boolean][] = [
    ["terminateBlockers", isEndable],
    ...toCancel(locks).map((name): [RemedyName, boolean] => [name, isToCancel]),
    ["endByHand", roots.some(({ mayEnd }) => mayEnd === false)],
    ["lookWithRights", roots.some(({ mayEnd }) => mayEnd === null)],
    ["finishPrepared", blocked.some(({ blockedBy }) => blockedBy.includes(0))],
  ];
  return {
    title: `${sayWaiters(total)} for ${what}${sayHolder(locks)}${sayLongest(locks)}`,
    because: sayWhy(locks),
    remedies: wanted.flatMap(([name, isWanted]) => (isWanted ? [name] : [])),
  };
}
