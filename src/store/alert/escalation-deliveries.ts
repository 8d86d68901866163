import type { Delivery, Told } from "../../core/ports/escalation-store.ts";
import { isAnsweredSince } from "../../core/rules/escalation.ts";
import type { EscalationBecause, EscalationEvent, LevelState, Ticket } from "../../core/words/escalation.ts";
import type { Damage } from "../../core/words/finding.ts";
import { IncidentId, ThreadId } from "../../core/words/ids.ts";
import { cut } from "../../lib/cut.ts";
import type { Transaction } from "../transaction.ts";
import { ESCALATION_FACTS, type FactsRow, factsOf } from "./escalation-facts.ts";

/** What the other side said is cut to so many characters. */
const LONGEST_SAID = 300;
/** The first wait before it is tried again; each further one is twice as long. */
const FIRST_WAIT_SECONDS = 5;

interface Row {
  incident_id: number;
  thread_id: number;
  turn: number;
  level: number;
  event: EscalationEvent;
  webhook: string;
  keyed: boolean;
  state: LevelState;
  attempts: number;
  because: EscalationBecause;
  damage: Damage | null;
  ticket: Ticket | null;
}

/**
 * The next delivery that is due. A process that died while it told somebody leaves one whose time is over: the other side may have
 * heard it, so it is told again only where it knows the message.
 */
