import { z } from "zod";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { AUTO_VIA } from "../../core/words/auto.ts";
import { Caller } from "../../core/words/caller.ts";
import { ApprovalId, IncidentId, PrincipalId, RunId, ThreadId } from "../../core/words/ids.ts";
import { REMEDY_STATUSES } from "../../core/words/outcome.ts";
import type { Plan } from "../../core/words/plan.ts";
import type { Policy } from "../../core/words/policy.ts";
import type { SameAct } from "../../core/words/same-act.ts";
import type { ApprovalView, AttemptView, RemedyView, RunView, StepView } from "../../core/words/view.ts";
import type { Client, Pool } from "../pool.ts";
import { date, type JsonRow, present } from "../rows.ts";

/** SQL: of a remedy `m`, what it follows and who follows it. */
const SAME_ACT = `jsonb_build_object(
    'same_as', CASE WHEN m.same_as_run IS NOT NULL THEN (SELECT jsonb_build_object('run', m.same_as_run, 'status', l.status, 'channel', h.channel, 'ts', h.ts)
      FROM (SELECT 1) AS one LEFT JOIN remedy l ON l.run_id = m.same_as_run AND l.key = m.same_as_key LEFT JOIN run lr ON lr.id = l.run_id
        LEFT JOIN slack_message h ON h.thread_id = lr.thread_id AND h.slot = '${HEAD_SLOT}' AND h.state = 'sent') END,
    'asked_for', (SELECT jsonb_agg(jsonb_build_object('run', f.run_id, 'incident', i.id, 'title', i.title) ORDER BY f.run_id)
      FROM remedy f JOIN run fr ON fr.id = f.run_id JOIN incident i ON i.id = fr.incident_id
      WHERE f.same_as_run = m.run_id AND f.same_as_key = m.key AND fr.incident_id <> r.incident_id))`;

const SQL = `
SELECT to_jsonb(r) AS run,
  (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.stage, s.ord) FROM step s WHERE s.run_id = r.id) AS steps,
  (SELECT jsonb_agg(to_jsonb(f) ORDER BY f.ord) FROM finding f WHERE f.run_id = r.id) AS findings,
  (SELECT jsonb_agg(to_jsonb(m) || ${SAME_ACT} ORDER BY m.ord) FROM remedy m WHERE m.run_id = r.id) AS remedies,
  (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.requested_at) FROM approval a WHERE a.run_id = r.id) AS approvals,
  (SELECT jsonb_agg(to_jsonb(v) ORDER BY v.at) FROM vote v JOIN approval a ON a.id = v.approval_id WHERE a.run_id = r.id) AS votes,
  (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.started_at) FROM attempt t WHERE t.run_id = r.id) AS attempts,
  (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.at) FROM answer w WHERE w.run_id = r.id) AS answers
FROM run r WHERE `;

const SameAsRow = z.object({
  run: RunId,
  status: z.enum(REMEDY_STATUSES).nullable(),
  channel: z.string().nullable(),
  ts: z.string().nullable(),
});
const AskedForRow = z.object({ run: RunId, incident: IncidentId, title: z.string() });

interface RunRow {
  run: JsonRow;
  steps: JsonRow[] | null;
  findings: JsonRow[] | null;
  remedies: JsonRow[] | null;
  approvals: JsonRow[] | null;
  votes: JsonRow[] | null;
  attempts: JsonRow[] | null;
  answers: JsonRow[] | null;
}

/** A run with everything that hangs on it, in one round trip. */
export async function loadRun(sql: Pool | Client, id: RunId): Promise<RunView | undefined> {
  const { rows } = await sql.query<RunRow>(`${SQL} r.id = $1`, [id]);
  return rows[0] === undefined ? undefined : toRunView(rows[0]);
}

/** The same, with the database's clock at that moment. */
export async function lookAtRun(
  sql: Pool | Client,
  id: RunId,
): Promise<{ view: RunView; now: Date } | undefined> {
  const { rows } = await sql.query<RunRow & { now: Date }>(
    `${SQL.replace("SELECT", "SELECT clock_timestamp() AS now,")} r.id = $1`,
    [id],
  );
  return rows[0] === undefined ? undefined : { view: toRunView(rows[0]), now: rows[0].now };
}

/** The runs of a thread, oldest first; without scheduled ones that found nothing new. */
export async function loadRunsOfThread(sql: Pool | Client, thread: ThreadId): Promise<RunView[]> {
  const { rows } = await sql.query<RunRow>(`${SQL} r.thread_id = $1 AND r.shown ORDER BY r.id`, [thread]);
  return rows.map(toRunView);
}

