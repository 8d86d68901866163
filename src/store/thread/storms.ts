import type { Intake, OpenRequest } from "../../core/ports/intake.ts";
import type { StormStore } from "../../core/ports/storm-store.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { DiagError } from "../../core/words/errors.ts";
import { ThreadId } from "../../core/words/ids.ts";
import type { UnfoldedBecause } from "../../core/words/storm.ts";
import { asStoreErrors, type Pool } from "../pool.ts";
import { actorOf, insertThread } from "../run/runs.ts";
import { type Transaction, transact } from "../transaction.ts";

/** Alert groups that are shown as lines of a storm. Only the process that writes to Slack folds. */
export const storms = (pool: Pool): StormStore =>
  asStoreErrors({
    storms: async () => {
      const { rows } = await pool.query<StormRow>(
        `SELECT thread_id, channel, 1000 * extract(epoch FROM clock_timestamp() - opened_at)::float8 AS age_ms
         FROM storm WHERE ended_at IS NULL`,
      );
      return rows.map(({ thread_id, channel, age_ms }) => ({
        thread: ThreadId.parse(thread_id),
        channel,
        ageMs: age_ms,
      }));
    },
    fold: async (channel, threads, perPage) => {
      await transact(pool, (tx) => fold(tx, channel, threads, perPage));
    },
    tellStorms: async (changed) => {
      await pool.query(TELL, [changed.map(({ thread }) => thread), changed.map(({ rev }) => rev)]);
    },
    unfold: async (thread, because) => (await transact(pool, (tx) => unfold(tx, thread, because))).value,
    endStorms: async (quietMs) => {
      await transact(pool, (tx) => end(tx, quietMs));
    },
  });

interface StormRow {
  thread_id: number;
  channel: string;
  age_ms: number;
}

/** Groups of one storm; the next ones begin another, so that no thread grows beyond what can be read. */
const MOST_GROUPS = 3_000;

async function fold(
  tx: Transaction,
  channel: string,
  threads: readonly ThreadId[],
  perPage: number,
): Promise<void> {
  const storm = await stormOf(tx, channel);
  // Locked first and looked at afterwards: what is being posted by itself meanwhile is not folded.
  await tx.sql.query("SELECT FROM thread WHERE id = ANY ($1) ORDER BY id FOR UPDATE", [threads]);
  const { rows } = await tx.sql.query<{ id: number }>(
    `UPDATE thread t SET storm_id = $1, storm_page = $2 + 1 + (n.nth - 1) / $4
     FROM (SELECT id, row_number() OVER (ORDER BY id) AS nth FROM thread
       WHERE id = ANY ($3) AND channel = $5 AND storm_id IS NULL
         AND NOT EXISTS (SELECT FROM slack_message WHERE thread_id = thread.id AND slot = '${HEAD_SLOT}')) n
     WHERE t.id = n.id RETURNING t.id`,
    [storm.id, storm.pages, threads, perPage, channel],
  );
  if (rows.length === 0) return;
  await tx.sql.query(
    `UPDATE storm SET pages = pages + $2, groups = groups + $3, last_folded_at = clock_timestamp() WHERE id = $1`,
    [storm.id, Math.ceil(rows.length / perPage), rows.length],
  );
  tx.audit({
    actor: "sender",
    event: "thread.folded",
    payload: { storm: storm.id, channel, threads: rows.map(({ id }) => id).toSorted((a, b) => a - b) },
  });
  tx.touch("thread", storm.thread_id);
}

interface Storm {
  id: number;
  thread_id: number;
  pages: number;
  groups: number;
}

async function stormOf(tx: Transaction, channel: string): Promise<Storm> {
  const { rows } = await tx.sql.query<Storm>(
    "SELECT id, thread_id, pages, groups FROM storm WHERE channel = $1 AND ended_at IS NULL FOR UPDATE",
    [channel],
  );
  const [open] = rows;
  if (open !== undefined && open.groups < MOST_GROUPS) return open;
  if (open !== undefined)
    await tx.sql.query("UPDATE storm SET ended_at = clock_timestamp() WHERE id = $1", [open.id]);
  const thread = await insertThread(tx, channel);
  const made = await tx.sql.query<Storm>(
    "INSERT INTO storm (thread_id, channel) VALUES ($1, $2) RETURNING id, thread_id, pages, groups",
    [thread, channel],
  );
  const [storm] = made.rows;
  if (storm === undefined) throw new Error("a storm was not stored");
  return storm;
}

