import type { Failure, Rule } from "./rule.ts";

const CONSOLE =
  "On the pooler's admin console (database pgbouncer): SHOW POOLS, SHOW CLIENTS, SHOW DATABASES; its log names the reason.";

const WANTS_TLS: Failure = {
  id: "pooler-tls",
  title: "The connection pooler takes encrypted connections only",
  because: "Not Postgres itself but the pooler or proxy in front of it answers, and it wants TLS.",
  advice:
    "Ask for TLS in the URL: sslmode=verify-full, with sslrootcert=<file> where its authority is not a public one. (PgBouncer: client_tls_sslmode; RDS Proxy: Require TLS; Supavisor: enforce SSL.)",
};
const PARAMETER: Failure = {
  id: "pooler-parameter",
  title: "The connection pooler does not take a start-up parameter of the client",
  because:
    "PgBouncer hands server sessions from client to client, so it refuses settings at login (in the URL's `options`, search_path, extra_float_digits, statement_timeout) that it does not know how to follow.",
  advice:
    "Leave the parameter out of the URL and set it in the session, or for the role (ALTER ROLE <role> SET …); or name it in ignore_startup_parameters of PgBouncer (then it is ignored), or connect to Postgres directly.",
};
const FULL: Failure = {
  id: "pooler-full",
  title: "The connection pooler takes no more clients",
  because:
    "Its limit of clients is reached (PgBouncer: max_client_conn, max_db_client_connections, max_user_client_connections; Supavisor: pool size in session mode; Odyssey: client_max). Postgres itself was not asked.",
  advice: `${CONSOLE} See which application holds most clients and lower its pool; raise the limit only if the use is right. cl_waiting > 0 with sv_active at its limit means slow or stuck statements behind it.`,
};
const WAITED: Failure = {
  id: "pooler-full",
  title: "The connection pooler had no server connection to give in time",
  because:
    "The client was let in and waited for a connection to Postgres until the pooler's limit (query_wait_timeout, checkout time-out): all of the pool are in use by statements or open transactions, or Postgres does not take new ones.",
  advice: `${CONSOLE} sv_active at pool_size: find what holds them (pg-locks, pg-slow-queries, sessions idle in transaction) on Postgres itself. sv_login or no sv at all: Postgres refuses the pooler, its log says why.`,
};
const SERVER_DOWN: Failure = {
  id: "pooler-server-down",
  title: "The connection pooler cannot get into Postgres",
  because:
    "The pooler answers; its own logins to the server behind it fail, so it refuses its clients at once.",
  advice: `Ask Postgres itself, without the pooler: that error is the cause (down, full, the pooler's password, pg_hba.conf). The message holds it where it says \`cached error\`. ${CONSOLE}`,
};
const NO_DATABASE: Failure = {
  id: "pooler-database",
  title: "The connection pooler does not know this database",
  because:
    "The pooler has no entry for the database of the URL; Postgres itself was not asked, and may well have it.",
  advice:
    "Compare the database in the URL with the pooler's list (PgBouncer: section [databases], SHOW DATABASES; pgcat, Odyssey: their pools), add it and reload the pooler.",
};
const SWITCHED_OFF: Failure = {
  id: "pooler-database",
  title: "The database is switched off in the connection pooler",
  because:
    "The pooler knows the database, and somebody (or a tool of a failover or migration) has told it to let no new clients in: DISABLE, PAUSE or KILL on its console. Postgres itself was not asked.",
  advice:
    "Ask whoever maintains it before it is switched on again. On the console of PgBouncer as one of admin_users: SHOW DATABASES (columns paused and disabled), then ENABLE <database> or RESUME <database>.",
};
const NO_USER: Failure = {
  id: "pooler-user",
  title: "The connection pooler does not know this user, or refuses the password",
  because:
    "The pooler checks users itself (auth_file, auth_query); Postgres was not asked, or may know the user very well.",
  advice:
    "Add the user to the pooler's auth_file (userlist.txt) or see why auth_query does not return it, with the same password as in Postgres, and reload the pooler.",
};
const TENANT: Failure = {
  id: "pooler-tenant",
  title: "The pooler does not know this tenant or user: host name or user name of the URL are wrong",
  because:
    "Supabase's pooler (Supavisor) answers, not Postgres: it finds the project by the user name `<role>.<project ref>` on the pooler of the project's region. The project may also be paused or deleted.",
  advice:
    "Copy the pooler's connection string anew from the project (Connect): the host with the right region (aws-<n>-<region>.pooler.supabase.com) and the user with its suffix (postgres.<ref>). If both are right, see whether the project is paused. The data is not concerned.",
};
const BLOCKED: Failure = {
  id: "pooler-blocks",
  title: "The pooler has shut this client out for a while",
  because: "Supavisor stops asking after repeated failures (wrong passwords, failed logins to the database).",
  advice: "Stop what retries with the old password, correct it, and wait until the block ends.",
};
const NEON_ENDPOINT: Failure = {
  id: "pooler-tenant",
  title: "Neon does not know this endpoint",
  because:
    "Neon's proxy finds the database by the host name sent with TLS (SNI), or by the endpoint in `options`; it was missing, unknown or disabled.",
  advice:
    "Use the host name of the project (ep-….neon.tech), not an address; copy the connection string anew, and see whether the endpoint was deleted or disabled in the console.",
};
const QUOTA: Failure = {
  id: "quota",
  title: "The provider has stopped this database: a quota is used up",
  because:
    "The plan's compute time, storage or transfer for this period is spent; the proxy refuses every connection.",
  advice:
    "See the usage in the provider's console; raise the plan or wait for the next period. Restarting anything here does not help.",
};
const WAKE: Failure = {
  id: "pooler-server-down",
  title: "The provider's proxy cannot reach the database behind it",
  because: "The proxy answers; starting or reaching the compute behind it failed.",
  advice:
    "Try again in a minute (a suspended compute is started at the first connection), then see the provider's console and status page.",
};
const PROXY_AUTH: Failure = {
  id: "pooler-user",
  title: "RDS Proxy does not accept the credentials",
  because:
    "The proxy knows users by the secrets it was given (Secrets Manager) or by IAM tokens, not by Postgres.",
  advice:
    "See that a secret with this user and the present password is attached to the proxy and that the proxy may read it; an IAM token is valid for 15 minutes and wants TLS.",
};
const AZURE_USER: Failure = {
  id: "auth",
  title: "Azure wants the user name with its server's name",
  because: "The gateway finds the server by the user name: <user>@<server>.",
  advice: "Correct the user in the URL (the @ as %40).",
};
const AZURE_NETWORK: Failure = {
  id: "hba",
  title: "Azure's gateway does not let this network in",
  because: "The firewall rules of the server do not name this address or virtual network.",
  advice: "Add a firewall rule or private endpoint for it in the portal.",
};
const ALL_DOWN: Failure = {
  id: "pooler-server-down",
  title: "All servers behind the pooler are out of service",
  because: "pgpool or pgcat has marked every backend as down or banned; it refuses until one is back.",
  advice:
    "Ask each Postgres directly; once one answers, attach it again (pgpool: pcp_attach_node; pgcat: SHOW BANS, UNBAN).",
};
const ENDING: Failure = {
  id: "not-ready",
  title: "The connection pooler is shutting down or paused",
  because: "It ends its clients to stop, restart or reload.",
  advice: "See whether somebody restarts or deploys it; if nobody does, read the end of its log.",
};
const TIMED_OUT: Failure = {
  id: "pooler-timeout",
  title: "The connection pooler ended the session at a time limit of its own",
  because:
    "client_idle_timeout, query_timeout, client_login_timeout or idle_transaction_timeout of the pooler was reached.",
  advice: `Look at what the time went into before raising the limit: a login that waits for a server, a slow statement, or an idle client. ${CONSOLE}`,
};
const ANY: Failure = {
  id: "pooler-refuses",
  title: "The connection pooler or proxy in front of Postgres refuses",
  because:
    "This is no error of Postgres itself: what Postgres says carries the name of its routine. The pooler or proxy has its own reason, in its own words.",
  advice:
    "Read its words below and its log; then try Postgres directly, without it: if that works, only the pooler needs repair.",
};

