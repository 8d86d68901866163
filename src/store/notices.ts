import { insertThread } from "./runs.ts";
import type { Transaction } from "./transaction.ts";

/** A message of its own in a channel, drawn like every other thread. */
export async function insertNotice(tx: Transaction, channel: string, text: string): Promise<void> {
  const thread = await insertThread(tx, channel);
  await tx.sql.query("INSERT INTO notice (thread_id, text) VALUES ($1, $2)", [thread, text.slice(0, 2_000)]);
  tx.touch("thread", thread, { urgent: true });
}
