import type { Fence } from "../../core/ports/run-store.ts";
import type { RecordedFinding } from "../../core/words/finding.ts";
import type { FencedTransaction } from "./fence.ts";

/** A finding as it is stored; `goneAt`: when it was seen that it is not there any more. */
export type FindingRow = RecordedFinding & { readonly goneAt?: Date };

/** Findings in the order to be shown; those that were there have to be taken away before. */
export async function insertFindings(
  tx: FencedTransaction,
  fence: Fence,
  findings: readonly FindingRow[],
): Promise<void> {
  for (const [ord, finding] of findings.entries())
    await tx.sql.query(
      `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies, gone_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        fence.run,
        ord,
        finding.id,
        finding.severity,
        finding.title,
        finding.because,
        JSON.stringify(finding.evidence),
        JSON.stringify(finding.remedies),
        finding.goneAt ?? null,
      ],
    );
}

/** Says of steps without a value that a finding rests on their error. */
export const markExplained = (tx: FencedTransaction, fence: Fence, steps: readonly string[]) =>
  tx.sql.query("UPDATE step SET explained = true WHERE run_id = $1 AND name = ANY ($2)", [fence.run, steps]);
