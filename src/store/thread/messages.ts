import type { MessageStore, ShownMessage } from "../../core/ports/message-store.ts";
import { type Pool, toStoreError } from "../pool.ts";
import { DIRTY, type DirtyRow, toChanged } from "./changed.ts";
import { delivery } from "./delivery.ts";
import { storms } from "./storms.ts";

interface ShownRow {
  slot: string;
  channel: string;
  ts: string | null;
  state: "sending" | "sent" | "gone";
  digest: string;
  intent_at: Date;
  attempts: number;
  former_ts: string | null;
}

/** What is shown by itself has a line in its storm as well. */
const DRAWN = `
WITH drawn AS (DELETE FROM outbox WHERE kind = 'thread' AND id = $1 AND rev = $2 RETURNING id)
INSERT INTO outbox (kind, id) SELECT 'thread', s.thread_id FROM drawn JOIN thread t ON t.id = drawn.id JOIN storm s ON s.id = t.storm_id
ON CONFLICT (kind, id) DO UPDATE SET rev = nextval('outbox_rev'), touched_at = now(), not_before = least(outbox.not_before, now())`;

/** What the sender keeps. One statement each; every one throws `store_unavailable` when it may not have been stored. */
export function createMessageStore(pool: Pool): MessageStore {
  const query = async <R extends object>(
    sql: string,
    values: unknown[],
  ): Promise<{ rows: R[]; count: number }> => {
    try {
      const { rows, rowCount } = await pool.query<R>(sql, values);
      return { rows, count: rowCount ?? 0 };
    } catch (error) {
      throw toStoreError(error);
    }
  };
  return {
    dirty: async (limit) => (await query<DirtyRow>(DIRTY, [limit])).rows.map(toChanged),
    drawn: async (thread, rev) => {
      await query(DRAWN, [thread, rev]);
    },
    later: async (thread, delayMs) => {
      await query(
        `UPDATE outbox SET not_before = clock_timestamp() + make_interval(secs => $2)
         WHERE kind = 'thread' AND id = $1`,
        [thread, delayMs / 1000],
      );
    },
    shown: async (thread) => {
      const { rows } = await query<ShownRow>(
        `SELECT slot, channel, ts, state, digest, intent_at, attempts, former_ts FROM slack_message
         WHERE thread_id = $1 ORDER BY slot`,
        [thread],
      );
      return rows.map(toShown);
    },
    ...changes(query),
    ...delivery(pool),
    ...storms(pool),
  };
}

type Query = (sql: string, values: unknown[]) => Promise<{ count: number }>;

const changes = (query: Query): Pick<MessageStore, "sending" | "sent" | "unsent" | "gone"> => ({
  // Compare-and-set on `attempts`: of two senders that read the same row, one posts.
  sending: async (thread, slot, channel, digest, seen, card) => {
    const { count } = await query(
      `INSERT INTO slack_message AS m (thread_id, slot, channel, state, digest, attempts, run_id, remedy)
       SELECT id, $2, $3, 'sending', $4, 1, $6::integer, $7::text FROM thread
         WHERE id = $1 AND channel = $3 AND (storm_id IS NULL OR unfolded_at IS NOT NULL) FOR SHARE
       ON CONFLICT (thread_id, slot) DO UPDATE SET state = 'sending', ts = NULL, channel = excluded.channel,
         digest = excluded.digest, attempts = m.attempts + 1,
         former_ts = CASE WHEN m.state = 'sent' AND m.channel = excluded.channel THEN m.ts ELSE m.former_ts END,
         intent_at = CASE WHEN m.state = 'sending' THEN m.intent_at ELSE clock_timestamp() END
       WHERE m.attempts = $5`,
      [thread, slot, channel, digest, seen, card?.run ?? null, card?.remedy ?? null],
    );
    return count === 1;
  },
  sent: async (thread, slot, ts, digest) => {
    await query(
      `UPDATE slack_message SET state = 'sent', ts = $3, digest = $4, sent_at = clock_timestamp()
       WHERE thread_id = $1 AND slot = $2`,
      [thread, slot, ts, digest],
    );
  },
  unsent: async (thread, slot) => {
    const { count } = await query(
      `UPDATE slack_message SET state = 'sent', ts = former_ts, former_ts = NULL, digest = '', attempts = attempts - 1
       WHERE thread_id = $1 AND slot = $2 AND state = 'sending' AND former_ts IS NOT NULL`,
      [thread, slot],
    );
    if (count === 0)
      await query("DELETE FROM slack_message WHERE thread_id = $1 AND slot = $2 AND state = 'sending'", [
        thread,
        slot,
      ]);
  },
  gone: async (thread, slot, channel) => {
    await query(
      `INSERT INTO slack_message (thread_id, slot, channel, state, digest) VALUES ($1, $2, $3, 'gone', '')
       ON CONFLICT (thread_id, slot) DO UPDATE SET state = 'gone'`,
      [thread, slot, channel],
    );
  },
});

const toShown = ({
  slot,
  channel,
  ts,
  state,
  digest,
  intent_at,
  attempts,
  former_ts,
}: ShownRow): ShownMessage => ({
  slot,
  channel,
  ...(ts === null ? {} : { ts }),
  ...(former_ts === null ? {} : { formerTs: former_ts }),
  state,
  digest,
  intentAt: intent_at,
  attempts,
});
