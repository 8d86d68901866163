import { count, type Finding, type postgres, rows, sayDuration } from "../../src/sdk/index.ts";

/** The server has some room beyond what it counts on; from here on the next big transaction may fail. */
const NEARLY_FULL = 0.8;

type LockTable = postgres.LockTable;

const sayWho = ({ pid, application, user }: LockTable["holders"][number]) =>
  pid === 0
    ? "prepared transactions"
    : `session ${pid} (${user === "" ? application : `${application} of ${user}`})`;

/** The table of locks that all sessions share is full, or nearly so. */
export function lockRoomFinding({ held, room, holders }: LockTable): Finding<"makeLockRoom"> | undefined {
  const [most] = holders;
  if (most === undefined || held < room * NEARLY_FULL) return undefined;
  return {
    id: "lock-table",
    severity: held >= room ? "critical" : "warning",
    title: `The lock table is ${held >= room ? "full" : "nearly full"}: ${sayWho(most)} holds ${most.locks} of ${count(held, "lock")}`,
    because: `All sessions share room for about ${room} locks (max_locks_per_transaction). ${most.transactionSeconds === null ? "" : `Its transaction is open for ${sayDuration(Math.round(most.transactionSeconds) * 1000)}. `}Whoever asks for one more gets "out of shared memory" (SQLSTATE 53200), however much memory the machine has.`,
    evidence: [
      rows("Who holds most locks", holders, {
        pid: (one) => (one.pid === 0 ? "prepared" : one.pid),
        application: (one) => one.application,
        role: (one) => one.user,
        state: (one) => one.state,
        locks: (one) => one.locks,
      }),
    ],
    explains: ["lock-table-full"],
    remedies: ["makeLockRoom"],
  };
}

/** What frees the table now, and for good. */
export function adviseLockRoom(table: LockTable | undefined): string {
  const [most] = table?.holders ?? [];
  const now =
    most === undefined
      ? "Let the transaction that holds most of them end"
      : `Let ${sayWho(most)} end its transaction${most.pid === 0 ? "" : `, or, if it was left open, SELECT pg_terminate_backend(${most.pid})`}`;
  return `${now}. Let it do its work in parts: a dump per schema, DROP and migrations in batches, queries that name the partitions they want. Lasting: raise max_locks_per_transaction (now ${table?.perTransaction ?? "see SHOW"}), which takes a restart, standbys first; more work_mem or memory does not help.`;
}
