import type { AuditReport } from "../core/audit.ts";
import { sha256 } from "../lib/sha256.ts";
import type { Pool } from "./pool.ts";

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

/**
 * Recomputes every hash of the chain: finds flipped, deleted, inserted and reordered rows and a cut-off end. `anchors`
 * (signed heads kept elsewhere, signatures already checked) also find a chain that was written anew from some row on.
 */
export async function verifyAudit(
  pool: Pool,
  anchors: readonly { readonly seq: number; readonly hash: string }[] = [],
): Promise<AuditReport> {
  const { rows: heads } = await pool.query<Head>("SELECT seq, hash FROM audit_head");
  const head = heads[0] ?? { seq: 0, hash: GENESIS };
  const anchored = new Map(anchors.map((anchor) => [anchor.seq, anchor.hash]));
  const report = (rows: number, firstBad?: AuditReport["firstBad"]): AuditReport => ({
    rows,
    head,
    checkpoints: anchored.size,
    ...(firstBad === undefined ? {} : { firstBad }),
  });
  const beyond = anchors.find((anchor) => anchor.seq > head.seq);
  let at: Head = { seq: 0, hash: GENESIS };
  for (;;) {
    const { rows } = await pool.query<AuditRow>("SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2", [
      at.seq,
      BATCH,
    ]);
    if (rows.length === 0) break;
    for (const row of rows) {
      const why = flaw(row, at, head, anchored);
      if (why !== undefined)
        return report(at.seq, { seq: why === "missing" ? at.seq + 1 : row.seq, why: SAYS[why] });
      at = { seq: row.seq, hash: row.hash };
    }
  }
  const isCut = at.seq !== head.seq || at.hash !== head.hash || beyond !== undefined;
  return isCut ? report(at.seq, { seq: at.seq + 1, why: SAYS.missing }) : report(at.seq);
}

/** The newest row of the chain. */
export async function auditHead(pool: Pool): Promise<Head> {
  const { rows } = await pool.query<Head>("SELECT seq, hash FROM audit_head");
  return rows[0] ?? { seq: 0, hash: GENESIS };
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

const SAYS = {
  missing: "the row is missing",
  changed: "the row's content does not match its hash",
  extra: "the row was put in behind the end of the chain",
  rewritten: "the chain was written anew: a signed checkpoint has another hash here",
  unlinked: "the row does not follow from the row before it",
} as const;

function flaw(
  row: AuditRow,
  before: Head,
  head: Head,
  anchored: ReadonlyMap<number, string>,
): keyof typeof SAYS | undefined {
  if (row.seq > head.seq) return "extra";
  if (row.seq !== before.seq + 1) return "missing";
  if (row.prev_hash !== before.hash) return "unlinked";
  if (row.hash !== hashOf(row)) return "changed";
  const anchor = anchored.get(row.seq);
  return anchor === undefined || anchor === row.hash ? undefined : "rewritten";
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
