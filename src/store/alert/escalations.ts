import type { EscalationStore, NewLevel, Unanswered } from "../../core/ports/escalation-store.ts";
import { isAnsweredSince, sayDamage } from "../../core/rules/escalation.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import type { EscalationFacts } from "../../core/words/escalation.ts";
import type { Damage } from "../../core/words/finding.ts";
import { IncidentId, ThreadId } from "../../core/words/ids.ts";
import { isSystemFrozen } from "../human/system-freeze-rows.ts";
import { asStoreErrors, type Pool } from "../pool.ts";
import { present } from "../rows.ts";
import type { OnCommit } from "../run/fence.ts";
import { insertNotice } from "../thread/notices.ts";
import { type Transaction, transact } from "../transaction.ts";
import { claimDelivery, settle, tellEnds } from "./escalation-deliveries.ts";
import { ESCALATION_FACTS, type FactsRow, factsOf } from "./escalation-facts.ts";
import { remind } from "./remind.ts";

/** See EscalationStore. Every change is one transaction with its audit row. */
export function createEscalationStore({
  pool,
  onCommit,
}: {
  pool: Pool;
  onCommit: OnCommit;
}): EscalationStore {
  const commit = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const { value, touched } = await transact(pool, work);
    onCommit(touched);
    return value;
  };
  return asStoreErrors({
    unanswered: async (after, limit) => {
      const { rows } = await pool.query<Row>(`${OPEN} AND i.id > $1 ORDER BY i.id LIMIT $2`, [after, limit]);
      return rows.map(unansweredOf);
    },
    unansweredOne: async (incident) => {
      const { rows } = await pool.query<Row>(`${OPEN} AND i.id = $1`, [incident]);
      return rows[0] && unansweredOf(rows[0]);
    },
    raise: (level) => commit((tx) => raise(tx, level)),
    noteAnswer: (incident, turn, { how, by }) =>
      commit(async (tx) => {
        const { rows } = await tx.sql.query<{ thread_id: number }>(
          `WITH fresh AS (INSERT INTO incident_answer (incident_id, turn, how, by) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING RETURNING incident_id)
           SELECT i.thread_id FROM incident i JOIN fresh ON fresh.incident_id = i.id`,
          [incident, turn, how, by],
        );
        const [row] = rows;
        if (row === undefined) return;
        tx.audit({ actor: "escalation", event: "incident.answered", payload: { incident, turn, how, by } });
        tx.touch("thread", row.thread_id);
      }),
    remind: (incident, turn, level, afterMs) =>
      commit((tx) => remind(tx, { incident, turn, level, afterMs })),
    tellEnds: (webhooks) => commit((tx) => tellEnds(tx, webhooks)),
    claimDelivery: (leaseMs) => commit((tx) => claimDelivery(tx, leaseMs)),
    settle: (delivery, told, most) => commit((tx) => settle(tx, delivery, told, most)),
  });
}

interface Row extends FactsRow {
  id: number;
  thread_id: number;
  system: string | null;
  severity: string;
  now: Date;
  channel: string | null;
  ts: string | null;
}

/** Of the groups that a storm shows as lines only one at a time is escalated: it leads people to all of them. */
const NOT_TOLD_BY_STORM = `NOT EXISTS (SELECT FROM thread h JOIN thread o ON o.storm_id = h.storm_id AND o.id <> h.id
    JOIN incident j ON j.thread_id = o.id
  WHERE h.id = i.thread_id AND h.unfolded_at IS NULL AND o.unfolded_at IS NULL AND j.status = 'firing'
    AND (EXISTS (SELECT FROM escalation e WHERE e.incident_id = j.id) OR EXISTS (SELECT FROM incident_answer n WHERE n.incident_id = j.id)))`;

const NOT_FROZEN = `NOT EXISTS (SELECT FROM write_freeze f WHERE f.until IS NULL OR f.until > clock_timestamp())
  AND NOT ${isSystemFrozen("i.system")}`;

