import type { AnnouncedAttempt, Fence, NotAnnounced, RunStore } from "../../core/ports/run-store.ts";
import { sayAutoOff } from "../../core/rules/auto.ts";
import { AUTO_VIA } from "../../core/words/auto.ts";
import { DiagError } from "../../core/words/errors.ts";
import { sha256 } from "../../lib/sha256.ts";
import { HOLDS } from "../human/system-freeze-rows.ts";
import type { Pool } from "../pool.ts";
import { type Transaction, transact } from "../transaction.ts";
import { autoOff } from "./auto.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";
import { lockWrites } from "./write-lock.ts";

type Writes = Pick<RunStore, "announceWrite" | "recordWrite" | "resend">;
type Announcement = Parameters<RunStore["announceWrite"]>[1];

/** The write-ahead journal of effects. */
export function writes(deps: { pool: Pool; onCommit: OnCommit }): Writes {
  return {
    announceWrite: (fence, write) =>
      fenced(deps, fence, (tx) => announceWrite(tx, fence, write)).catch((error: unknown) => {
        if (isLockTimeout(error)) return { refused: "busy", why: "other writes are being announced" };
        throw error;
      }),
    recordWrite: (attempt, result) => recordWrite(deps, attempt, result),
    resend: (fence, step, evidence) =>
      fenced(deps, fence, async (tx) => {
        const { rowCount } = await tx.sql.query(
          "UPDATE step SET state = 'ready', effect_deadline = NULL WHERE run_id = $1 AND name = $2 AND state = 'unknown' AND class IN ('keyed', 'cas')",
          [fence.run, step],
        );
        if (rowCount !== 1) return;
        tx.audit({ actor: fence.worker, event: "step.resend", run: fence.run, payload: { step, evidence } });
        tx.show();
      }),
  };
}

/** Postgres gave up waiting for a lock (SQLSTATE lock_not_available), so the transaction is undone and nothing was announced. */
const isLockTimeout = (error: unknown): boolean => error instanceof DiagError && error.detail === "55P03";

/** Every condition of an effect, read under lock in the transaction that announces it. */
async function announceWrite(
  tx: FencedTransaction,
  fence: Fence,
  write: Announcement,
): Promise<AnnouncedAttempt | NotAnnounced> {
  if (tx.run.cancelRequested && !write.isUndo) return { refused: "cancelled", why: "the run was cancelled" };
  const approval = await approvalHolds(tx, fence, write);
  if (approval !== undefined) return approval;
  // From here to COMMIT writes are announced one after another, so there is as little of it as possible.
  await lockWrites(tx, write.timeoutMs / 3);
  const obstacle = await frozenOrFull(tx, fence, write);
  if (obstacle !== undefined) return obstacle;
  const target = await takeTarget(tx, fence, write);
  if (!target.isOurs) return { refused: "busy", why: `${target.holder} is changing the same target` };
  return insertAttempt(tx, fence, write);
}

async function approvalHolds(
  tx: FencedTransaction,
  fence: Fence,
  write: Announcement,
): Promise<NotAnnounced | undefined> {
  const { rows } = await tx.sql.query<{
    plan_sha256: string;
    late: boolean;
    need: number;
    begun: boolean;
    plan: string;
    yes: number;
    no: number;
    auto: boolean;
  }>(
    `SELECT a.plan_sha256, a.execute_before <= clock_timestamp() AS late, a.need, m.status <> 'approved' AS begun, m.plan,
       (SELECT count(*)::int FROM vote v WHERE v.approval_id = a.id AND v.decision = 'approve' AND v.plan_sha256 = $3
          AND (v.via <> '${AUTO_VIA}' OR (a.policy ->> 'approvals')::int = 1)) AS yes,
       EXISTS (SELECT FROM vote v WHERE v.approval_id = a.id AND v.via = '${AUTO_VIA}') AS auto,
       (SELECT count(*)::int FROM vote v WHERE v.approval_id = a.id AND v.decision = 'deny') AS no
     FROM approval a JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
     WHERE a.run_id = $1 AND a.remedy = $2 AND a.state = 'approved' ORDER BY a.requested_at DESC LIMIT 1 FOR UPDATE OF a, m`,
    [fence.run, write.remedy, write.planSha256],
  );
  const approval = rows[0];
  if (approval === undefined) return { refused: "void", why: "there is no approval in force" };
  if (approval.plan_sha256 !== write.planSha256 || sha256(approval.plan) !== write.planSha256)
    return { refused: "void", why: "the plan is not the one that was approved" };
  if (approval.late && !approval.begun) return { refused: "expired", why: "approved, but not begun in time" };
  const isCarried = approval.yes >= approval.need && approval.no === 0;
  if (!isCarried) return { refused: "void", why: "the votes do not carry this plan" };
  // What the policy has begun is finished, or taken back: half of a plan may be worse than all of it.
  return approval.auto && !approval.begun ? policyHolds(tx, fence) : undefined;
}

