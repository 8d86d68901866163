import { describe, expect, test } from "vitest";
import { Policies } from "../../../src/core/words/policy.ts";
import { verifyAudit } from "../../../src/store/index.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { alice, bob, carol, entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("engine");

describe("diagnosis", () => {
  test("finds, proposes with a frozen plan, and waits", async () => {
    const run = await rig.bench.submit("level");
    await rig.bench.engine.advance(run);
    const view = (await rig.bench.store.reader.run(run))!;
    expect(view.status).toBe("waiting");
    expect(view.findings.map((finding) => finding.id)).toEqual(["high", "could-not-look"]);
    expect(view.steps.map((step) => [step.name, step.state])).toEqual(
      expect.arrayContaining([
        ["now", "succeeded"],
        ["other", "errored"],
      ]),
    );
    const guarded = await rig.remedy(run, "guarded");
    expect(guarded.status).toBe("waiting");
    expect(guarded.plan?.calls[0]?.changes).toEqual(["level 10 -> 1"]);
    expect(guarded.planSha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await rig.remedy(run, "human")).advice).toBe("turn the tap");
    expect(rig.bench.world.receipts).toEqual([]);
  });

  test("is silent and succeeds when nothing is wrong", async () => {
    const run = await rig.bench.submit("quiet");
    await rig.bench.engine.advance(run);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("a run that could not look is errored, never healthy", async () => {
    const run = await rig.bench.submit("blind");
    await rig.bench.engine.advance(run);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("errored");
  });

  test("a step that failed and that a finding rests on is kept as evidence, with those that failed alike", async () => {
    const [down, level] = [await rig.bench.submit("down"), await rig.bench.submit("level")];
    await rig.bench.engine.advance(down);
    await rig.bench.engine.advance(level);
    const explained = async (run: typeof down) =>
      ((await rig.bench.store.reader.run(run))?.steps ?? [])
        .filter((step) => step.explained)
        .map(({ name }) => name);
    expect(await explained(down)).toEqual(["one", "other"]);
    expect(await explained(level), "no finding speaks of it").toEqual([]);
    const [open, found] = await rig.bench.store.reader.runs({ limit: 2 });
    expect([open?.state, found?.state]).toEqual(["waiting", "found"]);
  });

  test("a dry run shows the plan and asks nobody", async () => {
    const run = await rig.bench.submit("level", { dryRun: true });
    await rig.bench.engine.advance(run);
    const guarded = await rig.remedy(run, "guarded");
    expect([guarded.status, guarded.plan !== undefined, guarded.approval]).toEqual([
      "skipped",
      true,
      undefined,
    ]);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("cancel stops a run in the middle of a check", async () => {
    const engine = rig.bench.another("w-cancel", { leaseMs: 300 });
    const run = await rig.bench.submit("slow");
    const working = engine.advance(run);
    await until(async () => (await rig.bench.store.reader.run(run))?.steps.length);
    await rig.bench.store.intake.requestCancel(entry(), run, { via: "cli", name: "bob" });
    await working;
    expect((await rig.bench.store.reader.run(run))?.status).toBe("cancelled");
  });
});

describe("remedies", () => {
  test("is applied exactly once after approval and verified", async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("succeeded");
    expect(rig.bench.world.receipts).toHaveLength(1);
  });

  test("the requester may not approve, nor someone without a role", async () => {
    const run = await rig.proposed();
    await expect(rig.bench.vote(run, "guarded", alice)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(rig.bench.vote(run, "guarded", carol)).rejects.toMatchObject({ code: "not_allowed" });
    await rig.bench.engine.advance(run);
    expect(rig.bench.world.receipts).toEqual([]);
  });

  test("one veto ends it", async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob, "deny");
    await expect(rig.bench.vote(run, "guarded", bob)).rejects.toMatchObject({ code: "not_decidable" });
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("denied");
    expect(rig.bench.world.receipts).toEqual([]);
  });

  test("a moved witness voids the approval and shows the difference", async () => {
    const run = await rig.proposed();
    rig.bench.world.value = 12;
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    const view = await rig.remedy(run, "guarded");
    expect(view.status).toBe("void");
    expect(view.approval?.voidBecause).toEqual(["value: 10 -> 12"]);
    expect(rig.bench.world.receipts).toEqual([]);
  });

  test("a plan changed behind our back is not executed", async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.sql(
      "UPDATE remedy SET plan = replace(plan, '\"to\":1', '\"to\":2') WHERE run_id = $1 AND key = 'guarded'",
      [run],
    );
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("void");
    expect(rig.bench.world.receipts).toEqual([]);
  });

  test("a freeze stops writes until it is lifted", async () => {
    const run = await rig.proposed();
    await rig.bench.store.intake.freeze(entry(), { by: { via: "cli", name: "bob" }, reason: "deploy" });
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.receipts.length]).toEqual([
      "approved",
      0,
    ]);
    await rig.bench.store.intake.unfreeze(entry(), { via: "cli", name: "bob" });
    await rig.bench.engine.advance(run);
    expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.receipts.length]).toEqual([
      "succeeded",
      1,
    ]);
  });

  test("no policy: denied, nobody is asked", async () => {
    rig.reopen({ policies: Policies.parse({}) });
    const run = await rig.proposed();
    const view = await rig.remedy(run, "guarded");
    expect([view.status, view.approval]).toEqual(["denied", undefined]);
  });

  test("an approval nobody gave expires", async () => {
    const run = await rig.proposed();
    await rig.bench.sql("UPDATE approval SET expires_at = now() WHERE run_id = $1", [run]);
    await expect(rig.bench.vote(run, "guarded", bob)).rejects.toMatchObject({ code: "not_decidable" });
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("expired");
    expect((await rig.bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("a lost reply is settled by the probe, not by a second effect", async () => {
    const run = await rig.proposed();
    rig.bench.world.next = ["lost-reply"];
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    const view = await until(async () => {
      await rig.bench.engine.advance(run);
      const now = await rig.remedy(run, "guarded");
      return now.status === "succeeded" ? now : undefined;
    });
    expect(view.attempts[0]?.evidence).toBe("the level is 1");
    expect(rig.bench.world.receipts).toHaveLength(1);
  });

  test("a guarded write that seems not to have happened is put to a human, never repeated", async () => {
    const run = await rig.proposed();
    rig.bench.world.next = ["never-arrives"];
    await rig.bench.vote(run, "guarded", bob);
    await until(async () => {
      await rig.bench.engine.advance(run);
      return (await rig.remedy(run, "guarded")).status === "unknown";
    });
    expect(rig.bench.world.receipts).toEqual([]);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("waiting");
  });

  test("a keyed write that seems not to have happened is sent again with the same key", async () => {
    const run = await rig.proposed();
    rig.bench.world.next = ["never-arrives"];
    await rig.bench.vote(run, "keyed", bob);
    await until(async () => {
      await rig.bench.engine.advance(run);
      return (await rig.remedy(run, "keyed")).status === "succeeded";
    });
    expect(rig.bench.world.receipts).toHaveLength(1);
    expect((await rig.remedy(run, "keyed")).attempts).toHaveLength(2);
  });

  test("a refusal that proves nothing was done is failed, not unknown", async () => {
    const run = await rig.proposed();
    rig.bench.world.next = ["refuse"];
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("failed");
  });

  test("what another remedy has fixed is no longer asked for", async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    const keyed = await rig.remedy(run, "keyed");
    expect([keyed.status, keyed.approval?.state]).toEqual(["skipped", "void"]);
    await expect(rig.bench.vote(run, "keyed", bob)).rejects.toMatchObject({ code: "not_decidable" });
    expect((await rig.bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  test("two workers at once: one effect", async () => {
    const run = await rig.proposed();
    await rig.bench.vote(run, "guarded", bob);
    const others = ["a", "b", "c"].map((name) => rig.bench.another(name));
    await Promise.all(others.map((engine) => engine.advance(run)));
    await rig.bench.engine.advance(run);
    expect(rig.bench.world.receipts).toHaveLength(1);
  });
});

test("the audit chain holds, and names the first bad row", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
  const report = await verifyAudit(rig.pool);
  expect(report.firstBad).toBeUndefined();
  expect(report.rows).toBeGreaterThan(50);
  await expect(rig.pool.query("UPDATE audit SET actor = 'mallory' WHERE seq = 7")).rejects.toThrow(
    "append-only",
  );
  await rig.pool.query(
    "ALTER TABLE audit DISABLE TRIGGER audit_no_change; UPDATE audit SET actor = 'mallory' WHERE seq = 7; ALTER TABLE audit ENABLE TRIGGER audit_no_change",
  );
  expect((await verifyAudit(rig.pool)).firstBad?.seq).toBe(7);
});
