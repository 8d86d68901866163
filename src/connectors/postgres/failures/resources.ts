import type { Failure, Rule } from "./rule.ts";

const EXHAUSTED: Failure = {
  id: "too-many-clients",
  title: "Every Postgres connection slot is taken: logins are refused (53300)",
  because: "The server turns logins down because every slot for ordinary roles is taken (SQLSTATE 53300).",
  advice:
    "Connect as a superuser (their slots are reserved) and end idle sessions of ordinary roles, longest first: SELECT pid, usename, application_name, state, state_change FROM pg_stat_activity WHERE backend_type = 'client backend' AND state LIKE 'idle%' AND state_change < now() - interval '10 minutes' ORDER BY state_change; then SELECT pg_terminate_backend(<pid>) one by one, and run pg-pool-exhausted. So that diagbot can do this next time, give it a role that may use reserved slots: a superuser, or on PostgreSQL 16 and later GRANT pg_use_reserved_connections, pg_monitor, pg_signal_backend TO <bot role> with reserved_connections = 3.",
};
const OF_ROLE: Failure = {
  id: "role-limit",
  title: "The connection limit of the role is reached",
  because: "The server has slots, but the CONNECTION LIMIT of the URL's role is used up (SQLSTATE 53300).",
  advice:
    "See `rolconnlimit` in pg_roles; find who holds the role's sessions with pg-pool-exhausted before raising it: ALTER ROLE <role> CONNECTION LIMIT <n>.",
};
const OF_DATABASE: Failure = {
  id: "role-limit",
  title: "The connection limit of the database is reached",
  because:
    "The server has slots, but the CONNECTION LIMIT of the URL's database is used up (SQLSTATE 53300).",
  advice:
    "See `datconnlimit` in pg_database; find who holds the database's sessions with pg-pool-exhausted before raising it: ALTER DATABASE <name> CONNECTION LIMIT <n>.",
};
const WAL_SENDERS: Failure = {
  id: "too-many-clients",
  title: "Every WAL sender of Postgres is taken",
  because:
    "Standbys, backups and logical consumers share max_wal_senders; ordinary sessions are not concerned.",
  advice:
    "See pg_stat_replication for who holds them; end what is left over, or raise max_wal_senders (restart).",
};

const SHARED_MEMORY: Failure = {
  id: "shm-full",
  title: "/dev/shm of the Postgres container is too small",
  because:
    "The server could not get a shared memory segment for a parallel query. Docker gives a container 64 MB of /dev/shm (Kubernetes the same); the disk of the data is not concerned.",
  advice:
    "Give the container more: shm_size: 1gb in Compose, `docker run --shm-size=1g`, in Kubernetes an emptyDir with medium: Memory on /dev/shm; it must be made anew for that. Until then SET max_parallel_workers_per_gather = 0 for the role or database that meets it. `df -h /dev/shm` in the container shows it. Outside of containers: the tmpfs of /dev/shm is full, see what else lies there.",
};
const DISK: Failure = {
  id: "disk-full",
  title: "Postgres cannot write: the disk is full",
  because:
    "The server got `No space left on device` (SQLSTATE 53100). Reads may still work; writes fail and a full WAL disk stops the server.",
  advice:
    "Free space beside the database first (logs, old dumps). Never delete in pg_wal. See what holds WAL back (slots, archiver) with pg-connectivity; DELETE frees no space by itself.",
};
const TEMPORARY: Failure = {
  id: "disk-full",
  title: "Postgres cannot write temporary files: the disk is full",
  because:
    "A statement sorts or hashes more than work_mem and spills to pgsql_tmp; its disk has no space left (SQLSTATE 53100). When the statement ends its files are gone, so the disk may look half empty a moment later.",
  advice:
    "Find the statement (pg-slow-queries; pg_stat_database.temp_bytes) and bound it: temp_file_limit for its role. If the disk stays full, free space beside the database first (logs, old dumps); never in pg_wal.",
};
const WAL_DISK: Failure = {
  id: "disk-full",
  title: "Postgres cannot write its WAL: that disk is full",
  because: "pg_wal got no space (SQLSTATE 53100): the server stops until there is some.",
  advice:
    "Never delete in pg_wal. Give that disk space (grow it, or free something else on it), start the server, then see what holds WAL back with pg-connectivity: a slot nobody reads, an archiver that fails, wal_keep_size.",
};
const QUOTA: Failure = {
  id: "disk-full",
  title: "Postgres cannot write: a disk quota is used up",
  because: "The file system has room, but the quota of the server's user or project has not.",
  advice:
    "See `quota -u postgres` or the project quota of the data directory, and raise it; df does not show it.",
};
const TEMPORARY_LIMIT: Failure = {
  id: "temp-limit",
  title: "A statement wrote more temporary files than temp_file_limit allows",
  because: "The limit was set to keep such statements from filling the disk; the disk is not full.",
  advice:
    "Make the statement cheaper (pg-slow-queries) or give it more work_mem; raise temp_file_limit only for the role that needs it.",
};
const ALL_IN_USE: Failure = {
  id: "limit",
  title: "A limit of the server's configuration is reached",
  because:
    "The server is set to allow no more of what was asked for (replication slots, origins, temporary files …).",
  advice:
    "The message names the setting: see what uses it up and remove what is left over before raising it.",
};
const FILES: Failure = {
  id: "open-files",
  title: "Postgres may open no more files or processes",
  because:
    "The operating system refused a file, process or segment: a limit of the machine or the service, not of Postgres.",
  advice:
    "Compare max_files_per_process x sessions with fs.file-max, and LimitNOFILE, TasksMax and pids.max of the service or container.",
};

