import type { Json } from "../core/words/json.ts";
import type { Runbook, RunContext } from "../core/words/runbook.ts";
import type { StepView } from "../core/words/view.ts";
import { type Redact, redactDeep } from "../lib/redact.ts";
import { Recording } from "./recording.ts";
import { replay } from "./replay.ts";

/** What was seen of a diagnosis. */
export interface Seen {
  readonly situation?: string;
  readonly context: RunContext;
  /** The chosen connection per kind. */
  readonly uses: Readonly<Record<string, string>>;
  /** Those of the diagnosis; others are left out. */
  readonly steps: readonly Pick<
    StepView,
    "name" | "phase" | "action" | "on" | "input" | "output" | "error"
  >[];
}

/** The recording of a diagnosis, without secrets, with what the runbook concludes from it now. Throws `bad_recording`. */
export function recordingOf(
  runbook: Runbook,
  { situation, context: { uses: _, ...context }, uses, steps }: Seen,
  redact: Redact,
): Recording {
  const answered = steps
    .filter(({ phase }) => phase === "diagnose")
    .map(({ name, action, on, input, output, error }) => [
      name,
      { action, on, input, ...(error === undefined ? { output: output ?? null } : { error }) },
    ]);
  const plain = JSON.parse(
    JSON.stringify({
      diagbot: 1,
      runbook: runbook.id,
      ...(situation === undefined ? {} : { situation }),
      context,
      uses,
      steps: Object.fromEntries(answered),
      conclusion: { findings: [], gaps: [], remedies: {} },
    }),
  ) as Json;
  const recording = Recording.parse(redactDeep(plain, redact));
  return { ...recording, conclusion: replay(runbook, recording).conclusion };
}
