import type { Healthy } from "../../core/rules/since-healthy.ts";
import { COULD_NOT_LOOK } from "../../core/words/finding.ts";
import type { RunId } from "../../core/words/ids.ts";
import type { Before } from "../../core/words/runbook.ts";
import type { Pool } from "../pool.ts";

/** SQL: the newest diagnosed and ended run of this system ($3), runbook ($4) and these connections ($7). */
export const PREVIOUS_RUN = `(SELECT p.id FROM run p WHERE p.system = $3 AND p.runbook = $4 AND p.connections = $7::jsonb
  AND p.ended_at IS NOT NULL AND p.diagnosed
  AND EXISTS (SELECT FROM step s WHERE s.run_id = p.id AND s.phase = 'diagnose' AND s.state = 'succeeded')
  ORDER BY p.id DESC LIMIT 1)`;

/** What the run before this one saw. */
export async function beforeOf(pool: Pool, run: RunId): Promise<Before> {
  const { rows } = await pool.query<{ name: string; input: Before[string]["input"]; output: unknown }>(
    `SELECT s.name, s.input, s.output FROM run r JOIN step s ON s.run_id = r.previous_run_id
     WHERE r.id = $1 AND s.phase = 'diagnose' AND s.state = 'succeeded'`,
    [run],
  );
  return Object.fromEntries(rows.map(({ name, input, output }) => [name, { input, value: output }]));
}

/** So many runs of the same runbook and system before a run are asked whether they were healthy: where alerts start them, none may ever have been. */
const MOST_BEFORE = 200;

/**
 * The newest run before this one, of the same runbook, system, connections and parameters, that looked at everything and found
 * nothing wrong: what is `info` may have been told. Undefined also where the last MOST_BEFORE hold none.
 */
export async function healthyBefore(pool: Pool, run: RunId): Promise<Healthy | undefined> {
  const { rows } = await pool.query<{ id: number; at: Date; steps: Before }>(
    `SELECT p.id, p.ended_at AS at, (SELECT jsonb_object_agg(s.name, jsonb_build_object('input', s.input, 'value', s.output))
       FROM step s WHERE s.run_id = p.id AND s.phase = 'diagnose' AND s.state = 'succeeded') AS steps
     FROM run r CROSS JOIN LATERAL (SELECT * FROM run b WHERE b.system = r.system AND b.runbook = r.runbook AND b.id < r.id
       ORDER BY b.id DESC LIMIT $3) p
     WHERE r.id = $1 AND p.connections = r.connections AND p.params = r.params AND p.status = 'succeeded' AND p.diagnosed AND p.ended_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM finding f WHERE f.run_id = p.id AND (f.severity <> 'info' OR f.id = $2))
       AND NOT EXISTS (SELECT FROM step s WHERE s.run_id = p.id AND s.phase = 'diagnose' AND s.state <> 'succeeded')
       AND EXISTS (SELECT FROM step s WHERE s.run_id = p.id AND s.phase = 'diagnose')
     ORDER BY p.id DESC LIMIT 1`,
    [run, COULD_NOT_LOOK, MOST_BEFORE],
  );
  const [row] = rows;
  return row && { run: row.id, at: row.at, steps: row.steps ?? {} };
}
