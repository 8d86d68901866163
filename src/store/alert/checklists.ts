import type { ChecklistRequest, Ticked, TickRequest } from "../../core/ports/intake.ts";
import {
  type Answers,
  answersOf,
  type Checklist,
  type ChecklistItem,
  type ChecklistView,
} from "../../core/words/checklist.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { IncidentId, ThreadId } from "../../core/words/ids.ts";
import { cut } from "../../lib/cut.ts";
import type { Pool } from "../pool.ts";
import { actorOf } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";
import { lockIncident } from "./lock-incident.ts";

/** Checklists of one incident: more than that nobody works through. */
const MOST = 5;
/** Characters of what a person says with a tick; more is cut. */
const LONGEST_ANSWER = 2_000;

/** Opens one for a person. A refusal is returned. */
export async function openChecklist(
  tx: Transaction,
  { checklist, by, ...which }: ChecklistRequest,
): Promise<{ incident: IncidentId; opened: boolean } | DiagError> {
  const row = await lockIncident(tx, which);
  if (row instanceof DiagError) return row;
  const { incident, thread } = row;
  const { rows } = await tx.sql.query<{ n: number; has: boolean }>(
    "SELECT count(*)::int AS n, coalesce(bool_or(id = $2), false) AS has FROM checklist WHERE incident_id = $1",
    [incident, checklist.id],
  );
  if (rows[0]?.has === true) return { incident, opened: false };
  if ((rows[0]?.n ?? 0) >= MOST)
    return new DiagError("not_decidable", `incident #${incident} has ${MOST} checklists already`);
  await writeChecklist(tx, incident, checklist, by.principal ?? by.name);
  tx.audit({ actor: actorOf(by), event: "checklist.opened", payload: { incident, checklist: checklist.id } });
  tx.touch("thread", thread);
  return { incident, opened: true };
}

/** Writes one down, once. */
export const writeChecklist = (
  tx: Transaction,
  incident: IncidentId,
  { id, title, items, required = false }: Checklist,
  by: string,
): Promise<unknown> =>
  tx.sql.query(
    "INSERT INTO checklist (incident_id, id, title, items, opened_by, required) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    [incident, id, title, JSON.stringify(items), by, required],
  );

/** A person ticks an item, or opens it again. Who says what is so already changes nothing. A refusal is returned. */
export async function tick(
  tx: Transaction,
  { incident, checklist, item, done, said = "", by }: TickRequest,
): Promise<Ticked | DiagError> {
  const row = await lockIncident(tx, { incident });
  if (row instanceof DiagError) return row;
  const found = await tx.sql.query<{ items: ChecklistItem[]; ids: string[] | null }>(
    `SELECT (SELECT items FROM checklist WHERE incident_id = $1 AND id = $2) AS items,
       (SELECT array_agg(id ORDER BY at) FROM checklist WHERE incident_id = $1) AS ids`,
    [incident, checklist],
  );
  const { items = null, ids = null } = found.rows[0] ?? {};
  const asks = items?.[item - 1]?.asks ?? [];
  const text = items?.[item - 1]?.text;
  if (text === undefined)
    return new DiagError(
      "not_decidable",
      `incident #${incident} has no item ${item} of a checklist "${checklist}"`,
      {
        hint:
          ids === null
            ? `open one: \`/diag checklist <id> ${incident}\``
            : `its checklists: ${ids.join(", ")}`,
      },
    );
  const who = by.principal ?? by.name;
  // Not before it was redacted: half a secret is not found.
  const answers = done ? answersOf(asks, cut(said, LONGEST_ANSWER)) : {};
  if (typeof answers === "string")
    return new DiagError("not_decidable", `item ${item} of "${checklist}" is not ticked: ${answers}`, {
      hint: `\`/diag tick ${incident} ${checklist} ${item}${asks.map((name) => ` ${name}=…`).join("")}\``,
    });
  const { rowCount } = await tx.sql.query(
    `INSERT INTO checklist_tick AS t (incident_id, checklist, item, done, by, answers) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (incident_id, checklist, item) DO UPDATE SET done = excluded.done, by = excluded.by, answers = excluded.answers, at = clock_timestamp()
     WHERE t.done <> excluded.done`,
    [incident, checklist, item, done, who, asks.length === 0 ? null : JSON.stringify(answers)],
  );
  if (rowCount === 1) {
    tx.audit({
      actor: actorOf(by),
      event: "checklist.ticked",
      payload: { incident, checklist, item, done, ...(asks.length === 0 ? {} : { answers }) },
    });
    tx.touch("thread", row.thread);
  }
  return { incident, text, changed: rowCount === 1 };
}

