import { z } from "zod";
import type { AnswerRequest } from "../../core/ports/intake.ts";
import { type AnswerVerdict, decideAnswer, type QuestionFacts } from "../../core/rules/answer.ts";
import type { Answer } from "../../core/words/answer.ts";
import { DiagError } from "../../core/words/errors.ts";
import { PrincipalId, RunId, ThreadId } from "../../core/words/ids.ts";
import type { Policy } from "../../core/words/policy.ts";
import type { Risk } from "../../core/words/risk.ts";
import { answerAfterEnd } from "../run/after-end.ts";
import type { Transaction } from "../transaction.ts";
import { IS_ON_ITS_CARD } from "./card-place.ts";

/** As Intake says; read again for a repeat of the same answer: an extension forgets its answers. */
export const AnswerResult = z.object({
  run: RunId,
  remedy: z.string(),
  decided: z.boolean(),
  need: z.number(),
  have: z.number(),
});

interface Question {
  run_id: number;
  thread_id: number;
  remedy: string;
  policy: Policy;
  requester: string | null;
  risk: Risk;
  status: string;
  held: boolean;
  ended: boolean;
  undo: string | null;
  step: string | null;
  phase: string | null;
  epoch: number | null;
  deadline: Date | null;
  now: Date;
}

/** An answer to an open question about a remedy; a refusal is returned so that it is audited in this transaction. */
export async function castAnswer(
  tx: Transaction,
  request: AnswerRequest,
  didNotAfterMs?: number,
): Promise<z.output<typeof AnswerResult> | DiagError> {
  const question = await lockQuestion(tx, request);
  if (question === undefined)
    return new DiagError("not_decidable", "this button does not belong to an open question");
  const verdict = await judge(tx, request, question, didNotAfterMs);
  const run = RunId.parse(question.run_id);
  const { remedy } = question;
  const payload = {
    remedy,
    answer: request.answer,
    via: request.via,
    account: request.account,
    onBehalf: request.onBehalf,
    reason: request.reason,
    step: question.step,
  };
  if (!verdict.ok) {
    tx.audit({
      actor: request.voter.id,
      event: "answer.refused",
      run,
      payload: { ...payload, why: verdict.why },
    });
    return new DiagError(verdict.code, verdict.why);
  }
  await tx.sql.query(
    "INSERT INTO answer (run_id, remedy, question, principal, answer, reason, via, account, on_behalf) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    [
      run,
      remedy,
      questionId(question),
      request.voter.id,
      request.answer,
      request.reason ?? null,
      request.via,
      request.account ?? null,
      request.onBehalf ?? null,
    ],
  );
  if (verdict.decided) {
    await carryOut(tx, request, question);
    await answerAfterEnd(tx, request.voter.id, { run, remedy, answer: request.answer });
  }
  tx.audit({
    actor: request.voter.id,
    event: "answer.cast",
    run,
    payload: { ...payload, decided: verdict.decided },
  });
  // An ended run that stays so is nobody's work.
  if (!question.ended || request.answer === "undo") tx.touch("run", run);
  tx.touch("thread", ThreadId.parse(question.thread_id), { urgent: true });
  return { run, remedy, decided: verdict.decided, need: verdict.need, have: verdict.have };
}

async function lockQuestion(tx: Transaction, request: AnswerRequest): Promise<Question | undefined> {
  const { rows } = await tx.sql.query<Question>(
    `SELECT a.run_id, r.thread_id, a.remedy, a.policy, a.requester, m.risk, m.status, (m.held_until IS NOT NULL AND m.held_then IS DISTINCT FROM 'watch') AS held,
       r.ended_at IS NOT NULL AS ended,
       m.plan::jsonb->>'undo' AS undo, s.name AS step, s.phase, s.epoch, s.effect_deadline AS deadline, clock_timestamp() AS now
     FROM approval a JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy JOIN run r ON r.id = a.run_id
     LEFT JOIN step s ON s.run_id = a.run_id AND s.remedy = a.remedy AND s.effect = 'write' AND s.state = 'unknown'
     WHERE a.id = $1 AND (m.status = 'unknown' OR (m.held_until IS NOT NULL AND m.held_then IS DISTINCT FROM 'watch'))
       AND ${IS_ON_ITS_CARD}
     FOR UPDATE OF a, m`,
    [request.approval, request.place?.channel ?? null, request.place?.ts ?? null],
  );
  return rows[0];
}

