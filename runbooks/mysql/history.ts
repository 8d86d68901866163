import { count, type Finding, type mysql, saySeconds } from "../../src/sdk/index.ts";
import { sayDoing, sayWho } from "./session-words.ts";

/** Transactions whose old rows purge has not removed: from here on reads through them become slow. */
const LONG = 1_000_000;
/** A list that is gone within so many seconds at the rate it falls just now is being dealt with. */
const SOON = 600;

/** How far purge is behind, for whom old rows are kept, and whether the list falls already. Pure. */
export function historyFinding(
  { historyLength, transactions }: mysql.OpenTransactions,
  counters: mysql.Sample | undefined,
  openSeconds: number,
): Finding<"speedPurge" | "commit"> | undefined {
  if (historyLength === null || historyLength < LONG) return undefined;
  const [oldest] = transactions;
  const fallen = -(counters?.historyGrown ?? 0) / Math.max(0.1, counters?.seconds ?? 1);
  const falls = oldest === undefined && fallen * SOON >= historyLength;
  return {
    id: "history-long",
    severity: falls ? "info" : "warning",
    title: `Purge is ${count(historyLength, "transaction")} behind (history list)`,
    because: falls
      ? `The list falls by ${Math.round(fallen)} a second: whoever kept old rows has let go, and in ${saySeconds(historyLength / fallen)} it is gone at that rate.`
      : oldest === undefined
        ? `No transaction has been open for ${openSeconds} s: purge is slower than what is written (innodb_purge_threads, the disk), or has only just been let go.`
        : `Old rows are kept for session ${oldest.id} (${sayWho(oldest)}), ${sayDoing(oldest)}. Reads walk through them, and the undo space grows.`,
    remedies: falls ? [] : [oldest === undefined ? "speedPurge" : "commit"],
  };
}
