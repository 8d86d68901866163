import type { Reader } from "../core/ports/reader.ts";
import { type OutcomeFacts, stateOf } from "../core/rules/run-outcome.ts";
import { HEAD_SLOT } from "../core/rules/slots.ts";
import { Caller } from "../core/words/caller.ts";
import { GuideAsked } from "../core/words/guide.ts";
import { IncidentId, RunId, ThreadId } from "../core/words/ids.ts";
import { Limits } from "../core/words/limits.ts";
import type { IncidentView, RunSummary, RunView, ThreadView } from "../core/words/view.ts";
import { CHANGES_OF_INCIDENT, type ChangeRow, changeOf, readChanges } from "./alert/changes.ts";
import { checklistsOf } from "./alert/checklists.ts";
import { ESCALATION_FACTS, type FactsRow, factsOf } from "./alert/escalation-facts.ts";
import { postmortemsOf } from "./alert/postmortems.ts";
import { readAuto } from "./human/auto.ts";
import { readFreeze, readSetsOff } from "./human/freezes.ts";
import { readPending } from "./human/pending.ts";
import { readSystemFreezes } from "./human/system-freeze-rows.ts";
import { asStoreErrors, type Pool } from "./pool.ts";
import { date, type JsonRow, present } from "./rows.ts";
import { loadRun, loadRunsOfThread } from "./run/run-view.ts";
import { scheduleOf } from "./run/schedule-view.ts";
import { newestStorms, stormOfThread } from "./thread/storm-view.ts";

/** Alerts of an incident that a thread shows. */
const ALERT_LIMIT = 20;

/** Everything people read. Read-only, one connection at a time. Throws `store_unavailable`. */
export function createReader(pool: Pool, limits: Limits = Limits.parse({})): Reader {
  return asStoreErrors({
    run: (id) => loadRun(pool, id),
    runs: (filter) => runs(pool, filter),
    thread: async (id) => {
      const { rows } = await pool.query<ThreadRow>(
        "SELECT channel, meant_for, moved_because, guide, storm_id IS NOT NULL AND unfolded_at IS NULL AS folded FROM thread WHERE id = $1",
        [id],
      );
      if (rows[0] === undefined) return undefined;
      const { channel } = rows[0];
      const [incident, views] = [await incidentOf(pool, id), await loadRunsOfThread(pool, id)];
      const freeze = await freezeOf(pool, incident, views);
      const notice = await noticeOf(pool, id);
      const writes = await writesOf(pool, [...new Set(views.map((run) => run.system))], limits);
      const moved = movedOf(rows[0]);
      const guide = guideOf(rows[0]);
      const checklists = incident === undefined ? [] : await checklistsOf(pool, id);
      const postmortems = incident === undefined ? [] : await postmortemsOf(pool, id);
      const schedule = await scheduleOf(pool, views[0]);
      const storm = incident === undefined && views.length === 0 ? await stormOfThread(pool, id) : undefined;
      return {
        id,
        channel,
        runs: views,
        writes,
        ...present({ incident, freeze, moved, guide, schedule, storm }),
        ...notice,
        ...(checklists.length === 0 ? {} : { checklists }),
        ...(postmortems.length === 0 ? {} : { postmortems }),
        ...(rows[0].folded ? { folded: true } : {}),
      };
    },
    freeze: () => readFreeze(pool),
    systemFreezes: (systems) => readSystemFreezes(pool, systems),
    auto: (systems) => readAuto(pool, systems),
    changes: (system, since) => readChanges(pool, system, since),
    storms: (limit) => newestStorms(pool, limit),
    root: (thread) => rootOf(pool, thread),
    threadOf: async ({ incident, message }) => {
      const { rows } = await pool.query<{ thread_id: number }>(
        `SELECT i.thread_id FROM incident i
         WHERE i.id = $1 OR i.thread_id = (SELECT thread_id FROM slack_message WHERE channel = $2 AND ts = $3) ORDER BY i.id DESC LIMIT 1`,
        [incident ?? null, message?.channel ?? null, message?.ts ?? null],
      );
      return rows[0] && ThreadId.parse(rows[0].thread_id);
    },
    setsOff: (system) => readSetsOff(pool, system),
    pending: (systems) => readPending(pool, systems),
    approval: async (id) => {
      const { rows } = await pool.query<{ run_id: number; remedy: string }>(
        "SELECT run_id, remedy FROM approval WHERE id = $1",
        [id],
      );
      return rows[0] === undefined ? undefined : { run: RunId.parse(rows[0].run_id), remedy: rows[0].remedy };
    },
  });
}

interface ThreadRow {
  channel: string;
  meant_for: string | null;
  moved_because: string | null;
  guide: unknown;
  folded: boolean;
}

const movedOf = ({ meant_for, moved_because }: ThreadRow): ThreadView["moved"] =>
  meant_for === null ? undefined : { meantFor: meant_for, because: moved_because ?? "" };

const guideOf = ({ guide }: ThreadRow): ThreadView["guide"] =>
  guide === null ? undefined : GuideAsked.parse(guide);

