import { parseDuration, sayDuration } from "../core/words/duration.ts";
import { DiagError } from "../core/words/errors.ts";
import { count } from "../core/words/format.ts";
import { LEAST_AUDIT_MS } from "../core/words/keep.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { plain } from "./plain.ts";

export interface ArchiveOptions {
  readonly to: string;
  readonly olderThan?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `archive`: old rows of the audit record go to a file. 0 also where none is old enough. */
export async function archive(
  deps: CliDeps,
  io: CliIo,
  { to, olderThan, dryRun, json }: ArchiveOptions,
): Promise<number> {
  const olderThanMs = ageOf(olderThan, deps);
  const say = (line: string) => io.stderr(`${plain(line)}\n`);
  const archived = await deps.archive({ to, olderThanMs, dryRun }, say);
  if (json) {
    io.stdout(`${JSON.stringify({ dryRun, ...archived })}\n`);
    return EXIT.ok;
  }
  const { made, removed } = archived;
  if (made === undefined) {
    const left =
      removed === 0 ? "" : ` ${count(removed, "row")} of the last archive were still there and are removed.`;
    io.stdout(`no row of the audit record is older than ${sayDuration(olderThanMs)}.${left}\n`);
    return EXIT.ok;
  }
  const rows = count(made.last - made.first + 1, "row");
  io.stdout(
    dryRun
      ? `would write ${rows} (${made.first} to ${made.last}) to ${plain(made.path)} and remove them\n`
      : `${rows} (${made.first} to ${made.last}) are in ${plain(made.path)}, no longer in the database\nsha256 ${made.sha256}\nKeep the file: \`diagbot audit verify --archives <folder>\` reads it.\n`,
  );
  return EXIT.ok;
}

function ageOf(typed: string | undefined, deps: CliDeps): number {
  const ms = typed === undefined ? deps.keepsAuditMs() : parseDuration(typed);
  if (typed === undefined && ms === undefined)
    throw new DiagError("usage", "how old must a row be?", {
      hint: "name it with --older-than 2y, or set `keep: { audit: 2y }` in diagbot.yaml",
    });
  if (ms === undefined || ms < LEAST_AUDIT_MS)
    throw new DiagError("usage", `--older-than is a duration of at least 30d, not ${typed ?? ""}`);
  return ms;
}
