import type { Acknowledged, AcknowledgeRequest } from "../../core/ports/intake.ts";
import { DiagError } from "../../core/words/errors.ts";
import { cut } from "../../lib/cut.ts";
import { actorOf } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";
import { ESCALATION_FACTS, type FactsRow } from "./escalation-facts.ts";
import { lockIncident } from "./lock-incident.ts";

/** Characters of what a person said; more is cut. */
const LONGEST_WORDS = 500;

/**
 * Somebody says that they look after an incident: whoever comes first has it, until it fires anew. The incident's row lock
 * puts this and the next step of its escalation into one line. A refusal is returned.
 */
export async function acknowledge(
  tx: Transaction,
  { by, words: given, ...which }: AcknowledgeRequest,
): Promise<Acknowledged | DiagError> {
  const row = await lockIncident(tx, which);
  if (row instanceof DiagError) return row;
  const { incident, thread, status } = row;
  const who = by.principal ?? by.name;
  if (status === "resolved") return { incident, state: "over", by: who };
  const { rows } = await tx.sql.query<FactsRow>(
    `SELECT l.* FROM incident i ${ESCALATION_FACTS} WHERE i.id = $1`,
    [incident],
  );
  const turn = rows[0]?.turn ?? 0;
  // Not before it was redacted: half a secret is not found.
  const words = cut(given, LONGEST_WORDS);
  const { rowCount } = await tx.sql.query(
    "INSERT INTO incident_answer (incident_id, turn, how, by, words) VALUES ($1, $2, 'ack', $3, $4) ON CONFLICT DO NOTHING",
    [incident, turn, who, words],
  );
  if (rowCount !== 1) {
    const holder = await tx.sql.query<{ by: string }>(
      "SELECT by FROM incident_answer WHERE incident_id = $1 AND turn = $2 AND how = 'ack'",
      [incident, turn],
    );
    return { incident, state: "taken", by: holder.rows[0]?.by ?? who };
  }
  tx.audit({ actor: actorOf(by), event: "incident.acknowledged", payload: { incident, turn, words } });
  tx.touch("thread", thread, { urgent: true });
  return { incident, state: "yours", by: who };
}
