import type { IncidentId } from "../../core/words/ids.ts";
import { ThreadId } from "../../core/words/ids.ts";
import { insertNotice } from "../thread/notices.ts";
import type { Transaction } from "../transaction.ts";

/**
 * A ticket was opened for an incident that is not over: the channel of its thread is told so once in that time, with a link to the
 * thread. The row is the fence: of several processes one writes it.
 */
export async function remind(
  tx: Transaction,
  step: {
    readonly incident: IncidentId;
    readonly turn: number;
    readonly level: number;
    readonly afterMs: number;
  },
): Promise<void> {
  const { incident, turn, level, afterMs } = step;
  const { rows } = await tx.sql.query<{ thread_id: number; channel: string; title: string; ticket: string }>(
    `WITH due AS (UPDATE escalation e SET reminded_at = clock_timestamp() FROM incident i
       WHERE (e.incident_id, e.turn, e.level, e.event) = ($1, $2, $3, 'trigger') AND e.ticket IS NOT NULL
         AND i.id = e.incident_id AND i.status = 'firing'
         AND coalesce(e.reminded_at, e.at) <= clock_timestamp() - make_interval(secs => $4)
       RETURNING i.thread_id, i.title, e.ticket ->> 'id' AS ticket)
     SELECT due.thread_id, h.channel, due.title, due.ticket FROM due JOIN thread h ON h.id = due.thread_id`,
    [incident, turn, level, afterMs / 1000],
  );
  const [row] = rows;
  if (row === undefined) return;
  const words = `\u23f0 Ticket ${row.ticket} of incident #${incident} is still open: ${row.title}. Follow it up; once it is over, \`/diag close ${incident}\` ends both.`;
  await insertNotice(tx, row.channel, words, ThreadId.parse(row.thread_id));
  tx.audit({
    actor: "escalation",
    event: "escalation.reminded",
    payload: { incident, turn, level, ticket: row.ticket },
  });
}
