import type { DeliveryTrouble, MessageStore } from "../../core/ports/message-store.ts";
import { type Pool, toStoreError } from "../pool.ts";
import { transact } from "../transaction.ts";

type Delivery = Pick<MessageStore, "backlog" | "move" | "troubles" | "trouble" | "mended" | "forgetTroubles">;

/** What holds up messages, and threads that are shown elsewhere because of it. Throws `store_unavailable`. */
export function delivery(pool: Pool): Delivery {
  const query = async <R extends object>(sql: string, values: unknown[] = []): Promise<R[]> => {
    try {
      return (await pool.query<R>(sql, values)).rows;
    } catch (error) {
      throw toStoreError(error);
    }
  };
  return {
    backlog: async () => {
      const [row] = await query<{ threads: number; seconds: number | null }>(
        `SELECT count(*)::int AS threads, extract(epoch FROM clock_timestamp() - min(since))::float8 AS seconds
         FROM outbox WHERE kind = 'thread'`,
      );
      return { threads: row?.threads ?? 0, oldestSeconds: Math.max(0, row?.seconds ?? 0) };
    },
    move: (thread, from, to, because) => move(pool, { thread, from, to, because }),
    troubles: () =>
      query<DeliveryTrouble>("SELECT subject, reason, since FROM delivery_trouble ORDER BY since, subject"),
    trouble: async (subject, reason) => {
      await query(
        `INSERT INTO delivery_trouble AS t (subject, reason) VALUES ($1, $2)
         ON CONFLICT (subject) DO UPDATE SET reason = excluded.reason, seen_at = clock_timestamp(),
           since = CASE WHEN t.reason = excluded.reason THEN t.since ELSE clock_timestamp() END`,
        [subject, reason],
      );
    },
    mended: async (subject) => {
      await query("DELETE FROM delivery_trouble WHERE subject = $1", [subject]);
    },
    forgetTroubles: async (keep, ms) => {
      await query(
        `DELETE FROM delivery_trouble
         WHERE subject <> ALL ($1) AND seen_at < clock_timestamp() - make_interval(secs => $2)`,
        [keep, ms / 1000],
      );
    },
  };
}

/** Back where it belongs it is an ordinary thread again. What it showed elsewhere is forgotten: every slot is posted anew. */
async function move(
  pool: Pool,
  { thread, from, to, because }: { thread: number; from: string; to: string; because: string },
): Promise<boolean> {
  const { value } = await transact(pool, async (tx) => {
    const { rowCount } = await tx.sql.query(
      `UPDATE thread SET channel = $3, meant_for = nullif(coalesce(meant_for, $2), $3),
         moved_because = CASE WHEN coalesce(meant_for, $2) = $3 THEN NULL ELSE coalesce(moved_because, $4) END
       WHERE id = $1 AND channel = $2`,
      [thread, from, to, because],
    );
    if (rowCount !== 1) return false;
    await tx.sql.query("DELETE FROM slack_message WHERE thread_id = $1", [thread]);
    tx.audit({ actor: "sender", event: "thread.moved", payload: { thread, from, to, because } });
    return true;
  });
  return value;
}
