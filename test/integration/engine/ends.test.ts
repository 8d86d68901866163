import { describe, expect, test } from "vitest";
import { DiagError } from "../../../src/core/words/errors.ts";
import { ApprovalId, type RunId } from "../../../src/core/words/ids.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("ends");
const by = { via: "cli" as const, name: "bob" };

test("a worker that stops hands its run on", async () => {
  const run = await rig.bench.submit("slow");
  const stopped = rig.bench.another("stops");
  const working = stopped.advance(run);
  await until(async () => (await rig.view(run)).steps.length);
  await stopped.stop(5_000);
  await working;
  expect((await rig.view(run)).status).toBe("queued");
  // What the sweeper looks for: a row that says that somebody must look.
  expect((await rig.pool.query("SELECT FROM outbox WHERE kind = 'run' AND id = $1", [run])).rowCount).toBe(1);
  await until(async () => (await rig.bench.store.sweep.dueRuns(10_000)).includes(run));
});

test("a frozen worker that thaws takes the question back", async () => {
  const run = await rig.unknown();
  const startedAt = new Date();
  const error = { code: "target_refused", message: "too late" };
  const attempt = { run, step: "guarded/apply/1", epoch: 1 };
  expect(await rig.bench.store.runs.recordWrite(attempt, { outcome: "failed", startedAt, error })).toBe(true);
  await rig.bench.engine.advance(run);
  expect(await rig.remedy(run, "guarded")).toMatchObject({
    status: "failed",
    note: "Nothing was done: too late",
  });
});

test("a question is not put to a human about an attempt that was recorded meanwhile", async () => {
  // In force for a time, so that the run is still open.
  const run = await rig.bench.submit("level", { applyForMs: 60_000 });
  await rig.bench.engine.advance(run);
  await rig.bench.vote(run, "guarded", bob);
  await rig.bench.engine.advance(run);
  const claim = (await rig.bench.store.runs.claim(run, "late", 5_000))!;
  const question = { step: "guarded/apply/1", epoch: 1, note: "?" };
  await rig.bench.store.runs.askWhatHappened(claim.fence, "guarded", question);
  expect((await rig.remedy(run, "guarded")).status).toBe("succeeded");
});

test("it did not happen, but the situation has moved since: void, not applied", async () => {
  const run = await rig.unknown();
  rig.bench.world.value = 12;
  await rig.bench.answer(run, "guarded", bob, "did-not");
  await rig.bench.engine.advance(run);
  expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.receipts]).toEqual(["void", []]);
});

test("a target that cannot be looked at again is not changed", async () => {
  const run = await rig.proposed();
  Object.defineProperty(rig.bench.world, "value", {
    get: () => {
      throw new Error("connection refused");
    },
  });
  await rig.bench.vote(run, "guarded", bob);
  await rig.bench.engine.advance(run);
  const seen = await rig.remedy(run, "guarded");
  expect([seen.status, seen.approval?.voidBecause]).toEqual([
    "void",
    ["could not look again: connection refused"],
  ]);
});

test("an approved remedy that cannot begin does not hold up the others", async () => {
  const run = await rig.proposed();
  await rig.bench.store.intake.freeze(entry(), { by, reason: "deploy" });
  await rig.bench.vote(run, "guarded", bob);
  await rig.bench.sql("UPDATE approval SET expires_at = now() WHERE run_id = $1 AND remedy = 'keyed'", [run]);
  await rig.bench.engine.advance(run);
  expect([(await rig.remedy(run, "guarded")).status, (await rig.remedy(run, "keyed")).status]).toEqual([
    "approved",
    "expired",
  ]);
});

test("an error that ends the run leaves no open button", async () => {
  const run = await rig.proposed();
  const approval = ApprovalId.parse((await rig.remedy(run, "keyed")).approval?.id);
  await rig.bench.vote(run, "guarded", bob);
  await rig.bench.sql("UPDATE run SET system = 'gone' WHERE id = $1", [run]);
  await rig.bench.engine.advance(run);
  expect(await rig.view(run)).toMatchObject({ status: "errored", error: { code: "unknown_system" } });
  expect([
    (await rig.remedy(run, "guarded")).status,
    (await rig.remedy(run, "guarded")).approval?.state,
  ]).toEqual(["errored", "void"]);
  const vote = { approval, voter: bob, decision: "approve", via: "cli" } as const;
  await expect(rig.bench.store.intake.castVote(entry(), vote)).rejects.toMatchObject({
    code: "not_decidable",
  });
});

test("one click on extend, delivered twice, extends once", async () => {
  const run = await rig.proposed({ applyForMs: 60_000 });
  await rig.bench.vote(run, "guarded", bob);
  await rig.bench.engine.advance(run);
  const { held, approval } = await rig.remedy(run, "guarded");
  const click = entry();
  const request = {
    approval: ApprovalId.parse(approval?.id),
    voter: bob,
    answer: "extend",
    via: "cli",
  } as const;
  const first = await rig.bench.store.intake.answer(click, request);
  expect(await rig.bench.store.intake.answer(click, request)).toEqual(first);
  expect((await rig.remedy(run, "guarded")).held!.until.getTime() - held!.until.getTime()).toBe(60_000);
});

