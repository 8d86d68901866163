import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CRASH_POINTS, type CrashPoint } from "../../../src/engine/deps.ts";
import { verifyAudit } from "../../../src/store/index.ts";
import { isGone, isStopped, type Mate } from "../../chaos/crew.ts";
import { request } from "../../chaos/rig.ts";
import { openTrial, type Trial } from "../../chaos/trial.ts";
import { until } from "../../helpers/until.ts";
import { openTrialDeps } from "./deps.ts";

const CLASSES = ["read", "guarded", "keyed", "cas"] as const;
type Class = (typeof CLASSES)[number];
const FATES = ["kill", "freeze"] as const;

/** A read has no intent and no effect, so it does not pass the other points. */
const PASSED_BY_READS: readonly CrashPoint[] = ["after_claim"];

const CELLS = CLASSES.flatMap((kind) =>
  // Where the policy votes: auto-walk.test.ts.
  CRASH_POINTS.filter((point) => point !== "before_auto" && point !== "after_auto")
    .filter((point) => kind !== "read" || PASSED_BY_READS.includes(point))
    .flatMap((point) => FATES.map((fate) => ({ kind, point, fate }))),
);

let deps: Awaited<ReturnType<typeof openTrialDeps>>;
beforeAll(async () => {
  deps = await openTrialDeps(inject("redisUrl"));
});
afterAll(() => deps.close());

/** The trial counts only when the process was met exactly there. */
const isMet = (mate: Mate, fate: "kill" | "freeze") =>
  fate === "kill" ? mate.child.signalCode === "SIGKILL" : isStopped(mate);

/**
 * What the worker holds and may still send has to pass really: a frozen process has a clock of its own, and what a dead one
 * has announced may be on its way. Long enough for a busy machine to meet the point, short enough to be waited for.
 */
const FATED = { leaseMs: 3_000, writeSeconds: 4 };

/** Frozen for longer than its lease and longer than its attempt could have an effect. */
const outlived = (trial: Trial) =>
  until(async () => {
    const { rows } = await trial.pool.query<{ over: boolean }>(
      `SELECT coalesce((SELECT bool_and(lease_until IS NULL OR lease_until < clock_timestamp()) FROM run), true)
         AND coalesce((SELECT bool_and(deadline < clock_timestamp()) FROM attempt), true) AS over`,
    );
    return rows[0]?.over;
  });

/** Thawed, it does what it was about to do; two signs of life later it has. */
async function thaw(trial: Trial, mate: Mate): Promise<void> {
  await trial.pool.query("UPDATE worker SET beat_at = beat_at - interval '1 hour'");
  mate.child.kill("SIGCONT");
  for (const round of [1, 2])
    await until(async () => {
      if (isGone(mate)) throw new Error(`the thawed worker ended in round ${round}`);
      const { rowCount } = await trial.pool.query(
        "UPDATE worker SET beat_at = beat_at - interval '1 hour' WHERE beat_at > clock_timestamp() - interval '30 minutes'",
      );
      return rowCount === 1;
    });
}

/** On a machine that stood still its lease may be over before it comes there: then it has more time, once. */
async function walk(batch: number, kind: Class, point: CrashPoint, fate: (typeof FATES)[number]) {
  for (const [round, times] of [1, 5].entries()) {
    const seen = await walkOnce({ batch: batch + round, kind, point, fate }, times);
    if (seen !== undefined) return seen;
  }
  throw new Error(`the worker never came to ${point}`);
}

interface Cell {
  readonly batch: number;
  readonly kind: Class;
  readonly point: CrashPoint;
  readonly fate: (typeof FATES)[number];
}

/** Undefined: the worker was not met at the point. */
async function walkOnce({ batch, kind, point, fate }: Cell, times: number) {
  const trial = await openTrial(deps, {
    leaseMs: FATED.leaseMs * times,
    writeSeconds: FATED.writeSeconds * times,
  });
  try {
    // The claim after the votes is meant, not the one that only reads.
    const nth = kind !== "read" && point === "after_claim" ? 2 : 1;
    const mate = await trial.fated(`${fate}:${point}:${nth}`);
    const run = await trial.ask(request({ batch, writes: 1, only: kind }));
    await until(async () => {
      if (mate.child.signalCode !== null || isStopped(mate)) return true;
      // A vote that comes before the run was let go of is carried out under the first claim: there is no second one then.
      if (nth === 2 && (await trial.store.reader.run(run))?.status !== "waiting") return false;
      return (await trial.look()) > 0;
    }).catch(() => {});
    if (!(await until(() => isMet(mate, fate)).catch(() => false))) return undefined;
    if (fate === "freeze") await outlived(trial);
    await trial.finish(run);
    if (fate === "freeze") await thaw(trial, mate);
    const view = await trial.store.reader.run(run);
    const { rows } = await trial.pool.query<{ n: number }>("SELECT count(*)::int AS n FROM run");
    return {
      status: view?.status,
      remedies: view?.remedies.map((remedy) => remedy.status),
      effects: deps.target.ledger.applied.get(`${batch}/${kind}/1`) ?? 0,
      receipts: deps.target.ledger.receipts.filter(({ item }) => item === `${batch}/${kind}/1`).length,
      runs: rows[0]?.n,
      firstBad: (await verifyAudit(trial.pool)).firstBad,
    };
  } finally {
    await trial.close();
  }
}

describe.concurrent("a worker dies or freezes at a named point, another finishes", {
  timeout: 300_000,
}, () => {
  test.for(CELLS.map((cell, index) => ({ ...cell, batch: 1_001 + 4 * index })))(
    "$fate $point, $kind",
    async ({ kind, point, fate, batch }) => {
      const once = kind === "read" ? 0 : 1;
      expect(await walk(batch, kind, point, fate)).toEqual({
        status: "succeeded",
        remedies: kind === "read" ? [] : ["succeeded"],
        effects: once,
        receipts: once,
        runs: 1,
        firstBad: undefined,
      });
    },
  );
});