const ESCALATES = `i.status = 'firing' AND i.stale_at IS NULL AND ${NOT_FROZEN} AND ${NOT_TOLD_BY_STORM}`;

const OPEN = `SELECT i.id, i.thread_id, i.system, i.severity, clock_timestamp() AS now, l.*, m.channel, m.ts
  FROM incident i ${ESCALATION_FACTS}
  LEFT JOIN slack_message m ON m.thread_id = i.thread_id AND m.slot = '${HEAD_SLOT}' AND m.state = 'sent'
  WHERE ${ESCALATES}`;

const unansweredOf = (row: Row): Unanswered => ({
  incident: IncidentId.parse(row.id),
  thread: ThreadId.parse(row.thread_id),
  severity: row.severity,
  now: row.now,
  facts: factsOf(row),
  ...present({
    system: row.system,
    root: row.channel === null || row.ts === null ? undefined : { channel: row.channel, ts: row.ts },
  }),
});

async function raise(tx: Transaction, { incident, turn, level, ...step }: NewLevel): Promise<boolean> {
  // Two groups of one storm at once: they stand in one line.
  await tx.sql.query(
    `SELECT FROM storm WHERE id = (SELECT h.storm_id FROM thread h JOIN incident i ON i.thread_id = h.id
       WHERE i.id = $1 AND h.unfolded_at IS NULL) FOR UPDATE`,
    [incident],
  );
  await tx.sql.query("SELECT FROM incident WHERE id = $1 FOR UPDATE", [incident]);
  const { rows } = await tx.sql.query<Raised>(
    `SELECT i.thread_id, i.title, i.system, l.* FROM incident i ${ESCALATION_FACTS} WHERE ${ESCALATES} AND i.id = $1`,
    [incident],
  );
  const [row] = rows;
  if (row === undefined || row.turn !== turn || !isOpen(factsOf(row), step)) return false;
  if (step.because === "waiting" && row.waiting_since === null) return false;
  if (row.levels.filter((taken) => taken.turn === turn).length !== level) return false;
  const { target, because, webhook, damage } = step;
  const { rowCount } = await tx.sql.query(
    `INSERT INTO escalation (incident_id, turn, level, event, target, because, keyed, state, damage)
     VALUES ($1, $2, $3, 'trigger', $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      incident,
      turn,
      level,
      JSON.stringify(target),
      because,
      webhook?.keyed ?? false,
      webhook === undefined ? "shown" : "due",
      damage ?? null,
    ],
  );
  if (rowCount !== 1) return false;
  if (target.channel !== undefined) await tellChannel(tx, row, incident, target.channel, damage);
  const payload = { incident, turn, level, target, because, ...present({ damage }) };
  tx.audit({ actor: "escalation", event: "incident.escalated", payload });
  tx.touch("thread", row.thread_id, { urgent: true });
  return true;
}

/** Harm waits for an answer from after it was found; anything else for any. */
function isOpen(facts: EscalationFacts, { because, damage }: Pick<NewLevel, "because" | "damage">): boolean {
  if (because !== "damage") return facts.answered === undefined;
  const found = facts.damage?.find(({ kind }) => kind === damage);
  return found !== undefined && !isAnsweredSince(facts, found.since);
}

interface Raised extends FactsRow {
  thread_id: number;
  title: string;
  system: string | null;
}

/** People of another channel read of it there, with a link to the thread. */
async function tellChannel(
  tx: Transaction,
  row: Raised,
  incident: IncidentId,
  channel: string,
  damage: Damage | undefined,
): Promise<void> {
  const what = `${row.title} (${row.system ?? "unknown system"})`;
  const why = damage === undefined ? "Nobody has answered" : `${sayDamage(damage)}:`;
  const words = `⏫ ${why} incident #${incident}${damage === undefined ? ":" : ","} ${what}. Whoever looks after it says so in its thread.`;
  await insertNotice(tx, channel, words, ThreadId.parse(row.thread_id));
}
