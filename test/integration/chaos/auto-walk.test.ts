import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { RunId } from "../../../src/core/words/ids.ts";
import { verifyAudit } from "../../../src/store/index.ts";
import { isStopped } from "../../chaos/crew.ts";
import { request } from "../../chaos/rig.ts";
import { openTrial, type Trial } from "../../chaos/trial.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { until } from "../../helpers/until.ts";
import { openTrialDeps } from "./deps.ts";

/** Around the policy's vote, and around the effect that nobody has voted for. */
const POINTS = ["before_auto", "after_auto", "after_intent", "after_effect"] as const;
const FATES = ["kill", "freeze"] as const;
const FATED = { leaseMs: 3_000, writeSeconds: 4 };

let deps: Awaited<ReturnType<typeof openTrialDeps>>;
beforeAll(async () => {
  deps = await openTrialDeps(inject("redisUrl"));
});
afterAll(() => deps.close());

/** The grace time is an hour: it is over when the rows say so. */
const passGrace = async ({ pool }: Trial): Promise<boolean> =>
  (
    await pool.query(
      // Not before the worker has let go of the run: it would write down when it wanted to be woken.
      `WITH let_go AS (UPDATE run SET wake_at = clock_timestamp() WHERE status = 'waiting' AND owner IS NULL RETURNING id)
       UPDATE approval SET auto_at = clock_timestamp() FROM let_go WHERE run_id = let_go.id AND auto_at > clock_timestamp()`,
    )
  ).rowCount === 1;

const isDecided = async ({ pool }: Trial): Promise<boolean> =>
  (await pool.query("SELECT FROM approval WHERE state <> 'pending'")).rowCount === 1;

async function walk(batch: number, point: (typeof POINTS)[number], fate: (typeof FATES)[number]) {
  const trial = await openTrial(deps, FATED);
  try {
    const mate = await trial.fated(`${fate}:${point}:1`);
    const asked = {
      ...request({ batch, writes: 1, only: "calm" }),
      caller: { via: "alert", name: "a" },
    } as const;
    const run = await trial.ask(asked);
    await until(() => passGrace(trial));
    await until(() => (fate === "kill" ? mate.child.signalCode === "SIGKILL" : isStopped(mate)));
    await trial.hired();
    await until(() => isDecided(trial));
    await trial.finish(run);
    if (fate === "freeze") mate.child.kill("SIGCONT");
    return await verdict(trial, run, batch);
  } finally {
    await trial.close();
  }
}

async function verdict(trial: Trial, run: RunId, batch: number) {
  const view = await trial.store.reader.run(run);
  const { rows } = await trial.pool.query<{ acts: number; off: number }>(
    "SELECT (SELECT count(*)::int FROM auto_act) AS acts, (SELECT count(*)::int FROM auto_policy WHERE off_at IS NOT NULL) AS off",
  );
  return {
    remedy: view?.remedies[0]?.status,
    voters: view?.remedies[0]?.approval?.votes.map(({ principal }) => principal),
    effects: deps.target.ledger.applied.get(`${batch}/calm/1`) ?? 0,
    ...rows[0],
    gaps: await auditGaps(trial.pool),
    firstBad: (await verifyAudit(trial.pool)).firstBad,
  };
}

describe.concurrent("the worker that lets the policy act dies or freezes, another finishes", {
  timeout: 300_000,
}, () => {
  test.for(
    POINTS.flatMap((point) => FATES.map((fate) => ({ point, fate }))).map((cell, index) => ({
      ...cell,
      batch: 5_001 + 4 * index,
    })),
  )("$fate $point", async ({ point, fate, batch }) => {
    // Found by its probe, it has happened as planned; not found, a person says so, and that turns the policy off.
    expect(await walk(batch, point, fate)).toEqual({
      remedy: "succeeded",
      voters: ["policy auto"],
      effects: 1,
      acts: 1,
      off: point === "after_intent" ? 1 : 0,
      gaps: [],
      firstBad: undefined,
    });
  });
});