async function runs(pool: Pool, { systems, limit }: Parameters<Reader["runs"]>[0]): Promise<RunSummary[]> {
  const { rows } = await pool.query<{ run: JsonRow } & Omit<OutcomeFacts, "status">>(
    `SELECT to_jsonb(r) AS run,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'severity', f.severity, 'remedies', f.remedies, 'gone', f.gone_at IS NOT NULL)), '[]')
        FROM finding f WHERE f.run_id = r.id) AS findings,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('key', m.key, 'status', m.status)), '[]')
        FROM remedy m WHERE m.run_id = r.id) AS remedies,
       (SELECT count(*)::int FROM step s WHERE s.run_id = r.id AND s.phase = 'diagnose'
          AND s.state NOT IN ('ready', 'executing', 'succeeded')) AS gaps
     FROM run r WHERE r.shown AND ($1::text[] IS NULL OR r.system = ANY($1)) ORDER BY r.id DESC LIMIT $2`,
    [systems ?? null, Math.min(limit, 200)],
  );
  return rows.map(({ run, ...seen }) => ({
    id: RunId.parse(run.id),
    system: run.system,
    runbook: run.runbook,
    status: run.status,
    state: stateOf({ status: run.status, ...seen }),
    findings: seen.findings.length,
    caller: Caller.parse(run.caller),
    createdAt: new Date(run.created_at),
    ...present({ severity: run.severity, endedAt: date(run.ended_at) }),
  }));
}

async function noticeOf(pool: Pool, thread: ThreadId): Promise<Pick<ThreadView, "notice" | "about">> {
  const { rows } = await pool.query<{ text: string; channel: string | null; ts: string | null }>(
    `SELECT n.text, m.channel, m.ts FROM notice n
     LEFT JOIN slack_message m ON m.thread_id = n.about AND m.slot = '${HEAD_SLOT}' AND m.state = 'sent' WHERE n.thread_id = $1`,
    [thread],
  );
  const [row] = rows;
  if (row === undefined) return {};
  const { text, channel, ts } = row;
  return { notice: text, ...(channel === null || ts === null ? {} : { about: { channel, ts } }) };
}

/** What keeps writes of the thread's system from beginning. */
const freezeOf = (pool: Pool, incident: IncidentView | undefined, runs: readonly RunView[]) =>
  readFreeze(pool, incident?.system ?? runs[0]?.system);

/** The posted root of a thread. */
async function rootOf(pool: Pool, thread: ThreadId): Promise<{ channel: string; ts: string } | undefined> {
  const { rows } = await pool.query<{ channel: string; ts: string }>(
    `SELECT channel, ts FROM slack_message WHERE thread_id = $1 AND slot = '${HEAD_SLOT}' AND state = 'sent' AND ts IS NOT NULL`,
    [thread],
  );
  return rows[0];
}

async function writesOf(
  pool: Pool,
  systems: readonly string[],
  limits: Limits,
): Promise<ThreadView["writes"]> {
  if (systems.length === 0) return [];
  const { rows } = await pool.query<{ system: string; hour: number }>(
    `SELECT r.system, count(*)::int AS hour FROM attempt t JOIN run r ON r.id = t.run_id
     WHERE r.system = ANY($1) AND t.started_at > statement_timestamp() - interval '1 hour' GROUP BY r.system`,
    [systems],
  );
  const lastHour = new Map(rows.map((row) => [row.system, row.hour]));
  return systems.map((system) => ({
    system,
    lastHour: lastHour.get(system) ?? 0,
    perHour: limits.writesPerSystemHour,
  }));
}

async function incidentOf(pool: Pool, thread: ThreadId): Promise<IncidentView | undefined> {
  const { rows } = await pool.query<{
    incident: JsonRow;
    alerts: JsonRow[] | null;
    firing: number;
    resolved: number;
    reopenings: JsonRow[] | null;
    changes: ChangeRow[] | null;
    levels: FactsRow;
  }>(
    `SELECT to_jsonb(i) AS incident,
       (SELECT jsonb_agg(to_jsonb(a)) FROM (SELECT * FROM alert_instance WHERE incident_id = i.id
          ORDER BY status, starts_at, labels_sha256 LIMIT $2) a) AS alerts,
       (SELECT count(*)::int FROM alert_instance WHERE incident_id = i.id AND status = 'firing') AS firing,
       (SELECT count(*)::int FROM alert_instance WHERE incident_id = i.id AND status = 'resolved') AS resolved,
       (SELECT jsonb_agg(to_jsonb(o) ORDER BY o.n) FROM reopening o WHERE o.incident_id = i.id) AS reopenings,
       ${CHANGES_OF_INCIDENT} AS changes, to_jsonb(l) AS levels
     FROM incident i ${ESCALATION_FACTS} WHERE i.thread_id = $1`,
    [thread, ALERT_LIMIT],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { incident } = row;
  return {
    id: IncidentId.parse(incident.id),
    title: incident.title,
    severity: incident.severity,
    status: incident.status,
    openedAt: new Date(incident.opened_at),
    lastSeenAt: new Date(incident.last_seen_at),
    receiver: incident.receiver,
    externalURL: incident.external_url,
    truncated: incident.truncated,
    remarks: incident.remarks,
    deliveries: incident.deliveries,
    firing: row.firing,
    resolved: row.resolved,
    alerts: (row.alerts ?? []).map((alert) => ({
      labels: alert.labels,
      annotations: alert.annotations,
      status: alert.status,
      startsAt: new Date(alert.starts_at),
      generatorURL: alert.generator_url,
      ...present({ endsAt: date(alert.ends_at) }),
    })),
    escalation: factsOf(row.levels),
    reopenings: (row.reopenings ?? []).map(({ n, at, announced }) => ({ n, at: new Date(at), announced })),
    ...present({
      changes: row.changes?.map(changeOf),
      system: incident.system as string | undefined,
      note: incident.note as string | undefined,
      resolvedAt: date(incident.resolved_at),
      runsDueAt: date(incident.runs_due_at),
      staleAt: date(incident.stale_at),
      closed:
        incident.closed_by === null
          ? undefined
          : { by: incident.closed_by as string, reason: (incident.close_reason ?? "") as string },
    }),
  };
}
