import type { LineRow } from "./row.ts";

/** What databases and other servers answered: they were reached, so nothing of this is about the way to them. */
export const ANSWER_LINES: readonly LineRow[] = [
  {
    text: /sorry, too many clients already|remaining connection slots are reserved|too many connections( for|'|\)|$| |")|error 1040|max number of clients reached|too many connections already/,
    unless: /too many open|http/,
    short: "the server it uses has no connection left for it",
    because:
      "It reached the server, which is full: pools that are larger than the server's limit together, or connections that are never given back. Nothing is wrong with this program by itself.",
    advice:
      "Run the runbook of that server (pg-pool-exhausted, mysql-connections, redis-connectivity): it says who holds them. More instances of this program make it worse.",
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /too many notifications in the notify queue|notify queue is (9\d|100)% full/,
    short: "the database's queue of NOTIFY is full",
    because:
      "Postgres keeps notifications until every listener has heard them, and a listener in a transaction hears none: now every transaction that notifies fails at its commit.",
    advice:
      "Run pg-connectivity: it says how full the queue is and whose transaction is open for longest. The server's log names the process; ending that one empties the queue.",
    startHelps: true,
  },
  {
    text: /prepared statement "[^"]{1,100}" (already exists|does not exist)/,
    short: "its prepared statements meet a pooler",
    because:
      "A prepared statement belongs to one session of the database, and a pooler in front (transaction mode) gives each transaction another one. Nothing is wrong with the data.",
    advice:
      "PgBouncer 1.21 and later: max_prepared_statements above 0. An older one: let the driver name none (JDBC prepareThreshold=0, asyncpg statement_cache_size=0, Prisma pgbouncer=true).",
    isAnywhere: true,
    isSure: true,
  },
  {
    text: /canceling statement due to conflict with recovery|terminating connection due to conflict with recovery/,
    short: "the standby it reads from cancelled its query",
    because:
      "What the primary did (mostly a vacuum) stood against what the query still read, and replay waits only so long. The query is in order; sent again it may succeed.",
    advice:
      "Let it be tried again. Often: hot_standby_feedback = on (the primary's tables grow), or a longer max_standby_streaming_delay on a standby for reports; pg-connectivity on that standby says why.",
    isAnywhere: true,
    startHelps: true,
  },
  {
    text: /terminating connection due to idle-session timeout/,
    short: "the database closes its idle connections",
    because:
      "idle_session_timeout of the server is shorter than its pool keeps a connection. The database is up, and this is its setting.",
    advice:
      "Let the pool give idle connections back sooner (idle time-out, maximum age), or test them before they are lent out.",
    isAnywhere: true,
    startHelps: true,
  },
  {
    text: /client password must be a string|no password (was )?(provided|supplied)|\(using password: no\)/,
    short: "a password is missing",
    because:
      "It logs in without a password: the variable or secret it comes from is empty or not there. The server has not refused one.",
    advice:
      "See which variable or secret of its URL is empty where it runs, then start it anew: a restart alone may not read it.",
    isAnywhere: true,
  },
  {
    text: /query_wait_timeout|server_login_retry|pgbouncer cannot connect to server/,
    short: "the pooler in front of its database has no connection for it",
    because:
      "PgBouncer let it in and had no server connection to give: either all of its pool are held, or the pooler's own login at the database fails.",
    advice: "Run pgbouncer-pools: it tells the two apart. More instances of this program make it worse.",
    isAnywhere: true,
    key: "repairDependency",
    isDependency: true,
    startHelps: true,
  },
  {
    text: /the table '[^']{0,200}#sql[^']{0,80}' is full/,
    short: "a temporary table of its database found no room",
    because:
      "A statement sorts or groups more than the database's limits of temporary tables, or than the disk of tmpdir, have room for. The disk of the data may be half empty.",
    advice: "Run mysql-slow-queries for the statement that spills; `df` of the server's tmpdir.",
    isAnywhere: true,
  },
  {
    text: /could not renew lock for job|missing lock for job|job stalled more than allowable limit|lock mismatch for job/,
    short: "it lost the lock of a job it works on",
    because:
      "A worker of BullMQ renews its locks every few seconds (lockDuration 30 s). Its event loop was busy for longer (a computation in one piece), or it was cut off from Redis; another worker then begins the job again. Where Redis evicts keys, locks vanish, too.",
    advice:
      "Move the long computation out of the loop (a sandboxed processor) or let it breathe; raise lockDuration only for jobs that need it. redis-memory says whether keys are evicted. Do not delete keys of locks.",
    isAnywhere: true,
    startHelps: true,
  },
  {
    text: /possible security attack detected[^\n]{0,120}(post|host:)/,
    short: "something speaks HTTP to Redis",
    because:
      "A client sent an HTTP request to Redis's port: a health check or a scanner with the wrong port, or a page that tries to reach it. Redis hung up and is unharmed.",
    advice:
      "The line names the address it came from: correct the port of that check. If it is nobody of yours, Redis can be reached from where it should not: bind, firewall, password.",
    isAnywhere: true,
  },
  {
    text: /host '[^']{1,100}' is blocked because of many connection errors/,
    short: "MySQL has shut its address out",
    because:
      "max_connect_errors connections in a row from this address broke off before they were logged in: a health check that only opens the port, or a network that cuts.",
    advice:
      "As an administrator `TRUNCATE TABLE performance_schema.host_cache` (or `FLUSH HOSTS`); then find what opens the port without a login, or it comes back.",
  },
  {
    text: /fatal: {1,2}(database|role) "[^"]{1,100}" does not exist|unknown database '[^']{1,100}'|database "[^"]{1,100}" does not exist|role "[^"]{1,100}" does not exist/,
    short: "the server has no such database or role",
    because:
      "It reached the server. Images of databases make role and database only at their first start, in an empty data folder: a name that was changed later is not made.",
    advice:
      "Compare name and role of its URL with what is there (`\\l`, `\\du`; `SHOW DATABASES`). Create what is missing; do not remove the volume.",
  },
  {
    text: /relation "[^"]{1,120}" does not exist|no such table: |table '[^']{1,120}' doesn't exist|undefined_?table|column "[^"]{1,120}" (of relation "[^"]{1,120}" )?does not exist|unknown column '|no such column: /,
    short: "its database is not at the state its migrations expect",
    because:
      "A table or column it asks for is not there: either migrations were not run, or it looks in another database or schema than meant, or it is newer than the database.",
    advice:
      "Compare its release with the migrations the database lists as done, and the database's name and search_path with what is meant. Newer code: run the migrations (a backup first).",
  },
  {
    text: /permission denied for (schema|table|relation|database|sequence|function|view)|must be owner of|command denied to user/,
    short: "its role in the database may not do that",
    because:
      "The database knows its role and refuses. Since Postgres 15 nobody but the owner may create in schema public.",
    advice:
      "The line names the object: `\\dp`, `\\dn+`, then GRANT what is missing, or run migrations as the owner.",
  },
  {
    text: /can't write against a read only replica|read only replica|cannot execute \w+( \w+)? in a read-only transaction|--read-only option so it cannot execute|not writable primary|notwritableprimary|not master and slaveok=false/,
    short: "it writes to a server that takes no writes",
    because:
      "Either it is connected to a replica (an address that did not follow a failover, connections kept from before it), or the server was made read-only.",
    advice:
      "Is the address the primary's? After a failover connections kept open have to be made anew: a restart of this program does that once the address is right.",
    startHelps: true,
  },
  {
    text: /attempt to write a readonly database/,
    short: "it is not permitted something",
    because:
      "SQLite has to write the file of the database and the folder around it (its journal), and may not: another owner, or a mount that is read-only.",
    advice: "`ls -ldn` both against the user it runs as; the folder needs the right to write, too.",
    isAnywhere: true,
  },
  {
    text: /no pg_hba\.conf entry|pg_hba\.conf rejects/,
    short: "what it depends on refuses its credentials",
    because:
      "Postgres has no line in pg_hba.conf that lets this address, user and database in, or only with TLS (the line says “no encryption” then).",
    advice: "“no encryption”: ask for TLS (sslmode). Otherwise run pg-connectivity for the server.",
    isAnywhere: true,
  },
  {
    text: /server does not support ssl|ssl is not enabled on the server|the server does not support ssl connections/,
    short: "it asks for TLS, and the server has none",
    because: "The server answers, and speaks no TLS on that port; the program wants it.",
    advice: "Either switch TLS on at the server, or (within one machine) `sslmode=disable` for this client.",
  },
  {
    text: /certificate is valid for [^\n]{1,200}, not |remotecertificatenamemismatch|hostname mismatch|hostname\/ip does not match certificate|no (subject )?alternative (certificate )?(subject )?name/,
    short: "a peer's certificate is for another name",
    because:
      "The peer's certificate does not hold the name the program asked by: an address or a name within the network in place of the certificate's, or another server answers.",
    advice: "Ask by a name that the certificate has, or have it made for this one; tls-expiry shows them.",
  },
  {
    text: /key values mismatch|private key does not match|x509: private key|key does not match certificate/,
    short: "its certificate and key do not belong together",
    because: "One of the two files was renewed or exchanged without the other.",
    advice:
      "Compare `openssl x509 -noout -pubkey -in CERT` with `openssl pkey -pubout -in KEY`: they have to be equal. Then put the pair that belongs together.",
  },
  {
    text: /stale file handle|\bestale\b/,
    short: "a network share it uses was exchanged beneath it",
    because:
      "The file server knows the folder no more under the handle the machine holds: the export was removed or made anew, or the server moved to another.",
    advice: "Mount the share anew on the machine, then start what uses it.",
  },
  {
    text: /transport endpoint is not connected|\benotconn\b[^\n]{0,60}(mount|fuse)/,
    short: "a mount it uses has lost its program",
    because:
      "A file system of FUSE (s3fs, sshfs, rclone, Gluster) is mounted there, and the program behind it has ended.",
    advice:
      "`fusermount -u PATH` (or `umount -l PATH`) and mount it anew on the machine; then start this one.",
  },
  {
    text: /no locks available|\benolck\b/,
    short: "its file system gives no locks",
    because: "The folder lies on a network share whose lock service (rpc.statd, nlockmgr) does not answer.",
    advice:
      "NFS 3: `rpcinfo -p SERVER` has to show nlockmgr and status on both sides; or mount it with vers=4. Databases do not belong on such a share.",
  },
  {
    text: /input\/output error|\beio\b|errno 5\b/,
    short: "a disk or share it uses answers with errors",
    because:
      "The kernel could not read or write there: a disk that fails, or a share or device that went away.",
    advice: "`dmesg -T | tail -50` names the device; stop writing to it, and copy what is readable first.",
    isSure: true,
  },
];
