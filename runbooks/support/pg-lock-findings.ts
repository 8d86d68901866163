import { clip, count, type Finding, type postgres, type Seen, sayDuration, table } from "../../src/sdk.ts";

type Remedy =
  | "terminateBlockers"
  | "terminateOpen"
  | "endByHand"
  | "finishPrepared"
  | "orderLocks"
  | "grantMonitor"
  | "recover";

export type Sees = {
  locks: Seen<postgres.Blocking>;
  open: Seen<postgres.OpenTransactions>;
  deadlocks: Seen<{ deadlocks: number; hours: number; timeoutSetting: string }>;
};

/** A deadlock an hour is a habit of the application; one a month is not. */
const DEADLOCKS_PER_HOUR = 1;

/** Blockers that wait for nobody themselves: ending one of them frees the whole tree behind it. */
export function roots({ blocked, blockers }: postgres.Blocking): postgres.LockParty[] {
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

export function blocked({ locks }: Sees): Finding<Remedy>[] {
  if (!locks.ok || locks.value.blocked.length === 0) return [];
  const { blocked, prepared } = locks.value;
  const heads = headsOf(locks.value);
  const isPrepared = blocked.some(({ blockedBy }) => blockedBy.includes(0));
  const longest = Math.max(...blocked.map(({ waitSeconds }) => waitSeconds));
  const isAdvisory = blocked.every(({ lock }) => lock.startsWith("advisory"));
  const remedies: Remedy[] = [
    ...(heads.some(({ mayEnd }) => mayEnd) ? (["terminateBlockers"] as const) : []),
    ...(heads.some(({ mayEnd }) => !mayEnd) ? (["endByHand"] as const) : []),
    ...(isPrepared ? (["finishPrepared"] as const) : []),
  ];
  const because = [
    ...heads.slice(0, 1).map((head) => sayHead(head, waitersOf(head.pid, blocked))),
    ...prepared.map(
      ({ gid, owner, seconds }) =>
        `Prepared transaction '${gid}' of ${owner} was never finished (${sayDuration(seconds * 1000)} ago) and holds locks without any session.`,
    ),
  ];
  return [
    {
      id: "blocked-sessions",
      severity: longest >= 30 || blocked.length >= 5 ? "critical" : "warning",
      title: `${count(blocked.length, "session")} ${blocked.length === 1 ? "waits" : "wait"} for ${isAdvisory ? "an advisory lock" : "a lock"}${sayHolder(heads, prepared)}, the longest for ${sayDuration(longest * 1000)}`,
      because: because.join(" "),
      evidence: [waiting(blocked), ...(heads.length === 0 ? [] : [atTheHead(heads, blocked)])],
      remedies,
    },
  ];
}

/** Those at the head of the queues, the one most wait for first. */
const headsOf = (locks: postgres.Blocking): postgres.LockParty[] =>
  roots(locks).sort((a, b) => waitersOf(b.pid, locks.blocked) - waitersOf(a.pid, locks.blocked));

function sayHolder(heads: readonly postgres.LockParty[], prepared: postgres.Blocking["prepared"]): string {
  const holders = [
    ...heads.map(({ application, state }) => `${application} (${state})`),
    ...prepared.map(({ gid }) => `prepared transaction '${clip(gid, 40)}'`),
  ];
  if (holders.length === 0) return "";
  return ` held by ${holders[0]}${holders.length === 1 ? "" : ` and ${count(holders.length - 1, "other")}`}`;
}

const waiting = (blocked: readonly postgres.BlockedSession[]) =>
  table(
    ["pid", "application", "waits", "behind", "statement", "lock"],
    blocked
      .slice(0, 10)
      .map((one) => [
        one.pid,
        one.application,
        sayDuration(one.waitSeconds * 1000),
        one.blockedBy.map((pid) => (pid === 0 ? "prepared" : pid)).join(", "),
        clip(one.statement, 80),
        one.lock,
      ]),
    "Waiting",
  );

const atTheHead = (heads: readonly postgres.LockParty[], blocked: readonly postgres.BlockedSession[]) =>
  table(
    ["pid", "application", "waiters", "open for", "state", "last statement", "role"],
    heads
      .slice(0, 10)
      .map((one) => [
        ...[
          one.pid,
          one.application,
          waitersOf(one.pid, blocked),
          sayDuration(one.transactionSeconds * 1000),
        ],
        ...[one.state, clip(one.statement, 80), one.user],
      ]),
    "At the head of the queue",
  );

function sayHead(head: postgres.LockParty, waiters: number): string {
  const who = `Session ${head.pid} (${sayWho(head)})`;
  const behind = `${count(waiters, "session")} ${waiters === 1 ? "waits" : "wait"} behind it.`;
  // Only a lock of the session itself (pg_advisory_lock) outlives its transaction.
  if (head.state === "idle")
    return `${who} holds a lock of its session (pg_advisory_lock) outside any transaction and is idle; ${behind} It was never given back; ending the session frees it.`;
  const idle = head.state.startsWith("idle in transaction")
    ? " It does nothing meanwhile: the application forgot to commit or is busy elsewhere."
    : "";
  return `${who} has held its locks in a transaction open for ${sayDuration(head.transactionSeconds * 1000)} and is ${head.state}; ${behind}${idle}`;
}

/** `orders of app`; background processes have no role. */
export const sayWho = ({ application, user }: postgres.LockParty): string =>
  user === "" ? application : `${application} of ${user}`;

export function leftOpen({ open, locks }: Sees): Finding<Remedy>[] {
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

export function manyDeadlocks({ deadlocks }: Sees): Finding<Remedy>[] {
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
