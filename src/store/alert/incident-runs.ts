import type { AlertRun } from "../../core/ports/intake.ts";
import type { Caller } from "../../core/words/caller.ts";
import { IncidentId, type RunId, ThreadId } from "../../core/words/ids.ts";
import { isInMaintenance } from "../human/system-freeze-rows.ts";
import { withdraw } from "../human/withdraw.ts";
import { insertRun } from "../run/runs.ts";
import type { Transaction } from "../transaction.ts";

/** Where the runs of an incident go and who started them. */
export interface IncidentPlace {
  readonly incident: IncidentId;
  readonly thread: ThreadId;
  readonly channel: string;
  readonly caller: Caller;
  readonly quietMs: number;
}

/** What the incident's runs of one runbook, system and connections are doing. */
interface EarlierRun {
  id: number;
  /** Same parameters: it looks at the same thing. */
  same: boolean;
  isOpen: boolean;
  diagnosed: boolean;
  /** Something was changed, or may have been. */
  tried: boolean;
  /** Something is being changed, or nobody knows whether it was. */
  busy: boolean;
  /** Until then the same is not diagnosed again. */
  quietUntil: Date;
  isQuiet: boolean;
}

type Choice =
  | { readonly do: "start" | "leave" }
  /** When the quiet time is over, if the incident fires then. */
  | { readonly do: "later"; readonly at: Date }
  | { readonly do: "look-again"; readonly run: number };

/** What to do about a run that is asked for; pure. */
function chooseStart(earlier: readonly EarlierRun[], reopened: boolean): Choice {
  const last = earlier.findLast(({ same }) => same);
  // Not diagnosed yet: it will see what there is now.
  if (last?.isOpen === true && !last.diagnosed) return { do: "leave" };
  if (last?.isOpen === true && !last.tried) return { do: "look-again", run: last.id };
  if (earlier.length > 0 && !reopened) return { do: "leave" };
  return last?.isQuiet === true || last?.busy === true
    ? { do: "later", at: last.quietUntil }
    : { do: "start" };
}

/**
 * Starts what an incident asks for, one run at a time of the same: a waiting one looks again instead, a flapping alert waits
 * for its quiet time, and a new run supersedes the cards of the one before. `reopened`: all its alerts had ended, so every
 * run of that runbook is superseded; otherwise a runbook is started once per incident and connection. `opened`: it has no runs yet.
 */
export async function startIncidentRuns(
  tx: Transaction,
  place: IncidentPlace,
  wanted: readonly AlertRun[],
  news: "opened" | "reopened" | "updated",
): Promise<RunId[]> {
  const reopened = news === "reopened";
  const ids: RunId[] = [];
  const later: { run: AlertRun; at: Date }[] = [];
  for (const run of wanted) {
    // The same twice in one notification is found, too.
    const earlier = news === "opened" && ids.length === 0 ? [] : await earlierRuns(tx, place, run);
    const choice = chooseStart(earlier, reopened);
    if (choice.do === "start") ids.push(await start(tx, place, run, earlier.filter(isReplaced(reopened))));
    if (choice.do === "later") later.push({ run, at: choice.at });
    if (choice.do === "look-again") await askToLookAgain(tx, place, { runs: [choice.run], why: "fired" });
  }
  if (later.length > 0) await startLater(tx, place, later);
  return ids;
}

const isReplaced =
  (reopened: boolean) =>
  ({ isOpen, same }: EarlierRun): boolean =>
    isOpen && (same || reopened);

async function earlierRuns(tx: Transaction, place: IncidentPlace, run: AlertRun): Promise<EarlierRun[]> {
  const { rows } = await tx.sql.query<EarlierRun>(
    `SELECT id, params = $4::jsonb AS same, status IN ('queued', 'running', 'waiting') AS "isOpen", diagnosed,
       EXISTS (SELECT FROM attempt t WHERE t.run_id = run.id) AS tried,
       EXISTS (SELECT FROM remedy m WHERE m.run_id = run.id AND m.status IN ('applying', 'verifying', 'undoing', 'unknown')) AS busy,
       CASE WHEN EXISTS (SELECT FROM remedy m WHERE m.run_id = run.id AND m.status IN ('applying', 'verifying', 'undoing', 'unknown'))
         THEN clock_timestamp() ELSE created_at END + make_interval(secs => $6) AS "quietUntil", created_at + make_interval(secs => $6) > clock_timestamp() AS "isQuiet"
     FROM run WHERE incident_id = $1 AND runbook = $2 AND system = $3 AND connections = $5::jsonb AND superseded_by IS NULL ORDER BY id FOR UPDATE`,
    [
      place.incident,
      run.runbook,
      run.system,
      JSON.stringify(run.params),
      JSON.stringify(run.connections),
      place.quietMs / 1000,
    ],
  );
  return rows;
}

async function start(
  tx: Transaction,
  place: IncidentPlace,
  run: AlertRun,
  replaced: readonly EarlierRun[],
): Promise<RunId> {
  const { alert, ...request } = run;
  const { caller, channel, thread, incident } = place;
  const id = await insertRun(tx, { ...request, caller, channel }, { thread, incident, alert });
  for (const old of replaced) await supersede(tx, thread, old.id, { by: id, actor: ACTOR });
  return id;
}

