import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DiagError } from "../../../src/core/errors.ts";
import { ApprovalId, type RunId } from "../../../src/core/ids.ts";
import type { RemedyView, RunView } from "../../../src/core/view.ts";
import { openPool, type Pool } from "../../../src/store/index.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { type Bench, bob, engineBench, entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";

let pool: Pool;
let drop: () => Promise<void>;
let bench: Bench;

beforeAll(async () => {
  const database = await freshDatabase("ends");
  pool = openPool(database.url);
  drop = database.drop;
});
afterAll(async () => {
  await pool.end();
  await drop();
});
beforeEach(async () => {
  await pool.query("DELETE FROM target_lock; DELETE FROM write_freeze");
  bench = engineBench(pool);
});

const view = async (run: RunId): Promise<RunView> => (await bench.store.reader.run(run))!;
const remedy = async (run: RunId, key: string): Promise<RemedyView> =>
  (await view(run)).remedies.find((candidate) => candidate.key === key)!;
const by = { via: "cli" as const, name: "bob" };

const proposed = async (options: { applyForMs?: number } = {}): Promise<RunId> => {
  const run = await bench.submit("level", options);
  await bench.engine.advance(run);
  return run;
};

/** A guarded write whose reply never came, put to a human. */
const unknown = async (): Promise<RunId> => {
  const run = await proposed();
  bench.world.next = ["never-arrives"];
  await bench.vote(run, "guarded", bob);
  await until(async () => {
    await bench.engine.advance(run);
    return (await remedy(run, "guarded")).status === "unknown";
  });
  return run;
};

test("a worker that stops hands its run on", async () => {
  const run = await bench.submit("slow");
  const stopped = bench.another("stops");
  const working = stopped.advance(run);
  await until(async () => (await view(run)).steps.length);
  await stopped.stop(5_000);
  await working;
  expect((await view(run)).status).toBe("queued");
  // What the sweeper looks for: a row that says that somebody must look.
  expect((await pool.query("SELECT FROM outbox WHERE kind = 'run' AND id = $1", [run])).rowCount).toBe(1);
  await until(async () => (await bench.store.sweep.dueRuns(10_000)).includes(run));
});

test("a frozen worker that thaws takes the question back", async () => {
  const run = await unknown();
  const startedAt = new Date();
  const error = { code: "target_refused", message: "too late" };
  const attempt = { run, step: "guarded/apply/1", epoch: 1 };
  expect(await bench.store.runs.recordWrite(attempt, { outcome: "failed", startedAt, error })).toBe(true);
  await bench.engine.advance(run);
  expect(await remedy(run, "guarded")).toMatchObject({
    status: "failed",
    note: "Nothing was done: too late",
  });
});

test("a question is not put to a human about an attempt that was recorded meanwhile", async () => {
  // In force for a time, so that the run is still open.
  const run = await bench.submit("level", { applyForMs: 60_000 });
  await bench.engine.advance(run);
  await bench.vote(run, "guarded", bob);
  await bench.engine.advance(run);
  const claim = (await bench.store.runs.claim(run, "late", 5_000))!;
  const question = { step: "guarded/apply/1", epoch: 1, note: "?" };
  await bench.store.runs.askWhatHappened(claim.fence, "guarded", question);
  expect((await remedy(run, "guarded")).status).toBe("succeeded");
});

test("it did not happen, but the situation has moved since: void, not applied", async () => {
  const run = await unknown();
  bench.world.value = 12;
  await bench.answer(run, "guarded", bob, "did-not");
  await bench.engine.advance(run);
  expect([(await remedy(run, "guarded")).status, bench.world.receipts]).toEqual(["void", []]);
});

test("a target that cannot be looked at again is not changed", async () => {
  const run = await proposed();
  Object.defineProperty(bench.world, "value", {
    get: () => {
      throw new Error("connection refused");
    },
  });
  await bench.vote(run, "guarded", bob);
  await bench.engine.advance(run);
  const seen = await remedy(run, "guarded");
  expect([seen.status, seen.approval?.voidBecause]).toEqual([
    "void",
    ["could not look again: connection refused"],
  ]);
});

