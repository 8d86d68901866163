import type { Fence, RunStore } from "../../core/ports/run-store.ts";
import { sayAutoOff, saySpent, whyNeedsPeople } from "../../core/rules/auto.ts";
import { sayFrozen } from "../../core/rules/freeze.ts";
import {
  AUTO_VIA,
  AUTO_VOTER,
  type AutoOff,
  type AutoRule,
  type AutoVerdict,
} from "../../core/words/auto.ts";
import { sayDuration } from "../../core/words/duration.ts";
import type { Policy } from "../../core/words/policy.ts";
import { sha256 } from "../../lib/sha256.ts";
import { readFreeze } from "../human/freezes.ts";
import type { Client, Pool } from "../pool.ts";
import { type FencedTransaction, fenced, type OnCommit } from "./fence.ts";

/** A remedy of one system, as the budget counts it. */
interface Act {
  readonly system: string;
  readonly runbook: string;
  readonly remedy: string;
}

/** The policy's own vote, and why it does not cast one. */
export const autoVotes = (deps: { pool: Pool; onCommit: OnCommit }): Pick<RunStore, "approveByPolicy"> => ({
  approveByPolicy: (fence, key, why) => fenced(deps, fence, (tx) => approveByPolicy(tx, fence, key, why)),
});

interface Asked {
  id: string;
  system: string;
  now: Date;
  plan: string;
  plan_sha256: string;
  policy: Policy;
  need: number;
  auto_rule: AutoRule;
}

async function approveByPolicy(
  tx: FencedTransaction,
  fence: Fence,
  key: string,
  forbidden: string | undefined,
): Promise<AutoVerdict> {
  const system = await lockPolicy(tx.sql, fence.run);
  const { rows } = await tx.sql.query<Asked>(
    `SELECT a.id, r.system, clock_timestamp() AS now, m.plan, a.plan_sha256, a.policy, a.need, a.auto_rule
     FROM approval a JOIN run r ON r.id = a.run_id JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
     WHERE a.run_id = $1 AND a.remedy = $2 AND a.state = 'pending' AND m.status = 'waiting'
       AND a.auto_at <= clock_timestamp() AND a.expires_at > clock_timestamp() FOR UPDATE OF a, m`,
    [fence.run, key],
  );
  const [asked] = rows;
  // Decided, stopped or withdrawn meanwhile.
  if (asked === undefined) return "asked";
  const rule = asked.auto_rule;
  const act = { system, runbook: tx.run.runbook, remedy: key };
  const why =
    forbidden ??
    whyNeedsPeople({ approvals: Math.max(asked.policy.approvals, asked.need) }) ??
    (sha256(asked.plan) === asked.plan_sha256 ? undefined : "the stored plan does not match its hash") ??
    (await whyNotNow(tx.sql, act, rule, asked.now));
  if (why !== undefined) return ask(tx, fence, { key, approval: asked.id, why });
  if (await isAnotherUnderWay(tx.sql, fence.run, act)) return "busy";
  return vote(tx, fence, { ...asked, act, rule });
}

/** The policy acts on one remedy of a system after the other, each seen to hold; and nobody turns it off in between. */
async function lockPolicy(sql: Client, run: number): Promise<string> {
  await sql.query(
    "INSERT INTO auto_policy (system) SELECT system FROM run WHERE id = $1 ON CONFLICT DO NOTHING",
    [run],
  );
  const { rows } = await sql.query<{ system: string }>(
    "SELECT system FROM auto_policy WHERE system = (SELECT system FROM run WHERE id = $1) FOR UPDATE",
    [run],
  );
  return rows[0]?.system ?? "";
}

/** Why the policy would not act now: off, frozen, or its budget is spent. */
export async function whyNotNow(
  sql: Client,
  act: Act,
  rule: AutoRule,
  now: Date,
): Promise<string | undefined> {
  const off = await autoOff(sql, act.system);
  if (off !== undefined) return sayAutoOff(act.system, off, now);
  const freeze = await readFreeze(sql, act.system);
  if (freeze !== undefined)
    return `${freeze.quiet === true ? `${act.system} is` : "remedies are"} ${sayFrozen(freeze, now)}`;
  return (await usedOf(sql, act, rule.within)) >= rule.most ? saySpent(rule) : undefined;
}

