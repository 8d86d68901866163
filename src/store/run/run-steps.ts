import type {
  Fence,
  NewRemedy,
  NewStep,
  ReadResult,
  RunStore,
  StepResult,
} from "../../core/ports/run-store.ts";
import { gravest } from "../../core/words/finding.ts";
import type { RunbookVersion } from "../../core/words/runbook.ts";
import { touchChecklists } from "../alert/checklists.ts";
import type { Pool } from "../pool.ts";
import { type FencedTransaction, fenced, fencedStatement, type OnCommit } from "./fence.ts";
import { insertFindings, markExplained } from "./findings.ts";
import { end } from "./run-ends.ts";
import { placeScheduled } from "./schedule.ts";

type Steps = Pick<RunStore, "addSteps" | "recordReads" | "recordDiagnosis" | "recordCheck">;

/** What was asked and what was seen. */
export function runSteps(deps: { pool: Pool; onCommit: OnCommit }): Steps {
  return {
    addSteps: (fence, steps, stagesPlanned, begun) =>
      fenced(deps, fence, async (tx) => {
        if (begun !== undefined) await begin(tx, fence, begun);
        await insertSteps(tx, fence, steps);
        await tx.sql.query(
          `UPDATE run SET stages_planned = $2, runbook_version = coalesce($3, runbook_version),
             runbook_digest = coalesce($4, runbook_digest) WHERE id = $1`,
          [fence.run, stagesPlanned, begun?.version ?? null, begun?.digest ?? null],
        );
        tx.audit({
          actor: fence.worker,
          event: "steps.planned",
          run: fence.run,
          payload: { steps: steps.map((step) => step.name) },
        });
        tx.show();
      }),
    recordReads: (fence, results) =>
      fencedStatement(deps, fence, {
        change: RESULTS,
        values: columnsOf(results),
        audit: results.map(({ step, result: { outcome, error } }) => ({
          event: `step.${outcome}`,
          payload: { step, error: error?.code },
        })),
      }),
    recordDiagnosis: (...args) => recordDiagnosis(deps, ...args),
    recordCheck: (fence, steps) =>
      fenced(deps, fence, async (tx) => {
        await insertSteps(tx, fence, steps);
        await writeResults(tx, fence, steps.map(asResult));
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
  if (tx.run.stagesPlanned > 0)
    await tx.sql.query("DELETE FROM step WHERE run_id = $1 AND phase = 'diagnose'", [fence.run]);
  const payload = { runbook: tx.run.runbook, version, digest };
  tx.audit({ actor: fence.worker, event: "run.began", run: fence.run, payload });
}

/** Adds steps that are not there yet; existing ones (a verification asked again) keep their place. */
export async function insertSteps(
  { sql }: Pick<FencedTransaction, "sql">,
  fence: Fence,
  steps: readonly NewStep[],
): Promise<void> {
  if (steps.length === 0) return;
  await sql.query(
    `INSERT INTO step (run_id, ord, name, phase, stage, remedy, action, title, effect, class, connection, input, witness)
     SELECT $1, s.nth - 1, s.name, s.phase, s.stage, s.remedy, s.action, s.title, s.effect, s.class, s.connection,
       s.input::jsonb, s.witness::jsonb
     FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
       $11::text[], $12::text[]) WITH ORDINALITY
       AS s (name, phase, stage, remedy, action, title, effect, class, connection, input, witness, nth)
     ON CONFLICT (run_id, name) DO NOTHING`,
    [
      fence.run,
      steps.map(({ name }) => name),
      steps.map(({ phase }) => phase),
      steps.map(({ stage }) => stage),
      steps.map(({ remedy }) => remedy ?? null),
      steps.map(({ action }) => action),
      steps.map(({ title }) => title),
      steps.map(({ effect }) => effect),
      steps.map((step) => step.class ?? null),
      steps.map(({ on }) => on),
      steps.map(({ input }) => JSON.stringify(input)),
      steps.map(({ witness }) => jsonOrNull(witness)),
    ],
  );
}

/** A step that was planned and made at once. */
export const asResult = ({ name, result }: NewStep & { readonly result: StepResult }): ReadResult => ({
  step: name,
  result,
});

const jsonOrNull = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/** SQL: what reads saw, by name of the step, into the steps of the run of `fence`. Parameters from $4 on: `columnsOf`. */
const RESULTS = `UPDATE step SET state = r.outcome, output = r.output::jsonb, error = r.error::jsonb, started_at = r.started_at,
    finished_at = clock_timestamp()
  FROM fence, unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
    AS r (name, outcome, output, error, started_at)
  WHERE step.run_id = fence.id AND step.name = r.name AND step.effect = 'read'`;

const columnsOf = (results: readonly ReadResult[]): readonly unknown[] => [
  results.map(({ step }) => step),
  results.map(({ result }) => result.outcome),
  results.map(({ result }) => jsonOrNull(result.output)),
  results.map(({ result }) => jsonOrNull(result.error)),
  results.map(({ result }) => result.startedAt),
];

/** What reads saw, in a transaction that records more. */
export const writeResults = (
  { sql }: Pick<FencedTransaction, "sql">,
  fence: Fence,
  results: readonly ReadResult[],
) =>
  sql.query(`WITH fence AS (SELECT $1::int AS id, $2::bigint, $3::text) ${RESULTS}`, [
    fence.run,
    fence.epoch,
    fence.worker,
    ...columnsOf(results),
  ]);

/** Remedies in their order; `after`: behind those that are there. */
export async function insertRemedies(
  { sql }: Pick<FencedTransaction, "sql">,
  fence: Fence,
  remedies: readonly NewRemedy[],
  { after = false }: { after?: boolean } = {},
): Promise<void> {
  if (remedies.length === 0) return;
  await sql.query(
    `INSERT INTO remedy (run_id, key, ord, title, risk, status, advice)
     SELECT $1, m.key, m.nth - 1 + CASE WHEN $2 THEN (SELECT count(*)::int FROM remedy WHERE run_id = $1) ELSE 0 END,
       m.title, m.risk, m.status, m.advice
     FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY
       AS m (key, title, risk, status, advice, nth)`,
    [
      fence.run,
      after,
      remedies.map(({ key }) => key),
      remedies.map(({ title }) => title),
      remedies.map(({ risk }) => risk),
      remedies.map(({ status }) => status),
      remedies.map(({ advice }) => advice ?? null),
    ],
  );
}

const recordDiagnosis = (
  deps: { pool: Pool; onCommit: OnCommit },
  ...[fence, findings, remedies, explained, endsAs]: Parameters<RunStore["recordDiagnosis"]>
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
    await touchChecklists(tx, fence.run);
    tx.audit({ actor: fence.worker, event: "run.diagnosed", run: fence.run, payload });
    await placeScheduled(tx);
    tx.show({ urgent: true });
    // A cancel that came meanwhile is answered by whoever looks next.
    const isOver = endsAs !== undefined && !tx.run.cancelRequested;
    if (isOver) await end(tx, fence.worker, endsAs);
    return isOver;
  });
