import { expect, test } from "vitest";
import { sayConnections } from "../../../src/core/words/format.ts";

test.each([
  [["postgres"], "a postgres connection"],
  [["alertmanager"], "an alertmanager connection"],
  [["host", "nginx"], "a host and an nginx connection"],
  [["http", "exec"], "an http and an exec connection"],
])("what a runbook needs: %s", (kinds, said) => expect(sayConnections(kinds)).toBe(said));
