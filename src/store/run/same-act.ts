import type { Fence } from "../../core/ports/run-store.ts";
import { RunId, ThreadId } from "../../core/words/ids.ts";
import type { RemedyStatus } from "../../core/words/outcome.ts";
import type { Transaction } from "../transaction.ts";
import type { FencedTransaction } from "./fence.ts";

/** The remedy that asks for an act already. */
interface Leader {
  readonly run: number;
  readonly key: string;
  readonly thread: number;
  /** Of the same incident. */
  readonly isOurs: boolean;
}

/** Any number whose neighbours no other advisory lock uses. */
const ACTS_LOCK = 720_441_399;

/** SQL: may still be done, or is being done. */
const OPEN = "'waiting', 'approved', 'applying', 'verifying', 'undoing', 'unknown'";

/** SQL: only people can decide, and none has asked for that. */
const FOR_PEOPLE = "(a.state = 'pending' AND a.auto_at IS NULL AND a.auto_stopped_at IS NULL)";

/**
 * The card of an alert that asks for this act or carries it out; undefined: none, or nobody's alert asks here. Proposals of
 * one act stand in one line, so that of two alerts with one cause only one asks. `byItself`: the policy may apply it without a
 * person, so it waits for no card that only people can decide, unless a person has stopped the policy there.
 */
export async function sameAct(
  { sql }: FencedTransaction,
  fence: Fence,
  key: string,
  { act, byItself }: { readonly act: string; readonly byItself: boolean },
): Promise<Leader | undefined> {
  const { rows: mine } = await sql.query<{ incident: number | null }>(
    "SELECT incident_id AS incident FROM run WHERE id = $1",
    [fence.run],
  );
  const incident = mine[0]?.incident ?? null;
  // Whoever asks for a run is to get a card of their own.
  if (incident === null) return undefined;
  await sql.query("SELECT pg_advisory_xact_lock($1, hashtext($2))", [ACTS_LOCK, act]);
  const { rows } = await sql.query<Leader>(
    `SELECT a.run_id AS run, a.remedy AS key, r.thread_id AS thread, r.incident_id = $1 AS "isOurs"
     FROM approval a JOIN run r ON r.id = a.run_id JOIN remedy m ON m.run_id = a.run_id AND m.key = a.remedy
     WHERE a.act = $2 AND a.state IN ('pending', 'approved') AND r.incident_id IS NOT NULL AND (a.run_id, a.remedy) <> ($3, $4)
       AND m.status IN (${OPEN}) AND NOT ($5 AND ${FOR_PEOPLE}) ORDER BY r.incident_id <> $1, a.run_id LIMIT 1`,
    [incident, act, fence.run, key, byItself],
  );
  return rows[0];
}

export const sayFollowed = ({ run, isOurs }: Leader): string =>
  `Run #${run} of ${isOurs ? "this incident" : "another alert"} asks for the same already`;

/** What becomes of the leader concerns this remedy from now on; the leader's card says for whom else it asks. */
export async function follow(
  tx: FencedTransaction,
  fence: Fence,
  key: string,
  act: string,
  leader: Leader,
): Promise<void> {
  await tx.sql.query(
    "UPDATE remedy SET same_as_run = $3, same_as_key = $4, same_as_act = $5, same_as_over_at = NULL WHERE run_id = $1 AND key = $2",
    [fence.run, key, leader.run, leader.key, act],
  );
  tx.touch("thread", leader.thread, { urgent: true });
}

/** SQL: the leader `l` of a follower `f` was planned again, and asks for another act now. */
const ASKS_OTHERWISE = `(l.status = 'waiting' AND f.same_as_act IS NOT NULL AND NOT EXISTS (SELECT FROM approval a
  WHERE a.run_id = l.run_id AND a.remedy = l.key AND a.state IN ('pending', 'approved') AND a.act = f.same_as_act))`;

