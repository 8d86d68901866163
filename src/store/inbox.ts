import type { Entry } from "../core/ports.ts";
import type { Transaction } from "./transaction.ts";

/** At most this much of a request is kept for later reading. */
const RAW_LIMIT = 65_536;

/** Writes the request down in the transaction that acts on it. `repeat`: it was delivered before and must have no second effect. */
export async function noteEntry(tx: Transaction, entry: Entry): Promise<"fresh" | "repeat"> {
  const { rowCount } = await tx.sql.query(
    "INSERT INTO inbox (source, dedupe_key, raw, state) VALUES ($1, $2, $3, 'done') ON CONFLICT (dedupe_key) DO NOTHING",
    [entry.source, entry.dedupeKey, entry.raw.slice(0, RAW_LIMIT)],
  );
  return rowCount === 1 ? "fresh" : "repeat";
}

/** Marks what became of the request, for people who read the inbox. */
export const settleEntry = (tx: Transaction, entry: Entry, state: "done" | "refused", note: string) =>
  tx.sql.query("UPDATE inbox SET state = $2, note = $3 WHERE dedupe_key = $1", [
    entry.dedupeKey,
    state,
    note,
  ]);
