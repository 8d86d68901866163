import { z } from "zod";
import type { FreezeRequest } from "../../core/ports/intake.ts";
import { sayFrozen, saySetsOff } from "../../core/rules/freeze.ts";
import { accountOf, type Caller } from "../../core/words/caller.ts";
import type { SetOff, Unfrozen } from "../../core/words/freeze.ts";
import { RunId } from "../../core/words/ids.ts";
import type { FreezeView } from "../../core/words/view.ts";
import type { Client, Pool } from "../pool.ts";
import { present } from "../rows.ts";
import { actorOf } from "../run/runs.ts";
import { lockWrites } from "../run/write-lock.ts";
import { insertNotice } from "../thread/notices.ts";
import type { Transaction } from "../transaction.ts";
import { isSystemFrozen, readSystemFreezes } from "./system-freeze-rows.ts";

/** As Intake says; read again for a repeat of the same request. */
export const FreezeResult = z.object({
  system: z.string().exactOptional(),
  quiet: z.literal(true).exactOptional(),
  by: z.string(),
  reason: z.string(),
  since: z.coerce.date(),
  until: z.coerce.date().exactOptional(),
});
export const UnfreezeResult = z.object({
  was: z.boolean(),
  setsOff: z.array(
    z.object({
      run: RunId,
      system: z.string(),
      remedy: z.string(),
      title: z.string(),
      act: z.enum(["apply", "go on", "take back"]),
    }),
  ),
});

interface FreezeRow {
  by: string;
  reason: string;
  since: Date;
  until: Date | null;
  channels: string[];
}

