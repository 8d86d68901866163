import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PrincipalId } from "../../../src/core/ids.ts";
import { Limits } from "../../../src/core/limits.ts";
import { Policies } from "../../../src/core/policy.ts";
import type { RemedyView } from "../../../src/core/view.ts";
import type { Pool } from "../../../src/store/index.ts";
import { openPool, verifyAudit } from "../../../src/store/index.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
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
      expect.arrayContaining([
        ["now", "succeeded"],
        ["other", "errored"],
      ]),
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
    expect([guarded.status, guarded.plan !== undefined, guarded.approval]).toEqual([
      "skipped",
      true,
      undefined,
    ]);
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
    await bench.sql(
      "UPDATE remedy SET plan = replace(plan, '\"to\":1', '\"to\":2') WHERE run_id = $1 AND key = 'guarded'",
      [run],
    );
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

  test("what another remedy has fixed is no longer asked for", async () => {
    const run = await proposed();
    await bench.vote(run, "guarded", bob);
    await bench.engine.advance(run);
    const keyed = await remedy(run, "keyed");
    expect([keyed.status, keyed.approval?.state]).toEqual(["skipped", "void"]);
    await expect(bench.vote(run, "keyed", bob)).rejects.toMatchObject({ code: "not_decidable" });
    expect((await bench.store.reader.run(run))?.status).toBe("succeeded");
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

describe("answers of humans", () => {
  const unknown = async () => {
    const run = await bench.submit("level");
    await bench.engine.advance(run);
    bench.world.next = ["never-arrives"];
    await bench.vote(run, "guarded", bob);
    await until(async () => {
      await bench.engine.advance(run);
      return (await remedy(run, "guarded")).status === "unknown";
    });
    return run;
  };

  test("it did not happen: done once under the same approval", async () => {
    const run = await unknown();
    await expect(bench.answer(run, "guarded", alice, "did-not")).rejects.toMatchObject({
      code: "not_allowed",
    });
    await bench.answer(run, "guarded", bob, "did-not");
    await bench.engine.advance(run);
    expect([(await remedy(run, "guarded")).status, bench.world.receipts.length]).toEqual(["succeeded", 1]);
  });

  test("it happened: nothing is sent again, and verification has the last word", async () => {
    const run = await unknown();
    await bench.answer(run, "guarded", bob, "happened");
    await bench.engine.advance(run);
    expect([(await remedy(run, "guarded")).status, bench.world.receipts.length]).toEqual(["failed", 0]);
  });

  test("abandon ends it and frees the target", async () => {
    const run = await unknown();
    await bench.answer(run, "guarded", bob, "abandon");
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).note).toMatch(/^Abandoned by bob/);
    expect((await bench.sql("SELECT 1 FROM target_lock")).rowCount).toBe(0);
  });
});

