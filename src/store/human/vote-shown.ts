import type { VoteRequest } from "../../core/ports/intake.ts";
import { needsFile } from "../../core/rules/plan-lines.ts";
import { cardSlot, planFileSlot } from "../../core/rules/slots.ts";
import type { Plan } from "../../core/words/plan.ts";
import type { Transaction } from "../transaction.ts";

/** What a voter had before them in Slack; nothing is known of a vote cast elsewhere. */
export interface Shown {
  /** Digest of the card, and of the file with the whole plan, as last sent. */
  readonly card?: string;
  readonly file?: string;
  /** Card and Preview hold the whole plan, or its file is up. */
  readonly sawAll: boolean;
}

/** Reads what Slack shows of the approval's plan, in the transaction that counts the vote. */
export async function shownTo(
  { sql }: Transaction,
  { via }: VoteRequest,
  approval: { run_id: number; thread_id: number; remedy: string; plan_sha256: string },
): Promise<Shown> {
  if (via !== "slack") return { sawAll: true };
  const { run_id: run, remedy, plan_sha256: planSha256 } = approval;
  const [card, file] = [cardSlot(run, remedy), planFileSlot(run, remedy, planSha256)];
  const { rows } = await sql.query<{
    plan: string | null;
    slot: string | null;
    digest: string;
    state: string;
  }>(
    `SELECT m.plan, s.slot, s.digest, s.state FROM remedy m
     LEFT JOIN slack_message s ON s.thread_id = $3 AND s.slot IN ($4, $5)
     WHERE m.run_id = $1 AND m.key = $2`,
    [run, remedy, approval.thread_id, card, file],
  );
  const plan = rows[0]?.plan;
  const digestOf = (slot: string) => rows.find((row) => row.slot === slot)?.digest;
  const isUp = rows.some(({ slot, state }) => slot === file && state === "sent");
  const [onCard, inFile] = [digestOf(card), isUp ? digestOf(file) : undefined];
  return {
    ...(onCard === undefined ? {} : { card: onCard }),
    ...(inFile === undefined ? {} : { file: inFile }),
    sawAll: isUp || plan === undefined || plan === null || !needsFile(JSON.parse(plan) as Plan),
  };
}
