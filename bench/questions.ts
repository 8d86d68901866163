/** Ten things a guide asks of a Postgres that is in trouble; the shell script and diagbot ask exactly these. */
export const TEN_QUESTIONS: readonly string[] = [
  "SELECT count(*) AS n FROM pg_stat_activity",
  "SELECT setting::int AS most FROM pg_settings WHERE name = 'max_connections'",
  "SELECT state, count(*) AS n FROM pg_stat_activity GROUP BY state",
  "SELECT pid, state FROM pg_stat_activity WHERE state = 'idle in transaction' LIMIT 20",
  "SELECT pid, query_start FROM pg_stat_activity WHERE state = 'active' ORDER BY query_start LIMIT 20",
  "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted",
  "SELECT datname, deadlocks, temp_bytes FROM pg_stat_database",
  "SELECT relname, n_dead_tup FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 20",
  "SELECT pg_database_size(current_database()) AS size",
  "SELECT slot_name, active FROM pg_replication_slots",
];