const PREPARED: Failure = {
  id: "limit",
  title: "No room for one more prepared transaction (max_prepared_transactions)",
  because:
    "PREPARE TRANSACTION wants a place of those that max_prepared_transactions makes at the server's start: either none were made (0, as by default), or all are taken by prepared transactions that nobody has committed. Memory is not concerned.",
  advice:
    "SELECT gid, prepared, owner, database FROM pg_prepared_xacts ORDER BY prepared: commit or roll back (COMMIT PREPARED, ROLLBACK PREPARED) what its transaction manager has forgotten, after asking it; old ones hold locks and vacuum back. Only then raise the limit (restart, standbys first).",
};
const LOCK_TABLE: Failure = {
  id: "lock-table-full",
  title: "The lock table of Postgres is full (max_locks_per_transaction)",
  because:
    "All sessions together hold more locks than the shared lock table has room for: about max_locks_per_transaction x (max_connections + max_prepared_transactions). One transaction over many tables, partitions or chunks is enough (a dump, a DROP of many, a query over all partitions). Memory of the machine is not concerned.",
  advice:
    "Find who holds the most: SELECT pid, count(*) FROM pg_lock_status() GROUP BY pid ORDER BY 2 DESC; let that transaction end, or do its work in parts (a dump per schema, DROP in batches, partitions pruned). Lasting: raise max_locks_per_transaction (restart; standbys first).",
};
const PREDICATE_LOCKS: Failure = {
  ...LOCK_TABLE,
  title: "The table of predicate locks is full (max_pred_locks_per_transaction)",
  because:
    "SERIALIZABLE transactions hold more predicate locks than the server has room for; a long one keeps those of all others.",
  advice:
    "Find the oldest SERIALIZABLE transaction (pg_locks where mode = 'SIReadLock') and end it; make such transactions short or READ ONLY. Lasting: raise max_pred_locks_per_transaction (restart).",
};
const SHARED_TABLE: Failure = {
  ...LOCK_TABLE,
  title: "A table in the shared memory of Postgres is full, most likely that of locks",
  because:
    "The server ran out of shared memory, which it takes at its start: not the memory of the machine and not work_mem.",
};
const MEMORY: Failure = {
  id: "out-of-memory",
  title: "Postgres is out of memory",
  because: "A process of the server could not get memory (SQLSTATE 53200).",
  advice:
    "Compare max_connections x work_mem + shared_buffers with the machine's memory (in a container: its limit; vm.overcommit_memory), and find the sessions that use it.",
};
const NO_MORE_XIDS: Failure = {
  id: "wraparound",
  title: "Postgres takes no more writes: transaction numbers (or multixacts) have run out",
  because: "The server protects its data from wraparound: reads work, nothing that needs a new number does.",
  advice:
    "Run pg-connectivity: it names the oldest database and what holds vacuum back. End that (an old transaction, a prepared one, a slot), then VACUUM the oldest tables of that database as a superuser. No single-user mode: since PostgreSQL 14 a VACUUM in a normal session works.",
};

/** Classes 53 and 54: what there is no more of. */
export const RESOURCES: readonly Rule[] = [
  [{ code: "53300", routine: /^InitializeSessionUserId/ }, OF_ROLE],
  [{ code: "53300", routine: /^CheckMyDatabase$/ }, OF_DATABASE],
  [{ english: /too many connections for role/ }, OF_ROLE],
  [{ english: /too many connections for database/ }, OF_DATABASE],
  [{ code: "53300", names: /max_wal_senders/ }, WAL_SENDERS],
  [{ code: "53300" }, EXHAUSTED],
  [{ code: /^53[12]00$/, routine: /^dsm_impl_(?:posix|sysv)/ }, SHARED_MEMORY],
  [{ code: /^53[12]00$/, names: /\/PostgreSQL\.\d|\/dev\/shm/ }, SHARED_MEMORY],
  [{ english: /could not resize shared memory segment "?\/PostgreSQL/ }, SHARED_MEMORY],
  [{ code: "53100", names: /pgsql_tmp/ }, TEMPORARY],
  [{ code: "53100", names: /pg_wal|xlogtemp/ }, WAL_DISK],
  [{ english: /Disk quota exceeded/ }, QUOTA],
  [{ code: "53100" }, DISK],
  [{ code: "53400", names: /temp_file_limit/ }, TEMPORARY_LIMIT],
  [{ code: "53400" }, ALL_IN_USE],
  [{ code: "53000" }, FILES],
  [{ code: /^(?:53200|55000)$/, routine: /^MarkAsPreparing/ }, PREPARED],
  [{ code: "53200", names: /max_prepared_transactions/ }, PREPARED],
  [{ code: "53200", names: /max_pred_locks_per_transaction/ }, PREDICATE_LOCKS],
  [{ code: "53200", names: /max_locks_per_transaction/ }, LOCK_TABLE],
  [
    { code: "53200", routine: /^(?:LockAcquire|SetupLockInTable|FastPath|lock_twophase|LockRelease)/ },
    LOCK_TABLE,
  ],
  [
    {
      code: "53200",
      routine:
        /^(?:CreatePredicateLock|GetSerializable|RegisterPredicate|DropAllPredicate|TransferPredicate)/,
    },
    PREDICATE_LOCKS,
  ],
  [{ code: "53200", routine: /^(?:hash_search|Shmem|element_alloc)/ }, SHARED_TABLE],
  [{ code: "53200", english: /out of shared memory/ }, SHARED_TABLE],
  [{ code: "53200" }, MEMORY],
  [{ code: "54000", routine: /^GetNew(?:TransactionId|MultiXactId)/ }, NO_MORE_XIDS],
  [{ code: "54000", english: /wraparound/ }, NO_MORE_XIDS],
];
