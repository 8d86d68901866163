import type { Backlog, Due, SweepStore } from "../../core/ports/sweep-store.ts";
import { RunId } from "../../core/words/ids.ts";
import { pruneChanges } from "../alert/changes.ts";
import { markStale } from "../alert/incident-ends.ts";
import { startDueRuns } from "../alert/incident-runs.ts";
import { chainAudit } from "../audit.ts";
import { thaw } from "../human/freezes.ts";
import { thawSystems } from "../human/system-freezes.ts";
import type { Pool } from "../pool.ts";
import { type Transaction, transact } from "../transaction.ts";
import { endOffers } from "./after-end.ts";
import type { OnCommit } from "./fence.ts";
import { pruneThreads } from "./prune-threads.ts";
import { endFollowing, FOLLOWERS_DUE } from "./same-act.ts";
import { pruneScheduled } from "./schedule.ts";

/** A run somebody must look at now: nobody holds it, and it is lost, woken up or told about and not claimed. */
const DUE = `r.status IN ('queued', 'running', 'waiting') AND (r.lease_until IS NULL OR r.lease_until < clock_timestamp())
  AND (r.status = 'running' OR r.wake_at <= clock_timestamp() OR o.touched_at < clock_timestamp() - interval '1.5 s')`;

/** SQL: one row where the owner leads under that name from now on. */
const lead = (name: string, owner: string, seconds: string): string =>
  `INSERT INTO leader (name, owner, lease_until) VALUES (${name}, ${owner}, clock_timestamp() + make_interval(secs => ${seconds}))
   ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until,
     epoch = leader.epoch + (leader.owner <> excluded.owner)::int
   WHERE leader.owner = excluded.owner OR leader.lease_until < clock_timestamp()`;

