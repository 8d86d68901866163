import { z } from "zod";
import type { VoteRequest } from "../../core/ports/intake.ts";
import { type ApprovalFacts, decideVote } from "../../core/rules/vote.ts";
import { AUTO_VIA } from "../../core/words/auto.ts";
import { DiagError } from "../../core/words/errors.ts";
import { PrincipalId, RunId, ThreadId } from "../../core/words/ids.ts";
import type { Policy } from "../../core/words/policy.ts";
import { present } from "../rows.ts";
import { insertNotice } from "../thread/notices.ts";
import type { Transaction } from "../transaction.ts";
import { IS_ON_ITS_CARD } from "./card-place.ts";
import { readFreeze } from "./freezes.ts";
import { shownTo } from "./vote-shown.ts";

/** As Intake says; read again for a repeat of the same vote. */
export const VoteResult = z.object({
  run: RunId,
  remedy: z.string(),
  state: z.enum(["pending", "approved", "denied"]),
  need: z.number(),
  have: z.number(),
  frozen: z
    .object({
      by: z.string(),
      until: z.coerce.date().exactOptional(),
      system: z.string().exactOptional(),
      quiet: z.literal(true).exactOptional(),
      lapsesAt: z.coerce.date(),
    })
    .exactOptional(),
});

interface ApprovalRow {
  run_id: number;
  thread_id: number;
  system: string;
  remedy: string;
  title: string;
  plan_sha256: string;
  policy: Policy;
  requester: string | null;
  state: ApprovalFacts["state"];
  expires_at: Date;
  now: Date;
}

/**
 * A vote: the approval's row is locked, so that two last votes at once are put in an order and the second sees the
 * first. A refusal is returned, not thrown: it is audited in this very transaction.
 */
