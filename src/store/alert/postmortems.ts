import type { PostmortemRequest } from "../../core/ports/intake.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { ThreadId } from "../../core/words/ids.ts";
import type { PostmortemView } from "../../core/words/view.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { Pool } from "../pool.ts";
import { actorOf } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";
import { lockIncident } from "./lock-incident.ts";

/** Files of one incident: its thread is drawn with all of them. */
const MOST = 5;

/** Keeps the record as the thread's next file. A refusal is returned. */
export async function keepPostmortem(
  tx: Transaction,
  { incident, markdown, by }: PostmortemRequest,
): Promise<{ n: number } | DiagError> {
  const row = await lockIncident(tx, { incident });
  if (row instanceof DiagError) return row;
  const { rows } = await tx.sql.query<{ n: number }>(
    "SELECT count(*)::int + 1 AS n FROM postmortem WHERE incident_id = $1",
    [incident],
  );
  const n = rows[0]?.n ?? 1;
  if (n > MOST)
    return new DiagError(
      "not_decidable",
      `the thread of incident #${incident} has ${MOST} of these files already`,
      {
        hint: `\`diagbot postmortem ${incident}\` prints a new one on the command line`,
      },
    );
  await tx.sql.query("INSERT INTO postmortem (incident_id, n, by, markdown) VALUES ($1, $2, $3, $4)", [
    incident,
    n,
    by.principal ?? by.name,
    markdown,
  ]);
  tx.audit({
    actor: actorOf(by),
    event: "incident.postmortem",
    payload: { incident, n, sha256: sha256(markdown) },
  });
  tx.touch("thread", row.thread);
  return { n };
}

/** Those of a thread, the oldest first. */
export async function postmortemsOf(pool: Pool, thread: ThreadId): Promise<PostmortemView[]> {
  const { rows } = await pool.query<PostmortemView>(
    `SELECT p.n, p.by, p.at, p.markdown FROM incident i JOIN postmortem p ON p.incident_id = i.id
     WHERE i.thread_id = $1 ORDER BY p.n`,
    [thread],
  );
  return rows;
}
