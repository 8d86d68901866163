import type { CloseRequest } from "../../core/ports/intake.ts";
import { DiagError } from "../../core/words/errors.ts";
import { IncidentId, ThreadId } from "../../core/words/ids.ts";
import type { Transaction } from "../transaction.ts";

/** The incident people name by its number or by a message of its thread, locked. A refusal is returned. */
export async function lockIncident(
  tx: Transaction,
  { incident, message }: { incident?: IncidentId | undefined; message?: CloseRequest["message"] | undefined },
): Promise<{ incident: IncidentId; thread: ThreadId; status: string } | DiagError> {
  const { rows } = await tx.sql.query<{ id: number; thread_id: number; status: string }>(
    `SELECT i.id, i.thread_id, i.status FROM incident i
     WHERE i.id = $1 OR i.thread_id = (SELECT thread_id FROM slack_message WHERE channel = $2 AND ts = $3)
     ORDER BY i.id DESC LIMIT 1 FOR UPDATE`,
    [incident ?? null, message?.channel ?? null, message?.ts ?? null],
  );
  const [row] = rows;
  if (row === undefined)
    return new DiagError("unknown_incident", "there is no such incident", {
      hint: "its number stands in the first message of its thread; a link to that message does as well",
    });
  return { incident: IncidentId.parse(row.id), thread: ThreadId.parse(row.thread_id), status: row.status };
}