export async function castVote(
  tx: Transaction,
  request: VoteRequest,
): Promise<z.output<typeof VoteResult> | DiagError> {
  const approval = await lockApproval(tx, request);
  if (approval === undefined)
    return new DiagError("not_decidable", "this button does not belong to an open approval");
  const facts = await factsOf(tx, request, approval);
  const { sawAll, ...shown } = await shownTo(tx, request, approval);
  const vote = { ...request, planSha256: approval.plan_sha256, sawAll };
  const verdict = decideVote(facts, vote, approval.now);
  const run = RunId.parse(approval.run_id);
  const { remedy } = approval;
  const payload = {
    remedy,
    decision: request.decision,
    plan: approval.plan_sha256,
    via: request.via,
    account: request.account,
    onBehalf: request.onBehalf,
    reason: request.reason,
    shown,
  };
  if (!verdict.ok) {
    tx.audit({
      actor: request.voter.id,
      event: "vote.refused",
      run,
      payload: { ...payload, why: verdict.why },
    });
    return new DiagError(verdict.code, verdict.why);
  }
  await tx.sql.query(
    `INSERT INTO vote (approval_id, principal, decision, reason, plan_sha256, via, break_glass, account, on_behalf,
       shown_card, shown_file) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      request.approval,
      request.voter.id,
      request.decision,
      request.reason ?? null,
      approval.plan_sha256,
      request.via,
      request.breakGlass ?? false,
      request.account ?? null,
      request.onBehalf ?? null,
      shown.card ?? null,
      shown.file ?? null,
    ],
  );
  if (verdict.state !== "pending") await decide(tx, request, approval, verdict.state);
  if (request.breakGlass === true && approval.policy.breakGlass !== undefined)
    await insertNotice(
      tx,
      approval.policy.breakGlass.channel,
      `Break-glass: ${request.voter.id} approved "${approval.title}" (${remedy}) of run ${run} on ${approval.system} alone (the policy asks for ${approval.policy.approvals}). Reason: ${request.reason ?? ""}`,
      ThreadId.parse(approval.thread_id),
    );
  tx.audit({
    actor: request.voter.id,
    event: request.breakGlass === true ? "vote.break-glass" : "vote.cast",
    run,
    payload: { ...payload, state: verdict.state },
  });
  tx.touch("run", run);
  tx.touch("thread", ThreadId.parse(approval.thread_id), { urgent: true });
  const frozen = verdict.state === "approved" ? await frozenNow(tx, request, approval.system) : undefined;
  return {
    ...{ run, remedy, state: verdict.state, need: approval.policy.approvals, have: verdict.approvals },
    ...present({ frozen }),
  };
}

/** Who approves under a freeze must hear that nothing begins, and whether the approval will outlive it. */
async function frozenNow(
  tx: Transaction,
  { approval }: VoteRequest,
  system: string,
): Promise<z.output<typeof VoteResult>["frozen"]> {
  const freeze = await readFreeze(tx.sql, system);
  if (freeze === undefined) return undefined;
  const { rows } = await tx.sql.query<{ lapses: Date }>(
    "SELECT execute_before AS lapses FROM approval WHERE id = $1",
    [approval],
  );
  const { by, until, system: only, quiet } = freeze;
  return rows[0] && { by, lapsesAt: rows[0].lapses, ...present({ until, system: only, quiet }) };
}

async function lockApproval(tx: Transaction, request: VoteRequest): Promise<ApprovalRow | undefined> {
  const { rows } = await tx.sql.query<ApprovalRow>(
    `SELECT a.run_id, r.thread_id, r.system, a.remedy, m.title, a.plan_sha256, a.policy, a.requester, a.state, a.expires_at, clock_timestamp() AS now
     FROM approval a JOIN run r ON r.id = a.run_id JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
     WHERE a.id = $1 AND ${IS_ON_ITS_CARD}
     FOR UPDATE OF a`,
    [request.approval, request.place?.channel ?? null, request.place?.ts ?? null],
  );
  return rows[0];
}

async function factsOf(tx: Transaction, request: VoteRequest, approval: ApprovalRow): Promise<ApprovalFacts> {
  const { rows } = await tx.sql.query<{
    principal: string;
    decision: "approve" | "deny";
    at: Date;
    auto: true | false;
  }>("SELECT principal, decision, at, via = $2 AS auto FROM vote WHERE approval_id = $1", [
    request.approval,
    AUTO_VIA,
  ]);
  return {
    id: request.approval,
    state: approval.state,
    planSha256: approval.plan_sha256,
    policy: approval.policy,
    requester: approval.requester === null ? undefined : PrincipalId.parse(approval.requester),
    expiresAt: approval.expires_at,
    votes: rows.map(({ auto, ...row }) => ({
      ...row,
      principal: PrincipalId.parse(row.principal),
      ...(auto ? { auto } : {}),
    })),
  };
}

async function decide(
  tx: Transaction,
  request: VoteRequest,
  approval: ApprovalRow,
  state: "approved" | "denied",
): Promise<void> {
  await tx.sql.query(
    `UPDATE approval SET state = $2, decided_at = clock_timestamp(),
       execute_before = CASE WHEN $2 = 'approved' THEN clock_timestamp() + make_interval(secs => $3) END,
       need = CASE WHEN $4 THEN 1 ELSE need END WHERE id = $1`,
    [request.approval, state, approval.policy.execute / 1000, request.breakGlass ?? false],
  );
  const note =
    state === "denied" ? `Denied by ${request.voter.id}${request.reason ? `: ${request.reason}` : ""}` : null;
  await tx.sql.query(
    `UPDATE remedy SET status = $3, note = coalesce($4, note), ended_at = CASE WHEN $3 = 'denied' THEN clock_timestamp() END
     WHERE run_id = $1 AND key = $2 AND status = 'waiting'`,
    [approval.run_id, approval.remedy, state, note],
  );
  if (state === "denied")
    await tx.sql.query(
      "UPDATE step SET state = 'denied' WHERE run_id = $1 AND remedy = $2 AND state = 'ready'",
      [approval.run_id, approval.remedy],
    );
}
