import type { ThreadId } from "../../core/words/ids.ts";
import { insertThread } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";

/** A message of its own in a channel, drawn like every other thread. `about`: the thread it links to. */
export async function insertNotice(
  tx: Transaction,
  channel: string,
  text: string,
  about?: ThreadId,
): Promise<void> {
  const thread = await insertThread(tx, channel);
  await tx.sql.query("INSERT INTO notice (thread_id, text, about) VALUES ($1, $2, $3)", [
    thread,
    text.slice(0, 2_000),
    about ?? null,
  ]);
  tx.touch("thread", thread, { urgent: true });
}
