import { count, type Finding, mysql, orThreshold, rows, runbookOn, z } from "../../src/sdk/index.ts";
import { historyFinding } from "./history.ts";
import { ago, sayDoing, sayWho, sessionTable, toEnd } from "./session-words.ts";

/** A deadlock an hour is a habit of the application; one a month is not. */
const DEADLOCKS_PER_HOUR = 1;

/** Who waits for whom, who began it, transactions left open, deadlocks. */
const book = runbookOn(
  "mysql",
  {
    id: "mysql-locks",
    title: "MySQL locks and open transactions",
    alerts: [
      ...["MysqlLocks", "MysqlRowLockWaits", "MysqlInnodbRowLockWaits", "MysqlDeadlocks", "MySQLDeadlocks"],
      ...["MysqlLongRunningTransaction", "MysqlHistoryListLength", "MysqlMetadataLock"],
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
        "report transactions asleep for longer than this, in seconds",
        z.int().min(1).max(86_400),
      ),
    }),
  },
  ({ params }) => ({
    locks: mysql.lockWaits({ waitingSeconds: params.waitingSeconds }),
    open: mysql.openTransactions({ olderThanSeconds: params.openSeconds }),
    counters: mysql.sample({ seconds: 1 }),
  }),
);

type RemedyName = "endBlockers" | "endByHand" | "findHolder" | "endPrepared" | "endOpen";

export const mysqlLocks = book
  .remedies({
    endBlockers: book.does(
      mysql.killConnections,
      ["locks"],
      ({ locks }) => {
        const sessions = toEnd(locks.roots);
        return sessions.length === 0 ? undefined : { sessions, because: "blocks" as const };
      },
      { title: "End the sessions everybody waits for" },
    ),
    endOpen: book.does(
      mysql.killConnections,
      ["open"],
      ({ open }, { params }) => {
        const sessions = toEnd(asleep(open, params.openSeconds));
        return sessions.length === 0
          ? undefined
          : { sessions, because: { asleepSeconds: params.openSeconds } };
      },
      { title: "End the sessions that sleep in a transaction" },
    ),
    endByHand: book.advises("End it by hand, or wait", "high", ({ locks }) => {
      const spared = (locks?.roots ?? []).filter((one) => one.spared !== null);
      return `${spared.map((one) => `Session ${one.id} (${sayWho(one)}) is left alone: ${one.spared}`).join("; ")}. Ask whose it is; a backup or a schema change that is ended begins anew. If it has to go: KILL ${spared[0]?.id ?? "<session>"}.`;
    }),
    findHolder: book.advises("Find who holds the table's definition", "low", ({ locks }) => {
      const first = locks?.candidates[0];
      return `The server does not show it (performance_schema is off, or its instrument). ${first === undefined ? "No transaction is open that could be it: LOCK TABLES or a global read lock of a backup holds it." : `The oldest open transaction is the likeliest: session ${first.id} (${sayWho(first)}, ${sayDoing(first)}).`} Ask its owner, or end the waiting ALTER first: those behind it go on at once, and it can run again with lock_wait_timeout=5 in a quiet hour. For the next time: performance_schema=ON and performance-schema-instrument='wait/lock/metadata/sql/mdl=ON'.`;
    }),
    endPrepared: book.advises(
      "End the prepared transaction",
      "high",
      "XA RECOVER lists it. Ask its transaction manager what it decided for that number: XA COMMIT or XA ROLLBACK ends it; the wrong one of the two loses or makes data. It survives a restart of the server.",
    ),
    commit: book.advises(
      "Let transactions end",
      "low",
      "Find in the application where the transaction begins and what it does before it ends (a call to another service, waiting for a person, an exception without a rollback). A net until then: idle_transaction_timeout (MariaDB), wait_timeout for the account's sessions.",
    ),
    speedPurge: book.advises(
      "Let purge catch up",
      "low",
      "No transaction keeps it. See whether the list still grows a minute later: if it falls, wait. If it grows, more is written than purge removes: innodb_purge_threads up to 8, faster storage, or the writes (a mass UPDATE or DELETE) in smaller parts with pauses. It also counts what a transaction that has just ended has left.",
    ),
    orderLocks: book.advises(
      "Take locks in one order",
      "low",
      "SHOW ENGINE INNODB STATUS shows the last one with both statements; innodb_print_all_deadlocks=ON writes all to the error log. Change rows in the same order everywhere, keep transactions short, give the WHERE an index (without one every row that is read is locked), and repeat the transaction on error 1213: one that is repeated costs nothing.",
    ),
  })
  .findings((find) => [
    find(["locks"], ({ locks }) => (locks.total === 0 ? undefined : blockedFinding(locks))),
    find(["open"], ({ open }, { params }) => {
      const sleeping = asleep(open, params.openSeconds);
      const [first] = sleeping;
      // The oldest of all is the one that purge waits for.
      const keepsRows = sleeping.some(({ id }) => id === open.transactions[0]?.id);
      return (
        first !== undefined && {
          id: "idle-in-transaction",
          severity: "warning",
          title: `${count(sleeping.length, "session")} ${sleeping.length === 1 ? "sleeps" : "sleep"} in an open transaction, the longest for ${ago(first.seconds)}`,
          because: `Session ${first.id} (${sayWho(first)}) is ${sayDoing(first)}. It keeps its locks, keeps ALTER TABLE waiting, and purge cannot clean behind it. Either the application forgot to end it, or it is busy elsewhere.`,
          evidence: [sessionTable("", sleeping)],
          remedies: [...(toEnd(sleeping).length > 0 ? (["endOpen"] as const) : []), "commit" as const],
          explains: keepsRows ? ["history-long"] : [],
        }
      );
    }),
    find(
      ["open"],
      ({ open }) =>
        open.prepared > 0 && {
          id: "prepared-transactions",
          severity: "warning",
          title: `${count(open.prepared, "prepared transaction")} that no session owns`,
          because: "XA PREPARE has left it: it keeps its locks until somebody ends it, over restarts, too.",
          remedies: ["endPrepared" as const],
        },
    ),
    find(["open", "counters?"], ({ open, counters }, { params }) =>
      historyFinding(open, counters, params.openSeconds),
    ),
    find(["counters"], ({ counters: { deadlocks, deadlocksTotal, uptimeSeconds } }) => {
      const hours = (uptimeSeconds ?? 0) / 3_600;
      const isHabit =
        deadlocksTotal !== null &&
        deadlocksTotal >= 3 &&
        deadlocksTotal / Math.max(1, hours) >= DEADLOCKS_PER_HOUR;
      if ((deadlocks ?? 0) === 0 && !isHabit) return undefined;
      return {
        id: "deadlocks",
        severity: "warning",
        title:
          (deadlocks ?? 0) > 0
            ? `${count(deadlocks ?? 0, "deadlock")} just now`
            : `${count(deadlocksTotal ?? 0, "deadlock")} in ${ago(uptimeSeconds)}`,
        because:
          "Transactions take the same rows in different order; the server rolls one of them back (1213).",
        remedies: ["orderLocks"],
      };
    }),
  ]);

