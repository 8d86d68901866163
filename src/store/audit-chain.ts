import { canonical } from "../core/words/json.ts";
import { sha256 } from "../lib/sha256.ts";

/** A row of the audit chain, as the database and archives hold it. */
export interface AuditRow {
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

export const GENESIS = "0".repeat(64);

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Where a walk is. */
export interface Place extends Head {
  readonly version: number;
}

export const BEGINNING: Place = { seq: 0, hash: GENESIS, version: 1 };

export function hashesBySeq(anchors: readonly Head[]): Map<number, string[]> {
  const hashes = new Map<number, string[]>();
  for (const { seq, hash } of anchors) hashes.set(seq, [...(hashes.get(seq) ?? []), hash]);
  return hashes;
}

export const SAYS = {
  untold: "rows up to here were taken out as archived, and no row of the chain tells of it",
  missing: "the row is missing",
  changed: "the row's content does not match its hash",
  extra: "the row was put in behind the end of the chain",
  rewritten: "the chain was written anew: a signed checkpoint has another hash here",
  unlinked: "the row does not follow from the row before it",
} as const;

/** Why the row is not the one that was written behind `before`; undefined: it is. Pure. */
export function flaw(
  row: AuditRow,
  before: Place,
  head: Head,
  anchored: ReadonlyMap<number, readonly string[]>,
): Exclude<keyof typeof SAYS, "untold"> | undefined {
  if (row.seq > head.seq) return "extra";
  if (row.seq !== before.seq + 1) return "missing";
  if (row.prev_hash !== before.hash) return "unlinked";
  // A row that claims the older hash after a newer one could say two things with one text.
  if (row.version < before.version || row.hash !== hashOf(row)) return "changed";
  // Every one of them: after the chain was written anew, a checkpoint of the new one stands beside the old one's.
  return (anchored.get(row.seq) ?? []).some((hash) => hash !== row.hash) ? "rewritten" : undefined;
}

/** Where a walk over rows in their order ended, and the first row that is not the one that was written. Rejects where the rows do. */
export async function walk(
  rows: AsyncIterable<AuditRow>,
  from: Place,
  head: Head,
  anchored: ReadonlyMap<number, readonly string[]>,
): Promise<{ readonly at: Place; readonly firstBad?: { readonly seq: number; readonly why: string } }> {
  let at = from;
  for await (const row of rows) {
    const why = flaw(row, at, head, anchored);
    if (why !== undefined)
      return { at, firstBad: { seq: why === "missing" ? at.seq + 1 : row.seq, why: SAYS[why] } };
    at = row;
  }
  const isCut = at.seq !== head.seq || at.hash !== head.hash;
  return isCut ? { at, firstBad: { seq: at.seq + 1, why: SAYS.missing } } : { at };
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
