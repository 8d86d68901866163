import { count, type Finding, facts, type postgres, sayDuration } from "../../src/sdk/index.ts";

type Conflicts = NonNullable<postgres.Replication["conflicts"]>;
type Counted = Conflicts["now"];

const sum = (counted: Counted): number => Object.values(counted).reduce((all, one) => all + one, 0);

/** Fewer than one an hour happens on any standby that is read. */
const PER_HOUR = 1;

/** The reason most were cancelled for, in words. */
const WHY: Readonly<Record<keyof Counted, string>> = {
  snapshot: "rows that were still read here had been vacuumed on the primary",
  lock: "the primary took an exclusive lock (DDL, TRUNCATE, or the end of a vacuum) on what was read here",
  bufferpin: "a page that was in use here had been cleaned up on the primary",
  deadlock: "query and replay waited for each other",
  tablespace: "a tablespace was dropped in which temporary files lay",
};

const mostOf = (counted: Counted): keyof Counted =>
  (Object.keys(WHY) as (keyof Counted)[]).reduce((best, key) => (counted[key] > counted[best] ? key : best));

/** Queries on this standby that ended with 40001 (`canceling statement due to conflict with recovery`). */
export function conflictFinding(
  conflicts: Conflicts | null | undefined,
): Finding<"spareQueries"> | undefined {
  if (conflicts === undefined || conflicts === null) return undefined;
  const { now, ever, hours, seconds } = conflicts;
  const isNow = sum(now) > 0;
  if (!isNow && sum(ever) / Math.max(hours, 1) < PER_HOUR) return undefined;
  const counted = isNow ? now : ever;
  const during = sayDuration(Math.round((isNow ? seconds : hours * 3_600) * 1_000));
  return {
    id: "queries-cancelled",
    // What was counted since the server started says nothing of now.
    severity: isNow ? "warning" : "info",
    title: `${count(sum(counted), "query", "queries")} cancelled on this standby in ${during}, so that replay could go on`,
    because: `Mostly because ${WHY[mostOf(counted)]}. It is no fault of the queries: sent again, they may succeed.${isNow ? "" : " None was cancelled while we looked."}`,
    evidence: [
      facts({
        ...Object.fromEntries(Object.entries(counted).filter(([, n]) => n > 0)),
        max_standby_streaming_delay:
          conflicts.maxDelaySeconds === null ? "no limit" : `${conflicts.maxDelaySeconds} s`,
        hot_standby_feedback: conflicts.feedback ? "on" : "off",
      }),
    ],
    remedies: ["spareQueries"],
  };
}

/** What helps depends on why: the primary can only be told about rows. */
export function adviseConflicts(conflicts: Conflicts | null | undefined): string {
  const why =
    conflicts === undefined || conflicts === null
      ? "snapshot"
      : mostOf(sum(conflicts.now) > 0 ? conflicts.now : conflicts.ever);
  const first =
    why === "snapshot" && conflicts?.feedback === false
      ? "hot_standby_feedback = on here lets the primary keep the rows that are read here (its tables bloat while a query here runs for long)."
      : why === "lock"
        ? "hot_standby_feedback does not help against locks: do DDL and TRUNCATE on the primary outside of the hours of reports; where it is vacuum's truncation, SET (vacuum_truncate = off) on that table."
        : "Look at what runs here for long (pg-slow-queries on this connection), and make it shorter or repeat it.";
  return `${first} max_standby_streaming_delay is how long replay waits for a query; raising it trades fresh data for finished reports, so a standby for reports and one for failover want different values. Applications repeat on SQLSTATE 40001.`;
}