/** SQL: followers `f` of runs `r` whose leader `l` is over or asks for another act, and nobody has noticed. */
const ENDED = `remedy f JOIN run r ON r.id = f.run_id LEFT JOIN remedy l ON l.run_id = f.same_as_run AND l.key = f.same_as_key
  WHERE f.same_as_run IS NOT NULL AND f.same_as_over_at IS NULL
    AND (l.status IS NULL OR l.status NOT IN (${OPEN}, 'planned') OR ${ASKS_OTHERWISE})`;

/** SQL: whether there is anything to do for `endFollowing`. */
export const FOLLOWERS_DUE = `EXISTS (SELECT 1 FROM ${ENDED})`;

/** It came to nothing by itself: no person has decided on it, and nothing was tried. */
const CAME_TO_NOTHING: readonly (RemedyStatus | null)[] = [
  "void",
  "expired",
  "errored",
  "cancelled",
  "skipped",
  null,
];

interface Follower {
  run: number;
  thread: number;
  status: RemedyStatus | null;
  /** The one it followed asks for another act now. */
  otherwise: boolean;
}

/**
 * What became of a leader is shown where others followed it. Where it came to nothing by itself, or asks for another act now,
 * what still fires there is looked into again, so that it asks for itself. How many followers.
 */
export async function endFollowing(tx: Transaction): Promise<number> {
  const { rows } = await tx.sql.query<Follower>(
    `WITH ended AS (SELECT f.run_id, f.key, r.thread_id, l.status, coalesce(${ASKS_OTHERWISE}, false) AS otherwise
       FROM ${ENDED} ORDER BY f.run_id LIMIT 100 FOR UPDATE OF f SKIP LOCKED)
     UPDATE remedy f SET same_as_over_at = clock_timestamp(),
       note = CASE WHEN otherwise THEN 'Run #' || f.same_as_run || ' asked for the same, and asks for something else now' ELSE f.note END,
       same_as_run = CASE WHEN otherwise THEN NULL ELSE f.same_as_run END,
       same_as_key = CASE WHEN otherwise THEN NULL ELSE f.same_as_key END FROM ended
     WHERE f.run_id = ended.run_id AND f.key = ended.key RETURNING f.run_id AS run, ended.thread_id AS thread, ended.status, otherwise`,
  );
  for (const { run, thread, status, otherwise } of rows) {
    if (otherwise || CAME_TO_NOTHING.includes(status)) await lookAnew(tx, RunId.parse(run));
    tx.touch("thread", ThreadId.parse(thread), { urgent: true });
  }
  return rows.length;
}

/**
 * Its runbook once more, for its incident, if that fires and is not to be looked into anyway; at most once a minute. Not where
 * another remedy of the one it followed has helped since it looked: that ends the others, too.
 */
async function lookAnew(tx: Transaction, run: RunId): Promise<void> {
  const { rows } = await tx.sql.query<{ incident: number }>(
    `UPDATE incident i SET runs_due_at = coalesce(i.runs_due_at, clock_timestamp() + interval '1 s'),
       runs_due = jsonb_build_object('caller', r.caller, 'quietMs', 60000, 'runs', coalesce(i.runs_due -> 'runs', '[]') || jsonb_build_array(
         jsonb_build_object('system', r.system, 'runbook', r.runbook, 'title', r.title, 'params', r.params, 'connections', r.connections, 'alert', r.alert)))
     FROM run r WHERE r.id = $1 AND i.id = r.incident_id AND i.status = 'firing' AND r.superseded_by IS NULL
       AND NOT EXISTS (SELECT FROM remedy f JOIN remedy l ON l.run_id = f.same_as_run WHERE f.run_id = r.id AND l.status = 'succeeded' AND l.ended_at >= r.created_at)
       AND NOT coalesce(i.runs_due -> 'runs', '[]') @> jsonb_build_array(jsonb_build_object('system', r.system, 'runbook', r.runbook, 'params', r.params, 'connections', r.connections))
     RETURNING i.id AS incident`,
    [run],
  );
  for (const { incident } of rows)
    tx.audit({
      actor: "sweeper",
      event: "incident.runs-deferred",
      run,
      payload: { incident, because: "what it waited for came to nothing" },
    });
}
