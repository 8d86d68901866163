import type { AuditReport } from "../core/words/audit.ts";
import { canonical } from "../core/words/json.ts";
import { sha256 } from "../lib/sha256.ts";
import { type Pool, toStoreError } from "./pool.ts";

interface AuditRow {
  seq: number;
  at: Date;
  actor: string;
  event: string;
  run_id: number | null;
  payload: string;
  prev_hash: string;
  hash: string;
  /** How its hash is made: 1 over texts joined with "|", 2 over canonical JSON. Never falls along the chain. */
  version: number;
}

const GENESIS = "0".repeat(64);
const BATCH = 5_000;

/** Rows that get their place in one transaction: it holds the head's lock, for which no commit waits. */
const AT_ONCE = 2_000;

/**
 * Gives rows that have none their place in the chain, until there are none or another process is at it. Returns how many.
 * Throws `store_unavailable`.
 */
export async function chainAudit(pool: Pool): Promise<number> {
  for (let chained = 0; ; ) {
    const { rows } = await pool
      .query<{ done: number | null }>("SELECT audit_chain($1) AS done", [AT_ONCE])
      .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
    const done = rows[0]?.done ?? 0;
    chained += done;
    if (done < AT_ONCE) return chained;
  }
}

/**
 * Recomputes every hash of the chain: finds flipped, deleted, inserted and reordered rows and a cut-off end. `anchors`
 * (signed heads kept elsewhere, signatures already checked) also find a chain that was written anew from some row on.
 * What was committed before the call has its place first; `unchained` counts what came since.
 */
export async function verifyAudit(
  pool: Pool,
  anchors: readonly { readonly seq: number; readonly hash: string }[] = [],
): Promise<AuditReport> {
  await chainAudit(pool);
  const { rows: heads } = await pool.query<Head & { unchained: number }>(
    "SELECT seq, hash, (SELECT count(*)::int FROM audit WHERE audit.seq IS NULL) AS unchained FROM audit_head",
  );
  const { unchained = 0, ...head } = heads[0] ?? { seq: 0, hash: GENESIS };
  const anchored = hashesBySeq(anchors);
  const report = (rows: number, firstBad?: AuditReport["firstBad"]): AuditReport => ({
    rows,
    head,
    unchained,
    checkpoints: anchors.length,
    ...(firstBad === undefined ? {} : { firstBad }),
  });
  const beyond = anchors.find((anchor) => anchor.seq > head.seq);
  let at: Place = { seq: 0, hash: GENESIS, version: 1 };
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
      at = row;
    }
  }
  const isCut = at.seq !== head.seq || at.hash !== head.hash || beyond !== undefined;
  return isCut ? report(at.seq, { seq: at.seq + 1, why: SAYS.missing }) : report(at.seq);
}

function hashesBySeq(anchors: readonly Head[]): Map<number, string[]> {
  const hashes = new Map<number, string[]>();
  for (const { seq, hash } of anchors) hashes.set(seq, [...(hashes.get(seq) ?? []), hash]);
  return hashes;
}

/** The first row behind `seq`, and how long ago it was written by the database's clock; undefined: there is none. */
export async function firstRowAfter(
  pool: Pool,
  seq: number,
): Promise<{ readonly seq: number; readonly ageMs: number } | undefined> {
  const { rows } = await pool.query<{ seq: number; ageMs: number }>(
    `SELECT seq, (extract(epoch FROM clock_timestamp() - at) * 1000)::float8 AS "ageMs"
     FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1`,
    [seq],
  );
  return rows[0];
}

/** The newest row of the chain, when all that was committed before the call has its place. */
export async function auditHead(pool: Pool): Promise<Head> {
  await chainAudit(pool);
  const { rows } = await pool
    .query<Head>("SELECT seq, hash FROM audit_head")
    .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
  return rows[0] ?? { seq: 0, hash: GENESIS };
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Where a walk is. */
interface Place extends Head {
  readonly version: number;
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
  before: Place,
  head: Head,
  anchored: ReadonlyMap<number, readonly string[]>,
): keyof typeof SAYS | undefined {
  if (row.seq > head.seq) return "extra";
  if (row.seq !== before.seq + 1) return "missing";
  if (row.prev_hash !== before.hash) return "unlinked";
  // A row that claims the older hash after a newer one could say two things with one text.
  if (row.version < before.version || row.hash !== hashOf(row)) return "changed";
  // Every one of them: after the chain was written anew, a checkpoint of the new one stands beside the old one's.
  return (anchored.get(row.seq) ?? []).some((hash) => hash !== row.hash) ? "rewritten" : undefined;
}

/** The same text the database hashes in audit_append. */
const hashOf = (row: AuditRow): string =>
  sha256(row.version === 1 ? joinedText(row) : row.version === 2 ? canonicalText(row) : "");

const canonicalText = ({ actor, at, event, payload, prev_hash, run_id, seq, version }: AuditRow): string =>
  canonical({ actor, at: at.toISOString(), event, payload, prev: prev_hash, run: run_id, seq, version });

// Rows from before migration 0014.
const joinedText = (row: AuditRow): string =>
  [
    "diagbot-audit-1",
    row.seq,
    row.prev_hash,
    row.at.toISOString(),
    row.actor,
    row.event,
    row.run_id ?? "",
    row.payload,
  ].join("|");
