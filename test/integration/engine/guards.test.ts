// One directed test per guard: `npm run chaos -- --mutants` removes the guard and wants exactly these to fail.
import { expect, test } from "vitest";
import type { Fence } from "../../../src/core/ports/run-store.ts";
import { ApprovalId, type RunId } from "../../../src/core/words/ids.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("guards");

const approved = async (): Promise<RunId> => {
  const run = await rig.proposed();
  await rig.bench.vote(run, "guarded", bob);
  return run;
};

/** Asks the store to announce the guarded write, past everything the engine checks. */
async function attemptOf(run: RunId) {
  const { planSha256 = "" } = await rig.remedy(run);
  const claim = (await rig.bench.store.runs.claim(run, "direct", 5_000))!;
  return rig.bench.store.runs.announceWrite(claim.fence, {
    remedy: "guarded",
    step: "guarded/apply/1",
    planSha256,
    target: "t",
    timeoutMs: 1_000,
    isUndo: false,
    limits: Limits.parse({ writesPerSystemHour: 1_000 }),
  });
}

/** Somebody is in the middle of announcing a write. */
async function holdWriteLock() {
  const client = await rig.pool.connect();
  await client.query("BEGIN; SELECT pg_advisory_xact_lock(7204414)");
  return async () => {
    await client.query("COMMIT");
    client.release();
  };
}

test("fence: a worker whose run was taken over writes nothing any more", async () => {
  const run = await rig.bench.submit("level");
  const first = (await rig.bench.store.runs.claim(run, "first", 1_000))!;
  await until(async () => (await rig.bench.store.runs.claim(run, "second", 5_000)) !== undefined);
  await expect(rig.bench.store.runs.addSteps(first.fence, [], 1)).rejects.toMatchObject({ code: "aborted" });
  await recordsNothing(run, first.fence);
  await expect(rig.bench.store.runs.finish(first.fence, "succeeded")).rejects.toMatchObject({
    code: "aborted",
  });
});

/** A read of a worker whose lease is lost, recorded in one statement: neither step, audit nor outbox has it. */
async function recordsNothing(run: RunId, fence: Fence): Promise<void> {
  const seen = () =>
    rig.pool.query(
      `SELECT (SELECT count(*) FROM audit WHERE run_id = $1), (SELECT sum(rev) FROM outbox),
         (SELECT jsonb_agg(s) FROM step s WHERE run_id = $1)`,
      [run],
    );
  const { rows } = await seen();
  const result = { outcome: "succeeded", output: { value: 1 }, startedAt: new Date() } as const;
  await expect(rig.bench.store.runs.recordReads(fence, [{ step: "now", result }])).rejects.toMatchObject({
    code: "aborted",
  });
  expect((await seen()).rows).toEqual(rows);
}

test("fence: a lease that is over is lost even when nobody has taken the run", async () => {
  const run = await rig.bench.submit("level");
  // Longer than the claim itself takes, whose statement checks it too.
  const claim = (await rig.bench.store.runs.claim(run, "slow", 1_000))!;
  await until(
    async () =>
      (await rig.pool.query("SELECT FROM run WHERE id = $1 AND lease_until < clock_timestamp()", [run]))
        .rowCount === 1,
  );
  await expect(rig.bench.store.runs.addSteps(claim.fence, [], 1)).rejects.toMatchObject({ code: "aborted" });
  await recordsNothing(run, claim.fence);
  await expect(rig.bench.store.runs.renew(claim.fence, 1_000)).rejects.toMatchObject({ code: "aborted" });
});

test("lease: a run in another worker's hands cannot be taken", async () => {
  const run = await rig.bench.submit("level");
  expect(await rig.bench.store.runs.claim(run, "first", 60_000)).toBeDefined();
  expect(await rig.bench.store.runs.claim(run, "second", 60_000)).toBeUndefined();
});

test("local deadline: a process that was stopped before it sent does not send late", async () => {
  const run = await approved();
  const frozen = rig.bench.another("frozen", {
    leaseMs: 10_000,
    crash: (point) => {
      // The whole process stands still, as under SIGSTOP, for longer than the write may take.
      if (point === "before_effect") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100);
    },
  });
  await frozen.advance(run);
  expect([rig.bench.world.receipts, (await rig.remedy(run)).status]).toEqual([[], "failed"]);
});

test("plan hash, engine: a stored plan that is not its hash is not even looked at", async () => {
  const run = await approved();
  await rig.bench.sql(
    "UPDATE remedy SET plan = replace(plan, '\"to\":1', '\"to\":2') WHERE run_id = $1 AND key = 'guarded'",
    [run],
  );
  await rig.bench.engine.advance(run);
  const seen = await rig.remedy(run);
  expect([seen.status, seen.approval?.voidBecause, rig.bench.world.receipts]).toEqual([
    "void",
    ["the stored plan does not match its hash"],
    [],
  ]);
});

