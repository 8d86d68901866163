import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { waitFor } from "../../lib/wait.ts";
import type { PostgresClient, Sql } from "./client.ts";

const Open = z.object({
  pid: z.int(),
  application: z.string(),
  user: z.string(),
  /** Empty: hidden from the bot's role. */
  state: z.string(),
  transactionSeconds: z.number(),
});

export const SharedWaits = z.object({
  /** Of the queue of NOTIFY, 0 to 1. It is emptied up to the listener that is furthest behind: one in a transaction hears nothing. */
  notifyUsed: z.number(),
  /** Transactions of sessions, open for longest first, at most 5: a listener among them holds the queue. */
  open: z.array(Open),
  /** Sessions that waited, in the mean of the looks, for pages of what the server keeps per transaction (SLRU); most first. */
  slru: z.array(
    z.object({
      of: z.enum(["subtransactions", "multixacts", "notify", "transactions", "other"]),
      sessions: z.number(),
    }),
  ),
  looks: z.int(),
});
export type SharedWaits = z.infer<typeof SharedWaits>;

const LOOKS = 5;
const BETWEEN_MS = 100;

// Functions rather than views: whoever asks a full table of locks for one more gets 53200.
const NOTIFY = "SELECT pg_notification_queue_usage()::float8 AS used";
const OPEN = `SELECT s.pid, left(coalesce(nullif(s.application_name, ''), '(no name)'), 80) AS application,
    coalesce(pg_get_userbyid(s.usesysid)::text, '') AS user, coalesce(s.state, '') AS state,
    greatest(0, extract(epoch FROM clock_timestamp() - s.xact_start))::float8 AS "transactionSeconds"
  FROM pg_stat_get_activity(NULL) s
  WHERE s.xact_start IS NOT NULL AND s.pid <> pg_backend_pid() AND s.usesysid IS NOT NULL ORDER BY s.xact_start LIMIT 5`;
// Names of PG 13 and later (SubtransSLRU, SubtransBuffer), and of before (SubtransControlLock, subtrans, CLogControlLock).
const SLRU = `SELECT CASE WHEN w ~ '^subtrans' THEN 'subtransactions' WHEN w ~ '^multixact' THEN 'multixacts'
      WHEN w ~ '^(notify|async)' THEN 'notify' WHEN w ~ '^(xact|clog)' THEN 'transactions' ELSE 'other' END AS of, count(*)::int AS sessions
  FROM (SELECT lower(wait_event) AS w FROM pg_stat_get_activity(NULL)
        WHERE pid <> pg_backend_pid() AND wait_event_type IN ('LWLock', 'LWLockNamed', 'LWLockTranche', 'IO')
          AND wait_event ~* 'slru|^(subtrans|multixact|clog|xact|notify|async|committs|oldserxid|serial)[a-z_]*(buffer|control|lock)|^(subtrans|multixact_offset|multixact_member|clog|async)$') waiting
  GROUP BY 1`;

/** Looks that differ: within one transaction the server would show the same activity again. */
export async function lookAtSharedWaits(
  client: PostgresClient,
  context: ActionContext,
): Promise<SharedWaits> {
  const sums = new Map<SharedWaits["slru"][number]["of"], number>();
  const first = await client.read(context, async (sql) => {
    const [notify] = await sql<{ used: number }>(NOTIFY);
    const open = await sql<z.infer<typeof Open>>(OPEN);
    for (let look = 0; look < LOOKS; look++) {
      if (look > 0) await waitFor(BETWEEN_MS, context.signal);
      await add(sql, sums);
    }
    return { notifyUsed: notify?.used ?? 0, open };
  });
  const slru = [...sums]
    .map(([of, sum]) => ({ of, sessions: sum / LOOKS }))
    .sort((a, b) => b.sessions - a.sessions);
  return { ...first, slru, looks: LOOKS };
}

async function add(sql: Sql, sums: Map<SharedWaits["slru"][number]["of"], number>): Promise<void> {
  await sql("SELECT pg_stat_clear_snapshot()");
  for (const { of, sessions } of await sql<SharedWaits["slru"][number]>(SLRU))
    sums.set(of, (sums.get(of) ?? 0) + sessions);
}