// Rows that somebody is changing are left for the next time: nobody waits here, and the order of locks cannot matter.
const TELL = `
WITH changed AS (SELECT o.id FROM outbox o JOIN unnest($1::int[], $2::bigint[]) AS c (id, rev) ON o.id = c.id AND o.rev = c.rev
    WHERE o.kind = 'thread' ORDER BY o.id FOR UPDATE OF o SKIP LOCKED),
  told AS (DELETE FROM outbox o USING changed WHERE o.kind = 'thread' AND o.id = changed.id RETURNING o.id)
INSERT INTO outbox (kind, id) SELECT DISTINCT 'thread', s.thread_id FROM told JOIN thread t ON t.id = told.id
  JOIN storm s ON s.id = t.storm_id
ON CONFLICT (kind, id) DO UPDATE SET rev = nextval('outbox_rev'), touched_at = now(), not_before = least(outbox.not_before, now())`;

/** The same remedy of the same runbook for the same connections is decided on once. */
const ONE_DECISION = `NOT EXISTS (SELECT FROM run r JOIN remedy m ON m.run_id = r.id, thread other JOIN run q ON q.thread_id = other.id
    JOIN remedy n ON n.run_id = q.id
  WHERE r.thread_id = t.id AND m.status IN ('waiting', 'unknown') AND other.storm_id = t.storm_id AND other.unfolded_at IS NOT NULL
    AND n.key = m.key AND q.system = r.system AND q.runbook = r.runbook AND q.connections = r.connections)`;

/** A person wants the alert group by itself. A refusal is returned. */
export async function openThread(
  tx: Transaction,
  { incident, by }: OpenRequest,
): Promise<Awaited<ReturnType<Intake["openThread"]>> | DiagError> {
  const { rows } = await tx.sql.query<{ thread: number; channel: string }>(
    "SELECT t.id AS thread, t.channel FROM incident i JOIN thread t ON t.id = i.thread_id WHERE i.id = $1",
    [incident],
  );
  const [row] = rows;
  if (row === undefined)
    return new DiagError("unknown_incident", `there is no incident #${incident}`, {
      hint: "its number stands in its line of the storm; `/diag storm` finds it",
    });
  const opened = await unfold(tx, ThreadId.parse(row.thread), "asked", actorOf(by));
  return { channel: row.channel, opened };
}

async function unfold(
  tx: Transaction,
  thread: ThreadId,
  because: UnfoldedBecause,
  actor = "sender",
): Promise<boolean> {
  const { rows } = await tx.sql.query<{ storm_thread: number }>(
    `UPDATE thread t SET unfolded_at = clock_timestamp(), unfolded_because = $2 FROM storm s
     WHERE t.id = $1 AND s.id = t.storm_id AND t.unfolded_at IS NULL AND ($2 <> 'decision' OR ${ONE_DECISION})
     RETURNING s.thread_id AS storm_thread`,
    [thread, because],
  );
  const [row] = rows;
  if (row === undefined) return false;
  tx.audit({ actor, event: "thread.unfolded", payload: { thread, because } });
  tx.touch("thread", thread, { urgent: because !== "fired-again" });
  tx.touch("thread", row.storm_thread);
  return true;
}

async function end(tx: Transaction, quietMs: number): Promise<void> {
  const { rows } = await tx.sql.query<{ thread_id: number }>(
    `UPDATE storm SET ended_at = clock_timestamp()
     WHERE ended_at IS NULL AND last_folded_at < clock_timestamp() - make_interval(secs => $1) RETURNING thread_id`,
    [quietMs / 1000],
  );
  for (const { thread_id } of rows) tx.touch("thread", thread_id);
}