/** Turned off since its vote: by a person, or because something else did not help. */
async function policyHolds(tx: FencedTransaction, fence: Fence): Promise<NotAnnounced | undefined> {
  const { rows } = await tx.sql.query<{ system: string; now: Date }>(
    "SELECT system, clock_timestamp() AS now FROM run WHERE id = $1",
    [fence.run],
  );
  const { system = "", now = new Date() } = rows[0] ?? {};
  const off = await autoOff(tx.sql, system, { share: true });
  return off && { refused: "void", why: sayAutoOff(system, off, now) };
}

/** The kill switch and the limits. An undo reduces the blast, so no limit holds it back. */
async function frozenOrFull(
  tx: FencedTransaction,
  fence: Fence,
  write: Announcement,
): Promise<NotAnnounced | undefined> {
  const { rows } = await tx.sql.query<{ frozen: string | null; hour: number; now: number }>(
    `SELECT coalesce((SELECT 'writes are frozen by ' || by || ': ' || reason FROM write_freeze
         WHERE until IS NULL OR until > clock_timestamp()),
         (SELECT 'writes to ' || system || ' are frozen by ' || by || ': ' || reason FROM system_freeze
         WHERE system = (SELECT system FROM run WHERE id = $1) AND ${HOLDS} LIMIT 1)) AS frozen,
       (SELECT count(*)::int FROM attempt t JOIN run r ON r.id = t.run_id
         WHERE r.system = (SELECT system FROM run WHERE id = $1) AND t.started_at > statement_timestamp() - interval '1 hour') AS hour,
       (SELECT count(*)::int FROM step WHERE state = 'executing' AND effect_deadline > clock_timestamp()) AS now`,
    [fence.run],
  );
  const { frozen = null, hour = 0, now = 0 } = rows[0] ?? {};
  const { writesPerSystemHour, simultaneousWrites } = write.limits;
  if (frozen !== null) return { refused: "frozen", why: frozen };
  if (write.isUndo) return undefined;
  if (hour >= writesPerSystemHour)
    return {
      refused: "limit",
      why: `${hour} writes to this system within the last hour, the limit is ${writesPerSystemHour}`,
    };
  if (now >= simultaneousWrites)
    return { refused: "busy", why: `${now} writes are under way, the limit is ${simultaneousWrites}` };
  return undefined;
}

/** A holder that cannot be seen (it is about to commit) is a holder too. */
async function takeTarget(
  tx: FencedTransaction,
  fence: Fence,
  write: Announcement,
): Promise<{ isOurs: boolean; holder: string }> {
  const { rows } = await tx.sql.query<{ run_id: number; remedy: string }>(
    `WITH taken AS (INSERT INTO target_lock (key, run_id, remedy) VALUES ($1, $2, $3)
       ON CONFLICT (key) DO NOTHING RETURNING run_id, remedy)
     SELECT run_id, remedy FROM taken UNION ALL SELECT run_id, remedy FROM target_lock WHERE key = $1`,
    [write.target, fence.run, write.remedy],
  );
  const holder = rows[0];
  const isOurs = holder?.run_id === fence.run && holder.remedy === write.remedy;
  return { isOurs, holder: holder === undefined ? "another run" : `run ${holder.run_id}` };
}

