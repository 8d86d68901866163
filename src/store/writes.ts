import type { Fence, IntentRefusal, RunStore, WrittenIntent } from "../core/run-store.ts";
import { sha256 } from "../lib/sha256.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";
import type { Pool } from "./pool.ts";
import { type Transaction, transact } from "./transaction.ts";
import { lockWrites } from "./write-lock.ts";

type Writes = Pick<RunStore, "beginWrite" | "recordWrite" | "resend">;
type Intent = Parameters<RunStore["beginWrite"]>[1];

/** The write-ahead journal of effects. */
export function writes(house: { pool: Pool; onCommit: OnCommit }): Writes {
  return {
    beginWrite: (fence, intent) => fenced(house, fence, (tx) => beginWrite(tx, fence, intent)),
    recordWrite: (attempt, result) => recordWrite(house, attempt, result),
    resend: (fence, step, evidence) =>
      fenced(house, fence, async (tx) => {
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

/** Every condition of an effect, read under lock in the transaction that announces it. */
async function beginWrite(
  tx: FencedTransaction,
  fence: Fence,
  intent: Intent,
): Promise<WrittenIntent | IntentRefusal> {
  await lockWrites(tx);
  if (tx.run.cancelRequested && !intent.isUndo) return { refused: "cancelled", why: "the run was cancelled" };
  const frozen = await tx.sql.query<{ reason: string; by: string }>(
    "SELECT reason, by FROM write_freeze WHERE until IS NULL OR until > clock_timestamp()",
  );
  if (frozen.rows[0] !== undefined)
    return { refused: "frozen", why: `writes are frozen by ${frozen.rows[0].by}: ${frozen.rows[0].reason}` };
  const approval = await approvalHolds(tx, fence, intent);
  if (approval !== undefined) return approval;
  const limit = await overLimit(tx, fence, intent);
  if (limit !== undefined) return limit;
  const holder = await takeTarget(tx, fence, intent);
  if (holder !== undefined) return { refused: "busy", why: `run ${holder} is changing the same target` };
  return announce(tx, fence, intent);
}

async function approvalHolds(
  tx: FencedTransaction,
  fence: Fence,
  intent: Intent,
): Promise<IntentRefusal | undefined> {
  const { rows } = await tx.sql.query<{
    id: string;
    plan_sha256: string;
    late: boolean;
    need: number;
    begun: boolean;
    plan: string;
  }>(
    `SELECT a.id, a.plan_sha256, a.execute_before <= clock_timestamp() AS late, a.need,
       m.status <> 'approved' AS begun, m.plan
     FROM approval a JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
     WHERE a.run_id = $1 AND a.remedy = $2 AND a.state = 'approved' ORDER BY a.requested_at DESC LIMIT 1 FOR UPDATE OF a, m`,
    [fence.run, intent.remedy],
  );
  const approval = rows[0];
  if (approval === undefined) return { refused: "void", why: "there is no approval in force" };
  if (approval.plan_sha256 !== intent.planSha256 || sha256(approval.plan) !== intent.planSha256)
    return { refused: "void", why: "the plan is not the one that was approved" };
  if (approval.late && !approval.begun) return { refused: "expired", why: "approved, but not begun in time" };
  const votes = await tx.sql.query<{ yes: number; no: number }>(
    `SELECT count(*) FILTER (WHERE decision = 'approve' AND plan_sha256 = $2)::int AS yes,
       count(*) FILTER (WHERE decision = 'deny')::int AS no FROM vote WHERE approval_id = $1`,
    [approval.id, intent.planSha256],
  );
  const { yes = 0, no = 0 } = votes.rows[0] ?? {};
  return yes >= approval.need && no === 0
    ? undefined
    : { refused: "void", why: "the votes do not carry this plan" };
}

/** An undo reduces the blast, so it is never held back. */
async function overLimit(
  tx: FencedTransaction,
  fence: Fence,
  intent: Intent,
): Promise<IntentRefusal | undefined> {
  if (intent.isUndo) return undefined;
  const { rows } = await tx.sql.query<{ hour: number; now: number }>(
    `SELECT (SELECT count(*)::int FROM attempt t JOIN run r ON r.id = t.run_id
        WHERE r.system = (SELECT system FROM run WHERE id = $1) AND t.started_at > clock_timestamp() - interval '1 hour') AS hour,
       (SELECT count(*)::int FROM step WHERE state = 'executing' AND effect_deadline > clock_timestamp()) AS now`,
    [fence.run],
  );
  const { hour = 0, now = 0 } = rows[0] ?? {};
  const { writesPerSystemHour, simultaneousWrites } = intent.limits;
  if (hour >= writesPerSystemHour)
    return {
      refused: "limit",
      why: `${hour} writes to this system within the last hour, the limit is ${writesPerSystemHour}`,
    };
  if (now >= simultaneousWrites)
    return { refused: "busy", why: `${now} writes are under way, the limit is ${simultaneousWrites}` };
  return undefined;
}

async function takeTarget(tx: FencedTransaction, fence: Fence, intent: Intent): Promise<number | undefined> {
  await tx.sql.query(
    "INSERT INTO target_lock (key, run_id, remedy) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
    [intent.target, fence.run, intent.remedy],
  );
  const { rows } = await tx.sql.query<{ run_id: number; remedy: string }>(
    "SELECT run_id, remedy FROM target_lock WHERE key = $1",
    [intent.target],
  );
  const holder = rows[0];
  const ours = holder?.run_id === fence.run && holder.remedy === intent.remedy;
  return ours ? undefined : holder?.run_id;
}

async function announce(
  tx: FencedTransaction,
  fence: Fence,
  intent: Intent,
): Promise<WrittenIntent | IntentRefusal> {
  const effectKey = sha256(`${fence.run}/${intent.step}/${intent.planSha256}`).slice(0, 32);
  const claimed = await tx.sql.query<{ epoch: number }>(
    `UPDATE step SET state = 'executing', epoch = epoch + 1, started_at = clock_timestamp(), finished_at = NULL,
       effect_deadline = clock_timestamp() + make_interval(secs => $3)
     WHERE run_id = $1 AND name = $2 AND state = 'ready' AND effect = 'write' RETURNING epoch`,
    [fence.run, intent.step, intent.timeoutMs / 1000],
  );
  const epoch = claimed.rows[0]?.epoch;
  if (epoch === undefined) return { refused: "void", why: "the step is no longer ready" };
  await tx.sql.query(
    `INSERT INTO attempt (run_id, step, epoch, worker, effect_key, plan_sha256, deadline)
     SELECT $1, $2, $3, $4, $5, $6, effect_deadline FROM step WHERE run_id = $1 AND name = $2`,
    [fence.run, intent.step, epoch, fence.worker, effectKey, intent.planSha256],
  );
  if (!intent.isUndo) {
    const begun = await tx.sql.query(
      "UPDATE remedy SET status = 'applying' WHERE run_id = $1 AND key = $2 AND status = 'approved'",
      [fence.run, intent.remedy],
    );
    const payload = { remedy: intent.remedy };
    if (begun.rowCount === 1)
      tx.audit({ actor: fence.worker, event: "remedy.applying", run: fence.run, payload });
  }
  tx.audit({
    actor: fence.worker,
    event: "step.executing",
    run: fence.run,
    payload: { step: intent.step, epoch, plan: intent.planSha256, key: effectKey },
  });
  tx.show({ urgent: true });
  return { epoch, effectKey };
}

/** Not behind the lease: the one who made the effect may tell what it saw as long as nobody has settled the attempt. */
const recordWrite: (
  house: { pool: Pool; onCommit: OnCommit },
  ...rest: Parameters<RunStore["recordWrite"]>
) => Promise<boolean> = async (house, attempt, result) => {
  const { value, touched } = await transact(house.pool, async (tx) => {
    const remedy = await tx.sql.query<{ key: string; status: string; phase: string }>(
      `SELECT m.key, m.status, s.phase FROM remedy m JOIN step s ON s.run_id = m.run_id AND s.remedy = m.key
       WHERE s.run_id = $1 AND s.name = $2 FOR UPDATE OF m`,
      [attempt.run, attempt.step],
    );
    const { rows } = await tx.sql.query<{ thread_id: number }>(
      `UPDATE step s SET state = $4, output = $5, error = $6, finished_at = clock_timestamp() FROM run r
       WHERE s.run_id = $1 AND s.name = $2 AND s.epoch = $3 AND s.state IN ('executing', 'unknown') AND r.id = s.run_id RETURNING r.thread_id`,
      [
        attempt.run,
        attempt.step,
        attempt.epoch,
        result.outcome,
        result.output === undefined ? null : JSON.stringify(result.output),
        result.error === undefined ? null : JSON.stringify(result.error),
      ],
    );
    const row = rows[0];
    if (row === undefined) return false;
    await tx.sql.query(
      `UPDATE attempt SET outcome = $4, evidence = coalesce($5, evidence), finished_at = clock_timestamp()
       WHERE run_id = $1 AND step = $2 AND epoch = $3`,
      [attempt.run, attempt.step, attempt.epoch, result.outcome, result.evidence ?? null],
    );
    const { step, epoch } = attempt;
    const payload = { step, epoch, error: result.error?.code, evidence: result.evidence };
    tx.audit({ actor: "engine", event: `step.${result.outcome}`, run: attempt.run, payload });
    const asked = remedy.rows.find(({ status }) => status === "unknown" && result.outcome !== "unknown");
    if (asked !== undefined) await takeQuestionBack(tx, attempt.run, asked);
    tx.touch("thread", row.thread_id, { urgent: true });
    return true;
  });
  house.onCommit(touched);
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
