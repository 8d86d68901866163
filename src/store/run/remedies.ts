import type { Fence, RunStore } from "../../core/ports/run-store.ts";
import type { AutoRule } from "../../core/words/auto.ts";
import type { HoldEnd, RemedyStatus } from "../../core/words/outcome.ts";
import { randomId } from "../../lib/random-id.ts";
import type { Pool } from "../pool.ts";
import { whyNotNow } from "./auto.ts";
import { gate } from "./auto-off.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";
import { insertSteps } from "./run-steps.ts";
import { follow, sameAct, sayFollowed } from "./same-act.ts";

type Remedies = Pick<
  RunStore,
  "propose" | "setRemedy" | "askWhatHappened" | "voidApproval" | "expireApproval"
>;

/** How a remedy moves from plan to outcome. */
export function remedies(deps: { pool: Pool; onCommit: OnCommit }): Remedies {
  return {
    propose: (...args) => propose(deps, ...args),
    setRemedy: (fence, key, to) =>
      fenced(deps, fence, async (tx) => {
        if (to.plan !== undefined)
          await tx.sql.query("UPDATE remedy SET plan = $3, plan_sha256 = $4 WHERE run_id = $1 AND key = $2", [
            fence.run,
            key,
            to.plan.canonical,
            to.plan.sha256,
          ]);
        if (to.status === "skipped") await closeApprovals(tx, fence, key, "void", [to.note ?? "not needed"]);
        await endRemedy(tx, fence, key, to.status, to.note);
        if (to.hold !== undefined) await hold(tx, fence, key, to.hold);
      }),
    askWhatHappened: (fence, key, question) =>
      fenced(deps, fence, async (tx) => {
        await lockRemedy(tx, fence.run, key);
        const { rowCount } = await tx.sql.query(
          "SELECT FROM step WHERE run_id = $1 AND name = $2 AND epoch = $3 AND state = 'unknown' FOR UPDATE",
          [fence.run, question.step, question.epoch],
        );
        if (rowCount === 1) await endRemedy(tx, fence, key, "unknown", question.note);
      }),
    voidApproval: (fence, key, because) =>
      fenced(deps, fence, async (tx) => {
        await closeApprovals(tx, fence, key, "void", because);
        await endRemedy(
          tx,
          fence,
          key,
          "void",
          `The situation has changed since this was planned: ${because.join("; ")}`,
        );
      }),
    expireApproval: (fence, key, why) =>
      fenced(deps, fence, async (tx) => {
        await closeApprovals(tx, fence, key, "expired");
        await endRemedy(tx, fence, key, "expired", why);
      }),
  };
}

const propose = (
  deps: { pool: Pool; onCommit: OnCommit },
  ...[fence, key, proposal]: Parameters<RunStore["propose"]>
) =>
  fenced(deps, fence, async (tx) => {
    const { canonical, sha256, act, policy, steps, auto } = proposal;
    const why = auto && (auto.why ?? (await whyNotYet(tx, key, auto.rule)));
    const grace = auto === undefined || why !== undefined ? null : auto.rule.grace / 1000;
    const other = await sameAct(tx, fence, key, { act, byItself: grace !== null });
    if (other !== undefined) {
      await follow(tx, fence, key, act, other);
      return endRemedy(tx, fence, key, "skipped", sayFollowed(other));
    }
    const { rowCount } = await tx.sql.query(
      "UPDATE remedy SET status = 'waiting', plan = $3, plan_sha256 = $4, risk = $5 WHERE run_id = $1 AND key = $2 AND status = 'planned'",
      [fence.run, key, canonical, sha256, proposal.plan.risk],
    );
    // Withdrawn while it was planned.
    if (rowCount !== 1) return;
    await insertSteps(tx, fence, steps);
    await tx.sql.query(
      `INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, requester, act, expires_at, auto_rule, auto_note, auto_at)
       SELECT $1, $2, $3, $4, $5, $7, caller->>'principal', $8, clock_timestamp() + make_interval(secs => $6), $9, $10,
         clock_timestamp() + make_interval(secs => $11) FROM run WHERE id = $2`,
      [
        ...[
          randomId(),
          fence.run,
          key,
          sha256,
          JSON.stringify(policy),
          policy.expires / 1000,
          policy.approvals,
        ],
        ...[act, auto === undefined ? null : JSON.stringify(auto.rule), why ?? null],
        grace,
      ],
    );
    tx.audit({
      actor: fence.worker,
      event: "remedy.proposed",
      run: fence.run,
      payload: {
        ...{ remedy: key, plan: sha256, risk: proposal.plan.risk, approvals: policy.approvals },
        ...(auto === undefined ? {} : { auto: auto.rule, notAuto: why }),
      },
    });
    tx.show({ urgent: true });
  });