/** One question for all of it: what is asked every second must cost next to nothing where nothing is due. `min` is sure to read an index. */
async function dueNow(pool: Pool): Promise<Due> {
  const { rows } = await pool.query<Due>(
    `SELECT EXISTS (SELECT 1 FROM audit WHERE seq IS NULL) AS audit,
       EXISTS (SELECT 1 FROM write_freeze WHERE until <= clock_timestamp())
         OR EXISTS (SELECT 1 FROM system_freeze WHERE ended_at IS NULL AND until <= clock_timestamp()) AS freezes,
       coalesce((SELECT min(held_until) FROM remedy) <= clock_timestamp(), false) AS offers,
       coalesce((SELECT min(runs_due_at) FROM incident) <= clock_timestamp(), false) AS incidents,
       ${FOLLOWERS_DUE} AS followers,
       EXISTS (SELECT 1 FROM run r LEFT JOIN outbox o ON o.kind = 'run' AND o.id = r.id WHERE ${DUE}) AS runs`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("a SELECT without FROM returned no row");
  return row;
}

/** What keeps going what crashes and a wiped queue left behind. */
export function createSweepStore({ pool, onCommit }: { pool: Pool; onCommit: OnCommit }): SweepStore {
  const sweeping = async (work: (tx: Transaction) => Promise<number>): Promise<number> => {
    const { value, touched } = await transact(pool, work);
    onCommit(touched);
    return value;
  };
  return {
    due: () => dueNow(pool),
    lead: async (name, owner, leaseMs) => {
      const { rowCount } = await pool.query(lead("$1", "$2", "$3"), [name, owner, leaseMs / 1000]);
      return rowCount === 1;
    },
    resign: async (name, owner) => {
      await pool.query("DELETE FROM leader WHERE name = $1 AND owner = $2", [name, owner]);
    },
    dueRuns: async (limit) => {
      const { rows } = await pool.query<{ id: number }>(
        `SELECT r.id FROM run r LEFT JOIN outbox o ON o.kind = 'run' AND o.id = r.id
         WHERE ${DUE} ORDER BY r.id LIMIT $1`,
        [limit],
      );
      return rows.map((row) => RunId.parse(row.id));
    },
    prune: async () => {
      const { rowCount } = await pool.query(
        // A signature is of no use to anybody after ten minutes.
        `DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE received_at < now() - interval '30 days'
           OR (dedupe_key LIKE 'signature:%' AND received_at < now() - interval '1 hour') ORDER BY id LIMIT 10000)`,
      );
      // No budget looks back further than a week.
      await pool.query("DELETE FROM auto_act WHERE at < now() - interval '30 days'");
      await pool.query("DELETE FROM system_freeze WHERE ended_at < now() - interval '30 days'");
      return (rowCount ?? 0) + (await pruneScheduled(pool));
    },
    pruneThreads: (olderThanMs) =>
      sweeping(async (tx) => {
        await pruneChanges(tx, olderThanMs);
        return pruneThreads(tx, olderThanMs);
      }),
    chainAudit: () => chainAudit(pool),
    unknownOutcomes: async () => {
      const { rows } = await pool.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM remedy m JOIN run r ON r.id = m.run_id WHERE m.status = 'unknown' AND r.ended_at IS NULL",
      );
      return rows[0]?.n ?? 0;
    },
    backlog: () => backlogOf(pool),
    thaw: async () => {
      const { value, touched } = await transact(pool, async (tx) => {
        const [all, systems] = [await thaw(tx), await thawSystems(tx)];
        return all || systems > 0;
      });
      onCommit(touched);
      return value;
    },
    endOffers: () => endOffers({ pool, onCommit }),
    endFollowing: () => sweeping(endFollowing),
    startDueRuns: () => sweeping(startDueRuns),
    markStale: (afterMs) => sweeping((tx) => markStale(tx, afterMs)),
    beat: async ({ id, host, pid, version }, { name, leaseMs }) => {
      const { rows } = await pool.query<{ leads: boolean }>(
        `WITH beat AS (INSERT INTO worker (id, host, pid, version) VALUES ($1, $2, $3, $4)
           ON CONFLICT (id) DO UPDATE SET beat_at = clock_timestamp()),
         led AS (${lead("$5", "$1", "$6")} RETURNING 1)
         SELECT EXISTS (SELECT 1 FROM led) AS leads`,
        [id, host, pid, version, name, leaseMs / 1000],
      );
      return rows[0]?.leads === true;
    },
    gone: async (worker) => {
      await pool.query("DELETE FROM worker WHERE id = $1 OR beat_at < now() - interval '1 day'", [worker]);
    },
    workers: async (withinMs) => {
      const { rows } = await pool.query<{ id: string; host: string; pid: number; beat_at: Date }>(
        "SELECT id, host, pid, beat_at FROM worker WHERE beat_at > clock_timestamp() - make_interval(secs => $1)",
        [withinMs / 1000],
      );
      return rows.map(({ id, host, pid, beat_at }) => ({ id, host, pid, beatAt: beat_at }));
    },
  };
}

async function backlogOf(pool: Pool): Promise<Backlog> {
  const { rows } = await pool.query<{ alive: number; beat: number | null; due: number | null }>(
    `SELECT (SELECT count(*)::int FROM worker WHERE beat_at > clock_timestamp() - interval '10 s') AS alive,
         (SELECT extract(epoch FROM clock_timestamp() - max(beat_at))::float8 FROM worker) AS beat,
         (SELECT extract(epoch FROM clock_timestamp() - min(CASE WHEN r.status = 'running' THEN coalesce(r.lease_until, r.created_at)
              WHEN r.wake_at <= clock_timestamp() THEN greatest(r.wake_at, r.lease_until) ELSE o.since END))::float8
          FROM run r LEFT JOIN outbox o ON o.kind = 'run' AND o.id = r.id WHERE ${DUE}) AS due`,
  );
  const { alive = 0, beat = null, due = null } = rows[0] ?? {};
  return { alive, lastBeatSeconds: beat ?? undefined, dueSeconds: Math.max(0, due ?? 0) };
}