describe("cancel", () => {
  const cancel = (run: RunId) => rig.bench.store.intake.requestCancel(entry(), run, by);

  test("does not sweep an open question away", async () => {
    const run = await rig.unknown();
    await cancel(run);
    await rig.bench.engine.advance(run);
    expect((await rig.view(run)).status).toBe("waiting");
    await rig.bench.answer(run, "guarded", bob, "abandon");
    await rig.bench.engine.advance(run);
    expect([(await rig.view(run)).status, (await rig.remedy(run, "guarded")).status]).toEqual([
      "cancelled",
      "failed",
    ]);
  });

  test("takes back what was to be in force for a time only", async () => {
    const run = await rig.proposed({ applyForMs: 60_000 });
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    expect(rig.bench.world.value).toBe(1);
    await cancel(run);
    await rig.bench.engine.advance(run);
    expect([rig.bench.world.value, (await rig.view(run)).status]).toEqual([10, "cancelled"]);
    expect([(await rig.remedy(run, "guarded")).status, (await rig.remedy(run, "keyed")).status]).toEqual([
      "undone",
      "cancelled",
    ]);
  });

  /** The effect is made; its worker dies before it verifies. */
  const appliedAndLost = async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    const dead = rig.bench.another("dead", {
      leaseMs: 300,
      crash: (point) => {
        if (point === "after_result") throw new DiagError("store_unavailable", "dies here");
      },
    });
    await dead.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("applying");
    return run;
  };
  const moveOn = (run: RunId) =>
    until(async () => {
      await rig.bench.engine.advance(run);
      return ["cancelled", "waiting"].includes((await rig.view(run)).status);
    });

  test("what was changed is verified before the run ends", async () => {
    const run = await appliedAndLost();
    await cancel(run);
    await moveOn(run);
    expect((await rig.view(run)).status).toBe("cancelled");
    expect(await rig.remedy(run, "guarded")).toMatchObject({
      status: "succeeded",
      note: "Verified: level 10 → 1",
    });
  });

  test("arriving in the middle of a verification lets it come to its end", async () => {
    const run = await appliedAndLost();
    rig.bench.world.value = 7;
    const claimed = await until(() => rig.bench.store.runs.claim(run, "verifies", 60_000));
    await rig.bench.store.runs.beginVerify(claimed.fence, "guarded", 3_600_000);
    await rig.pool.query("UPDATE run SET lease_until = now() - interval '1 s' WHERE id = $1", [run]);
    const reads = rig.bench.world.reads;
    const verifying = rig.bench.another("interrupted", { leaseMs: 300 }).advance(run);
    await until(() => rig.bench.world.reads > reads);
    await cancel(run);
    rig.bench.world.value = 1;
    await verifying;
    await moveOn(run);
    expect([(await rig.view(run)).status, (await rig.remedy(run, "guarded")).status]).toEqual([
      "cancelled",
      "succeeded",
    ]);
  });

  test("what did not help keeps its question: undo or keep", async () => {
    const run = await appliedAndLost();
    rig.bench.world.value = 7;
    await cancel(run);
    await moveOn(run);
    expect((await rig.view(run)).status).toBe("waiting");
    expect(await rig.remedy(run, "guarded")).toMatchObject({ status: "failed", held: { ends: "keep" } });
    await rig.bench.answer(run, "guarded", bob, "undo");
    await moveOn(run);
    expect([(await rig.view(run)).status, (await rig.remedy(run, "guarded")).status]).toEqual([
      "cancelled",
      "undone",
    ]);
  });

  test("closes every card at once, and no vote counts any more", async () => {
    const run = await rig.proposed();
    const approval = ApprovalId.parse((await rig.remedy(run, "keyed")).approval?.id);
    await cancel(run);
    expect(await rig.remedy(run, "keyed")).toMatchObject({
      status: "cancelled",
      approval: { state: "void" },
    });
    const vote = { approval, voter: bob, decision: "approve", via: "cli" } as const;
    await expect(rig.bench.store.intake.castVote(entry(), vote)).rejects.toMatchObject({
      code: "not_decidable",
    });
  });

  test("during the probe of an unknown outcome: the question is still put", async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    const dead = rig.bench.another("dead", {
      leaseMs: 300,
      crash: (point) => {
        if (point === "after_effect") throw new DiagError("store_unavailable", "dies here");
      },
    });
    await dead.advance(run);
    let asked = false;
    Object.defineProperty(rig.bench.world, "probe", {
      get: () => {
        asked = true;
        return new Promise(() => {});
      },
    });
    const prober = rig.bench.another("prober", { leaseMs: 300 });
    const probing = until(async () => {
      await prober.advance(run);
      return asked;
    });
    await until(() => asked);
    await cancel(run);
    await probing;
    expect([(await rig.view(run)).status, (await rig.remedy(run, "guarded")).status]).toEqual([
      "waiting",
      "unknown",
    ]);
  });
});

test("every state of runs, remedies, approvals, attempts and votes of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
  await rig.pool.query("UPDATE remedy SET status = 'succeeded' WHERE status = 'failed'");
  expect((await auditGaps(rig.pool))[0]).toMatch(/the audit says failed, the table succeeded/);
});
