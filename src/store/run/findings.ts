import type { Fence } from "../../core/ports/run-store.ts";
import type { RecordedFinding } from "../../core/words/finding.ts";
import type { FencedTransaction } from "./fence.ts";

/** A finding as it is stored; `goneAt`: when it was seen that it is not there any more; `foundAt`: since when it is, default now. */
export type FindingRow = RecordedFinding & { readonly goneAt?: Date; readonly foundAt?: Date };

/** Findings in the order to be shown; those that were there have to be taken away before. */
export async function insertFindings(
  tx: FencedTransaction,
  fence: Fence,
  findings: readonly FindingRow[],
): Promise<void> {
  if (findings.length === 0) return;
  await tx.sql.query(
    `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies, gone_at, damage, found_at)
     SELECT $1, f.nth - 1, f.id, f.severity, f.title, f.because, f.evidence::jsonb, f.remedies::jsonb, f.gone_at, f.damage, coalesce(f.found_at, clock_timestamp())
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::timestamptz[]) WITH ORDINALITY
       AS f (id, severity, title, because, evidence, remedies, gone_at, damage, found_at, nth)`,
    [
      fence.run,
      findings.map(({ id }) => id),
      findings.map(({ severity }) => severity),
      findings.map(({ title }) => title),
      findings.map(({ because }) => because),
      findings.map(({ evidence }) => JSON.stringify(evidence)),
      findings.map(({ remedies }) => JSON.stringify(remedies)),
      findings.map(({ goneAt }) => goneAt ?? null),
      findings.map(({ damage }) => damage ?? null),
      findings.map(({ foundAt }) => foundAt ?? null),
    ],
  );
}

/** Says of steps without a value that a finding rests on their error. */
export async function markExplained(
  tx: FencedTransaction,
  fence: Fence,
  steps: readonly string[],
): Promise<void> {
  if (steps.length === 0) return;
  await tx.sql.query("UPDATE step SET explained = true WHERE run_id = $1 AND name = ANY ($2)", [
    fence.run,
    steps,
  ]);
}