describe("undo", () => {
  const applied = async (applyForMs?: number) => {
    const run = await bench.submit("level", applyForMs === undefined ? {} : { applyForMs });
    await bench.engine.advance(run);
    await bench.vote(run, "guarded", bob);
    await bench.vote(run, "keyed", bob, "deny");
    await bench.engine.advance(run);
    return run;
  };

  test("applied for a while: in force, then taken back by itself", async () => {
    const run = await applied(300);
    expect((await remedy(run, "guarded")).held?.ends).toBe("undo");
    await until(async () => {
      await bench.engine.advance(run);
      return (await remedy(run, "guarded")).status === "undone";
    });
    expect([bench.world.value, (await bench.store.reader.run(run))?.status]).toEqual([10, "succeeded"]);
  });

  test("keep ends the time, extend prolongs it", async () => {
    const run = await applied(60_000);
    const before = (await remedy(run, "guarded")).held!.until.getTime();
    await bench.answer(run, "guarded", alice, "extend");
    expect((await remedy(run, "guarded")).held!.until.getTime() - before).toBe(60_000);
    await bench.answer(run, "guarded", alice, "keep");
    await bench.engine.advance(run);
    expect([(await remedy(run, "guarded")).held, bench.world.value]).toEqual([undefined, 1]);
    expect((await bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  const makeItUseless = () => {
    const { world } = bench;
    let value = world.value;
    // Somebody else sets it back at once: the remedy is applied and does not help.
    Object.defineProperty(world, "value", {
      get: () => value,
      set: (to: number) => {
        value = to === 1 ? 9 : to;
      },
    });
  };

  test("a remedy that did not help offers its undo; undo now takes it back", async () => {
    makeItUseless();
    const run = await applied();
    const view = await remedy(run, "guarded");
    expect([view.status, view.held?.ends]).toEqual(["failed", "keep"]);
    await bench.answer(run, "guarded", bob, "undo");
    await bench.engine.advance(run);
    expect([(await remedy(run, "guarded")).status, bench.world.value]).toEqual(["undone", 10]);
    expect((await bench.store.reader.run(run))?.status).toBe("failed");
  });

  test("by policy a remedy that did not help is undone at once", async () => {
    bench = engineBench(pool, {
      policies: Policies.parse({ high: { approvals: 1, from: ["oncall"], undo: "auto" } }),
    });
    makeItUseless();
    const run = await applied();
    expect([(await remedy(run, "guarded")).status, bench.world.value]).toEqual(["undone", 10]);
  });
});

describe("blast radius and break-glass", () => {
  test("no more writes per hour than the limit", async () => {
    bench = engineBench(pool, { limits: Limits.parse({ writesPerSystemHour: 1 }) });
    await bench.sql("UPDATE attempt SET started_at = started_at - interval '2 hours'");
    const outcomes: string[] = [];
    for (const start of [10, 11]) {
      bench.world.value = start;
      const run = await bench.submit("level");
      await bench.engine.advance(run);
      await bench.vote(run, "guarded", bob);
      await bench.engine.advance(run);
      outcomes.push((await remedy(run, "guarded")).status);
    }
    expect([outcomes, bench.world.receipts.length]).toEqual([["succeeded", "approved"], 1]);
  });

  test("break-glass lowers the quorum only, needs a reason, and is announced", async () => {
    const policies = Policies.parse({
      high: { approvals: 2, from: ["oncall", "dba"], breakGlass: { from: ["dba"], channel: "C0LOUD" } },
    });
    const dave = { ...bob, id: PrincipalId.parse("dave"), roles: ["oncall"] };
    bench = engineBench(pool, { policies, people: [alice, bob, dave] });
    const run = await bench.submit("level");
    await bench.engine.advance(run);
    const reason = "the shop is down and nobody else answers";
    await expect(
      bench.vote(run, "guarded", dave, "approve", { breakGlass: true, reason }),
    ).rejects.toMatchObject({ code: "not_allowed" });
    await expect(
      bench.vote(run, "guarded", alice, "approve", { breakGlass: true, reason }),
    ).rejects.toMatchObject({ code: "not_allowed" });
    await expect(bench.vote(run, "guarded", bob, "approve", { breakGlass: true })).rejects.toMatchObject({
      code: "not_allowed",
    });
    await bench.vote(run, "guarded", bob, "approve", { breakGlass: true, reason });
    await bench.engine.advance(run);
    expect((await remedy(run, "guarded")).status).toBe("succeeded");
    const notices = await bench.sql(
      "SELECT text FROM notice n JOIN thread t ON t.id = n.thread_id WHERE t.channel = 'C0LOUD'",
    );
    expect(notices.rows.map((row) => row.text)).toEqual([expect.stringContaining(reason)]);
  });
});

test("the audit chain holds, and names the first bad row", async () => {
  expect(await auditGaps(pool)).toEqual([]);
  const report = await verifyAudit(pool);
  expect(report.firstBad).toBeUndefined();
  expect(report.rows).toBeGreaterThan(50);
  await expect(pool.query("UPDATE audit SET actor = 'mallory' WHERE seq = 7")).rejects.toThrow("append-only");
  await pool.query(
    "ALTER TABLE audit DISABLE TRIGGER audit_no_change; UPDATE audit SET actor = 'mallory' WHERE seq = 7; ALTER TABLE audit ENABLE TRIGGER audit_no_change",
  );
  expect((await verifyAudit(pool)).firstBad?.seq).toBe(7);
});
