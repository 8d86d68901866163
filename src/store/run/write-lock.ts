import type { Transaction } from "../transaction.ts";

/** Any number, the same everywhere. */
const WRITE_LOCK = 7_204_414;

/**
 * Intents are announced one after another, and a freeze stands in the same line: two writes never both see the last free
 * place of a limit, and none is announced after a freeze that it did not see. `withinMs`: wait no longer for this or any
 * later lock of the transaction; waiting is taken from the time of the effect. Default: as long as the statement may take.
 */
export const lockWrites = (tx: Transaction, withinMs = 0) =>
  tx.sql.query("SELECT set_config('lock_timeout', $1, true), pg_advisory_xact_lock($2)", [
    `${Math.ceil(withinMs)}ms`,
    WRITE_LOCK,
  ]);