test("an approved remedy that cannot begin does not hold up the others", async () => {
  const run = await proposed();
  await bench.store.intake.freeze(entry(), { by, reason: "deploy" });
  await bench.vote(run, "guarded", bob);
  await bench.sql("UPDATE approval SET expires_at = now() WHERE run_id = $1 AND remedy = 'keyed'", [run]);
  await bench.engine.advance(run);
  expect([(await remedy(run, "guarded")).status, (await remedy(run, "keyed")).status]).toEqual([
    "approved",
    "expired",
  ]);
});

test("an error that ends the run leaves no open button", async () => {
  const run = await proposed();
  const approval = ApprovalId.parse((await remedy(run, "keyed")).approval?.id);
  await bench.vote(run, "guarded", bob);
  await bench.sql("UPDATE run SET runbook = 'gone' WHERE id = $1", [run]);
  await bench.engine.advance(run);
  expect(await view(run)).toMatchObject({ status: "errored", error: { code: "unknown_runbook" } });
  expect([(await remedy(run, "guarded")).status, (await remedy(run, "guarded")).approval?.state]).toEqual([
    "errored",
    "void",
  ]);
  const vote = { approval, voter: bob, decision: "approve", via: "cli" } as const;
  await expect(bench.store.intake.castVote(entry(), vote)).rejects.toMatchObject({ code: "not_decidable" });
});

test("one click on extend, delivered twice, extends once", async () => {
  const run = await proposed({ applyForMs: 60_000 });
  await bench.vote(run, "guarded", bob);
  await bench.engine.advance(run);
  const { held, approval } = await remedy(run, "guarded");
  const click = entry();
  const request = {
    approval: ApprovalId.parse(approval?.id),
    voter: bob,
    answer: "extend",
    via: "cli",
  } as const;
  await bench.store.intake.answer(click, request);
  await expect(bench.store.intake.answer(click, request)).rejects.toMatchObject({ code: "not_decidable" });
  expect((await remedy(run, "guarded")).held!.until.getTime() - held!.until.getTime()).toBe(60_000);
});

describe("cancel", () => {
  const cancel = (run: RunId) => bench.store.intake.requestCancel(entry(), run, by);

  test("does not sweep an open question away", async () => {
    const run = await unknown();
    await cancel(run);
    await bench.engine.advance(run);
    expect((await view(run)).status).toBe("waiting");
    await bench.answer(run, "guarded", bob, "abandon");
    await bench.engine.advance(run);
    expect([(await view(run)).status, (await remedy(run, "guarded")).status]).toEqual([
      "cancelled",
      "failed",
    ]);
  });

  test("takes back what was to be in force for a time only", async () => {
    const run = await proposed({ applyForMs: 60_000 });
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    expect(bench.world.value).toBe(1);
    await cancel(run);
    await bench.engine.advance(run);
    expect([bench.world.value, (await view(run)).status]).toEqual([10, "cancelled"]);
    expect([(await remedy(run, "guarded")).status, (await remedy(run, "keyed")).status]).toEqual([
      "undone",
      "cancelled",
    ]);
  });

  test("during the probe of an unknown outcome: the question is still put", async () => {
    const run = await proposed();
    await bench.vote(run, "guarded", bob);
    const dead = bench.another("dead", {
      leaseMs: 300,
      crash: (point) => {
        if (point === "after_effect") throw new DiagError("store_unavailable", "dies here");
      },
    });
    await dead.advance(run);
    let asked = false;
    Object.defineProperty(bench.world, "probe", {
      get: () => {
        asked = true;
        return new Promise(() => {});
      },
    });
    const prober = bench.another("prober", { leaseMs: 300 });
    const probing = until(async () => {
      await prober.advance(run);
      return asked;
    });
    await until(() => asked);
    await cancel(run);
    await probing;
    expect([(await view(run)).status, (await remedy(run, "guarded")).status]).toEqual(["waiting", "unknown"]);
  });
});

test("every state of runs, remedies, approvals, attempts and votes of this file can be told from the audit alone", async () => {
  expect(await auditGaps(pool)).toEqual([]);
  await pool.query("UPDATE remedy SET status = 'succeeded' WHERE status = 'failed'");
  expect((await auditGaps(pool))[0]).toMatch(/the audit says failed, the table succeeded/);
});
