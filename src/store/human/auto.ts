import { z } from "zod";
import type { SetAutoRequest, StopAutoRequest } from "../../core/ports/intake.ts";
import { autoRuleOf } from "../../core/rules/auto.ts";
import type { AutoState } from "../../core/words/auto.ts";
import { accountOf } from "../../core/words/caller.ts";
import { DiagError } from "../../core/words/errors.ts";
import { RunId } from "../../core/words/ids.ts";
import type { System } from "../../core/words/system.ts";
import type { Pool } from "../pool.ts";
import { autoOff, usedOf } from "../run/auto.ts";
import { actorOf } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";
import { IS_ON_ITS_CARD } from "./card-place.ts";

/** As Intake says; read again for a repeat of the same request. */
export const AutoSet = z.object({ changed: z.boolean() });
export const AutoStopped = z.object({ run: RunId, stopped: z.array(z.string()) });

/** Turns the policy of a system off, or on again. What it was about to do is then asked of people. */
export async function setAuto(
  tx: Transaction,
  { system, on, by, reason }: SetAutoRequest,
): Promise<z.output<typeof AutoSet>> {
  const who = by.principal ?? by.name;
  await tx.sql.query("INSERT INTO auto_policy (system) VALUES ($1) ON CONFLICT DO NOTHING", [system]);
  const { rowCount } = await tx.sql.query(
    on
      ? "UPDATE auto_policy SET off_at = NULL, off_by = NULL, off_because = NULL WHERE system = $1 AND off_at IS NOT NULL"
      : "UPDATE auto_policy SET off_at = clock_timestamp(), off_by = $2, off_because = $3 WHERE system = $1 AND off_at IS NULL",
    on ? [system] : [system, who, reason],
  );
  if (rowCount !== 1) return { changed: false };
  const payload = { system, reason, account: accountOf(by) };
  tx.audit({ actor: actorOf(by), event: on ? "auto.on" : "auto.off", payload });
  if (!on) await letPeopleDecide(tx, system, `the policy auto was turned off for ${system} by ${who}`);
  return { changed: true };
}

async function letPeopleDecide(tx: Transaction, system: string, why: string): Promise<void> {
  const { rows } = await tx.sql.query<{ run_id: number; thread_id: number }>(
    `UPDATE approval a SET auto_at = NULL, auto_note = $2 FROM run r
     WHERE r.id = a.run_id AND r.system = $1 AND a.state = 'pending' AND a.auto_at IS NOT NULL RETURNING a.run_id, r.thread_id`,
    [system, why],
  );
  for (const row of rows) {
    tx.touch("run", row.run_id);
    tx.touch("thread", row.thread_id, { urgent: true });
  }
}

/** Somebody is there and wants to decide: what the policy was about to apply waits for people. */
export async function stopAuto(
  tx: Transaction,
  { run, approval, place, by }: StopAutoRequest,
): Promise<z.output<typeof AutoStopped> | DiagError> {
  const who = by.principal ?? by.name;
  const { rows } = await tx.sql.query<{ run_id: number; thread_id: number; remedy: string }>(
    `WITH mine AS (SELECT a.id, r.thread_id FROM approval a JOIN run r ON r.id = a.run_id
       WHERE ($1::text IS NULL OR a.id = $1) AND ($4::int IS NULL OR a.run_id = $4) AND a.state = 'pending'
         AND a.auto_at IS NOT NULL AND ${IS_ON_ITS_CARD} ORDER BY a.id FOR UPDATE OF a)
     UPDATE approval a SET auto_at = NULL, auto_stopped_by = $5, auto_stopped_at = clock_timestamp(), auto_note = $6
     FROM mine WHERE a.id = mine.id RETURNING a.run_id, mine.thread_id, a.remedy`,
    [approval ?? null, place?.channel ?? null, place?.ts ?? null, run ?? null, who, `${who} has stopped it`],
  );
  const [first] = rows;
  if (first === undefined)
    return new DiagError("not_decidable", "there is nothing that would be applied without a person", {
      hint: "`/diag status <run>` says what became of it",
    });
  for (const { run_id, thread_id, remedy } of rows) {
    const payload = { remedy, account: accountOf(by) };
    tx.audit({ actor: actorOf(by), event: "auto.stopped", run: run_id, payload });
    tx.touch("run", run_id);
    tx.touch("thread", thread_id, { urgent: true });
  }
  return { run: RunId.parse(first.run_id), stopped: rows.map(({ remedy }) => remedy) };
}

/** Where the policy of each of these systems stands. */
export async function readAuto(
  pool: Pool,
  systems: readonly Pick<System, "id" | "auto">[],
): Promise<AutoState[]> {
  const states: AutoState[] = [];
  for (const system of systems) {
    const used: Record<string, number> = {};
    for (const name of Object.keys(system.auto)) {
      const [runbook = "", remedy = ""] = name.split(".");
      const rule = autoRuleOf(system, runbook, remedy);
      if (rule !== undefined)
        used[name] = await usedOf(pool, { system: system.id, runbook, remedy }, rule.within);
    }
    const off = await autoOff(pool, system.id);
    states.push({ system: system.id, used, ...(off === undefined ? {} : { off }) });
  }
  return states;
}
