import type { Failure, Rule } from "./rule.ts";

const STARTING: Failure = {
  id: "not-ready",
  title: "Postgres is starting up",
  because: "The server runs but takes no sessions yet (SQLSTATE 57P03).",
  advice:
    "Wait and watch its log: after a crash it replays WAL first, which must not be interrupted. pg-connectivity again in a minute.",
};
const STOPPING: Failure = {
  id: "not-ready",
  title: "Postgres is shutting down",
  because: "The server takes no new sessions any more (SQLSTATE 57P03): somebody or something stops it.",
  advice:
    "Find out who stops it (an operator, the package manager, the container's runtime, a failover): its log has `received … shutdown request`. A smart shutdown waits for all sessions to end by themselves.",
};
const RECOVERING: Failure = {
  id: "not-ready",
  title: "Postgres recovers from a crash",
  because:
    "One of its processes crashed, all sessions were ended, and the server replays WAL (SQLSTATE 57P03).",
  advice:
    "Wait: recovery must not be interrupted. Then read its log for `terminated by signal`: 9 is the out-of-memory killer or an operator's kill -9, 11 a bug or an extension.",
};
const NOT_CONSISTENT: Failure = {
  id: "not-ready",
  title: "The standby takes no sessions yet, or none at all",
  because: "It has not replayed enough WAL to be consistent, or hot_standby is off (SQLSTATE 57P03).",
  advice:
    "See DETAIL and its log: `hot_standby = off` means it never takes any; otherwise wait, and look whether it receives WAL (restore_command, primary_conninfo). Long transactions with many subtransactions on the primary delay it, too.",
};
const NO_HOT_STANDBY: Failure = {
  ...NOT_CONSISTENT,
  title: "The standby is set to take no sessions (hot_standby = off)",
  because: "It follows its primary and lets nobody read (SQLSTATE 57P03): that is how it is configured.",
  advice:
    "Point the URL at the primary. To read here: hot_standby = on in its configuration, and a restart of this standby.",
};
const CATCHING_UP: Failure = {
  ...NOT_CONSISTENT,
  title: "The server recovers and is not consistent yet: it takes no sessions until it is",
  because:
    "A standby, or a server restored from a base backup, lets nobody in before it has replayed the WAL up to the end of that backup (SQLSTATE 57P03).",
  advice:
    "Its log says whether it moves: `restored log file` or `started streaming WAL` again and again is progress: wait. The same line for minutes, `waiting for WAL to become available` or errors of restore_command: the WAL it needs does not come (archive, primary_conninfo, slot); repair that. A restart begins recovery anew and helps nothing.",
};
const NOT_READY: Failure = {
  id: "not-ready",
  title: "Postgres is starting up, shutting down or recovering",
  because:
    "The server runs but takes no sessions (SQLSTATE 57P03); which of them it is stands in its message.",
  advice: "Wait and watch its log: crash recovery replays WAL and must not be interrupted.",
};
const ENDED: Failure = {
  id: "ended",
  title: "Postgres ended the session",
  because: "An administrator ended it (pg_terminate_backend), or the server is being stopped.",
  advice:
    "Read the end of the server's log: `fast shutdown request` is an operator or the runtime; without it somebody ended this session alone.",
};
const CRASHED: Failure = {
  id: "ended",
  title: "Postgres ended all sessions: one of its processes crashed",
  because:
    "Shared memory may be damaged after a crash of one process, so the server ends all others and recovers (SQLSTATE 57P02).",
  advice:
    "Read its log for `terminated by signal`: 9 is the out-of-memory killer or kill -9, 11 a bug or an extension; the statement that ran stands in DETAIL.",
};
const atLimit = (setting: string, what: string, advice: string): Failure => ({
  id: "ended",
  title: `Postgres ended a session ${what} (${setting})`,
  because: `${setting} of the role, database or server was reached. The limit works as it was set, and the server is up.`,
  advice: `${advice} Where it is set: SELECT source, setting FROM pg_settings WHERE name = '${setting}', and pg_db_role_setting for other roles.`,
});
const IDLE_LIMIT = atLimit(
  "idle_session_timeout",
  "that was idle for too long",
  "A pool keeps idle connections: let it give them back sooner (its idle time-out or maximum age below the server's limit), or test them before it lends them out; or free the pool's role of it: ALTER ROLE <role> SET idle_session_timeout = 0.",
);
const OPEN_LIMIT = atLimit(
  "idle_in_transaction_session_timeout",
  "that left its transaction open",
  "Whoever has it left a transaction open and did something else (a call to an API, a person thinking, an exception without ROLLBACK): find that in the application; a longer limit only keeps locks for longer.",
);
const LONG_LIMIT = atLimit(
  "transaction_timeout",
  "whose transaction took too long",
  "Cut the transaction in parts; give a role that has to take long (dumps, reports) a limit of its own: ALTER ROLE <role> SET transaction_timeout = 0.",
);
const READ_ONLY: Failure = {
  id: "read-only",
  title: "Postgres is read-only",
  because:
    "Either the server is a standby, or its transactions are read-only by default: left over from a migration, or set by a provider whose disk is nearly full (SQLSTATE 25006).",
  advice:
    "To tell them apart: SELECT pg_is_in_recovery(). True: point the URL at the primary, or end the failover that is under way. False: look at the storage in the provider's console first, then at default_transaction_read_only (pg_settings, pg_db_role_setting).",
};

const RECOVERY_CONFLICT: Failure = {
  id: "ended",
  title: "The standby ended the session so that replay could go on",
  because:
    "What the primary did (a vacuum, a DROP, an exclusive lock) stood against what the session saw or held, and replay waited as long as it may (max_standby_streaming_delay).",
  advice:
    "Connect again. If it happens often: hot_standby_feedback = on (the primary then keeps old rows for long), or a longer max_standby_streaming_delay on a standby for reports; pg-connectivity counts them by their reason.",
};

/** Class 57, time limits and 25006: the server is there, but not for this. */
export const AVAILABILITY: readonly Rule[] = [
  [{ english: /database system is starting up/ }, STARTING],
  [{ english: /database system is shutting down/ }, STOPPING],
  [{ english: /database system is in recovery mode/ }, RECOVERING],
  [
    { code: "57P03", english: /not (?:yet )?accepting/, detail: /Hot standby mode is disabled/ },
    NO_HOT_STANDBY,
  ],
  [{ code: "57P03", english: /not yet accepting/, detail: /Consistent recovery state/ }, CATCHING_UP],
  [{ english: /database system is not (?:yet )?accepting connections/ }, NOT_CONSISTENT],
  [{ code: "57P03" }, NOT_READY],
  [{ code: "57P02" }, CRASHED],
  [{ code: /^(?:40001|57P01)$/, english: /terminating connection due to conflict/ }, RECOVERY_CONFLICT],
  [{ code: "57P05" }, IDLE_LIMIT],
  [{ code: "25P03" }, OPEN_LIMIT],
  [{ code: "25P04" }, LONG_LIMIT],
  [{ code: "57P01" }, ENDED],
  [{ code: "25006" }, READ_ONLY],
];
