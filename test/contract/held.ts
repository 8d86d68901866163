import { afterAll, beforeAll, test } from "vitest";
import type { ConnectionKind } from "../../src/core/words/kind.ts";
import { type ContractOptions, contractOf, type Harness } from "../../src/testing/index.ts";

/** The contract of a connector as tests: of one target, so one after the other. */
export function holdToContract(kind: ConnectionKind, harness: Harness, options?: ContractOptions): void {
  const { cases, start, stop } = contractOf(kind, harness, options);
  beforeAll(start);
  afterAll(stop);
  for (const { title, run } of cases) test.sequential(title, run);
}
