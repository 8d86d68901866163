import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import type { Checkpoint } from "../core/words/audit.ts";
import { DiagError } from "../core/words/errors.ts";
import { canonical } from "../core/words/json.ts";
import { randomId } from "../lib/random-id.ts";
import type { AuditRow } from "../store/index.ts";

// Lines of JSON, compressed: the head, the rows as the database had them, the checkpoints of these rows.
const Line = z.union([
  z.strictObject({
    format: z.literal("diagbot-audit"),
    version: z.literal(1),
    first: z.int(),
    last: z.int(),
  }),
  z.strictObject({
    ...{ seq: z.int(), at: z.iso.datetime(), actor: z.string(), event: z.string() },
    ...{ run_id: z.int().nullable(), payload: z.string() },
    ...{ prev_hash: z.string(), hash: z.string(), version: z.int() },
  }),
  z.strictObject({ checkpoint: z.looseObject({}) }),
]);

/** Names tell what is in them, and sort as the chain does. */
export const archiveName = (first: number, last: number): string =>
  `audit-${String(first).padStart(12, "0")}-${String(last).padStart(12, "0")}.ndjson.gz`;

/**
 * Writes an archive and gives it its name when all of it is on the disk. Resolves with the SHA-256 of the file. Rejects with
 * `bad_config` where the folder cannot be written to, and with what `rows` rejects with; then nothing is left behind.
 */
export async function writeArchive(
  path: string,
  range: { readonly first: number; readonly last: number },
  rows: AsyncIterable<AuditRow>,
  checkpoints: readonly Checkpoint[],
): Promise<string> {
  // Of two at once neither writes into what the other has finished.
  const partial = `${path}.${randomId()}.partial`;
  const digest = createHash("sha256");
  try {
    await pipeline(
      Readable.from(linesOf(range, rows, checkpoints)),
      createGzip(),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          digest.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(partial, { mode: 0o600, flush: true }),
    );
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true }).catch(() => {});
    throw toConfigError(thrown, path);
  }
  return digest.digest("hex");
}

async function* linesOf(
  range: { readonly first: number; readonly last: number },
  rows: AsyncIterable<AuditRow>,
  checkpoints: readonly Checkpoint[],
): AsyncGenerator<string> {
  yield `${canonical({ format: "diagbot-audit", version: 1, ...range })}\n`;
  let next = range.first;
  for await (const { seq, at, actor, event, run_id, payload, prev_hash, hash, version } of rows) {
    yield `${canonical({ seq, at: at.toISOString(), actor, event, run_id, payload, prev_hash, hash, version })}\n`;
    if (seq === next) next += 1;
  }
  // Nothing shorter takes the place of a whole file.
  if (next !== range.last + 1)
    throw new DiagError("busy", `row ${next} of the audit record went while it was written to a file`);
  for (const checkpoint of checkpoints) yield `${canonical({ checkpoint })}\n`;
}

/** The rows of an archive, as they were written. Rejects with `bad_audit` where it is another file, or none that can be read. */
export async function* readArchive(path: string, sha256: string): AsyncGenerator<AuditRow> {
  const digest = createHash("sha256");
  const bytes = createReadStream(path).on("data", (chunk) => digest.update(chunk));
  const lines = createInterface({ input: bytes.pipe(createGunzip()), crlfDelay: Number.POSITIVE_INFINITY });
  const failed = new Promise<never>((_resolve, reject) => {
    bytes.once("error", reject);
    lines.once("error", reject);
  });
  failed.catch(() => {});
  const next = lines[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await Promise.race([next.next(), failed]);
      if (done === true) break;
      const line = Line.parse(JSON.parse(value));
      if ("seq" in line) yield { ...line, at: new Date(line.at) };
    }
  } catch (thrown) {
    throw new DiagError("bad_audit", `${path} cannot be read as an archive of the audit record`, {
      hint: "copy it back from where archives are kept; it must be the file as it was written",
      cause: thrown,
    });
  } finally {
    bytes.destroy();
  }
  if (digest.digest("hex") !== sha256)
    throw new DiagError("bad_audit", `${path} is not the file that was written: its SHA-256 is another`);
}

function toConfigError(thrown: unknown, path: string): unknown {
  const { code } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof DiagError || code === undefined || !/^E[A-Z]+$/.test(code)) return thrown;
  return new DiagError("bad_config", `${path} cannot be written: ${code}`, {
    hint: "name a folder that is there, that this account may write to, and that has room",
    cause: thrown,
  });
}
