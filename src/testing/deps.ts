import { kinds } from "../connectors/index.ts";
import { connectorsOf } from "../core/rules/connections.ts";
import type { PureDeps } from "../engine/conclude.ts";
import { createTargets } from "../engine/targets.ts";
import { knownRedactor, redactor } from "../lib/redact.ts";

/** What the engine's pure part needs, as it is without secrets: that part is the same for a run, a recording and a test. */
export const deps: PureDeps = {
  targets: createTargets(connectorsOf(kinds)),
  redact: redactor([]),
  redactKnown: knownRedactor([]),
};
