import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Policies } from "../../../src/core/policy.ts";
import type { RemedyView } from "../../../src/core/view.ts";
import type { Pool } from "../../../src/store/index.ts";
import { openPool, verifyAudit } from "../../../src/store/index.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { alice, type Bench, bob, carol, engineBench, entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";

let pool: Pool;
let drop: () => Promise<void>;
let bench: Bench;

beforeAll(async () => {
  const database = await freshDatabase("engine");
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

const remedy = async (run: Awaited<ReturnType<Bench["submit"]>>, key: string): Promise<RemedyView> => {
  const view = await bench.store.reader.run(run);
  return view!.remedies.find((candidate) => candidate.key === key)!;
};

describe("diagnosis", () => {
  test("finds, proposes with a frozen plan, and waits", async () => {
    const run = await bench.submit("level");
    await bench.engine.advance(run);
    const view = (await bench.store.reader.run(run))!;
    expect(view.status).toBe("waiting");
    expect(view.findings.map((finding) => finding.id)).toEqual(["high"]);
    expect(view.steps.map((step) => [step.name, step.state])).toEqual(
      expect.arrayContaining([["now", "succeeded"], ["other", "errored"]]),
    );
    const guarded = await remedy(run, "guarded");
    expect(guarded.status).toBe("waiting");
    expect(guarded.plan?.calls[0]?.changes).toEqual(["level 10 -> 1"]);
    expect(guarded.planSha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await remedy(run, "human")).advice).toBe("turn the tap");
    expect(bench.world.receipts).toEqual([]);
  });

  test("is silent and succeeds when nothing is wrong", async () => {
    const run = await bench.submit("quiet");
    await bench.engine.advance(run);
    expect((await bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("a run that could not look is errored, never healthy", async () => {
    const run = await bench.submit("blind");
    await bench.engine.advance(run);
    expect((await bench.store.reader.run(run))?.status).toBe("errored");
  });

  test("a dry run shows the plan and asks nobody", async () => {
    const run = await bench.submit("level", { dryRun: true });
    await bench.engine.advance(run);
    const guarded = await remedy(run, "guarded");
    expect([guarded.status, guarded.plan !== undefined, guarded.approval]).toEqual(["skipped", true, undefined]);
    expect((await bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("cancel stops a run in the middle of a check", async () => {
    const engine = bench.another("w-cancel", { leaseMs: 300 });
    const run = await bench.submit("slow");
    const working = engine.advance(run);
    await until(async () => (await bench.store.reader.run(run))?.steps.length);
    await bench.store.intake.requestCancel(entry(), run, { via: "cli", name: "bob" });
    await working;
    expect((await bench.store.reader.run(run))?.status).toBe("cancelled");
  });
});

describe("remedies", () => {
  const proposed = async () => {
    const run = await bench.submit("level");
    await bench.engine.advance(run);
    return run;
  };

  test("is applied exactly once after approval and verified", async () => {
    const run = await proposed();
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).status).toBe("succeeded");
    expect(bench.world.receipts).toHaveLength(1);
  });

  test("the requester may not approve, nor someone without a role", async () => {
    const run = await proposed();
    await expect(bench.vote(run, "guarded", alice)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(bench.vote(run, "guarded", carol)).rejects.toMatchObject({ code: "not_allowed" });
    await bench.engine.advance(run);
    expect(bench.world.receipts).toEqual([]);
  });

  test("one veto ends it", async () => {
    const run = await proposed();
    await bench.vote(run, "guarded", bob, "deny");
    await expect(bench.vote(run, "guarded", bob)).rejects.toMatchObject({ code: "not_decidable" });
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).status).toBe("denied");
    expect(bench.world.receipts).toEqual([]);
  });

  test("a moved witness voids the approval and shows the difference", async () => {
    const run = await proposed();
    bench.world.value = 12;
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    const view = await remedy(run, "guarded");
    expect(view.status).toBe("void");
    expect(view.approval?.voidBecause).toEqual(["value: 10 -> 12"]);
    expect(bench.world.receipts).toEqual([]);
  });

  test("a plan changed behind our back is not executed", async () => {
    const run = await proposed();
    await bench.vote(run, "guarded", bob);
    await bench.sql("UPDATE remedy SET plan = replace(plan, '\"to\":1', '\"to\":2') WHERE run_id = $1 AND key = 'guarded'", [run]);
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).status).toBe("void");
    expect(bench.world.receipts).toEqual([]);
  });

  test("a freeze stops writes until it is lifted", async () => {
    const run = await proposed();
    await bench.store.intake.freeze(entry(), { by: { via: "cli", name: "bob" }, reason: "deploy" });
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    expect([(await remedy(run, "guarded")).status, bench.world.receipts.length]).toEqual(["approved", 0]);
    await bench.store.intake.unfreeze(entry(), { via: "cli", name: "bob" });
    await bench.engine.advance(run);
    expect([(await remedy(run, "guarded")).status, bench.world.receipts.length]).toEqual(["succeeded", 1]);
  });

  test("no policy: denied, nobody is asked", async () => {
    bench = engineBench(pool, { policies: Policies.parse({}) });
    const run = await proposed();
    const view = await remedy(run, "guarded");
    expect([view.status, view.approval]).toEqual(["denied", undefined]);
  });

  test("an approval nobody gave expires", async () => {
    const run = await proposed();
    await bench.sql("UPDATE approval SET expires_at = now() WHERE run_id = $1", [run]);
    await expect(bench.vote(run, "guarded", bob)).rejects.toMatchObject({ code: "not_decidable" });
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).status).toBe("expired");
    expect((await bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("a lost reply is settled by the probe, not by a second effect", async () => {
    const run = await proposed();
    bench.world.next = ["lost-reply"];
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    const view = await until(async () => {
      await bench.engine.advance(run);
      const now = await remedy(run, "guarded");
      return now.status === "succeeded" ? now : undefined;
    });
    expect(view.attempts[0]?.evidence).toBe("the level is 1");
    expect(bench.world.receipts).toHaveLength(1);
  });

  test("a guarded write that seems not to have happened is put to a human, never repeated", async () => {
    const run = await proposed();
    bench.world.next = ["never-arrives"];
    await bench.vote(run, "guarded", bob);
    await until(async () => {
      await bench.engine.advance(run);
      return (await remedy(run, "guarded")).status === "unknown";
    });
    expect(bench.world.receipts).toEqual([]);
    expect((await bench.store.reader.run(run))?.status).toBe("waiting");
  });

  test("a keyed write that seems not to have happened is sent again with the same key", async () => {
    const run = await proposed();
    bench.world.next = ["never-arrives"];
    await bench.vote(run, "keyed", bob);
    await until(async () => {
      await bench.engine.advance(run);
      return (await remedy(run, "keyed")).status === "succeeded";
    });
    expect(bench.world.receipts).toHaveLength(1);
    expect((await remedy(run, "keyed")).attempts).toHaveLength(2);
  });

  test("a refusal that proves nothing was done is failed, not unknown", async () => {
    const run = await proposed();
    bench.world.next = ["refuse"];
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).status).toBe("failed");
  });

  test("two workers at once: one effect", async () => {
    const run = await proposed();
    await bench.vote(run, "guarded", bob);
    const others = ["a", "b", "c"].map((name) => bench.another(name));
    await Promise.all(others.map((engine) => engine.advance(run)));
    await bench.engine.advance(run);
    expect(bench.world.receipts).toHaveLength(1);
  });
});

test("the audit chain holds, and names the first bad row", async () => {
  const report = await verifyAudit(pool);
  expect(report.firstBad).toBeUndefined();
  expect(report.rows).toBeGreaterThan(50);
  await expect(pool.query("UPDATE audit SET actor = 'mallory' WHERE seq = 7")).rejects.toThrow("append-only");
  await pool.query("ALTER TABLE audit DISABLE TRIGGER audit_no_change; UPDATE audit SET actor = 'mallory' WHERE seq = 7; ALTER TABLE audit ENABLE TRIGGER audit_no_change");
  expect((await verifyAudit(pool)).firstBad?.seq).toBe(7);
});
