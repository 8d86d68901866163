import type { Fence, NewRemedy, NewStep, RunStore, StepResult } from "../../core/ports/run-store.ts";
import { gravest } from "../../core/words/finding.ts";
import type { RunbookVersion } from "../../core/words/runbook.ts";
import type { Pool } from "../pool.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";
import { insertFindings, markExplained } from "./findings.ts";
import { placeScheduled } from "./schedule.ts";

type Steps = Pick<RunStore, "addSteps" | "recordRead" | "recordDiagnosis" | "recordCheck">;

/** What was asked and what was seen. */
export function runSteps(deps: { pool: Pool; onCommit: OnCommit }): Steps {
  return {
    addSteps: (fence, steps, stagesPlanned, begun) =>
      fenced(deps, fence, async (tx) => {
        if (begun !== undefined) await begin(tx, fence, begun);
        await insertSteps(tx, fence, steps);
        await tx.sql.query("UPDATE run SET stages_planned = $2 WHERE id = $1", [fence.run, stagesPlanned]);
        tx.audit({
          actor: fence.worker,
          event: "steps.planned",
          run: fence.run,
          payload: { steps: steps.map((step) => step.name) },
        });
        tx.show();
      }),
    recordRead: (fence, step, result) =>
      fenced(deps, fence, async (tx) => {
        await writeResult(tx, fence, step, result);
        tx.audit({
          actor: fence.worker,
          event: `step.${result.outcome}`,
          run: fence.run,
          payload: { step, error: result.error?.code },
        });
        tx.show();
      }),
    recordDiagnosis: (...args) => recordDiagnosis(deps, ...args),
    recordCheck: (fence, steps) =>
      fenced(deps, fence, async (tx) => {
        await insertSteps(tx, fence, steps);
        for (const step of steps) await writeResult(tx, fence, step.name, step.result);
        tx.show();
      }),
  };
}

/** The first stage: with which text of the runbook. What an earlier text had asked is asked anew. */
async function begin(
  tx: FencedTransaction,
  fence: Fence,
  { version, digest }: RunbookVersion,
): Promise<void> {
  const { rows } = await tx.sql.query<{ runbook: string }>(
    "UPDATE run SET runbook_version = $2, runbook_digest = $3 WHERE id = $1 RETURNING runbook",
    [fence.run, version, digest],
  );
  await tx.sql.query("DELETE FROM step WHERE run_id = $1 AND phase = 'diagnose'", [fence.run]);
  const payload = { runbook: rows[0]?.runbook, version, digest };
  tx.audit({ actor: fence.worker, event: "run.began", run: fence.run, payload });
}

/** Adds steps that are not there yet; existing ones (a verification asked again) keep their place. */
export async function insertSteps(
  tx: FencedTransaction,
  fence: Fence,
  steps: readonly NewStep[],
): Promise<void> {
  for (const [ord, step] of steps.entries()) {
    await tx.sql.query(
      `INSERT INTO step (run_id, name, phase, stage, ord, remedy, action, title, effect, class, connection, input, witness)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (run_id, name) DO NOTHING`,
      [
        fence.run,
        step.name,
        step.phase,
        step.stage,
        ord,
        step.remedy ?? null,
        step.action,
        step.title,
        step.effect,
        step.class ?? null,
        step.on,
        JSON.stringify(step.input),
        step.witness === undefined ? null : JSON.stringify(step.witness),
      ],
    );
  }
}

/** What a read saw. */
export const writeResult = (tx: FencedTransaction, fence: Fence, step: string, result: StepResult) =>
  tx.sql.query(
    `UPDATE step SET state = $3, output = $4, error = $5, started_at = $6, finished_at = clock_timestamp()
     WHERE run_id = $1 AND name = $2 AND effect = 'read'`,
    [
      fence.run,
      step,
      result.outcome,
      result.output === undefined ? null : JSON.stringify(result.output),
      result.error === undefined ? null : JSON.stringify(result.error),
      result.startedAt,
    ],
  );

/** Remedies in their order; `after`: behind those that are there. */
export async function insertRemedies(
  tx: FencedTransaction,
  fence: Fence,
  remedies: readonly NewRemedy[],
  { after = false }: { after?: boolean } = {},
): Promise<void> {
  for (const [ord, remedy] of remedies.entries())
    await tx.sql.query(
      `INSERT INTO remedy (run_id, key, ord, title, risk, status, advice)
       SELECT $1, $2, $3 + CASE WHEN $8 THEN (SELECT count(*)::int FROM remedy WHERE run_id = $1) ELSE 0 END, $4, $5, $6, $7`,
      [
        ...[fence.run, remedy.key, ord, remedy.title, remedy.risk, remedy.status, remedy.advice ?? null],
        after,
      ],
    );
}

const recordDiagnosis = (
  deps: { pool: Pool; onCommit: OnCommit },
  ...[fence, findings, remedies, explained]: Parameters<RunStore["recordDiagnosis"]>
) =>
  fenced(deps, fence, async (tx) => {
    await insertFindings(tx, fence, findings);
    await insertRemedies(tx, fence, remedies);
    await markExplained(tx, fence, explained);
    await tx.sql.query("UPDATE run SET diagnosed = true, severity = $2 WHERE id = $1", [
      fence.run,
      gravest(findings) ?? null,
    ]);
    const payload = {
      findings: findings.map(({ id, severity }) => ({ id, severity })),
      remedies: remedies.map(({ key, status }) => ({ key, status })),
    };
    tx.audit({ actor: fence.worker, event: "run.diagnosed", run: fence.run, payload });
    await placeScheduled(tx);
    tx.show({ urgent: true });
  });
