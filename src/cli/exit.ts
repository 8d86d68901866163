import { DiagError, type ErrorCode } from "../core/words/errors.ts";
import type { RunView } from "../core/words/view.ts";

/** Exit codes of the command line (README, "Command line"). 64 is EX_USAGE of sysexits.h. */
export const EXIT = { ok: 0, findings: 1, refused: 2, usage: 64 } as const;

/** What was typed does not exist or does not fit: the words are wrong, not the world. */
const USAGE: readonly ErrorCode[] = [
  "usage",
  "unknown_command",
  "unknown_system",
  "unknown_runbook",
  "unknown_run",
  "unknown_remedy",
  "bad_parameter",
];

export const exitOfError = (error: DiagError): number =>
  USAGE.includes(error.code) ? EXIT.usage : EXIT.refused;

/** 2: we could not find out; 1: something is wrong; 0: healthy. */
export function exitOfRun(view: Pick<RunView, "status" | "findings">): number {
  if (view.status === "errored" || view.status === "cancelled") return EXIT.refused;
  if (view.findings.length > 0) return EXIT.findings;
  return view.status === "failed" ? EXIT.refused : EXIT.ok;
}

export const usage = (message: string, hint?: string): DiagError =>
  new DiagError("usage", message, hint === undefined ? {} : { hint });
