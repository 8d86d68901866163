import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { ArchiveAsk } from "../cli/deps.ts";
import type { Archived, AuditArchive, AuditSettings, Checkpoint } from "../core/words/audit.ts";
import { DiagError } from "../core/words/errors.ts";
import { count } from "../core/words/format.ts";
import {
  type ArchiveRecord,
  type AuditRow,
  archivable,
  archivingAlone,
  forgetArchived,
  noteArchive,
  type Pool,
  rowsAfter,
  unfinished,
  walk,
} from "../store/index.ts";
import { archiveName, readArchive, writeArchive } from "./archive-file.ts";
import { checkpointsOf, isUrl, verifyWithCheckpoints } from "./checkpoints.ts";

interface AuditRecord {
  readonly pool: Pool;
  readonly audit: AuditSettings | undefined;
  readonly by: string;
}

/** Rows between two words about how far it is. */
const TELL_EVERY = 100_000;

/**
 * Takes old rows of the audit record into a file and out of the database: the chain is verified first, the file is read again
 * before a row goes, and the chain tells of it. What was interrupted goes on. `by`: who asks, for the record. Rejects with
 * `bad_audit` where the chain is not as written and with `busy` where somebody else archives; then nothing is changed.
 */
export async function archiveAudit(
  of: AuditRecord,
  ask: ArchiveAsk,
  say: (line: string) => void,
): Promise<Archived> {
  const { to } = ask;
  if (!existsSync(to) || !statSync(to).isDirectory())
    throw new DiagError("usage", `there is no folder ${to}`, { hint: "make it, or name another with --to" });
  return archivingAlone(of.pool, () => archive(of, ask, say));
}

async function archive(
  { pool, audit, by }: AuditRecord,
  { to, olderThanMs, dryRun }: ArchiveAsk,
  say: (line: string) => void,
): Promise<Archived> {
  const report = await verifyWithCheckpoints(pool, audit, undefined);
  const why = report.firstBad?.why ?? report.checkpointsFlaw;
  // Where checkpoints go to an URL only its owner can hold them against the chain.
  if (why !== undefined && (report.firstBad !== undefined || !isUrl(audit?.checkpoints ?? "")))
    throw new DiagError("bad_audit", `nothing was archived: ${why}`, {
      hint: "`diagbot audit verify` says where",
    });
  const left = dryRun ? 0 : await goOn(pool, to, say);
  const due = await archivable(pool, olderThanMs);
  if (due === undefined) return { removed: left };
  const [first, last] = [due.from.seq + 1, due.last];
  const path = join(to, archiveName(first, last));
  if (dryRun) {
    const { hash } = await lastOf(rowsAfter(pool, last - 1, last));
    return { made: { first, last, hash, file: basename(path), sha256: "", path }, removed: 0 };
  }
  say(`writing ${count(last - first + 1, "row")} to ${path}`);
  const checkpoints = await checkpointsBetween(audit, first, last);
  const sha256 = await writeArchive(
    path,
    { first, last },
    tellEvery(rowsAfter(pool, due.from.seq, last), say),
    checkpoints,
  );
  const { hash, version } = await lastOf(rowsAfter(pool, last - 1, last));
  const read = await walk(readArchive(path, sha256), due.from, { seq: last, hash }, new Map());
  if (read.firstBad !== undefined)
    throw new DiagError(
      "bad_audit",
      `${path} was not written whole: ${read.firstBad.why}; nothing was removed`,
    );
  const made: ArchiveRecord = { first, last, hash, version, file: basename(path), sha256 };
  await noteArchive(pool, made, by);
  return { made: { ...shown(made), path }, removed: left + (await forgetArchived(pool, removed(say))) };
}

/** Rows whose archive was recorded before they had gone: its file may have been lost since, so it is read once more first. */
async function goOn(pool: Pool, to: string, say: (line: string) => void): Promise<number> {
  const left = await unfinished(pool);
  if (left === undefined) return 0;
  const { archive, from } = left;
  const rows = readArchive(join(to, archive.file), archive.sha256);
  const { firstBad } = await walk(rows, from, { seq: archive.last, hash: archive.hash }, new Map());
  if (firstBad !== undefined) throw new DiagError("bad_audit", `${archive.file}: ${firstBad.why}`);
  return forgetArchived(pool, removed(say));
}

const shown = ({ version: _, ...archive }: ArchiveRecord): AuditArchive => archive;

const removed = (say: (line: string) => void) => (rows: number) => {
  if (rows % TELL_EVERY === 0) say(`${count(rows, "row")} removed`);
};

async function* tellEvery(
  rows: AsyncIterable<AuditRow>,
  say: (line: string) => void,
): AsyncGenerator<AuditRow> {
  let n = 0;
  for await (const row of rows) {
    n += 1;
    if (n % TELL_EVERY === 0) say(`${count(n, "row")} written`);
    yield row;
  }
}

async function lastOf(rows: AsyncIterable<AuditRow>): Promise<AuditRow> {
  for await (const row of rows) return row;
  throw new DiagError("busy", "somebody else has archived these rows just now");
}

/** Those of a file; what was sent to an URL is kept there. */
async function checkpointsBetween(
  audit: AuditSettings | undefined,
  first: number,
  last: number,
): Promise<Checkpoint[]> {
  if (audit === undefined || isUrl(audit.checkpoints)) return [];
  const all = await checkpointsOf(audit.checkpoints, audit.key);
  return all.filter(({ seq }) => seq >= first && seq <= last);
}