const asleep = ({ transactions }: mysql.OpenTransactions, seconds: number): mysql.Session[] =>
  transactions
    .filter((one) => one.command === "Sleep" && one.seconds >= seconds)
    .sort((a, b) => b.seconds - a.seconds);

function blockedFinding(locks: mysql.Blocking): Finding<RemedyName> {
  const { waiting, roots, total, longestSeconds, behindPrepared, candidates } = locks;
  const [root] = roots;
  const isMetadata = waiting.some(({ kind }) => kind === "metadata");
  const isUnknown = root === undefined && behindPrepared === 0 && isMetadata;
  const holder =
    root !== undefined
      ? ` that session ${root.id} (${sayWho(root)}) holds`
      : behindPrepared > 0
        ? " that a prepared transaction holds"
        : "";
  return {
    id: "blocked-sessions",
    severity: (longestSeconds ?? 0) >= 30 || total >= 5 ? "critical" : "warning",
    title: `${count(total, "session")} ${total === 1 ? "waits" : "wait"} for a ${isMetadata ? "metadata " : ""}lock${holder}, the longest for ${ago(longestSeconds)}`,
    because: [
      ...roots
        .slice(0, 3)
        .map((one) => `Session ${one.id} (${sayWho(one)}) is ${sayDoing(one)}, and waits for nobody.`),
      ...(isMetadata
        ? [
            "Whoever wants to change a table's definition waits for every transaction that has touched it, and all new statements on the table wait behind.",
          ]
        : []),
      ...(isUnknown ? ["Who holds it, the server does not show."] : []),
      ...(root === undefined && !isUnknown && behindPrepared === 0
        ? [
            "Whom they wait for cannot be seen: it may be over at this moment, or they wait for each other until one is rolled back.",
          ]
        : []),
    ].join(" "),
    evidence: [
      rows("Waiting", waiting.slice(0, 20), {
        session: (one) => one.id,
        who: sayWho,
        "waits for": (one) => one.lock,
        of: (one) => one.blockedBy.join(", ") || "?",
        for: (one) => ago(one.waitedSeconds),
        statement: (one) => one.statement.slice(0, 80),
      }),
      ...(roots.length === 0 ? [] : [sessionTable("In the way", roots)]),
      ...(candidates.length === 0 ? [] : [sessionTable("Open transactions", candidates)]),
    ],
    explains: ["idle-in-transaction"],
    remedies: remediesFor(locks, isUnknown),
  };
}

function remediesFor({ roots, behindPrepared }: mysql.Blocking, isUnknown: boolean): RemedyName[] {
  const wanted: readonly [RemedyName, boolean][] = [
    ["endBlockers", roots.some(({ spared }) => spared === null)],
    ["endByHand", roots.some(({ spared }) => spared !== null)],
    ["endPrepared", behindPrepared > 0],
    ["findHolder", isUnknown],
    ["endOpen", isUnknown],
  ];
  return wanted.flatMap(([name, isWanted]) => (isWanted ? [name] : []));
}
