import { z } from "zod";
import type { Sql } from "./client.ts";

/** Queries a standby cancelled because replay could not wait for them, by why. */
const Counted = z.object({
  tablespace: z.number(),
  lock: z.number(),
  snapshot: z.number(),
  bufferpin: z.number(),
  deadlock: z.number(),
});
export type Cancelled = z.infer<typeof Counted>;

export const Conflicts = z.object({
  /** How long was really measured. */
  seconds: z.number(),
  /** Cancelled meanwhile, in all databases. */
  now: Counted,
  /** Since the server started, or its statistics were reset since. */
  ever: Counted,
  hours: z.number(),
  /** Seconds replay waits for a query before it cancels it; null: for ever. */
  maxDelaySeconds: z.number().nullable(),
  /** Whether the primary is told which rows are still read here (hot_standby_feedback). */
  feedback: z.boolean(),
});
export type Conflicts = z.infer<typeof Conflicts>;

const LOOK = `SELECT coalesce(sum(c.confl_tablespace), 0)::float8 AS tablespace, coalesce(sum(c.confl_lock), 0)::float8 AS lock,
    coalesce(sum(c.confl_snapshot), 0)::float8 AS snapshot, coalesce(sum(c.confl_bufferpin), 0)::float8 AS bufferpin,
    coalesce(sum(c.confl_deadlock), 0)::float8 AS deadlock,
    current_setting('hot_standby_feedback')::bool AS feedback,
    (SELECT CASE WHEN setting::float8 >= 0 THEN setting::float8 / 1000 END FROM pg_settings
      WHERE name = 'max_standby_streaming_delay') AS "maxDelaySeconds",
    extract(epoch FROM now() - greatest(pg_postmaster_start_time(),
      (SELECT max(stats_reset) FROM pg_stat_database)))::float8 / 3600 AS hours
  FROM pg_stat_database_conflicts c`;

interface Look extends Cancelled {
  readonly feedback: boolean;
  readonly maxDelaySeconds: number | null;
  readonly hours: number;
}

/** One look; statistics do not move within a transaction, so two looks want two. */
export const lookAtConflicts = async (sql: Sql): Promise<Look | undefined> => (await sql<Look>(LOOK))[0];

/** Pure. A counter that fell began anew: what it counts now has all been counted since. */
export function conflictsBetween(before: Look, after: Look, seconds: number): Conflicts {
  const grown = (key: keyof Cancelled) => (after[key] < before[key] ? after[key] : after[key] - before[key]);
  const { feedback, maxDelaySeconds, hours, ...ever } = after;
  const now = {
    tablespace: grown("tablespace"),
    lock: grown("lock"),
    snapshot: grown("snapshot"),
    bufferpin: grown("bufferpin"),
    deadlock: grown("deadlock"),
  };
  return { seconds, now, ever, hours, maxDelaySeconds, feedback };
}
