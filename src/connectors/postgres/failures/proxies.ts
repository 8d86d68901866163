import type { Failure, Rule } from "./rule.ts";

const NONE_FREE: Failure = {
  id: "pooler-full",
  title: "pgcat had no server to give: none became free in time, or all of them are out of service",
  because:
    "It says `AllServersDown` for both: a client that waited longer than connect_timeout because the pool is in use, and servers that are down or banned. Postgres may be well.",
  advice:
    "To tell them apart: Postgres asked directly (pg-connectivity without the pooler), then SHOW BANS and SHOW POOLS on pgcat's admin database. cl_waiting with sv_active at pool_size: find what holds them (pg-locks, pg-slow-queries). Bans end by themselves after ban_time; what banned them stands in pgcat's log.",
};
const NO_POOL: Failure = {
  id: "pooler-server-down",
  title: "pgcat has no working pool for this database",
  because:
    "It knows the database, but its own login to the server failed when it made the pool: TLS that the server demands, a password, an address. Its clients are refused until that works.",
  advice:
    "Read pgcat's log at its start: it repeats what the server said. `server_tls = true` where the server takes encrypted connections only; compare the user and password of the pool with Postgres.",
};
const BEHIND_GONE: Failure = {
  id: "pooler-server-down",
  title: "The pooler lost its connection to Postgres, or got none",
  because:
    "The pooler answers, and its own connection to the database ended or did not come about: Postgres restarts, is out of slots, is paused, ended the session itself, or cannot be reached from there.",
  advice:
    "Ask Postgres itself, without the pooler (the direct host of the project): that error is the cause. If that works, the pooler's log names what ended its session (a statement time-out, an administrator, memory); a single one of them is over with the next attempt.",
};
const PASSWORD: Failure = {
  id: "auth",
  title: "The pooler or proxy in front of Postgres does not accept the credentials",
  because:
    "Postgres names the routine with every error; here there is none, so what answers is a pooler, a proxy or another product. It has users and passwords of its own, or a copy that it read some time ago.",
  advice:
    "If the password was changed lately, the pooler may still hold the old one (Supavisor for some seconds after a failed try, PgBouncer's auth_file until RELOAD, RDS Proxy its secret): try again after a pause, not in a loop, which gets the client shut out. Otherwise compare user (with the suffix or prefix the provider wants) and password with its own list, then with Postgres directly.",
};
const IAM: Failure = {
  id: "auth",
  title: "The provider's proxy does not accept the IAM token",
  because:
    "The login is checked with a token that ends by itself (Cloud SQL 60 min, RDS 15 min), and behind a pooler of the provider pooled connections may keep one that has ended.",
  advice:
    "See that the client asks for a new token for each connection, that the role exists for this account (cloudsqliamserviceaccount, rds_iam), and that the account may log in to the instance (roles/cloudsql.instanceUser). Behind managed pooling make connections live shorter than the token.",
};
const NOT_ALLOWED: Failure = {
  id: "hba",
  title: "The provider's proxy does not let this address in",
  because: "Its list of allowed addresses does not hold the one this machine comes from.",
  advice:
    "Add the address (behind NAT the public one) to the project's allowed addresses or network restrictions, or come from its private network. Nothing is wrong with Postgres or the password.",
};
const PREPARED: Failure = {
  id: "pooler-prepared",
  title: "A prepared statement of the client is in the way of the pooler",
  because:
    "In transaction mode PgBouncer gives the next transaction another server session. A client that prepares under one name twice (or that it did not close) is refused.",
  advice:
    "PgBouncer 1.21 or later with max_prepared_statements above 0, and a client that makes a new name for each; or switch named prepared statements off in the client (prepareThreshold=0, statement_cache_size=0, pgbouncer=true); or connect to Postgres directly.",
};
const STATEMENT_MODE: Failure = {
  id: "pooler-mode",
  title: "The pooler gives a server connection for one statement only: transactions are refused",
  because:
    "pool_mode = statement. diagbot looks within READ ONLY transactions, and most applications need them, too.",
  advice:
    "Use pool_mode = transaction for this database or user (PgBouncer: in [databases] or [users], then RELOAD); or give diagbot the URL of Postgres itself.",
};

/** What single products in front of Postgres say that no other does; before the words that several share. */
export const PROXIES: readonly Rule[] = [
  [{ pooler: /AllServersDown/ }, NONE_FREE],
  [{ pooler: /Pool down for database/i }, NO_POOL],
  [
    {
      pooler:
        /EDBHANDLEREXITED|DbHandler exited|connection to (?:the )?database closed|\{:error, :\w{1,30}\}/i,
    },
    BEHIND_GONE,
  ],
  [{ pooler: /reconnect with fresh credentials/ }, PASSWORD],
  [{ pooler: /Cloud SQL IAM .{0,200}authentication failed/ }, IAM],
  [
    {
      pooler:
        /EADDRNOTALLOWED|address not in tenant allow_list|IP address .{0,80}not allowed to connect|not allowed to connect to this endpoint/i,
    },
    NOT_ALLOWED,
  ],
  [
    { pooler: /prepared statement (?:name is already in use|.{0,100}(?:does not exist|already exists))/ },
    PREPARED,
  ],
  [{ pooler: /(?:transaction blocks|[Ll]ong transactions) not allowed/ }, STATEMENT_MODE],
  [{ code: /^(?:28P01|28000|08006|XX000)$/, pooler: /password authentication failed/ }, PASSWORD],
];
