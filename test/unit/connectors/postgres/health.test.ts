import { expect, test } from "vitest";
import { judgeState } from "../../../../src/connectors/postgres/health.ts";
import type { ServerState } from "../../../../src/connectors/postgres/server.ts";

const well = {
  inRecovery: false,
  isReadOnly: false,
  transactionsLeft: 2_000_000_000,
  oldestDatabase: "shop",
  checksumFailures: 0,
} as ServerState;
const word = (one: Partial<ServerState>) => {
  const said = judgeState({ ...well, ...one });
  return typeof said === "string" ? said : `${said.severity}: ${said.word}`;
};

test.each([
  [{}, "primary, not read-only (no write was tried)"],
  [{ inRecovery: true, isReadOnly: true }, "standby: takes no writes"],
  [{ isReadOnly: true }, "critical: takes no writes (25006)"],
  [{ transactionsLeft: 3_100_000 }, "critical: 3 million transactions left"],
  [{ checksumFailures: 2 }, "critical: 2 pages failed the checksum"],
])("%j: %s", (one, said) => {
  expect(word(one)).toBe(said);
});
