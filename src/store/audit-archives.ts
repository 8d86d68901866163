import type { AuditArchive } from "../core/words/audit.ts";
import { DiagError } from "../core/words/errors.ts";
import { canonical } from "../core/words/json.ts";
import { type AuditRow, BEGINNING, type Place, SAYS, walk } from "./audit-chain.ts";
import { type Pool, toStoreError } from "./pool.ts";
import { transact } from "./transaction.ts";

/** The event of a row that tells of an archive. */
export const ARCHIVED = "audit.archived";
const AT_ONCE = 5_000;
/** Any number no other advisory lock uses. */
const LOCK = 7_204_414;

/** An archive with how the hash of its last row is made. */
export type ArchiveRecord = AuditArchive & Pick<Place, "version">;

/**
 * Does the work while nobody else archives this record: who is second reads rows that are just going, and would put a shorter
 * file in the place of a whole one. Rejects with `busy` at once where somebody else does.
 */
export async function archivingAlone<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
  try {
    const { rows } = await client
      .query<{ alone: boolean }>("SELECT pg_try_advisory_lock($1) AS alone", [LOCK])
      .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
    if (rows[0]?.alone !== true)
      throw new DiagError("busy", "somebody else is archiving the audit record", {
        hint: "wait until it is done and ask again",
      });
    return await work();
  } finally {
    // Where it cannot be given back the session ends, and with it the lock.
    const isBack = await client.query("SELECT pg_advisory_unlock($1)", [LOCK]).then(
      () => true,
      () => false,
    );
    client.release(!isBack);
  }
}

/** The archives, oldest first. */
export async function archivesOf(pool: Pool): Promise<ArchiveRecord[]> {
  const { rows } = await pool
    .query<ArchiveRecord>(
      "SELECT first_seq AS first, last_seq AS last, hash, version, file, sha256 FROM audit_archive ORDER BY first_seq",
    )
    .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
  return rows;
}

/** The text of the row that tells of it. */
export const archivedPayload = ({ first, last, hash, file, sha256 }: AuditArchive): string =>
  canonical({ first, last, hash, file, sha256 });

/** Where the chain goes on behind the archives: they follow one another, and no checkpoint knows another hash. */
export async function walkArchives(
  archives: readonly ArchiveRecord[],
  anchored: ReadonlyMap<number, readonly string[]>,
  read?: (archive: AuditArchive) => AsyncIterable<AuditRow>,
): Promise<Awaited<ReturnType<typeof walk>> & { readonly newest?: ArchiveRecord }> {
  let at: Place = BEGINNING;
  for (const archive of archives) {
    const { first, last, hash, version } = archive;
    if (first !== at.seq + 1) return { at, firstBad: { seq: at.seq + 1, why: SAYS.missing } };
    const end = { seq: last, hash, version };
    if (read !== undefined) {
      const { firstBad } = await walk(read(archive), at, end, anchored);
      if (firstBad !== undefined) return { at, firstBad };
    } else if ((anchored.get(last) ?? []).some((other) => other !== hash))
      return { at, firstBad: { seq: last, why: SAYS.rewritten } };
    at = end;
  }
  const newest = archives.at(-1);
  return newest === undefined ? { at } : { at, newest };
}

/** The rows that are older and not archived yet: from the oldest on, without a gap; undefined: there are none. By the database's clock. */
export async function archivable(
  pool: Pool,
  olderThanMs: number,
): Promise<{ readonly from: Place; readonly last: number } | undefined> {
  const newest = (await archivesOf(pool)).at(-1);
  const from = newest === undefined ? BEGINNING : { ...newest, seq: newest.last };
  const { rows } = await pool
    .query<{ last: number | null }>(
      `SELECT coalesce((SELECT seq - 1 FROM audit WHERE seq > $1 AND at >= clock_timestamp() - make_interval(secs => $2)
         ORDER BY seq LIMIT 1), (SELECT seq FROM audit_head)) AS last`,
      [from.seq, olderThanMs / 1000],
    )
    .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
  const last = rows[0]?.last ?? 0;
  return last > from.seq ? { from, last } : undefined;
}

/** The newest archive, of which a row is still here, and where it begins; undefined: its rows have gone. */
export async function unfinished(
  pool: Pool,
): Promise<{ readonly archive: ArchiveRecord; readonly from: Place } | undefined> {
  const archives = await archivesOf(pool);
  const [before, archive] = [archives.at(-2), archives.at(-1)];
  if (archive === undefined) return undefined;
  const { rows } = await pool
    .query("SELECT FROM audit WHERE seq <= $1 LIMIT 1", [archive.last])
    .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
  if (rows.length === 0) return undefined;
  return { archive, from: before === undefined ? BEGINNING : { ...before, seq: before.last } };
}

/** Notes an archive whose file is written, and tells of it in the chain. Throws `busy` where somebody else has archived meanwhile. */
export async function noteArchive(pool: Pool, archive: ArchiveRecord, by: string): Promise<void> {
  const { first, last, hash, version, file, sha256 } = archive;
  await transact(pool, async (tx) => {
    const { rowCount } = await tx.sql.query(
      `INSERT INTO audit_archive (first_seq, last_seq, hash, version, file, sha256) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING`,
      [first, last, hash, version, file, sha256],
    );
    if (rowCount !== 1) throw new DiagError("busy", "somebody else has archived these rows just now");
    tx.audit({ actor: by, event: ARCHIVED, payload: { first, last, hash, file, sha256 } });
  });
}

/** Removes rows that are archived, some at a time; goes on where it was interrupted. Returns how many. */
export async function forgetArchived(pool: Pool, note: (removed: number) => void): Promise<number> {
  for (let removed = 0; ; ) {
    const { rowCount } = await pool
      .query(
        `DELETE FROM audit WHERE id IN (SELECT id FROM audit
           WHERE seq <= (SELECT max(last_seq) FROM audit_archive) ORDER BY seq LIMIT $1)`,
        [AT_ONCE],
      )
      .catch((thrown: unknown) => Promise.reject(toStoreError(thrown)));
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < AT_ONCE) return removed;
    note(removed);
  }
}