/**
 * Products in front of Postgres by their own, untranslated words. PgBouncer says nearly everything with 08P01, Supavisor and
 * Neon with XX000, pgcat with 58000: the code tells nothing.
 */
export const POOLERS: readonly Rule[] = [
  [{ pooler: /This RDS Proxy requires TLS|IAM authentication is allowed only with SSL/ }, WANTS_TLS],
  [
    {
      pooler:
        /SSL required|ESSLREQUIRED|SSL connection is required|SSL is required|secure mode, SSL connection required|connection is insecure/,
    },
    WANTS_TLS,
  ],
  [
    { pooler: /unsupported (?:options )?startup (?:parameter|option)|unsupported startup parameter/ },
    PARAMETER,
  ],
  [
    {
      pooler:
        /Tenant or user not found|ENOTFOUND\)|tenant\/user .{0,200} not found|ENOIDENTIFIER|no tenant identifier/i,
    },
    TENANT,
  ],
  [
    {
      pooler: /ECIRCUITBREAKER|[Cc]ircuit breaker open|EBANNED/,
    },
    BLOCKED,
  ],
  [{ pooler: /EMAXCONN|EMAXPOOLS|[Mm]ax client(?:s| connections) reached|MaxClientsInSessionMode/ }, FULL],
  [{ pooler: /ECHECKOUT|EPOOLCHECKOUT|unable to check ?out (?:process|connection)|EAUTHTIMEOUT/i }, WAITED],
  [{ pooler: /EAUTHQUERY|EAUTHSECRETS/ }, SERVER_DOWN],
  [{ pooler: /EWRONGPASSWORD/ }, NO_USER],
  [
    {
      pooler:
        /Endpoint ID is (?:not specified|ambiguous)|requested endpoint could not be found|endpoint has been disabled|Project ID is not specified/i,
    },
    NEON_ENDPOINT,
  ],
  [
    {
      pooler:
        /(?:compute time|data transfer|written data|storage|active time) (?:quota|limit)|exceeded .{0,80}quota|limit of concurrently active endpoints/i,
    },
    QUOTA,
  ],
  [
    {
      pooler:
        /[Cc]ouldn't connect to compute node|[Cc]ontrol plane request failed|Console request failed|Failed to acquire permit to connect/i,
    },
    WAKE,
  ],
  [
    {
      pooler:
        /RDS Proxy|The password that was provided for the role|IAM authentication failed|no credentials for the role|supports only (?:IAM|username)/,
    },
    PROXY_AUTH,
  ],
  [{ pooler: /Timed-out waiting to acquire database connection/ }, WAITED],
  [{ pooler: /Invalid Username specified|should be in <?username@hostname/i }, AZURE_USER],
  [{ pooler: /Client from Azure Virtual Networks is not allowed/i }, AZURE_NETWORK],
  [
    {
      pooler:
        /no more connections allowed|client connections exceeded|too many tcp connections|max_client_conn|client_max|[Ss]orry, too many clients already.{0,80}pgpool/,
    },
    FULL,
  ],
  [
    {
      pooler:
        /query_wait_timeout|could not get connection from the pool|pool_timeout|odyssey: .{0,80}(?:pool.{0,20}(?:timeout|full)|wait.{0,20}timeout)/,
    },
    WAITED,
  ],
  [
    {
      pooler:
        /all (?:backend nodes|servers) are down|no (?:healthy|available) (?:servers|backends?)|failed to create a backend connection/i,
    },
    ALL_DOWN,
  ],
  [
    {
      pooler:
        /server login (?:has been failing|failed)|server_login_retry|cannot connect to server|server conn crashed|server DNS lookup failed|failed to (?:get|connect to) remote server|connect timeout/,
    },
    SERVER_DOWN,
  ],
  [{ pooler: /client_login_timeout \(server down\)/ }, SERVER_DOWN],
  [
    {
      pooler: /[Dd]atabase "?.{0,200}"? is (?:disabled|paused)|database does not allow connections/,
    },
    SWITCHED_OFF,
  ],
  [
    {
      pooler:
        /no such database|[Dd]atabase "?.{0,200}"? is not configured|[Nn]o pool configured|route for .{0,200} is not found/,
    },
    NO_DATABASE,
  ],
  [{ code: "08P01", pooler: /password authentication failed/ }, NO_USER],
  [
    {
      pooler:
        /no such user|(?:SASL|LDAP|PAM|certificate|"trust") authentication failed$|no authentication method is found|auth_query|cannot do SCRAM authentication|wrong password type|login rejected|^(?:Postgres: )?not allowed$/,
    },
    NO_USER,
  ],
  [
    {
      pooler:
        /pooler is shutting down|server shutting down|suspend_timeout|admin forced disconnect|pgbouncer is (?:shutting down|paused)/i,
    },
    ENDING,
  ],
  [
    {
      pooler:
        /client_idle_timeout|query_timeout|client_login_timeout|idle transaction timeout|transaction timeout|pool statement timeout/,
    },
    TIMED_OUT,
  ],
];

/** What no list knows, but the code is one that only poolers and proxies use for a refusal. */
export const OTHER_POOLERS: readonly Rule[] = [
  [{ pooler: /^(?:Postgres: )?odyssey: / }, ANY],
  [{ code: /^(?:08P01|08006|08000|08004|58000|XX000|0A000)$/, pooler: /./ }, ANY],
];
