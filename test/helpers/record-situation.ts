import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "vitest";
import type { Runbook, RunContext } from "../../src/core/words/runbook.ts";
import type { StepView } from "../../src/core/words/view.ts";
import { redactor } from "../../src/lib/redact.ts";
import { recordingOf } from "../../src/testing/record.ts";
import { sayRecording } from "../../src/testing/recording.ts";

/**
 * Writes what a runbook saw of a real system as a recording, where `RECORD_TO` names a folder:
 * `RECORD_TO=/tmp/recordings npx vitest run test/integration/runbooks`. To be looked through, made free of what belongs to
 * the machine, and kept in test/recordings.
 */
export function recordSituation(
  runbook: Runbook,
  context: RunContext,
  uses: Readonly<Record<string, string>>,
  steps: readonly StepView[],
): void {
  const folder = process.env.RECORD_TO;
  if (folder === undefined) return;
  const test = expect.getState().currentTestName ?? "";
  const recording = recordingOf(
    runbook,
    { situation: test.replace(/^.* > /, ""), context, uses, steps },
    redactor([]),
  );
  const path = free(`${folder}/${runbook.id}/${slug(test)}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, sayRecording(recording));
}

const slug = (name: string): string =>
  name
    .replace(/^.* > /, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60)
    .replace(/-[^-]*$/, (last) => (name.length > 60 ? "" : last));

/** The next name nobody has: a test may diagnose more than once. */
function free(path: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? `${path}.yaml` : `${path}-${n}.yaml`;
    if (!existsSync(name)) return name;
  }
}
