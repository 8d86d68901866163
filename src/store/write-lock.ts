import type { Transaction } from "./transaction.ts";

/** Any number, the same everywhere. */
const WRITE_LOCK = 7_204_414;

/**
 * Intents are announced one after another, and a freeze stands in the same line: two writes never both see the last free
 * place of a limit, and none is announced after a freeze that it did not see.
 */
export const lockWrites = (tx: Transaction) => tx.sql.query("SELECT pg_advisory_xact_lock($1)", [WRITE_LOCK]);
