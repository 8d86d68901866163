import type { Pool } from "../../src/store/index.ts";
import { verifyAudit } from "../../src/store/index.ts";
import { auditGaps } from "../helpers/audit-replay.ts";
import type { Mischief } from "./human.ts";
import type { Loss } from "./monkey.ts";
import type { Ledger } from "./target.ts";

export interface Verdict {
  /** Each a violation of a promise; empty: all held. */
  readonly violations: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Holds what the target saw against what the rows say. The target's receipts are the truth. */
export async function judge(deps: {
  pool: Pool;
  ledger: Ledger;
  mischief: Mischief;
  losses: readonly Loss[];
}): Promise<Verdict> {
  const { pool, ledger } = deps;
  const violations: string[] = [];
  for (const [item, count] of ledger.applied)
    if (count > 1) violations.push(`applied ${count} times: ${item}`);
  for (const overlap of ledger.overlaps) violations.push(`target lock: ${overlap}`);
  violations.push(...(await unapproved(pool, ledger)));
  violations.push(...(await wrongStates(pool, ledger)));
  violations.push(...(await forbidden(pool, ledger, deps.mischief)));
  violations.push(...(await duringFreeze(pool)));
  const { rows: lost } = await pool.query<{ id: number; status: string }>(
    `SELECT r.id, r.status || ' ' || coalesce(string_agg(m.key || ' ' || m.status || ' ' || coalesce(m.note, ''), ', '), '') || ' wake ' || coalesce(r.wake_at::text, 'never') AS status
     FROM run r LEFT JOIN remedy m ON m.run_id = r.id WHERE r.status IN ('queued', 'running', 'waiting') GROUP BY r.id`,
  );
  for (const run of lost) violations.push(`lost run ${run.id}: ${run.status}`);
  const { rows: ballots } = await pool.query<{ approval_id: string }>(
    `SELECT a.id AS approval_id FROM approval a WHERE a.state = 'approved'
     AND (SELECT count(*) FROM vote v WHERE v.approval_id = a.id AND v.decision = 'approve') <> a.need`,
  );
  for (const { approval_id } of ballots) violations.push(`votes do not carry approval ${approval_id}`);
  violations.push(...(await auditGaps(pool)));
  const audit = await verifyAudit(pool);
  if (audit.firstBad !== undefined) violations.push(`audit row ${audit.firstBad.seq}: ${audit.firstBad.why}`);
  return { violations, figures: await figuresOf(pool, ledger, deps.losses, audit.rows) };
}

/** Every effect has an attempt announced before it, under an approval of exactly that plan. */
async function unapproved(pool: Pool, ledger: Ledger): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>(
    `SELECT t.effect_key AS key FROM attempt t JOIN step s ON s.run_id = t.run_id AND s.name = t.step
     JOIN approval a ON a.run_id = t.run_id AND a.remedy = s.remedy AND a.plan_sha256 = t.plan_sha256
     WHERE a.decided_at IS NOT NULL AND a.state IN ('approved', 'void') AND a.decided_at <= t.started_at`,
  );
  const announced = new Set(rows.map((row) => row.key));
  return ledger.receipts
    .filter((receipt) => !announced.has(receipt.key))
    .map((receipt) => `without an approval: ${receipt.item}`);
}

/** A probe or a human that was wrong shows here: the rows say one thing, the receipts another. */
async function wrongStates(pool: Pool, ledger: Ledger): Promise<string[]> {
  const { rows } = await pool.query<{ item: string; state: string }>(
    "SELECT input->>'item' AS item, state FROM step WHERE effect = 'write'",
  );
  return rows.flatMap(({ item, state }) => {
    const happened = (ledger.applied.get(item) ?? 0) > 0;
    if (state === "succeeded" && !happened) return [`said to have happened, did not: ${item}`];
    if (["ready", "skipped", "failed", "denied", "cancelled"].includes(state) && happened)
      return [`said not to have happened (${state}), did: ${item}`];
    return [];
  });
}

async function forbidden(pool: Pool, ledger: Ledger, mischief: Mischief): Promise<string[]> {
  const { rows } = await pool.query<{ subject: string; item: string }>(
    "SELECT run_id || '/' || remedy AS subject, input->>'item' AS item FROM step WHERE effect = 'write'",
  );
  const tampered = ledger.receipts
    .filter((receipt) => receipt.item.includes("tampered"))
    .map((receipt) => `another plan than approved: ${receipt.item}`);
  const isForbidden = (subject: string) => mischief.denied.has(subject) || mischief.tampered.has(subject);
  return [
    ...tampered,
    ...rows
      .filter((row) => isForbidden(row.subject) && ledger.applied.has(row.item))
      .map((row) => `denied or tampered, but applied: ${row.item}`),
  ];
}

/** By the order of the audit chain: no write is announced between freeze.on and freeze.off. */
async function duringFreeze(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ seq: number; event: string }>(
    "SELECT seq, event FROM audit WHERE event IN ('freeze.on', 'freeze.off', 'step.executing') ORDER BY seq NULLS LAST, id",
  );
  let frozen = false;
  return rows.flatMap(({ seq, event }) => {
    if (event !== "step.executing") frozen = event === "freeze.on";
    else if (frozen) return [`a write was announced during a freeze: audit row ${seq}`];
    return [];
  });
}

async function figuresOf(pool: Pool, ledger: Ledger, losses: readonly Loss[], auditRows: number) {
  const { rows: claims } = await pool.query<{ run_id: number; at: Date }>(
    "SELECT run_id, at FROM audit WHERE event = 'run.claimed' ORDER BY seq NULLS LAST, id",
  );
  const recoveries = losses.flatMap(({ at, runs }) =>
    runs.flatMap((run) => {
      const next = claims.find((claim) => claim.run_id === run && claim.at.getTime() > at);
      return next === undefined ? [] : [next.at.getTime() - at];
    }),
  );
  recoveries.sort((a, b) => a - b);
  const percentile = (p: number) =>
    recoveries[Math.min(recoveries.length - 1, Math.floor(recoveries.length * p))] ?? 0;
  const { rows } = await pool.query<Counts>(
    `SELECT (SELECT count(*)::int FROM run) AS runs, (SELECT count(*)::int FROM attempt) AS attempts,
       (SELECT count(*)::int FROM attempt WHERE evidence IS NOT NULL AND outcome = 'succeeded' AND evidence NOT LIKE 'It happened%') AS probed,
       (SELECT count(*)::int FROM answer) AS asked,
       (SELECT string_agg(n || ' ' || status, ', ' ORDER BY n DESC) FROM (SELECT status, count(*) AS n FROM remedy GROUP BY status) AS s) AS remedies`,
  );
  const { runs = 0, attempts = 0, probed = 0, asked = 0, remedies = "" } = rows[0] ?? {};
  return {
    runs,
    remedies,
    attempts,
    "effects applied": ledger.applied.size,
    "settled by probe": probed,
    "settled by a human": asked,
    "repeats absorbed by key": ledger.absorbed,
    "late writes refused": ledger.late,
    "audit rows verified": auditRows,
    "runs taken over from lost workers": recoveries.length,
    "recovery p50 ms (lease 1,500)": percentile(0.5),
    "recovery p99 ms (P7: <= 20,000)": percentile(0.99),
  };
}

interface Counts {
  readonly runs: number;
  readonly attempts: number;
  readonly probed: number;
  readonly asked: number;
  readonly remedies: string;
}
