import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { IncidentId, ThreadId } from "../../core/words/ids.ts";
import type { StormFinding, StormGroup, StormView } from "../../core/words/storm.ts";
import type { Pool } from "../pool.ts";
import { present } from "../rows.ts";

interface GroupRow {
  incident: number;
  thread: number;
  page: number;
  title: string;
  system: string | null;
  severity: string;
  status: "firing" | "resolved";
  firing: number;
  opened_at: Date;
  resolved_at: Date | null;
  closed: boolean;
  labels: Record<string, string> | null;
  running: boolean | null;
  runbook: string | null;
  finding: string | null;
  found_severity: StormFinding["severity"] | null;
  found_title: string | null;
  connections: Record<string, string> | null;
  channel: string | null;
  ts: string | null;
}

/** Of each run its first finding that is not gone, since that is the cause; of several runs the worst. */
const GROUPS = `
SELECT i.id AS incident, t.id AS thread, t.storm_page AS page, i.title, i.system, i.severity, i.status, i.opened_at, i.resolved_at,
  i.closed_by IS NOT NULL AS closed, a.labels, r.running, m.channel, m.ts,
  (SELECT count(*)::int FROM alert_instance n WHERE n.incident_id = i.id AND n.status = 'firing') AS firing,
  f.runbook, f.id AS finding, f.severity AS found_severity, f.title AS found_title, f.connections
FROM thread t JOIN incident i ON i.thread_id = t.id
LEFT JOIN LATERAL (SELECT labels FROM alert_instance WHERE incident_id = i.id ORDER BY status, starts_at, labels_sha256 LIMIT 1) a ON true
LEFT JOIN LATERAL (SELECT bool_or(status IN ('queued', 'running')) AS running FROM run WHERE thread_id = t.id) r ON true
LEFT JOIN LATERAL (SELECT q.runbook, q.connections, d.id, d.severity, d.title FROM run q
  JOIN LATERAL (SELECT * FROM finding WHERE run_id = q.id AND gone_at IS NULL ORDER BY ord LIMIT 1) d ON true
  WHERE q.thread_id = t.id AND q.superseded_by IS NULL
  ORDER BY array_position(ARRAY['critical', 'warning', 'info'], d.severity), q.id DESC LIMIT 1) f ON true
LEFT JOIN slack_message m ON m.thread_id = t.id AND m.slot = '${HEAD_SLOT}' AND m.state = 'sent'
WHERE t.storm_id = $1 ORDER BY t.storm_page, i.id`;

/** The storm this thread shows. */
export async function stormOfThread(pool: Pool, thread: ThreadId): Promise<StormView | undefined> {
  const { rows } = await pool.query<{ id: number; opened_at: Date; ended_at: Date | null }>(
    "SELECT id, opened_at, ended_at FROM storm WHERE thread_id = $1",
    [thread],
  );
  const [storm] = rows;
  if (storm === undefined) return undefined;
  const { id, opened_at, ended_at } = storm;
  return {
    id,
    openedAt: opened_at,
    ...present({ endedAt: ended_at }),
    groups: await groupsOf(pool, id),
  };
}

const groupsOf = async (pool: Pool, storm: number): Promise<StormGroup[]> =>
  (await pool.query<GroupRow>(GROUPS, [storm])).rows.map(toGroup);

function toGroup(row: GroupRow): StormGroup {
  const { channel, ts } = row;
  return {
    incident: IncidentId.parse(row.incident),
    thread: ThreadId.parse(row.thread),
    page: row.page,
    title: row.title,
    severity: row.severity,
    status: row.status,
    firing: row.firing,
    openedAt: row.opened_at,
    closed: row.closed,
    labels: row.labels ?? {},
    running: row.running === true,
    ...present({ system: row.system, resolvedAt: row.resolved_at, found: foundOf(row) }),
    ...(channel === null || ts === null ? {} : { own: { channel, ts } }),
  };
}

function foundOf({
  runbook,
  finding,
  found_severity,
  found_title,
  connections,
}: GroupRow): StormFinding | undefined {
  if (runbook === null || finding === null || found_severity === null) return undefined;
  return {
    runbook,
    id: finding,
    severity: found_severity,
    title: found_title ?? "",
    on: Object.values(connections ?? {}).toSorted(),
  };
}

/** Storms whose groups people may ask for, the newest first. */
export async function newestStorms(pool: Pool, limit: number): Promise<StormView[]> {
  const { rows } = await pool.query<{ thread_id: number }>(
    "SELECT thread_id FROM storm ORDER BY id DESC LIMIT $1",
    [limit],
  );
  const views: StormView[] = [];
  for (const { thread_id } of rows) {
    const view = await stormOfThread(pool, ThreadId.parse(thread_id));
    if (view !== undefined) views.push(view);
  }
  return views;
}