const questionId = (question: Question): string =>
  question.held ? "held" : `${question.step}#${question.epoch}`;

async function judge(
  tx: Transaction,
  request: AnswerRequest,
  question: Question,
  didNotAfterMs?: number,
): Promise<AnswerVerdict> {
  const { rows } = await tx.sql.query<{ principal: string; answer: Answer }>(
    "SELECT principal, answer FROM answer WHERE run_id = $1 AND remedy = $2 AND question = $3",
    [question.run_id, question.remedy, questionId(question)],
  );
  const facts: QuestionFacts = {
    kind: question.held ? "held" : "unknown",
    policy: question.policy,
    requester: question.requester === null ? undefined : PrincipalId.parse(question.requester),
    risk: question.risk,
    effectDeadline: question.deadline ?? undefined,
    undoable: question.undo === "actions",
    answers: rows.map((row) => ({ principal: PrincipalId.parse(row.principal), answer: row.answer })),
  };
  return decideAnswer(facts, request, question.now, didNotAfterMs);
}

async function carryOut(tx: Transaction, request: AnswerRequest, question: Question): Promise<void> {
  const who = `${request.voter.id}${request.reason ? `: ${request.reason}` : ""}`;
  const { run_id: run, remedy, step } = question;
  const resume = question.phase === "undo" ? "undoing" : "applying";
  const setStatus = (status: string, note: string) => moveRemedy(tx, request, question, { status, note });
  switch (request.answer) {
    case "happened":
      await closeStep(tx, question, "succeeded", `It happened, says ${who}`);
      return setStatus(resume, `It happened, says ${who}`);
    case "did-not":
      await closeStep(tx, question, "ready", `It did not happen, says ${who}`);
      return setStatus(resume, `It did not happen, says ${who}`);
    case "abandon":
      await tx.sql.query(
        "UPDATE step SET state = 'skipped' WHERE run_id = $1 AND remedy = $2 AND state = 'ready'",
        [run, remedy],
      );
      await tx.sql.query("DELETE FROM target_lock WHERE run_id = $1 AND remedy = $2", [run, remedy]);
      return setStatus("failed", `Abandoned by ${who}. It is not known whether ${step ?? "it"} happened`);
    case "undo":
      return void (await tx.sql.query(
        "UPDATE remedy SET held_until = clock_timestamp(), held_then = 'undo' WHERE run_id = $1 AND key = $2",
        [run, remedy],
      ));
    case "keep":
      return void (await tx.sql.query(
        "UPDATE remedy SET held_until = clock_timestamp(), held_then = 'keep' WHERE run_id = $1 AND key = $2",
        [run, remedy],
      ));
    case "extend":
      // Asked again with every extension, so this answer must not stand in the way of the next.
      await tx.sql.query("DELETE FROM answer WHERE run_id = $1 AND remedy = $2 AND question = 'held'", [
        run,
        remedy,
      ]);
      return void (await tx.sql.query(
        "UPDATE remedy SET held_until = held_until + make_interval(secs => held_ms / 1000.0) WHERE run_id = $1 AND key = $2",
        [run, remedy],
      ));
  }
}

async function closeStep(
  tx: Transaction,
  question: Question,
  state: "succeeded" | "ready",
  evidence: string,
): Promise<void> {
  const { run_id: run, step, epoch } = question;
  await tx.sql.query("UPDATE step SET state = $3 WHERE run_id = $1 AND name = $2 AND state = 'unknown'", [
    run,
    step,
    state,
  ]);
  await tx.sql.query(
    "UPDATE attempt SET outcome = $4, evidence = $5, finished_at = clock_timestamp() WHERE run_id = $1 AND step = $2 AND epoch = $3",
    [run, step, epoch, state === "succeeded" ? "succeeded" : "failed", evidence],
  );
}

async function moveRemedy(
  tx: Transaction,
  request: AnswerRequest,
  { run_id: run, remedy }: Question,
  { status, note }: { status: string; note: string },
): Promise<void> {
  await tx.sql.query(
    "UPDATE remedy SET status = $3, note = $4, ended_at = CASE WHEN $3 = 'failed' THEN clock_timestamp() END WHERE run_id = $1 AND key = $2",
    [run, remedy, status, note],
  );
  tx.audit({ actor: request.voter.id, event: `remedy.${status}`, run, payload: { remedy, note } });
}
