import type { Failure, Rule } from "./rule.ts";

const FULL: Failure = {
  id: "mysql-too-many-connections",
  title: "Every MySQL connection is taken: logins are refused (1040)",
  because: "The server has max_connections sessions, and turns every other login down.",
  advice:
    "One more is kept for who has SUPER (CONNECTION_ADMIN in MySQL 8, CONNECTION ADMIN in MariaDB), or comes by extra_port / admin_port: log in there, SELECT user, host, command, time, state FROM information_schema.processlist, and KILL sessions that sleep for long; then run mysql-connections. Grant that privilege to diagbot's user and to no application: an application that has it takes the last place.",
};
const OF_USER: Failure = {
  id: "mysql-user-limit",
  title: "The limit of connections of the user is reached",
  because:
    "The server has room; the account in the URL may have no more sessions (max_user_connections of the server or of the account).",
  advice:
    "SELECT user, count(*) FROM information_schema.processlist GROUP BY user: who else uses diagbot's account? Give each program its own, or raise the limit of this one (ALTER USER … WITH MAX_USER_CONNECTIONS n).",
};
const PER_HOUR: Failure = {
  id: "mysql-user-limit",
  title: "The account has used up what it may do in an hour",
  because:
    "MAX_QUERIES_PER_HOUR, MAX_UPDATES_PER_HOUR or MAX_CONNECTIONS_PER_HOUR of the account is reached; the message names it.",
  advice:
    "It is free again within the hour; FLUSH USER_RESOURCES frees it now. Raise or remove the limit: ALTER USER … WITH MAX_QUERIES_PER_HOUR 0.",
};
const THREADS: Failure = {
  id: "mysql-threads",
  title: "MySQL cannot start a thread for the connection",
  because:
    "Either the machine or container has no memory left for one, or a limit of processes is reached (errno 11): max_connections is not.",
  advice:
    "To tell them apart: the errno in the message (11: a limit, 12: memory); `systemctl show -p TasksMax,TasksCurrent` or pids.max of the container; ulimit -u of its user; free memory. thread_cache and a smaller thread_stack only help a little.",
};
const DISK: Failure = {
  id: "mysql-disk-full",
  title: "MySQL cannot write: the disk is full",
  because:
    "The server got errno 28 (No space left on device). It waits and tries again every minute, so writes hang rather than fail; reads may still work.",
  advice:
    "Free space beside the database first (logs, old dumps). Never delete binary logs by rm: PURGE BINARY LOGS BEFORE NOW() - INTERVAL 1 DAY, once every replica has them (mysql-connectivity says how much they hold). DELETE frees no space; a DROP or TRUNCATE of what is not needed does. Temporary tables: see tmpdir, which may be another disk.",
};
const TEMPORARY: Failure = {
  ...DISK,
  title: "MySQL cannot write a temporary file: its disk is full",
  because:
    "The server got errno 28 (No space left on device) for a temporary table or a sort, most often in tmpdir. Such statements fail at once; others go on until they want one, too.",
  advice:
    "`df` of tmpdir (SHOW VARIABLES LIKE 'tmpdir'; /tmp may be a small tmpfs) says how full it is. A statement that sorts or groups much may have filled it for a moment only: find it with mysql-slow-queries. Free space there, or point tmpdir to a larger disk (a restart). Tables of information_schema with long texts want a temporary table, too, so looks of monitoring fail with the rest.",
};
const TABLE_FULL: Failure = {
  id: "mysql-disk-full",
  title: "MySQL says that a table is full",
  because:
    "Either the disk of the data (or of tmpdir) is full, or the table has a limit of its own: a MEMORY table at max_heap_table_size, a tablespace with max size, a MyISAM table at its row limit.",
  advice:
    "To tell them apart: `df` of datadir and tmpdir; the server's log (errno 28); SHOW TABLE STATUS LIKE '<table>' says its engine. A name like /tmp/#sql… is a temporary table: find the statement with mysql-slow-queries.",
};
const TEMPORARY_FULL: Failure = {
  id: "mysql-temporary-full",
  title: "A temporary table of MySQL found no room",
  because:
    "The name (#sql…) is one that a statement makes for itself to sort, group or join. Either the disk of tmpdir is full (the data's own disk may be half empty), or a limit of temporary tables is reached: tmp_table_size and max_heap_table_size, in MySQL 8 temptable_max_ram and temptable_max_mmap, tmp_disk_table_size in MariaDB. When the statement ends its room is free again.",
  advice:
    "Find the statement that spills (mysql-slow-queries: Created_tmp_disk_tables by digest) and make it read less: an index in the order it asks for, fewer columns. `df` of tmpdir (SELECT @@tmpdir, @@innodb_temp_data_file_path) tells disk from limit. A larger limit for all sessions is the last resort: each may use it.",
};
const FILES: Failure = {
  id: "mysql-open-files",
  title: "MySQL may open no more files",
  because: "open_files_limit is reached (errno 24): every table, partition and connection takes some.",
  advice:
    "SHOW GLOBAL STATUS LIKE 'Open%'; LimitNOFILE of its unit bounds open_files_limit. Raise both, or lower table_open_cache; thousands of partitions are the usual reason.",
};
const LOCKS: Failure = {
  id: "mysql-lock-memory",
  title: "InnoDB has no memory left for locks",
  because: "One transaction locks so many rows that the lock table exceeds its share of the buffer pool.",
  advice:
    "Find it: SELECT trx_mysql_thread_id, trx_rows_locked FROM information_schema.innodb_trx ORDER BY 2 DESC LIMIT 5. Do its work in parts, or give the scan an index.",
};

/** What there is no more of. */
export const RESOURCES: readonly Rule[] = [
  [{ number: "1040" }, FULL],
  [{ number: "1203" }, OF_USER],
  [{ number: "1226", english: /max_user_connections/ }, OF_USER],
  [{ number: "1226" }, PER_HOUR],
  [{ number: /^(?:1135|1041|1037)$/ }, THREADS],
  [{ number: "1021", english: /Disk got full writing|temporary/ }, TEMPORARY],
  [{ number: "1114", english: /#sql/ }, TEMPORARY_FULL],
  [{ number: /^(?:1021|3675)$/ }, DISK],
  [{ number: /^(?:3|1026|1030)$/, english: /\b28\b|No space left/ }, DISK],
  [{ number: "1114" }, TABLE_FULL],
  [{ number: /^(?:23|1016|1030)$/, english: /\b24\b|Too many open files/ }, FILES],
  [{ number: "1206" }, LOCKS],
];
