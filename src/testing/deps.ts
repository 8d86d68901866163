import { kinds } from "../connectors/index.ts";
import { connectorsOf } from "../core/rules/connections.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { PureDeps } from "../engine/conclude.ts";
import { createTargets } from "../engine/targets.ts";
import { knownRedactor, redactor } from "../lib/redact.ts";

const pure = { redact: redactor([]), redactKnown: knownRedactor([]) };
const shipped: PureDeps = { ...pure, targets: createTargets(connectorsOf(kinds)) };

/** Kinds a runbook may ask: diagbot's own, and those of its pack. */
export const kindsOf = ({ kinds: own = [] }: Pick<Runbook, "kinds">): readonly ConnectionKind[] => [
  ...kinds,
  ...own,
];

/** What the engine's pure part needs, as it is without secrets: that part is the same for a run, a recording and a test. */
export const depsOf = (runbook: Runbook): PureDeps =>
  runbook.kinds === undefined ? shipped : { ...pure, targets: createTargets(connectorsOf(kindsOf(runbook))) };