test("plan hash, store: no intent for another plan than approved", async () => {
  const run = await approved();
  await rig.bench.sql(
    "UPDATE remedy SET plan = replace(plan, '\"to\":1', '\"to\":2') WHERE run_id = $1 AND key = 'guarded'",
    [run],
  );
  expect(await attemptOf(run)).toMatchObject({
    refused: "void",
    why: expect.stringContaining("not the one"),
  });
});

test("unique vote: a person counts once", async () => {
  rig.reopen({ people: [bob, { ...bob, id: "erin" as never }] });
  const run = await rig.proposed();
  await rig.bench.sql(
    `UPDATE approval SET policy = jsonb_set(policy, '{approvals}', '2'), need = 2 WHERE run_id = $1`,
    [run],
  );
  await rig.bench.vote(run, "guarded", bob);
  await expect(rig.bench.vote(run, "guarded", bob)).rejects.toMatchObject({ code: "not_decidable" });
  expect((await rig.remedy(run)).status).toBe("waiting");
});

test("unique vote: the database itself keeps a second vote of a person out", async () => {
  const run = await approved();
  const again = rig.bench.sql(
    "INSERT INTO vote SELECT v.* FROM vote v JOIN approval a ON a.id = v.approval_id WHERE a.run_id = $1",
    [run],
  );
  await expect(again).rejects.toMatchObject({ code: "23505" });
});

test("target lock: two runs never change one target at once", async () => {
  const first = await approved();
  const second = await rig.proposed();
  rig.bench.world.next = ["never-arrives"];
  await rig.bench.engine.advance(first);
  await rig.bench.vote(second, "guarded", bob);
  await rig.bench.engine.advance(second);
  expect([(await rig.remedy(second)).status, rig.bench.world.receipts]).toEqual(["approved", []]);
});

test("kill switch: no intent while writes are frozen", async () => {
  const run = await approved();
  await rig.bench.store.intake.freeze(entry(), { by: { via: "cli", name: "bob" }, reason: "deploy" });
  expect(await attemptOf(run)).toMatchObject({ refused: "frozen" });
});

test("quorum: no intent when the votes do not carry the plan", async () => {
  const run = await rig.proposed();
  await rig.bench.sql(
    "UPDATE approval SET state = 'approved', execute_before = now() + interval '1 hour' WHERE run_id = $1 AND remedy = 'guarded'",
    [run],
  );
  expect(await attemptOf(run)).toMatchObject({ refused: "void", why: expect.stringContaining("votes") });
});

test("execute-before, store: no intent after the time to begin is over", async () => {
  const run = await approved();
  await rig.bench.sql("UPDATE approval SET execute_before = now() WHERE run_id = $1", [run]);
  expect(await attemptOf(run)).toMatchObject({ refused: "expired" });
});

test("execute-before, engine: a late approval expires and says so", async () => {
  const run = await approved();
  await rig.bench.sql("UPDATE approval SET execute_before = now() WHERE run_id = $1 AND remedy = 'guarded'", [
    run,
  ]);
  await rig.bench.engine.advance(run);
  expect(await rig.remedy(run)).toMatchObject({
    status: "expired",
    note: "It was approved, but could not be begun in time",
  });
});

test("approval expiry: a vote after the database's deadline does not count", async () => {
  const run = await rig.proposed();
  await rig.bench.sql("UPDATE approval SET expires_at = now() WHERE run_id = $1", [run]);
  await expect(rig.bench.vote(run, "guarded", bob)).rejects.toMatchObject({ code: "not_decidable" });
});

test("write lock: a freeze waits for the intent under way", async () => {
  const free = await holdWriteLock();
  const freezing = rig.bench.store.intake.freeze(entry(), {
    by: { via: "cli", name: "bob" },
    reason: "deploy",
  });
  const waits = until(async () => {
    const { rowCount } = await rig.pool.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rowCount === 1;
  });
  const first = await Promise.race([freezing.then(() => "frozen"), waits.then(() => "waits")]);
  await free();
  await freezing;
  await waits.catch(() => {});
  expect(first).toBe("waits");
});

test("write lock: an intent that cannot stand in line in time is not announced", async () => {
  const run = await approved();
  const free = await holdWriteLock();
  const attempt = await attemptOf(run);
  await free();
  expect(attempt).toMatchObject({ refused: "busy" });
});

test("second delivery: one letter makes one run", async () => {
  const letter = entry();
  const request = {
    system: "sys",
    runbook: "level",
    title: "level",
    params: {},
    connections: { http: "api" },
    caller: { via: "cli", name: "bob" },
    channel: "C0",
  } as const;
  const both = await Promise.all([1, 2, 3].map(() => rig.bench.store.intake.submitRun(letter, request)));
  expect(new Set(both.map(({ run }) => run)).size).toBe(1);
});

test("a button of nobody decides nothing", async () => {
  const approval = ApprovalId.parse("f".repeat(32));
  const vote = { approval, voter: bob, decision: "approve", via: "slack" } as const;
  await expect(rig.bench.store.intake.castVote(entry(), vote)).rejects.toMatchObject({
    code: "not_decidable",
  });
});
