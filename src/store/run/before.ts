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
