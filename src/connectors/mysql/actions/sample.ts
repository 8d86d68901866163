import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { waitFor } from "../../../lib/wait.ts";
import type { Here, MysqlClient, Sql } from "../client.ts";
import { orUnseen } from "../unseen.ts";
import { figure, known, numberIn } from "../values.ts";
import { shown } from "./state.ts";

const { read } = actionsOn<MysqlClient>("mysql");

/** Counters, by what they are called in the output. */
const COUNTERS = {
  questions: "Questions",
  slow: "Slow_queries",
  /** Temporary tables, and those that went to the disk. */
  temporary: "Created_tmp_tables",
  temporaryOnDisk: "Created_tmp_disk_tables",
  /** Pages of the buffer pool that were asked for, and those that had to be read from the disk. */
  pageRequests: "Innodb_buffer_pool_read_requests",
  pageReads: "Innodb_buffer_pool_reads",
  /** Waits for a free page: the pool is too small for what is written. */
  pageWaits: "Innodb_buffer_pool_wait_free",
  logWaits: "Innodb_log_waits",
  rowLockWaits: "Innodb_row_lock_waits",
  connections: "Connections",
  abortedLogins: "Aborted_connects",
  abortedClients: "Aborted_clients",
  turnedAway: "Connection_errors_max_connections",
  fullJoins: "Select_full_join",
  rowsScanned: "Handler_read_rnd_next",
} as const;
type CounterName = keyof typeof COUNTERS;

const Sample = z.object({
  /** How long was really measured. */
  seconds: z.number(),
  /** Grown meanwhile; null: this product does not count it, or it began anew. */
  grown: z.record(z.string(), known),
  deadlocks: known,
  /** Deadlocks since the server began, and for how long that is. */
  deadlocksTotal: known,
  uptimeSeconds: known,
  /** How much the history list has grown, or fallen (below 0) meanwhile. Absent in what was recorded before. */
  historyGrown: known.optional(),
  /** At both looks, the fewer of the two: statements at work at one moment are no load. */
  running: known,
  longQuerySeconds: known,
});
export type Sample = z.infer<typeof Sample>;

const HISTORY = "Innodb_history_list_length";
const GAUGES = ["Threads_running", "Uptime", "Innodb_deadlocks", HISTORY];

/** Counters of the server over an interval: what it did just now, not since it began. */
export const sample = read({
  name: "mysql.sample",
  title: "Counters of the server over an interval",
  timeoutSeconds: 45,
  input: z.object({ seconds: z.number().min(0.2).max(30).default(5) }),
  output: Sample,
  run: async (client, { seconds }, context) => {
    const before = await client.read(context, look);
    const begun = performance.now();
    await waitFor(seconds * 1_000, context.signal);
    const after = await client.read(context, look);
    return sampleBetween(before, after, (performance.now() - begun) / 1_000);
  },
});

interface Look {
  readonly status: ReadonlyMap<string, string>;
  readonly deadlocks: number | null;
  readonly longQuerySeconds: number | null;
}

async function look(sql: Sql, here: Here): Promise<Look> {
  const status = await shown(sql, "STATUS", [...Object.values(COUNTERS), ...GAUGES]);
  const [row] = await sql("SELECT @@GLOBAL.long_query_time AS seconds");
  return {
    status,
    deadlocks: await deadlocksOf(sql, here, status),
    longQuerySeconds: numberIn(row, "seconds"),
  };
}

/** A status of MariaDB; in MySQL a metric that is on by default. */
async function deadlocksOf(sql: Sql, { flavour }: Here, status: Look["status"]): Promise<number | null> {
  if (flavour === "mariadb") return figure(status, "Innodb_deadlocks");
  const rows = await orUnseen("deadlocks", [], () =>
    sql(
      "SELECT COUNT AS n FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks' AND STATUS = 'enabled'",
    ),
  );
  return numberIn(rows?.[0], "n");
}

/** Pure. Exported for its test. A counter that fell began anew: nothing is known of the interval. */
export function sampleBetween(before: Look, after: Look, seconds: number): Sample {
  const grown = (then: number | null, now: number | null): number | null =>
    then === null || now === null || now < then ? null : now - then;
  const counter = (name: CounterName): [CounterName, number | null] => [
    name,
    grown(figure(before.status, COUNTERS[name]), figure(after.status, COUNTERS[name])),
  ];
  const [then, now] = [before, after].map(({ status }) => figure(status, HISTORY));
  const running = [before, after].map(({ status }) => figure(status, "Threads_running"));
  return {
    seconds,
    grown: Object.fromEntries((Object.keys(COUNTERS) as CounterName[]).map(counter)),
    deadlocks: grown(before.deadlocks, after.deadlocks),
    deadlocksTotal: after.deadlocks,
    uptimeSeconds: figure(after.status, "Uptime"),
    historyGrown: then == null || now == null ? null : now - then,
    running: running.includes(null) ? null : Math.min(...running.map((one) => one ?? 0)),
    longQuerySeconds: after.longQuerySeconds,
  };
}
