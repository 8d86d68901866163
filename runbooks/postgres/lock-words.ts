import { clip, count, type postgres, rows, sayDuration } from "../../src/sdk/index.ts";

/** A length of time for people; null: nobody knows. */
export const ago = (seconds: number | null) =>
  seconds === null ? "an unknown time" : sayDuration(seconds * 1000);

export const sayWaiters = (n: number) => `${count(n, "session")} ${n === 1 ? "waits" : "wait"}`;

/** `orders of app`; background processes have no role. */
export const sayWho = ({ application, user }: Pick<postgres.LockParty, "application" | "user">) =>
  user === "" ? application : `${application} of ${user}`;

const sayState = ({ state }: postgres.LockParty) =>
  state === "hidden" ? "its state is hidden from the bot's role" : state;

const VERB = /^\W{0,20}(\w{1,20}(?: (?:TABLE|INDEX|VIEW|MATERIALIZED VIEW|TYPE|TRIGGER)\b)?)/i;

/** What the statement is, for a title: `ALTER TABLE`. */
export const verbOf = ({ statement, state }: postgres.LockParty): string =>
  (state === "hidden" ? undefined : VERB.exec(statement)?.[1]?.toUpperCase()) ?? "statement";

/** Who holds what others wait for: the roots, most waiters first, and prepared transactions. */
export function sayHolder({ roots, prepared, blocked }: postgres.Blocking): string {
  const holders = [
    ...roots.map((root) => `${root.application} (${sayState(root)})`),
    ...prepared.map(({ gid }) => `prepared transaction '${clip(gid, 40)}'`),
  ];
  if (holders.length > 0)
    return ` held by ${holders[0]}${holders.length === 1 ? "" : ` and ${count(holders.length - 1, "other")}`}`;
  return blocked.length > 0 ? " of each other" : "";
}

/** The session at the head of a queue: what it does and who waits behind it. */
function sayRoot(root: postgres.LockRoot): string {
  const who = `Session ${root.pid} (${sayWho(root)})`;
  const behind = `${sayWaiters(root.waiters)} behind it.`;
  if (root.state === "hidden")
    return `${who} holds the lock; ${behind} What it does, and since when, is hidden from the bot's role.`;
  // Only a lock of the session itself (pg_advisory_lock) outlives its transaction.
  if (root.state === "idle")
    return `${who} holds a lock of its session (pg_advisory_lock) outside any transaction and is idle; ${behind} Either it keeps it on purpose for as long as it lives (a leader, a worker's claim), or it was never given back.`;
  const idle = root.state.startsWith("idle in transaction")
    ? " It does nothing meanwhile: the application forgot to commit or is busy elsewhere."
    : "";
  return `${who} has held its locks in a transaction open for ${ago(root.transactionSeconds)} and is ${root.state}; ${behind}${idle}`;
}

/** A session in the middle that most wait for: whoever looks at the list of blockers takes it for the cause. */
function sayBetween({ blocked, queue, total }: postgres.Blocking): string[] {
  const [between] = blocked
    .filter(({ pid }) => !queue?.makers.some((maker) => maker.pid === pid))
    .toSorted((a, b) => b.waiters - a.waiters);
  if (between === undefined || between.waiters < Math.max(3, total / 2)) return [];
  return [
    `Session ${between.pid} (${sayWho(between)}), which ${between.waiters} of them wait for, waits itself: to end it would lose its work, and the head would still be there.`,
  ];
}

const sayQueue = ({ queue }: postgres.Blocking): string[] =>
  (queue?.makers ?? [])
    .slice(0, 1)
    .map(
      (maker) =>
        `${queue?.queued} of them only ${queue?.queued === 1 ? "queues" : "queue"} behind session ${maker.pid} (${verbOf(maker)} of ${maker.application}), which waits, too.`,
    );

/** Why sessions wait: the head of the longest queue, who is taken for it, and prepared transactions. */
export const sayWhy = (locks: postgres.Blocking): string =>
  [
    ...locks.roots.slice(0, 1).map(sayRoot),
    ...sayBetween(locks),
    ...sayQueue(locks),
    ...(locks.roots.length === 0 && locks.prepared.length === 0
      ? ["They wait in a circle: the server ends one of them after deadlock_timeout."]
      : []),
    ...locks.prepared.map(
      ({ gid, owner, seconds }) =>
        `Prepared transaction '${gid}' of ${owner} was never finished (${ago(seconds)} ago) and holds locks without any session.`,
    ),
  ].join(" ");

export const waitingTable = (blocked: readonly postgres.BlockedSession[]) =>
  rows("Waiting", blocked, {
    pid: (one) => one.pid,
    application: (one) => one.application,
    waits: (one) => ago(one.waitSeconds),
    behind: (one) => one.blockedBy.map((pid) => (pid === 0 ? "prepared" : pid)).join(", "),
    statement: (one) => clip(one.statement, 80),
    lock: (one) => one.lock,
  });

export const rootTable = (roots: readonly postgres.LockRoot[]) =>
  rows("At the head of the queue", roots, {
    pid: (one) => one.pid,
    application: (one) => one.application,
    waiters: (one) => one.waiters,
    "open for": (one) => (one.transactionSeconds === null ? "not known" : ago(one.transactionSeconds)),
    state: (one) => one.state,
    "last statement": (one) => clip(one.statement, 80),
    role: (one) => one.user,
  });

/** More of them than a service has instances, and it is no election. */
const MOST_CANDIDATES = 10;

/**
 * Whether it looks like a leader election: instances of one application wait for the advisory lock that another of its sessions
 * holds outside any transaction. They wait for as long as that one lives, as they should; a lock that was never given back looks
 * the same.
 */
export const isElection = ({ blocked, roots, prepared, total }: postgres.Blocking): boolean =>
  roots.length > 0 &&
  prepared.length === 0 &&
  total === blocked.length &&
  total <= MOST_CANDIDATES &&
  roots.every(({ state, user }) => state === "idle" && user !== "") &&
  blocked.every(
    ({ lock, application, user }) =>
      lock.startsWith("advisory ") &&
      roots.some((root) => root.application === application && root.user === user),
  );

/** What is to be asked before anybody ends the holder of an advisory lock. */
export const adviseElection = (locks: postgres.Blocking | undefined): string => {
  const pids = (locks?.roots ?? []).map(({ pid }) => pid);
  return `To tell them apart: does the application elect a leader (its log names one; one instance works and the others are spare), and is session ${pids.join(", ") || "at the head"} that leader's? Then nothing is to be done: ended, another one takes over, and what it was doing breaks off. If the lock was taken for one job (a migration, a cron job) and that job is long over, it was never given back, mostly because it was taken through a pool: SELECT ${pids.map((pid) => `pg_terminate_backend(${pid})`).join(", ") || "pg_terminate_backend(<pid>)"} frees it; in the application pg_advisory_xact_lock, which ends with its transaction.`;
};