function toRunView(row: RunRow): RunView {
  const { run } = row;
  return {
    id: RunId.parse(run.id),
    system: run.system,
    runbook: run.runbook,
    title: run.title,
    status: run.status,
    caller: Caller.parse(run.caller),
    params: run.params,
    connections: run.connections,
    thread: ThreadId.parse(run.thread_id),
    createdAt: new Date(run.created_at),
    stagesPlanned: run.stages_planned,
    diagnosed: run.diagnosed,
    dryRun: run.dry_run,
    steps: (row.steps ?? []).map(toStep),
    findings: (row.findings ?? []).map(
      ({ run_id: _run, ord: _ord, found_at: _found, gone_at, damage, ...finding }) => ({
        ...(finding as RunView["findings"][number]),
        ...present({ goneAt: date(gone_at), damage: damage ?? undefined }),
      }),
    ),
    remedies: (row.remedies ?? []).map((remedy) => toRemedy(remedy, row)),
    ...present({
      incident: run.incident_id === null ? undefined : IncidentId.parse(run.incident_id),
      alert: run.alert,
      startedAt: date(run.started_at),
      endedAt: date(run.ended_at),
      error: run.error,
      cancelRequestedBy: run.cancel_requested_by,
      severity: run.severity,
      applyForMs: run.apply_for_ms,
      runbookVersion:
        run.runbook_digest === null
          ? undefined
          : { version: run.runbook_version as string, digest: run.runbook_digest as string },
      lookedAgainAt: date(run.looked_again_at),
      supersededBy: run.superseded_by === null ? undefined : RunId.parse(run.superseded_by),
      lookAgain:
        run.look_again_at === null
          ? undefined
          : { at: new Date(run.look_again_at), why: run.look_again_why, n: run.look_again_n },
    }),
  };
}

function toStep(row: JsonRow): StepView {
  const startedAt = date(row.started_at);
  const finishedAt = date(row.finished_at);
  return {
    name: row.name,
    phase: row.phase,
    stage: row.stage,
    action: row.action,
    title: row.title,
    effect: row.effect,
    on: row.connection,
    input: row.input,
    state: row.state,
    epoch: row.epoch,
    ...present({
      remedy: row.remedy,
      effectDeadline: date(row.effect_deadline),
      witness: row.witness,
      output: row.output,
      error: row.error,
      startedAt,
      explained: row.explained === true ? (true as const) : undefined,
      durationMs: startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : undefined,
    }),
  };
}

function toRemedy(row: JsonRow, all: RunRow): RemedyView {
  const approval = (all.approvals ?? []).findLast((candidate) => candidate.remedy === row.key);
  return {
    key: row.key,
    title: row.title,
    risk: row.risk,
    status: row.status,
    attempts: (all.attempts ?? []).filter((attempt) => attempt.remedy === row.key).map(toAttempt),
    answers: (all.answers ?? []).filter((answer) => answer.remedy === row.key).map(toAnswer),
    ...present({
      held: row.held_until === null ? undefined : { until: new Date(row.held_until), ends: row.held_then },
      advice: row.advice,
      note: row.note,
      plan: row.plan === null ? undefined : (JSON.parse(row.plan) as Plan),
      planSha256: row.plan_sha256,
      approval: approval && toApproval(approval, all.votes ?? []),
      sameAs: row.same_as === null ? undefined : sameAsOf(row.same_as),
      askedFor: row.asked_for === null ? undefined : z.array(AskedForRow).parse(row.asked_for),
      appliedAt: date(row.applied_at),
      verifyUntil: date(row.verify_until),
      endedAt: date(row.ended_at),
    }),
  };
}

function sameAsOf(row: unknown): SameAct {
  const { run, status, channel, ts } = SameAsRow.parse(row);
  return {
    run,
    ...(status === null ? {} : { status }),
    ...(channel === null || ts === null ? {} : { at: { channel, ts } }),
  };
}

function toApproval(row: JsonRow, votes: readonly JsonRow[]): ApprovalView {
  return {
    id: ApprovalId.parse(row.id),
    state: row.state,
    planSha256: row.plan_sha256,
    policy: row.policy as Policy,
    need: row.need,
    requestedAt: new Date(row.requested_at),
    expiresAt: new Date(row.expires_at),
    votes: votes
      .filter((vote) => vote.approval_id === row.id)
      .map((vote) => ({
        principal: PrincipalId.parse(vote.principal),
        decision: vote.decision,
        at: new Date(vote.at),
        breakGlass: vote.break_glass,
        ...(vote.via === AUTO_VIA ? { auto: true as const } : {}),
        ...present({
          reason: vote.reason as string | undefined,
          account: vote.account as string | undefined,
          onBehalf: vote.on_behalf === null ? undefined : PrincipalId.parse(vote.on_behalf),
        }),
      })),
    ...present({
      requester: row.requester === null ? undefined : PrincipalId.parse(row.requester),
      executeBefore: date(row.execute_before),
      decidedAt: date(row.decided_at),
      voidBecause: row.void_because,
      auto: row.auto_rule === null ? undefined : autoOf(row),
    }),
  };
}

const autoOf = (row: JsonRow) =>
  present({ at: date(row.auto_at), note: row.auto_note as string, stoppedBy: row.auto_stopped_by as string });

const toAnswer = (row: JsonRow): RemedyView["answers"][number] => ({
  principal: PrincipalId.parse(row.principal),
  answer: row.answer,
  at: new Date(row.at),
  ...present({
    reason: row.reason,
    account: row.account,
    onBehalf: row.on_behalf === null ? undefined : PrincipalId.parse(row.on_behalf),
  }),
});

const toAttempt = (row: JsonRow): AttemptView => ({
  step: row.step,
  epoch: row.epoch,
  worker: row.worker,
  startedAt: new Date(row.started_at),
  deadline: new Date(row.deadline),
  ...present({ outcome: row.outcome, finishedAt: date(row.finished_at), evidence: row.evidence }),
});