/** Since when and why the policy of a system is off. `share`: nobody turns it off before this transaction has ended. */
export async function autoOff(
  sql: Client | Pool,
  system: string,
  { share = false } = {},
): Promise<AutoOff | undefined> {
  const { rows } = await sql.query<{ off_at: Date | null; off_by: string; off_because: string }>(
    `SELECT off_at, off_by, off_because FROM auto_policy WHERE system = $1 ${share ? "FOR SHARE" : ""}`,
    [system],
  );
  const [row] = rows;
  return row === undefined || row.off_at === null
    ? undefined
    : { since: row.off_at, by: row.off_by, because: row.off_because };
}

/** Times it was applied without a person within so long, over all workers. */
export async function usedOf(
  sql: Client | Pool,
  { system, runbook, remedy }: Act,
  ms: number,
): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM auto_act WHERE system = $1 AND runbook = $2 AND remedy = $3
       AND at > clock_timestamp() - make_interval(secs => $4)`,
    [system, runbook, remedy, ms / 1000],
  );
  return rows[0]?.n ?? 0;
}

async function isAnotherUnderWay(sql: Client, run: number, { system, remedy }: Act): Promise<boolean> {
  const { rowCount } = await sql.query(
    `SELECT FROM auto_act k JOIN remedy m ON m.run_id = k.run_id AND m.key = k.remedy
     WHERE k.system = $1 AND (k.run_id, k.remedy) <> ($2, $3)
       AND m.status IN ('approved', 'applying', 'verifying', 'undoing') LIMIT 1`,
    [system, run, remedy],
  );
  return rowCount === 1;
}

/** People are asked, as if there were no policy: the card says why. */
async function ask(
  tx: FencedTransaction,
  fence: Fence,
  { key, approval, why }: { key: string; approval: string; why: string },
): Promise<AutoVerdict> {
  await tx.sql.query("UPDATE approval SET auto_at = NULL, auto_note = $2 WHERE id = $1", [approval, why]);
  tx.audit({ actor: AUTO_VOTER, event: "auto.asks", run: fence.run, payload: { remedy: key, because: why } });
  tx.show({ urgent: true });
  return "asked";
}

async function vote(
  tx: FencedTransaction,
  fence: Fence,
  { id, plan_sha256: plan, policy, act, rule }: Asked & { act: Act; rule: AutoRule },
): Promise<AutoVerdict> {
  const { system, runbook, remedy } = act;
  await tx.sql.query(
    "INSERT INTO auto_act (approval_id, system, runbook, remedy, run_id) VALUES ($1, $2, $3, $4, $5)",
    [id, system, runbook, remedy, fence.run],
  );
  const reason = `${await usedOf(tx.sql, act, rule.within)} of at most ${rule.most} within ${sayDuration(rule.within)}`;
  await tx.sql.query(
    `INSERT INTO vote (approval_id, principal, decision, reason, plan_sha256, via) VALUES ($1, $2, 'approve', $3, $4, $5)`,
    [id, AUTO_VOTER, reason, plan, AUTO_VIA],
  );
  await tx.sql.query(
    `UPDATE approval SET state = 'approved', decided_at = clock_timestamp(), auto_at = NULL,
       execute_before = clock_timestamp() + make_interval(secs => $2) WHERE id = $1`,
    [id, policy.execute / 1000],
  );
  await tx.sql.query("UPDATE remedy SET status = 'approved' WHERE run_id = $1 AND key = $2", [
    fence.run,
    remedy,
  ]);
  tx.audit({
    actor: AUTO_VOTER,
    event: "vote.cast",
    run: fence.run,
    payload: { remedy, decision: "approve", plan, via: AUTO_VIA, reason, rule, state: "approved" },
  });
  tx.show({ urgent: true });
  return "approved";
}
