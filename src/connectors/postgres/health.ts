import type { HealthTrouble, HealthWord } from "../../core/words/health.ts";
import type { ServerState } from "./server.ts";

/** Below this many transactions Postgres refuses to begin new ones (it stops three million before the end). */
const FEW_TRANSACTIONS = 40_000_000;

/** What a server says of itself beside answering: a login and a SELECT work on one that takes no writes, too. Pure. */
export function judgeState({
  inRecovery,
  isReadOnly,
  readOnlySource,
  checksumFailures,
  transactionsLeft,
  oldestDatabase,
}: ServerState): HealthWord {
  if (checksumFailures > 0)
    return critical(
      `${checksumFailures} pages failed the checksum`,
      "What was read from storage is not what was written.",
    );
  if (transactionsLeft < FEW_TRANSACTIONS)
    return critical(
      `${Math.round(transactionsLeft / 1e6)} million transactions left`,
      `Then Postgres takes no writes until "${oldestDatabase}" is vacuumed.`,
    );
  // A standby is meant to be one where nobody says otherwise: that is said, and no fault.
  if (inRecovery) return "standby: takes no writes";
  // Set for the bot's role it says nothing of others.
  if (isReadOnly && /\buser\b/.test(readOnlySource)) return "primary (the bot's role may only read)";
  if (isReadOnly)
    return critical(
      "takes no writes (25006)",
      "default_transaction_read_only is on, although the server is a primary.",
    );
  // Nothing is written to find out: the settings allow it, the disk may still be full (pg-connectivity writes a temporary file).
  return "primary, not read-only (no write was tried)";
}

const critical = (word: string, because: string): HealthTrouble => ({
  word,
  because,
  severity: "critical",
  next: "Run pg-connectivity: it says what to do.",
});
