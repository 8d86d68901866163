import { PrincipalId, RunId } from "../../core/words/ids.ts";
import type { PendingView } from "../../core/words/pending.ts";
import type { Risk } from "../../core/words/risk.ts";
import type { Pool } from "../pool.ts";
import { present } from "../rows.ts";

interface PendingRow {
  run_id: number;
  system: string;
  runbook: string;
  key: string;
  title: string;
  risk: Risk;
  status: string;
  requester: string | null;
  need: number;
  have: number;
  until: Date | null;
}

const WANTS: Readonly<Record<string, PendingView["wants"]>> = {
  waiting: "approval",
  approved: "begin",
  unknown: "answer",
};

/** Remedies that wait for people, or approved ones for their turn; what lapses first stands first. At most 200. */
export async function readPending(
  pool: Pool,
  systems: readonly string[] | undefined,
): Promise<PendingView[]> {
  const { rows } = await pool.query<PendingRow>(
    `SELECT m.run_id, r.system, r.runbook, m.key, m.title, m.risk, m.status, a.requester, a.need,
       (SELECT count(*)::int FROM vote v WHERE v.approval_id = a.id AND v.decision = 'approve') AS have,
       CASE m.status WHEN 'waiting' THEN a.expires_at WHEN 'approved' THEN a.execute_before ELSE m.held_until END AS until
     FROM remedy m JOIN run r ON r.id = m.run_id
     JOIN LATERAL (SELECT * FROM approval WHERE run_id = m.run_id AND remedy = m.key ORDER BY requested_at DESC LIMIT 1) a ON true
     WHERE r.status IN ('queued', 'running', 'waiting') AND ($1::text[] IS NULL OR r.system = ANY($1))
       AND ((m.status = 'waiting' AND a.state = 'pending' AND a.expires_at > clock_timestamp())
         OR m.status IN ('approved', 'unknown') OR (m.held_until > clock_timestamp() AND m.held_then IS DISTINCT FROM 'watch'))
     ORDER BY until NULLS FIRST, m.run_id, m.ord LIMIT 200`,
    [systems ?? null],
  );
  return rows.map((row) => ({
    run: RunId.parse(row.run_id),
    system: row.system,
    runbook: row.runbook,
    remedy: row.key,
    title: row.title,
    risk: row.risk,
    wants: WANTS[row.status] ?? "undo or keep",
    have: row.have,
    need: row.need,
    ...present({
      requester: row.requester === null ? undefined : PrincipalId.parse(row.requester),
      until: row.until,
    }),
  }));
}
