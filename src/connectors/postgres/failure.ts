import type { Seen, StepError } from "../../core/words/outcome.ts";

/** What an error of Postgres means to the person on call. */
export interface PostgresFailure {
  /** Stable name of the cause, e.g. `refused`. */
  readonly id: string;
  readonly title: string;
  readonly because: string;
  /** What a human does now. */
  readonly advice: string;
}

type Known = readonly [id: string, title: string, because: string, advice: string];

const REFUSED: Known = [
  "refused",
  "Postgres refuses the connection",
  "Nothing listens on that port: the server is down, still starting, or bound to another address or port.",
  "See whether the server runs (`systemctl status 'postgresql@*'`; on Debian postgresql.service is only an umbrella, or `docker ps -a`; the runbook container-failure can start a container) and read the end of its log before starting it; then compare listen_addresses and port with the URL in diagbot.yaml.",
];
const DNS: Known = [
  "dns",
  "The name of the Postgres server does not resolve",
  "The resolver has no address for the host in the URL, or does not answer.",
  "Resolve the name on this machine (`getent hosts <host>`), then check the URL in diagbot.yaml, the DNS record and /etc/resolv.conf.",
];
const NO_PATH: Known = [
  "no-path",
  "The network does not reach Postgres",
  "No TCP connection comes about and nobody refuses it: packets are dropped on the way.",
  "Check security groups, firewalls and routes between this machine and the server, and whether its machine is up.",
];
const HANG: Known = [
  "hang",
  "Postgres accepts connections but never answers",
  "The kernel completes the connection, yet the server does not answer the login: its processes are stopped, out of CPU or memory, or stuck on storage.",
  "Look at the machine (load, memory, storage waits, a stopped postmaster: state `T` in `ps`). A proxy in front with a dead server behind it looks the same.",
];
const STALLED: Known = [
  "stalled",
  "Postgres logs in but does not return results",
  "A trivial statement did not come back in time: the server is overloaded, or its storage or the network stalls.",
  "Look at the machine's load and storage waits, then run pg-locks and pg-slow-queries.",
];
const AUTH: Known = [
  "auth",
  "Postgres does not accept the credentials",
  "User or password of the URL are wrong or expired, or the role may not log in.",
  "Compare the secret behind the URL with the role (`\\du`; `VALID UNTIL`, `NOLOGIN`), correct the one that is wrong and restart what holds the old one.",
];
const HBA: Known = [
  "hba",
  "pg_hba.conf does not let this client in",
  "No entry of pg_hba.conf matches this host, user, database and encryption.",
  "Add the missing line to pg_hba.conf (or ask for TLS: `sslmode=require` in the URL), then `SELECT pg_reload_conf()`.",
];
const HBA_REJECT: Known = [
  "hba",
  "pg_hba.conf does not let this client in: a line refuses it",
  "The first line of pg_hba.conf that matches this host, user, database and encryption says `reject`.",
  "Somebody wrote that line on purpose: ask before you put a line that lets the client in above it, then `SELECT pg_reload_conf()`.",
];
const NO_DATABASE: Known = [
  "no-database",
  "The database does not exist",
  "The server answers, but there is no database of the name in the URL.",
  "Compare the URL with `\\l`. If the database was dropped or renamed, stop writers before restoring it under this name.",
];
const NO_LOGINS: Known = [
  "no-logins",
  "Nobody may connect to the database",
  "The database is there, but it was closed to connections (ALLOW_CONNECTIONS false), or an interrupted DROP DATABASE left it invalid (SQLSTATE 55000).",
  "See who closed it and why (a restore, a migration). Then, from another database: ALTER DATABASE <name> ALLOW_CONNECTIONS true. An invalid database can only be dropped and restored.",
];
const HBA_TLS: Known = [
  "hba",
  "pg_hba.conf does not let this client in without TLS",
  "No entry of pg_hba.conf matches this host, user and database on an unencrypted connection.",
  "Ask for TLS (`sslmode=require`, better verify-full, in the URL). If TLS is not wanted here, add a `host` line to pg_hba.conf, then `SELECT pg_reload_conf()`.",
];
const EXHAUSTED: Known = [
  "too-many-clients",
  "Every Postgres connection slot is taken: logins are refused (53300)",
  "The server turns logins down because every slot for ordinary roles is taken (SQLSTATE 53300).",
  "Connect as a superuser (their slots are reserved) and end idle sessions of ordinary roles, longest first: SELECT pid, usename, application_name, state, state_change FROM pg_stat_activity WHERE backend_type = 'client backend' AND state LIKE 'idle%' AND state_change < now() - interval '10 minutes' ORDER BY state_change; then SELECT pg_terminate_backend(<pid>) one by one, and run pg-pool-exhausted. So that diagbot can do this next time, give it a role that may use reserved slots: a superuser, or on PostgreSQL 16 and later GRANT pg_use_reserved_connections, pg_monitor, pg_signal_backend TO <bot role> with reserved_connections = 3.",
];
const LIMITED: Known = [
  "role-limit",
  "A connection limit of the role or the database is reached",
  "The server has slots, but the CONNECTION LIMIT of this role or database is used up (SQLSTATE 53300).",
  "See `rolconnlimit` in pg_roles and `datconnlimit` in pg_database; find who holds the sessions with pg-pool-exhausted before raising the limit.",
];
const POOLER: Known = [
  "pooler-full",
  "The connection pooler takes no more clients",
  "PgBouncer turned the client down: max_client_conn is reached or no server connection came free.",
  "On the pooler's admin console run `SHOW POOLS` and `SHOW CLIENTS`; cl_waiting > 0 with sv_active at its limit means slow or stuck statements behind it.",
];
const NOT_READY: Known = [
  "not-ready",
  "Postgres is starting up, shutting down or recovering",
  "The server runs but takes no sessions yet (SQLSTATE 57P03).",
  "Wait and watch its log: crash recovery replays WAL and must not be interrupted. A standby without hot_standby stays like this.",
];
const ENDED: Known = [
  "ended",
  "Postgres ended the session",
  "The server closed the connection: an administrator ended it, it was shut down, or one of its processes crashed.",
  "Read the end of the server's log: `terminated by signal` is a crash (9 is the out-of-memory killer), `fast shutdown request` an operator.",
];
const DISK: Known = [
  "disk-full",
  "Postgres cannot write: the disk is full",
  "The server got `No space left on device` (SQLSTATE 53100). Reads may still work; writes fail and a full WAL disk stops the server.",
  "Free space beside the database first (logs, old dumps). Never delete in pg_wal. See what holds WAL back (slots, archiver) with pg-connectivity; DELETE frees no space by itself.",
];
const MEMORY: Known = [
  "out-of-memory",
  "Postgres is out of memory",
  "A process of the server could not get memory (SQLSTATE 53200).",
  "Compare max_connections x work_mem + shared_buffers with the machine's memory, and find the sessions that use it.",
];
const TLS: Known = [
  "tls",
  "The TLS connection to Postgres fails",
  "The server's certificate or its TLS settings are not what this client asks for.",
  "Look at the certificate's dates and names (`openssl s_client -starttls postgres -connect <host>:<port>`) and at `sslmode` and `sslrootcert` in the URL.",
];
const READ_ONLY: Known = [
  "read-only",
  "Postgres is read-only",
  "The server is a standby or its transactions are read-only by default (SQLSTATE 25006).",
  "Point the URL at the primary, or end the failover that is under way.",
];
const CORRUPT: Known = [
  "corrupt",
  "Postgres reports damaged or unreadable data",
  "The server could not read its files (class 58 or XX).",
  "Stop writing, take a copy of the data folder before anything else, look at the kernel log for storage errors, then restore from a backup to a new instance.",
];