/** Freezes, or freezes anew. Where that would let writes begin earlier, the longer time stays unless the caller may unfreeze. */
export async function freeze(tx: Transaction, request: FreezeRequest): Promise<FreezeView> {
  const { by, reason, forMs, channels = [], mayShorten = true } = request;
  await lockWrites(tx);
  const { rows } = await tx.sql.query<FreezeRow>(
    `INSERT INTO write_freeze AS f (by, reason, until, channels)
     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4)
     ON CONFLICT (only_one) DO UPDATE SET by = excluded.by, reason = excluded.reason,
       channels = ARRAY(SELECT DISTINCT unnest(f.channels || excluded.channels)),
       since = CASE WHEN f.until <= clock_timestamp() THEN clock_timestamp() ELSE f.since END,
       until = CASE WHEN $5 OR f.until <= clock_timestamp() THEN excluded.until
         WHEN f.until IS NULL OR excluded.until IS NULL THEN NULL
         ELSE greatest(f.until, excluded.until) END
     RETURNING by, reason, since, until, channels`,
    [by.principal ?? by.name, reason, forMs === undefined ? null : forMs / 1000, channels, mayShorten],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("an upsert returned no row");
  const view = freezeViewOf(row);
  const until = view.until?.toISOString();
  tx.audit({
    actor: actorOf(by),
    event: "freeze.on",
    payload: { reason, forMs, until, account: accountOf(by) },
  });
  await announce(tx, row.channels, `🧊 Remedies are ${sayFrozen(view)}: ${view.reason}. Diagnoses go on.`);
  await touchOpenThreads(tx);
  return view;
}

/** Lets writes begin again; `channels` and those that heard of the freeze hear what it sets off. */
export async function unfreeze(
  tx: Transaction,
  by: Caller,
  channels: readonly string[] = [],
): Promise<Unfrozen> {
  const { rows } = await tx.sql.query<FreezeRow>("DELETE FROM write_freeze RETURNING *");
  const [row] = rows;
  if (row === undefined) return { was: false, setsOff: [] };
  tx.audit({ actor: actorOf(by), event: "freeze.off", payload: { account: accountOf(by) } });
  const who = by.principal ?? by.name;
  const setsOff = await end(
    tx,
    [...row.channels, ...channels],
    `The freeze of ${row.by} was ended by ${who}`,
  );
  return { was: true, setsOff };
}

/** Ends a freeze whose time is over. False: there is none. */
export async function thaw(tx: Transaction): Promise<boolean> {
  const { rows } = await tx.sql.query<FreezeRow>(
    "DELETE FROM write_freeze WHERE until <= clock_timestamp() RETURNING *",
  );
  const [row] = rows;
  if (row === undefined) return false;
  tx.audit({ actor: "sweeper", event: "freeze.expired" });
  await end(tx, row.channels, `The time of the freeze of ${row.by} is over`);
  return true;
}

async function end(tx: Transaction, channels: readonly string[], how: string): Promise<SetOff[]> {
  const setsOff = await readSetsOff(tx.sql);
  await announce(tx, channels, `▶️ ${how}: remedies may begin again. ${saySetsOff(setsOff)}`);
  await touchOpenThreads(tx);
  return setsOff;
}

async function announce(tx: Transaction, channels: readonly string[], text: string): Promise<void> {
  for (const channel of new Set(channels)) await insertNotice(tx, channel, text);
}

/** The freeze that holds now, everywhere; or else the one of that system. */
export async function readFreeze(sql: Pool | Client, system?: string): Promise<FreezeView | undefined> {
  const { rows } = await sql.query<FreezeRow>(
    "SELECT * FROM write_freeze WHERE until IS NULL OR until > clock_timestamp()",
  );
  if (rows[0] !== undefined) return freezeViewOf(rows[0]);
  return system === undefined ? undefined : (await readSystemFreezes(sql, [system]))[0];
}

const freezeViewOf = ({ by, reason, since, until }: FreezeRow): FreezeView => ({
  by,
  reason,
  since,
  ...present({ until }),
});

const ACTS: Readonly<Record<string, SetOff["act"]>> = { approved: "apply", applying: "go on" };

/** Writes that only the freeze (of that system) holds back: approved in time, begun and not finished, or to be taken back by now. */
export async function readSetsOff(sql: Pool | Client, system?: string): Promise<SetOff[]> {
  const { rows } = await sql.query<{
    run_id: number;
    system: string;
    key: string;
    title: string;
    status: string;
  }>(
    `SELECT m.run_id, r.system, m.key, m.title, m.status FROM remedy m JOIN run r ON r.id = m.run_id
     WHERE r.status IN ('queued', 'running', 'waiting') AND (
       (m.status = 'approved' AND r.cancel_requested_at IS NULL AND EXISTS (SELECT FROM approval a
          WHERE a.run_id = m.run_id AND a.remedy = m.key AND a.state = 'approved' AND a.execute_before > clock_timestamp()))
       OR (m.status IN ('applying', 'undoing') AND EXISTS (SELECT FROM step s
          WHERE s.run_id = m.run_id AND s.remedy = m.key AND s.effect = 'write' AND s.state = 'ready'))
       OR (m.held_then = 'undo' AND m.held_until <= statement_timestamp()))
       AND ($1::text IS NULL OR r.system = $1) AND NOT ${isSystemFrozen("r.system")}
     ORDER BY m.run_id, m.ord LIMIT 50`,
    [system ?? null],
  );
  return rows.map(({ run_id, system, key, title, status }) => ({
    run: RunId.parse(run_id),
    system,
    remedy: key,
    title,
    act: ACTS[status] ?? "take back",
  }));
}

/** Every thread with an open run shows whether writes are frozen. Runs are touched too: approved remedies may go on. */
export async function touchOpenThreads(tx: Transaction, system?: string): Promise<void> {
  const { rows } = await tx.sql.query<{ id: number; thread_id: number }>(
    "SELECT id, thread_id FROM run WHERE status IN ('running', 'waiting') AND ($1::text IS NULL OR system = $1)",
    [system ?? null],
  );
  for (const row of rows) {
    tx.touch("run", row.id);
    tx.touch("thread", row.thread_id);
  }
}
