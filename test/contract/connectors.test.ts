import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { kinds } from "../../src/connectors/index.ts";
import type { Harness } from "./harness.ts";
import { holdToContract } from "./held.ts";

// Every kind with a connector passes by being listed in src/connectors/kinds.ts; its target is made by harness/<kind>.ts.
// Each kind has a target of its own and mostly waits for it: kinds side by side, the tests of one in turn.
for (const kind of kinds.filter(({ connector }) => connector !== undefined)) {
  const file = `./harness/${kind.name}.ts`;
  const harness = existsSync(new URL(file, import.meta.url))
    ? ((await import(file)) as { harness: Harness }).harness
    : undefined;
  if (harness === undefined)
    test(`${kind.name} has a harness`, () => expect.fail(`write test/contract/harness/${kind.name}.ts`));
  else
    describe.skipIf(harness.missing !== undefined)(
      `${kind.name}${harness.missing === undefined ? "" : ` (skipped: ${harness.missing})`}`,
      { concurrent: true },
      () => holdToContract(kind, harness),
    );
}