/** The attempt, in the journal before its effect. */
async function insertAttempt(
  tx: FencedTransaction,
  fence: Fence,
  write: Announcement,
): Promise<AnnouncedAttempt | NotAnnounced> {
  const effectKey = sha256(`${fence.run}/${write.step}/${write.planSha256}`).slice(0, 32);
  const { rows } = await tx.sql.query<{ epoch: number; begun: boolean }>(
    `WITH claimed AS (
       UPDATE step SET state = 'executing', epoch = epoch + 1, started_at = clock_timestamp(), finished_at = NULL,
         effect_deadline = clock_timestamp() + make_interval(secs => $3)
       WHERE run_id = $1 AND name = $2 AND state = 'ready' AND effect = 'write' RETURNING epoch, effect_deadline),
     announced AS (
       INSERT INTO attempt (run_id, step, epoch, worker, effect_key, plan_sha256, remedy, deadline)
       SELECT $1, $2, epoch, $4, $5, $6, $7, effect_deadline FROM claimed),
     begun AS (
       UPDATE remedy SET status = 'applying'
       WHERE run_id = $1 AND key = $7 AND status = 'approved' AND NOT $8 AND EXISTS (SELECT FROM claimed) RETURNING 1)
     SELECT epoch, EXISTS (SELECT FROM begun) AS begun FROM claimed`,
    [
      ...[fence.run, write.step, write.timeoutMs / 1000, fence.worker, effectKey, write.planSha256],
      ...[write.remedy, write.isUndo],
    ],
  );
  const row = rows[0];
  if (row === undefined) return { refused: "void", why: "the step is no longer ready" };
  const actor = fence.worker;
  if (row.begun)
    tx.audit({ actor, event: "remedy.applying", run: fence.run, payload: { remedy: write.remedy } });
  const payload = { step: write.step, epoch: row.epoch, plan: write.planSha256, key: effectKey };
  tx.audit({ actor, event: "step.executing", run: fence.run, payload });
  tx.show({ urgent: true });
  return { epoch: row.epoch, effectKey };
}

/** Not behind the lease: the one who made the effect may tell what it saw as long as nobody has settled the attempt. */
const recordWrite: (
  deps: { pool: Pool; onCommit: OnCommit },
  ...rest: Parameters<RunStore["recordWrite"]>
) => Promise<boolean> = async (deps, attempt, result) => {
  const { value, touched } = await transact(deps.pool, async (tx) => {
    const remedy = await tx.sql.query<{ key: string; status: string; phase: string }>(
      `SELECT m.key, m.status, s.phase FROM remedy m JOIN step s ON s.run_id = m.run_id AND s.remedy = m.key
       WHERE s.run_id = $1 AND s.name = $2 FOR UPDATE OF m`,
      [attempt.run, attempt.step],
    );
    const { rows } = await tx.sql.query<{ thread_id: number }>(
      `WITH closed AS (
         UPDATE step s SET state = $4, output = $5, error = $6, finished_at = clock_timestamp() FROM run r
         WHERE s.run_id = $1 AND s.name = $2 AND s.epoch = $3 AND s.state IN ('executing', 'unknown') AND r.id = s.run_id
         RETURNING r.thread_id),
       told AS (
         UPDATE attempt SET outcome = $4, evidence = coalesce($7, evidence), finished_at = clock_timestamp()
         WHERE run_id = $1 AND step = $2 AND epoch = $3 AND EXISTS (SELECT FROM closed))
       SELECT thread_id FROM closed`,
      [
        attempt.run,
        attempt.step,
        attempt.epoch,
        result.outcome,
        result.output === undefined ? null : JSON.stringify(result.output),
        result.error === undefined ? null : JSON.stringify(result.error),
        result.evidence ?? null,
      ],
    );
    const row = rows[0];
    if (row === undefined) return false;
    const { step, epoch } = attempt;
    const payload = { step, epoch, error: result.error?.code, evidence: result.evidence };
    tx.audit({ actor: "engine", event: `step.${result.outcome}`, run: attempt.run, payload });
    const asked = remedy.rows.find(({ status }) => status === "unknown" && result.outcome !== "unknown");
    if (asked !== undefined) await takeQuestionBack(tx, attempt.run, asked);
    tx.touch("thread", row.thread_id, { urgent: true });
    return true;
  });
  deps.onCommit(touched);
  return value;
};

/** The worker that made the call was only late: what it saw is worth more than what people would guess. */
async function takeQuestionBack(
  tx: Transaction,
  run: number,
  { key, phase }: { key: string; phase: string },
): Promise<void> {
  const status = phase === "undo" ? "undoing" : "applying";
  await tx.sql.query("UPDATE remedy SET status = $3, note = NULL WHERE run_id = $1 AND key = $2", [
    run,
    key,
    status,
  ]);
  tx.audit({ actor: "engine", event: `remedy.${status}`, run, payload: { remedy: key } });
  tx.touch("run", run);
}