export async function claimDelivery(tx: Transaction, leaseMs: number): Promise<Delivery | undefined> {
  const { rows } = await tx.sql.query<Row>(
    `SELECT e.incident_id, i.thread_id, e.turn, e.level, e.event, e.target ->> 'webhook' AS webhook, e.keyed, e.state, e.attempts, e.because, e.damage,
       (SELECT t.ticket FROM escalation t WHERE (t.incident_id, t.turn, t.level, t.event) = (e.incident_id, e.turn, e.level, 'trigger')) AS ticket
     FROM escalation e JOIN incident i ON i.id = e.incident_id
     WHERE (e.state = 'due' AND e.due_at <= clock_timestamp()) OR (e.state = 'sending' AND e.deadline < clock_timestamp())
     ORDER BY e.due_at LIMIT 1 FOR UPDATE OF e SKIP LOCKED`,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  if (row.state === "sending" && !row.keyed) {
    await change(tx, row, "unknown", "the process that told it died; it may have been told");
    return undefined;
  }
  if (row.event === "trigger" && (await isAnswered(tx, row))) {
    await change(tx, row, "withdrawn", "answered before it was told");
    return undefined;
  }
  await tx.sql.query(
    `UPDATE escalation SET state = 'sending', attempts = attempts + 1, deadline = clock_timestamp() + make_interval(secs => $5)
     WHERE (incident_id, turn, level, event) = ($1, $2, $3, $4)`,
    [...keyOf(row), leaseMs / 1000],
  );
  const { turn, level, event, webhook, attempts, ticket } = row;
  return {
    incident: IncidentId.parse(row.incident_id),
    thread: ThreadId.parse(row.thread_id),
    turn,
    level,
    event,
    webhook,
    attempt: attempts + 1,
    ...(ticket === null ? {} : { ticket }),
  };
}

const keyOf = ({
  incident_id,
  turn,
  level,
  event,
}: Pick<Row, "incident_id" | "turn" | "level" | "event">) => [incident_id, turn, level, event];

async function isAnswered(tx: Transaction, { incident_id, turn, damage }: Row): Promise<boolean> {
  const { rows } = await tx.sql.query<FactsRow & { status: string }>(
    `SELECT i.status, l.* FROM incident i ${ESCALATION_FACTS} WHERE i.id = $1`,
    [incident_id],
  );
  const [now] = rows;
  if (now === undefined || now.status !== "firing" || now.turn !== turn) return true;
  if (damage === null) return now.answered !== null;
  const facts = factsOf(now);
  const found = facts.damage?.find(({ kind }) => kind === damage);
  return found === undefined || isAnsweredSince(facts, found.since);
}

async function change(tx: Transaction, row: Row, state: LevelState, said: string): Promise<void> {
  await tx.sql.query(
    `UPDATE escalation SET state = $5, said = $6, ended_at = clock_timestamp(), deadline = NULL
     WHERE (incident_id, turn, level, event) = ($1, $2, $3, $4)`,
    [...keyOf(row), state, said],
  );
  note(tx, row, state, said);
}

function note(
  tx: Transaction,
  {
    incident_id: incident,
    thread_id,
    turn,
    level,
    event,
    webhook,
  }: Pick<Row, "incident_id" | "thread_id" | "turn" | "level" | "event" | "webhook">,
  state: string,
  said: string,
): void {
  const payload = { incident, turn, level, event, webhook, state, said };
  tx.audit({ actor: "escalation", event: "escalation.told", payload });
  tx.touch("thread", thread_id);
}

/** Only by who has it in hand: the attempt is the fence. */
export async function settle(
  tx: Transaction,
  delivery: Delivery,
  { state: came, said, ticket }: Told,
  mostAttempts: number,
): Promise<void> {
  const { incident, thread, turn, level, event, attempt, webhook } = delivery;
  const state = came !== "again" ? came : attempt < mostAttempts ? "due" : "failed";
  const words = cut(said, LONGEST_SAID);
  const { rowCount } = await tx.sql.query(
    `UPDATE escalation SET state = $6, said = $7, deadline = NULL,
       ended_at = CASE WHEN $6 <> 'due' THEN clock_timestamp() END,
       due_at = CASE WHEN $6 = 'due' THEN clock_timestamp() + make_interval(secs => $8) ELSE due_at END,
       ticket = coalesce($9::jsonb, ticket)
     WHERE (incident_id, turn, level, event) = ($1, $2, $3, $4) AND state = 'sending' AND attempts = $5`,
    [
      incident,
      turn,
      level,
      event,
      attempt,
      state,
      words,
      FIRST_WAIT_SECONDS * 2 ** (attempt - 1),
      ticketOf(ticket),
    ],
  );
  if (rowCount !== 1 || state === "due") return;
  note(tx, { incident_id: incident, thread_id: thread, turn, level, event, webhook }, state, words);
}

const ticketOf = (ticket: Ticket | undefined): string | null =>
  ticket === undefined ? null : JSON.stringify(ticket);

/** Whoever was told of a turn that is answered, or over, hears so once. */
export async function tellEnds(tx: Transaction, webhooks: readonly string[]): Promise<number> {
  let told = 0;
  for (const [event, holds] of [
    // An end that is known makes the news that somebody has it old.
    ["resolve", "(i.status = 'resolved' OR l.turn > e.turn)"],
    [
      "acknowledge",
      "i.status = 'firing' AND l.turn = e.turn AND l.answered IS NOT NULL AND (e.damage IS NULL OR l.answered_last >= e.at)",
    ],
  ] as const) {
    const { rowCount } = await tx.sql.query(
      `INSERT INTO escalation (incident_id, turn, level, event, target, because, keyed, state, damage)
       SELECT e.incident_id, e.turn, e.level, $1, e.target, e.because, e.keyed, 'due', e.damage
       FROM escalation e JOIN incident i ON i.id = e.incident_id ${ESCALATION_FACTS}
       WHERE e.event = 'trigger' AND e.state IN ('sent', 'unknown') AND e.over_at IS NULL
         AND e.target ->> 'webhook' = ANY ($2) AND ${holds}
         AND NOT EXISTS (SELECT FROM escalation x WHERE (x.incident_id, x.turn, x.level) = (e.incident_id, e.turn, e.level)
           AND x.event IN ($1, 'resolve'))
       ON CONFLICT DO NOTHING`,
      [event, webhooks],
    );
    told += rowCount ?? 0;
  }
  await tx.sql.query(OVER, [webhooks]);
  return told;
}

/** Nothing more will be told of these: the search above does not look at them again. */
const OVER = `UPDATE escalation e SET over_at = clock_timestamp() FROM incident i
  WHERE i.id = e.incident_id AND e.event = 'trigger' AND e.state IN ('sent', 'unknown') AND e.over_at IS NULL
    AND CASE WHEN e.target ->> 'webhook' = ANY ($1)
      THEN EXISTS (SELECT FROM escalation x WHERE (x.incident_id, x.turn, x.level) = (e.incident_id, e.turn, e.level) AND x.event = 'resolve')
      ELSE i.status = 'resolved' END`;