/** A later run asks instead: one compare-and-set for everything of it that has not begun. */
export async function supersede(
  tx: Transaction,
  thread: ThreadId,
  old: number,
  { by, actor }: { by: RunId; actor: string },
): Promise<void> {
  const { rowCount } = await tx.sql.query(
    "UPDATE run SET superseded_by = $2 WHERE id = $1 AND superseded_by IS NULL AND status IN ('queued', 'running', 'waiting')",
    [old, by],
  );
  if (rowCount !== 1) return;
  tx.audit({ actor, event: "run.superseded", run: old, payload: { by } });
  await withdraw(tx, {
    run: old,
    actor,
    as: "void",
    because: `Run #${by} looks at this now and asks instead`,
  });
  tx.touch("run", old);
  tx.touch("thread", thread, { urgent: true });
}

/** The runs that have not ended look at everything once more: after a resolve at once, after a fire when it is quiet. */
export async function askToLookAgain(
  tx: Transaction,
  { incident, thread, quietMs }: Pick<IncidentPlace, "incident" | "thread" | "quietMs">,
  { runs, why }: { runs?: readonly number[]; why: "resolved" | "fired" | "closed" },
): Promise<void> {
  const { rows } = await tx.sql.query<{ id: number }>(
    `UPDATE run SET look_again_n = look_again_n + 1, look_again_why = $2, look_again_at = CASE WHEN $2 = 'fired'
         THEN greatest(clock_timestamp(), coalesce(looked_again_at, created_at) + make_interval(secs => $3)) ELSE clock_timestamp() END
     WHERE id IN (SELECT id FROM run WHERE incident_id = $1 AND status IN ('running', 'waiting') AND superseded_by IS NULL
       AND ($4::int[] IS NULL OR id = ANY ($4)) ORDER BY id FOR UPDATE) RETURNING id`,
    [incident, why, quietMs / 1000, runs ?? null],
  );
  for (const { id } of rows) {
    tx.audit({ actor: ACTOR, event: "run.look-again", run: id, payload: { why } });
    tx.touch("run", id);
  }
  if (rows.length > 0) tx.touch("thread", thread);
}

/** What fires in maintenance is shown, and looked into when that is over, if it still fires. */
export async function startAfterMaintenance(
  tx: Transaction,
  place: IncidentPlace,
  runs: readonly AlertRun[],
): Promise<void> {
  const at = new Date();
  if (runs.length > 0)
    await startLater(
      tx,
      place,
      runs.map((run) => ({ run, at })),
    );
}

async function startLater(
  tx: Transaction,
  place: IncidentPlace,
  later: readonly { run: AlertRun; at: Date }[],
): Promise<void> {
  const at = new Date(Math.max(...later.map((each) => each.at.getTime())));
  const runs = later.map(({ run }) => run);
  await tx.sql.query(
    "UPDATE incident SET runs_due_at = greatest($2, clock_timestamp() + interval '1 s'), runs_due = $3 WHERE id = $1",
    [place.incident, at, JSON.stringify({ runs, quietMs: place.quietMs, caller: place.caller })],
  );
  const payload = {
    incident: place.incident,
    at: at.toISOString(),
    runbooks: runs.map(({ runbook }) => runbook),
  };
  tx.audit({ actor: ACTOR, event: "incident.runs-deferred", payload });
  tx.touch("thread", place.thread);
}

interface DueRow {
  id: number;
  thread_id: number;
  channel: string;
  runs_due: Pick<IncidentPlace, "quietMs" | "caller"> & { runs: AlertRun[] };
}

/** Starts what has waited for its quiet time. Only of incidents that still fire: a resolve forgets it. */
export async function startDueRuns(tx: Transaction): Promise<number> {
  const { rows } = await tx.sql.query<DueRow>(
    `SELECT i.id, i.thread_id, t.channel, i.runs_due FROM incident i JOIN thread t ON t.id = i.thread_id
     WHERE i.runs_due_at <= clock_timestamp() AND NOT ${isInMaintenance("i.system")} AND i.status = 'firing' ORDER BY i.id LIMIT 20 FOR UPDATE OF i SKIP LOCKED`,
  );
  for (const row of rows) {
    await tx.sql.query("UPDATE incident SET runs_due_at = NULL, runs_due = NULL WHERE id = $1", [row.id]);
    const thread = ThreadId.parse(row.thread_id);
    const { runs, quietMs, caller } = row.runs_due;
    const place = { incident: IncidentId.parse(row.id), thread, channel: row.channel, caller, quietMs };
    const started = await startIncidentRuns(tx, place, runs, "reopened");
    if (started.length > 0) await announceNewest(tx, row.id);
    tx.touch("thread", thread);
  }
  return rows.length;
}

/**
 * Notes that an incident fires again. The channel hears of it unless it has heard of one within the quiet time, or its system is
 * in maintenance.
 */
export const noteReopening = (tx: Transaction, incident: number, quietMs: number) =>
  tx.sql.query(
    `INSERT INTO reopening (incident_id, n, announced)
     SELECT $1, count(*)::int + 1, NOT ${isInMaintenance("(SELECT system FROM incident WHERE id = $1)")} AND NOT coalesce(bool_or(announced AND at > clock_timestamp() - make_interval(secs => $2)), false)
     FROM reopening WHERE incident_id = $1`,
    [incident, quietMs / 1000],
  );

/** It has gone on firing for the quiet time: now the channel hears of it. */
const announceNewest = (tx: Transaction, incident: number) =>
  tx.sql.query(
    "UPDATE reopening SET announced = true WHERE incident_id = $1 AND n = (SELECT max(n) FROM reopening WHERE incident_id = $1)",
    [incident],
  );

const ACTOR = "alertmanager";
