import type { FreezeSystemRequest } from "../../core/ports/intake.ts";
import { sayFrozen, saySetsOff } from "../../core/rules/freeze.ts";
import { accountOf, type Caller } from "../../core/words/caller.ts";
import { upperFirst } from "../../core/words/format.ts";
import type { SetOff, Unfrozen } from "../../core/words/freeze.ts";
import type { FreezeView } from "../../core/words/view.ts";
import { actorOf } from "../run/runs.ts";
import { lockWrites } from "../run/write-lock.ts";
import { insertNotice } from "../thread/notices.ts";
import type { Transaction } from "../transaction.ts";
import { readSetsOff, touchOpenThreads } from "./freezes.ts";
import { HOLDS, type SystemFreezeRow, systemFreezeOf } from "./system-freeze-rows.ts";

/**
 * Freezes one system, or anew; quietly: it is in maintenance. Where that would let writes begin earlier, the longer time stays
 * unless the caller may unfreeze.
 */
export async function freezeSystem(tx: Transaction, request: FreezeSystemRequest): Promise<FreezeView> {
  const { system, by, reason, forMs, quiet, channels = [], mayShorten = true, planned } = request;
  await lockWrites(tx);
  const values = [
    ...[system, by.principal ?? by.name, reason, forMs === undefined ? null : forMs / 1000],
    ...[quiet, channels, mayShorten],
  ];
  const until = "clock_timestamp() + make_interval(secs => $4::float8)";
  // A longer time that stays may have no end; a maintenance has one.
  const end = `CASE WHEN $7 THEN ${until} WHEN until IS NULL OR $4::float8 IS NULL THEN NULL ELSE greatest(until, ${until}) END`;
  if (planned !== undefined) return openPlanned(tx, request, planned);
  const changed = await tx.sql.query<SystemFreezeRow>(
    `UPDATE system_freeze SET by = $2, reason = $3, until = ${end}, quiet = $5 AND (${end}) IS NOT NULL,
       channels = ARRAY(SELECT DISTINCT unnest(channels || $6::text[]))
     WHERE id = (SELECT id FROM system_freeze WHERE system = $1 AND planned IS NULL AND ${HOLDS} ORDER BY id LIMIT 1) RETURNING *`,
    values,
  );
  const fresh = () =>
    tx.sql.query<SystemFreezeRow>(
      `INSERT INTO system_freeze (system, by, reason, until, quiet, channels)
       VALUES ($1, $2, $3, ${until}, $5, $6) RETURNING *`,
      values.slice(0, 6),
    );
  const [row] = changed.rows.length > 0 ? changed.rows : (await fresh()).rows;
  if (row === undefined) throw new Error("neither an update nor an insert returned a row");
  await began(tx, row, { actor: actorOf(by), account: accountOf(by), forMs });
  return systemFreezeOf(row);
}

/** A window of diagbot.yaml begins. Opened before, and perhaps ended by a person, it stays as it is. */
async function openPlanned(
  tx: Transaction,
  { system, by, reason, forMs = 0, quiet, channels = [] }: FreezeSystemRequest,
  planned: string,
): Promise<FreezeView> {
  const opened = await tx.sql.query<SystemFreezeRow>(
    `INSERT INTO system_freeze (system, by, reason, until, quiet, channels, planned)
     VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::float8), $5, $6, $7) ON CONFLICT (planned) DO NOTHING RETURNING *`,
    [system, by.name, reason, forMs / 1000, quiet, channels, planned],
  );
  const [row] = opened.rows;
  if (row !== undefined) {
    await began(tx, row, { actor: actorOf(by), forMs });
    return systemFreezeOf(row);
  }
  const { rows } = await tx.sql.query<SystemFreezeRow>("SELECT * FROM system_freeze WHERE planned = $1", [
    planned,
  ]);
  if (rows[0] === undefined) throw new Error(`the window ${planned} is neither new nor there`);
  return systemFreezeOf(rows[0]);
}

/** Everybody who looks at the system hears of it, and what is open there is drawn anew. */
export async function began(
  tx: Transaction,
  row: SystemFreezeRow,
  { actor, ...more }: { actor: string; account?: string | undefined; forMs?: number | undefined },
): Promise<void> {
  const view = systemFreezeOf(row);
  const { system, quiet, reason } = row;
  const payload = { system, quiet, reason, until: view.until?.toISOString(), ...more };
  tx.audit({ actor, event: quiet ? "maintenance.on" : "freeze.on", payload });
  const goesOn = quiet ? "Its alerts are shown, and looked into when that is over." : "Diagnoses go on.";
  const words = quiet ? `🔧 ${system} is ${sayFrozen(view)}` : `🧊 Remedies are ${sayFrozen(view)}`;
  for (const channel of new Set(row.channels))
    await insertNotice(tx, channel, `${words}: ${reason}. ${goesOn}`);
  await touchSystem(tx, system);
}

/** Ends every freeze and maintenance of one system; says what that sets off. */
export async function unfreezeSystem(
  tx: Transaction,
  system: string,
  by: Caller,
  channels: readonly string[] = [],
): Promise<Unfrozen> {
  const { rows } = await tx.sql.query<SystemFreezeRow>(
    `UPDATE system_freeze SET ended_at = clock_timestamp() WHERE system = $1 AND ${HOLDS} RETURNING *`,
    [system],
  );
  if (rows.length === 0) return { was: false, setsOff: [] };
  const account = accountOf(by);
  const who = by.principal ?? by.name;
  const setsOff: SetOff[] = [];
  for (const row of rows) {
    const event = row.quiet ? "maintenance.off" : "freeze.off";
    tx.audit({ actor: actorOf(by), event, payload: { system, account } });
    const how = `The ${row.quiet ? "maintenance" : "freeze"} of ${system} was ended by ${who}`;
    const set = await end(tx, { ...row, channels: [...row.channels, ...channels] }, how);
    if (setsOff.length === 0) setsOff.push(...set);
  }
  return { was: true, setsOff };
}

/** Ends those whose time is over. How many. */
export async function thawSystems(tx: Transaction): Promise<number> {
  const { rows } = await tx.sql.query<SystemFreezeRow>(
    "UPDATE system_freeze SET ended_at = clock_timestamp() WHERE ended_at IS NULL AND until <= clock_timestamp() RETURNING *",
  );
  for (const row of rows) {
    const { system, quiet, by } = row;
    const event = quiet ? "maintenance.expired" : "freeze.expired";
    tx.audit({ actor: "sweeper", event, payload: { system } });
    await end(tx, row, `The time of the ${quiet ? "maintenance" : "freeze"} of ${system} (${by}) is over`);
  }
  return rows.length;
}

async function end(tx: Transaction, row: SystemFreezeRow, how: string): Promise<SetOff[]> {
  const setsOff = await readSetsOff(tx.sql, row.system);
  const words = `▶️ ${upperFirst(how)}: remedies may begin there again. ${saySetsOff(setsOff)}`;
  for (const channel of new Set(row.channels)) await insertNotice(tx, channel, words);
  await touchSystem(tx, row.system);
  return setsOff;
}

/** Its open runs may go on, and the threads of what fires there say how it stands. */
async function touchSystem(tx: Transaction, system: string): Promise<void> {
  await touchOpenThreads(tx, system);
  const { rows } = await tx.sql.query<{ thread_id: number }>(
    "SELECT thread_id FROM incident WHERE system = $1 AND status = 'firing'",
    [system],
  );
  for (const { thread_id } of rows) tx.touch("thread", thread_id);
}
