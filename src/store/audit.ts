import { sha256 } from "../lib/sha256.ts";
import type { Pool } from "./pool.ts";

/** What a walk over the audit chain found. `firstBad`: the first row that is not what was written, and why. */
export interface AuditReport {
  readonly rows: number;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly firstBad?: { readonly seq: number; readonly why: string };
}

interface AuditRow {
  seq: number;
  at: Date;
  actor: string;
  event: string;
  run_id: number | null;
  payload: string;
  prev_hash: string;
  hash: string;
}

const GENESIS = "0".repeat(64);
const BATCH = 5_000;

/** Recomputes every hash of the chain. Finds flipped, deleted, inserted and reordered rows, and a cut-off end. */
export async function verifyAudit(pool: Pool): Promise<AuditReport> {
  const { rows: heads } = await pool.query<{ seq: number; hash: string }>("SELECT seq, hash FROM audit_head");
  const head = heads[0] ?? { seq: 0, hash: GENESIS };
  let seq = 0;
  let hash = GENESIS;
  for (;;) {
    const { rows } = await pool.query<AuditRow>(
      "SELECT * FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
      [seq, head.seq, BATCH],
    );
    if (rows.length === 0) break;
    for (const row of rows) {
      const why = flaw(row, seq, hash);
      if (why !== undefined)
        return { rows: seq, head, firstBad: { seq: why === "missing" ? seq + 1 : row.seq, why: SAYS[why] } };
      seq = row.seq;
      hash = row.hash;
    }
  }
  if (seq !== head.seq || hash !== head.hash)
    return { rows: seq, head, firstBad: { seq: seq + 1, why: SAYS.missing } };
  return { rows: seq, head };
}

const SAYS = {
  missing: "the row is missing",
  changed: "the row's content does not match its hash",
  unlinked: "the row does not follow from the row before it",
} as const;

function flaw(row: AuditRow, seq: number, hash: string): keyof typeof SAYS | undefined {
  if (row.seq !== seq + 1) return "missing";
  if (row.prev_hash !== hash) return "unlinked";
  return row.hash === hashOf(row) ? undefined : "changed";
}

/** The same text the database hashes in audit_append. */
const hashOf = (row: AuditRow): string =>
  sha256(
    [
      "diagbot-audit-1",
      row.seq,
      row.prev_hash,
      row.at.toISOString(),
      row.actor,
      row.event,
      row.run_id ?? "",
      row.payload,
    ].join("|"),
  );