/** Where the policy would not act now people are asked at once, not after its grace time. */
async function whyNotYet({ sql, run }: FencedTransaction, remedy: string, rule: AutoRule) {
  const { rows } = await sql.query<{ system: string; now: Date }>(
    "SELECT system, clock_timestamp() AS now FROM run WHERE id = $1",
    [run.id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return whyNotNow(sql, { system: row.system, runbook: run.runbook, remedy }, rule, row.now);
}

/** It stays in force, and a human may still say what becomes of it. */
const hold = (
  tx: FencedTransaction,
  fence: Fence,
  key: string,
  { ms, ends }: { ms: number; ends: HoldEnd },
) =>
  tx.sql.query(
    `UPDATE remedy SET held_until = clock_timestamp() + make_interval(secs => $3), held_then = $4, held_ms = $5
     WHERE run_id = $1 AND key = $2`,
    [fence.run, key, ms / 1000, ends, ms],
  );

/** The remedy has come to an end, or to a question for a human (`unknown`): its target is free unless that question is open. */
export async function endRemedy(
  tx: FencedTransaction,
  fence: Fence,
  key: string,
  status: RemedyStatus,
  note?: string,
): Promise<void> {
  await tx.sql.query(
    `UPDATE remedy SET status = $3, note = coalesce($4, note), ended_at = CASE WHEN $3 = 'unknown' THEN NULL ELSE clock_timestamp() END
     WHERE run_id = $1 AND key = $2`,
    [fence.run, key, status, note ?? null],
  );
  if (status !== "unknown") {
    await tx.sql.query(
      "UPDATE step SET state = 'skipped' WHERE run_id = $1 AND remedy = $2 AND state = 'ready'",
      [fence.run, key],
    );
    await tx.sql.query("DELETE FROM target_lock WHERE run_id = $1 AND remedy = $2", [fence.run, key]);
  }
  tx.audit({
    actor: fence.worker,
    event: `remedy.${status}`,
    run: fence.run,
    payload: { remedy: key, note },
  });
  await gate(tx, { run: fence.run, key, how: status, note });
  tx.show({ urgent: true });
}

/** Whoever changes a remedy and its steps takes the remedy first, so that two of them cannot wait for each other. */
export const lockRemedy = (tx: Pick<FencedTransaction, "sql">, run: number, key: string) =>
  tx.sql.query("SELECT FROM remedy WHERE run_id = $1 AND key = $2 FOR UPDATE", [run, key]);

async function closeApprovals(
  tx: FencedTransaction,
  fence: Fence,
  key: string,
  state: "void" | "expired",
  because?: readonly string[],
): Promise<void> {
  const { rowCount } = await tx.sql.query(
    `UPDATE approval SET state = $3, void_because = $4, decided_at = coalesce(decided_at, clock_timestamp())
     WHERE run_id = $1 AND remedy = $2 AND state IN ('pending', 'approved')`,
    [fence.run, key, state, because === undefined ? null : JSON.stringify(because)],
  );
  if (rowCount !== 1) return;
  const payload = { remedy: key, because };
  tx.audit({ actor: fence.worker, event: `approval.${state}`, run: fence.run, payload });
}