const BY_DETAIL: Readonly<Record<string, Known>> = {
  ECONNREFUSED: REFUSED,
  ENOENT: REFUSED,
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS,
  EAI_FAIL: DNS,
  EHOSTUNREACH: NO_PATH,
  ENETUNREACH: NO_PATH,
  EHOSTDOWN: NO_PATH,
  ETIMEDOUT: NO_PATH,
  EINVAL: NO_PATH,
  tcp: NO_PATH,
  startup: HANG,
  query: STALLED,
  ECONNRESET: ENDED,
  EPIPE: ENDED,
  closed: ENDED,
  "57P01": ENDED,
  "57P02": ENDED,
  "57P03": NOT_READY,
  "57P04": NO_DATABASE,
  "3D000": NO_DATABASE,
  "53300": EXHAUSTED,
  "53100": DISK,
  "53200": MEMORY,
  "25006": READ_ONLY,
  "no-password": AUTH,
  "no-tls": TLS,
  EPROTO: TLS,
};

const BY_PATTERN: readonly [field: "detail" | "message", RegExp, Known][] = [
  ["message", /too many connections for (role|database)/, LIMITED],
  ["message", /max_client_conn|query_wait_timeout|no more connections allowed/, POOLER],
  ["message", /not currently accepting connections|cannot connect to invalid database/, NO_LOGINS],
  ["message", /pg_hba\.conf rejects connection/, HBA_REJECT],
  ["message", /pg_hba\.conf.{0,300}?(no encryption|SSL off)/, HBA_TLS],
  ["message", /pg_hba\.conf/, HBA],
  ["detail", /^28/, AUTH],
  ["detail", /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_)/, TLS],
  ["detail", /^(58|XX00)/, CORRUPT],
];

/** What the error means; undefined where it says nothing about the server as a whole (a missing privilege, a lock). */
export function failureOf(error: StepError): PostgresFailure | undefined {
  const detail = error.detail ?? "";
  const known =
    BY_PATTERN.find(([field, pattern]) => pattern.test(field === "detail" ? detail : error.message))?.[2] ??
    BY_DETAIL[detail];
  if (known === undefined) return undefined;
  const [id, title, because, advice] = known;
  return { id, title, because: `${because} The server or driver says: ${error.message}`, advice };
}

/** The first step that failed for a reason that concerns the whole server; any reason does where every step failed. */
export function firstFailure(
  steps: Readonly<Record<string, Seen<unknown>>>,
): (PostgresFailure & { readonly error: StepError }) | undefined {
  const errors = Object.values(steps).flatMap((step) => (step.ok ? [] : [step.error]));
  for (const error of errors) {
    const failure = failureOf(error);
    if (failure !== undefined) return { ...failure, error };
  }
  const [first] = errors;
  return first !== undefined && errors.length === Object.keys(steps).length
    ? { ...unexplained(first), error: first }
    : undefined;
}

const unexplained = ({ message, detail }: StepError): PostgresFailure => ({
  id: "cannot-ask",
  title: `Postgres cannot be asked: ${message.slice(0, 120)}`,
  because: "Every question was answered with an error, so nothing is known about it.",
  advice: `Look up SQLSTATE ${detail || "of the error"} (Postgres manual, appendix A) and read the end of the server's log; try the URL of diagbot.yaml with psql from this machine.`,
});
