import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect } from "vitest";
import type { Call } from "../../src/core/words/action.ts";
import type { Json } from "../../src/core/words/json.ts";
import type { Seen } from "../../src/core/words/outcome.ts";
import type { Runbook, RunContext } from "../../src/core/words/runbook.ts";
import { redactor } from "../../src/lib/redact.ts";
import { recordingOf } from "../../src/testing/record.ts";
import { sayRecording } from "../../src/testing/recording.ts";

interface Situation {
  readonly context: RunContext;
  readonly steps: readonly {
    readonly name: string;
    readonly call: Call;
    readonly seen: Seen<unknown> | undefined;
  }[];
  /** Name of the connection a call goes to. Throws where there is none. */
  onOf(call: Call): string;
}

/**
 * Writes what a runbook saw of a real system as a recording, where `RECORD_TO` names a folder:
 * `RECORD_TO=/tmp/recordings npx vitest run test/integration/runbooks`. To be looked through, made free of what belongs to
 * the machine, and kept in test/recordings.
 */
export function recordSituation(runbook: Runbook, { context, steps, onOf }: Situation): void {
  const folder = process.env.RECORD_TO;
  if (folder === undefined) return;
  const test = expect.getState().currentTestName ?? "";
  const kinds = context.system.connections.map(({ kind, name }) => [kind, name] as const).reverse();
  const recording = recordingOf(
    runbook,
    {
      situation: test.replace(/^.* > /, ""),
      context,
      uses: Object.fromEntries(kinds),
      steps: steps.flatMap(({ name, call, seen }) =>
        seen === undefined
          ? []
          : [
              {
                name,
                phase: "diagnose" as const,
                action: call.action,
                on: onOf(call),
                input: call.input,
                ...(seen.ok ? { output: seen.value as Json } : { error: seen.error }),
              },
            ],
      ),
    },
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
