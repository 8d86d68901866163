import type { AuditArchive, AuditReport } from "../core/words/audit.ts";
import { ARCHIVED, archivedPayload, archivesOf, walkArchives } from "./audit-archives.ts";
import { type AuditRow, GENESIS, type Head, hashesBySeq, type Place, SAYS, walk } from "./audit-chain.ts";
import { type Pool, toStoreError } from "./pool.ts";

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

/** Rows of the chain behind `seq`, up to `last`, in their order. Rejects with `store_unavailable`. */
export async function* rowsAfter(
  pool: Pool,
  seq: number,
  last = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<AuditRow> {
  for (let at = seq; ; ) {
    const { rows } = await pool
      .query<AuditRow>("SELECT * FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", [
        at,
        last,
        BATCH,
      ])
      .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
    yield* rows;
    const end = rows.at(-1);
    if (end === undefined) return;
    at = end.seq;
  }
}

/**
 * Recomputes every hash of the chain: finds flipped, deleted, inserted and reordered rows and a cut-off end. `anchors`
 * (signed heads kept elsewhere, signatures already checked) also find a chain that was written anew from some row on.
 * What was committed before the call has its place first; `unchained` counts what came since. `readArchive`: the rows of an
 * archive's file; without it what was archived is taken as its record says.
 */
export async function verifyAudit(
  pool: Pool,
  anchors: readonly Head[] = [],
  readArchive?: (archive: AuditArchive) => AsyncIterable<AuditRow>,
): Promise<AuditReport> {
  await chainAudit(pool);
  const { rows: heads } = await pool.query<Head & { unchained: number }>(
    "SELECT seq, hash, (SELECT count(*)::int FROM audit WHERE audit.seq IS NULL) AS unchained FROM audit_head",
  );
  const { unchained = 0, ...head } = heads[0] ?? { seq: 0, hash: GENESIS };
  const anchored = hashesBySeq(anchors);
  const archived = await walkArchives(await archivesOf(pool), anchored, readArchive);
  const report = (at: Place, firstBad?: AuditReport["firstBad"]): AuditReport => ({
    rows: at.seq - archived.at.seq,
    archived: { rows: archived.at.seq, read: readArchive !== undefined },
    head,
    unchained,
    checkpoints: anchors.length,
    ...(firstBad === undefined ? {} : { firstBad }),
  });
  if (archived.firstBad !== undefined) return report(archived.at, archived.firstBad);
  const told = new Set<string>();
  const listened = listen(rowsAfter(pool, archived.at.seq), told);
  const { at, firstBad } = await walk(listened, archived.at, head, anchored);
  if (firstBad !== undefined) return report(at, firstBad);
  if (anchors.some((anchor) => anchor.seq > head.seq))
    return report(at, { seq: at.seq + 1, why: SAYS.missing });
  const { newest } = archived;
  const isUntold = newest !== undefined && unchained === 0 && !told.has(archivedPayload(newest));
  return isUntold ? report(at, { seq: newest.last, why: SAYS.untold }) : report(at);
}

/** Notes what the rows tell of archives. */
async function* listen(rows: AsyncIterable<AuditRow>, told: Set<string>): AsyncGenerator<AuditRow> {
  for await (const row of rows) {
    if (row.event === ARCHIVED) told.add(row.payload);
    yield row;
  }
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