interface Row {
  id: string;
  title: string;
  items: ChecklistItem[];
  opened_by: string;
  required: boolean;
  at: Date;
  ticks: { item: number; done: boolean; by: string; at: string; answers: Answers | null }[];
  runs: Record<string, { id: number; at: string }>;
}

/** Those of a thread. What a person says of an item goes before what a run has looked at. */
export async function checklistsOf(pool: Pick<Pool, "query">, thread: ThreadId): Promise<ChecklistView[]> {
  const { rows } = await pool.query<Row>(
    `SELECT c.id, c.title, c.items, c.opened_by, c.required, c.at,
       (SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM checklist_tick t WHERE t.incident_id = c.incident_id AND t.checklist = c.id) AS ticks,
       (SELECT coalesce(jsonb_object_agg(x.runbook, jsonb_build_object('id', s.id, 'at', s.at)), '{}')
        FROM (SELECT DISTINCT y ->> 'runbook' AS runbook FROM jsonb_array_elements(c.items) y WHERE y ? 'runbook') x
        CROSS JOIN LATERAL (SELECT r.id, coalesce(r.ended_at, r.started_at, r.created_at) AS at FROM run r
          WHERE r.system = i.system AND r.runbook = x.runbook AND r.diagnosed AND r.created_at >= i.opened_at
          ORDER BY r.created_at LIMIT 1) s) AS runs
     FROM incident i JOIN checklist c ON c.incident_id = i.id WHERE i.thread_id = $1 ORDER BY c.at, c.id`,
    [thread],
  );
  return rows.map(({ id, title, items, opened_by, required, at, ticks, runs }) => ({
    id,
    title,
    openedBy: opened_by,
    ...(required ? { required } : {}),
    at,
    items: items.map((item, index) => itemOf(item, index, ticks, runs)),
  }));
}

/** An item as it stands: what a person says goes before what a run has looked at. */
function itemOf(
  item: ChecklistItem,
  index: number,
  ticks: Row["ticks"],
  runs: Row["runs"],
): ChecklistView["items"][number] {
  const said = ticks.find((one) => one.item === index + 1);
  if (said?.done === false) return item;
  if (said !== undefined)
    return {
      ...item,
      done: {
        by: said.by,
        at: new Date(said.at),
        ...(said.answers === null ? {} : { answers: said.answers }),
      },
    };
  const run = item.runbook === undefined ? undefined : runs[item.runbook];
  return run === undefined
    ? item
    : { ...item, done: { by: `run #${run.id}`, at: new Date(run.at), run: run.id } };
}

/** A run has looked: threads with an item that waits for its runbook are drawn again. */
export async function touchChecklists(tx: Pick<Transaction, "sql" | "touch">, run: number): Promise<void> {
  const { rows } = await tx.sql.query<{ thread_id: number }>(
    `SELECT DISTINCT i.thread_id FROM run r JOIN incident i ON i.system = r.system AND i.status = 'firing'
       JOIN checklist c ON c.incident_id = i.id
     WHERE r.id = $1 AND c.items @> jsonb_build_array(jsonb_build_object('runbook', r.runbook))`,
    [run],
  );
  for (const { thread_id } of rows) tx.touch("thread", thread_id);
}
