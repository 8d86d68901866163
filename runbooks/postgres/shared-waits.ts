import { count, type Finding, type postgres, rows, sayDuration, sayPercent } from "../../src/sdk/index.ts";

type Shared = NonNullable<postgres.LockTable["shared"]>;
type Of = Shared["slru"][number]["of"];

/** Postgres itself begins to warn in its log at half. */
const HALF = 0.5;
const NEARLY_FULL = 0.9;
/** So many sessions in the mean wait for the same few pages: no chance of a moment. */
const MANY_WAIT = 3;

/** The queue of NOTIFY fills: once it is full, every transaction that notifies fails at its commit. */
export function notifyFinding(shared: Shared | undefined): Finding<"emptyNotify"> | undefined {
  if (shared === undefined || shared.notifyUsed < HALF) return undefined;
  const [oldest] = shared.open;
  return {
    id: "notify-queue",
    severity: shared.notifyUsed >= NEARLY_FULL ? "critical" : "warning",
    title: `The queue of NOTIFY is ${sayPercent(shared.notifyUsed)} full`,
    because: `It is emptied up to the listener that is furthest behind, and a session that has said LISTEN hears nothing while it is in a transaction.${oldest === undefined ? " No transaction is open now: a listener may only be slow to read." : ` Of the transactions the one of ${sayWho(oldest)} is open for longest (${sayDuration(Math.round(oldest.transactionSeconds) * 1000)}); whether it listens the server does not say, its log does (“NOTIFY queue is …% full”, with the process in DETAIL).`} When it is full, every transaction that notifies, triggers included, fails at its commit (“too many notifications in the NOTIFY queue”).`,
    evidence: [
      rows("Transactions open for longest", shared.open, {
        pid: (one) => one.pid,
        application: (one) => one.application,
        role: (one) => one.user,
        state: (one) => one.state,
        open: (one) => sayDuration(Math.round(one.transactionSeconds) * 1000),
      }),
    ],
    remedies: ["emptyNotify"],
  };
}

const sayWho = ({ pid, application, user }: Shared["open"][number]): string =>
  `session ${pid} (${user === "" ? application : `${application} of ${user}`})`;

/** What empties the queue now, and for good. */
export function adviseNotify(shared: Shared | undefined): string {
  const [oldest] = shared?.open ?? [];
  const who =
    oldest === undefined
      ? "the process that the log names"
      : `the process that the log names (${oldest.pid}, if it is a listener)`;
  return `End ${who}: SELECT pg_terminate_backend(<pid>); the queue is emptied at once. Its program has to listen on a connection of its own that never begins a transaction (a pool in transaction mode, or autocommit switched off, does), and to read what comes. What was queued for it is gone; others have heard theirs.`;
}

const WHY: Readonly<Record<Of, readonly [name: string, because: string, advice: string]>> = {
  subtransactions: [
    "subtransactions",
    "A transaction with more than 64 subtransactions (SAVEPOINT, nested transactions of an ORM, EXCEPTION blocks in PL/pgSQL) no longer fits its slot, and while a transaction is open for long every snapshot has to look them up on these pages.",
    "End the transaction that is open for longest (pg-locks, pg-vacuum name it): the waits end with it. Then fewer SAVEPOINTs in one transaction. PostgreSQL 17 and later: subtransaction_buffers.",
  ],
  multixacts: [
    "multixacts (rows locked by several at once)",
    "Many sessions lock the same rows at the same time: FOR SHARE, FOR KEY SHARE, or inserts that refer to the same parent row by a foreign key.",
    "Find the parent row that all refer to (pg-slow-queries: the INSERT that waits): fewer at once, shorter transactions, or no foreign key to a row that everybody shares. PostgreSQL 17 and later: multixact_offset_buffers, multixact_member_buffers.",
  ],
  notify: [
    "notifications",
    "Many transactions call NOTIFY and many sessions listen: each reads the pages of all, and their commits take turns.",
    "Notify once per transaction or per batch, with fewer listeners (one per process, which hands on).",
  ],
  transactions: [
    "the state of transactions",
    "Many rows are read whose transactions have ended long ago and that no vacuum has marked since: after a bulk load, or where autovacuum is behind.",
    "VACUUM the tables that are read (pg-vacuum names those behind); PostgreSQL 17 and later: transaction_buffers.",
  ],
  other: [
    "pages of transactions",
    "Which of them the server's name for the wait does not tell.",
    "SELECT wait_event, count(*) FROM pg_stat_activity GROUP BY 1 shows them; pg_stat_slru (13 and later) which is read most.",
  ],
};

/** Many wait for the few pages in which the server keeps something of each transaction: no lock, no disk, and no slow statement. */
export function slruFinding(shared: Shared | undefined): Finding<"relieveSlru"> | undefined {
  const [most] = shared?.slru ?? [];
  if (shared === undefined || most === undefined || most.sessions < MANY_WAIT) return undefined;
  const [name, because] = WHY[most.of];
  const sessions = Math.round(most.sessions);
  return {
    id: "slru-waits",
    severity: "warning",
    title: `${count(sessions, "session")} at a time wait for ${name}`,
    because: `${because} Seen in the mean of ${count(shared.looks, "look")} within half a second. All statements become slow at once, each for no reason of its own.`,
    remedies: ["relieveSlru"],
  };
}

export const adviseSlru = (shared: Shared | undefined): string => WHY[shared?.slru[0]?.of ?? "other"][2];
