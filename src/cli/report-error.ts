import { DiagError, toDiagError } from "../core/words/errors.ts";
import type { CliIo } from "./deps.ts";
import { exitOfError } from "./exit.ts";
import { plain } from "./plain.ts";

/** Says what went wrong: on stderr for people, as one JSON document on stdout for `--json`. Returns the exit code. */
export function reportError(thrown: unknown, io: CliIo, json: boolean): number {
  const error = toDiagError(thrown);
  if (json) {
    const { code, message, hint } = error;
    io.stdout(`${JSON.stringify({ error: { code, message, ...(hint === undefined ? {} : { hint }) } })}\n`);
  } else {
    for (const line of thrownAsLines(error)) io.stderr(`${plain(line)}\n`);
  }
  return exitOfError(error);
}

/** Message and hint, a line each. A bug also says where it happened. */
export function thrownAsLines(thrown: unknown): string[] {
  const error = toDiagError(thrown);
  const lines = [error.code === "bad_config" ? error.message : `${error.code}: ${error.message}`];
  if (error.hint !== undefined) lines.push(error.hint);
  if (
    error.code === "bug" &&
    !(thrown instanceof DiagError) &&
    thrown instanceof Error &&
    thrown.stack !== undefined
  )
    lines.push(thrown.stack);
  return lines;
}
