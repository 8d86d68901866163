import { describe, expect, test } from "vitest";
import { z } from "zod";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Policies } from "../../../src/core/words/policy.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { level, setGuarded } from "../../helpers/world.ts";
import { alert, auto, autoRig, person } from "./auto-rig.ts";

const { rig, proposed, passGrace, acted, auditOf, announced, carried } = autoRig("auto");

describe("a system lets a remedy be applied without a person", () => {
  test("not by default", async () => {
    const run = await acted(await proposed());
    expect([(await rig.remedy(run)).status, rig.bench.world.receipts]).toEqual(["waiting", []]);
    expect((await rig.remedy(run)).approval?.auto).toBeUndefined();
  });

  test("after its grace time, once, verified, and it says whose vote it was", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    const { approval } = await rig.remedy(run);
    const grace = (approval?.auto?.at?.getTime() ?? 0) - (approval?.requestedAt.getTime() ?? 0);
    expect([Math.round(grace / 1000), (await rig.remedy(run)).status]).toEqual([30, "waiting"]);
    expect((await rig.remedy(run, "keyed")).approval?.auto).toBeUndefined();
    // Before it is over nothing happens, however often somebody looks.
    await rig.bench.engine.advance(run);
    expect(rig.bench.world.receipts).toEqual([]);
    await acted(run);
    const done = await rig.remedy(run);
    expect([done.status, rig.bench.world.receipts.length]).toEqual(["succeeded", 1]);
    expect(done.approval?.votes).toEqual([
      expect.objectContaining({
        principal: "policy auto",
        auto: true,
        decision: "approve",
        reason: "1 of at most 3 within 60 min",
      }),
    ]);
    const cast = (await auditOf("vote.cast")).at(-1);
    expect(cast).toMatchObject({ actor: "policy auto", payload: { via: "auto", plan: done.planSha256 } });
  });

  test("a run that a person has asked for asks people", async () => {
    rig.reopen({ system: auto() });
    const run = await acted(await proposed({}));
    expect([(await rig.remedy(run)).status, (await rig.remedy(run)).approval?.auto]).toEqual([
      "waiting",
      undefined,
    ]);
  });

  test("a person decides within the grace time: the policy does not vote any more", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    await rig.bench.vote(run, "guarded", bob, "deny", { reason: "no" });
    await acted(run);
    const { status, approval } = await rig.remedy(run);
    expect([status, approval?.votes.length, rig.bench.world.receipts]).toEqual(["denied", 1, []]);
  });

  test("somebody cancels it within the grace time: people decide as ever", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    expect(await rig.bench.store.intake.stopAuto(entry(), { run, by: person })).toEqual({
      run,
      stopped: ["guarded"],
    });
    await acted(run);
    const { status, approval } = await rig.remedy(run);
    expect([status, approval?.auto]).toEqual([
      "waiting",
      { note: "alice has stopped it", stoppedBy: "alice" },
    ]);
    await expect(rig.bench.store.intake.stopAuto(entry(), { run, by: person })).rejects.toMatchObject({
      code: "not_decidable",
    });
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run)).status).toBe("succeeded");
  });

  test("two workers at once: one vote, one effect", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    await passGrace(run);
    const workers = ["a", "b", "c"].map((name) => rig.bench.another(name));
    await Promise.all(workers.map((worker) => worker.advance(run)));
    expect(rig.bench.world.receipts.length).toBe(1);
    expect((await rig.remedy(run)).approval?.votes.length).toBe(1);
  });
});

describe("the policy asks people instead", () => {
  test("once its budget is spent, counted over all workers, also long after the runs are forgotten", async () => {
    rig.reopen({ system: auto({ most: 2 }) });
    for (const worker of ["a", "b"]) {
      const run = await proposed();
      await passGrace(run);
      await rig.bench.another(worker).advance(run);
      expect((await rig.remedy(run)).status).toBe("succeeded");
    }
    await rig.bench.sql("UPDATE run SET ended_at = ended_at - interval '1 year'");
    const third = await proposed();
    expect((await rig.remedy(third)).approval?.auto).toEqual({
      note: "it was applied without a person 2 times within 60 min already: once more will not help",
    });
    await acted(third);
    expect([(await rig.remedy(third)).status, rig.bench.world.receipts.length]).toEqual(["waiting", 2]);
    // The window moves on.
    await rig.bench.sql("UPDATE auto_act SET at = at - interval '61 minutes'");
    expect((await rig.remedy(await acted(await proposed()))).status).toBe("succeeded");
  });

  test("where its budget is spent while the grace time runs", async () => {
    rig.reopen({ system: auto({ most: 1 }) });
    const [first, second] = [await proposed(), await proposed()];
    await acted(first);
    rig.bench.world.value = 10;
    await acted(second);
    const { status, approval } = await rig.remedy(second);
    expect([status, approval?.auto?.note, rig.bench.world.receipts.length]).toEqual([
      "waiting",
      expect.stringContaining("1 time within"),
      1,
    ]);
  });

  test("while remedies are frozen, and after the freeze has ended nothing begins by itself", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    await rig.bench.store.intake.freeze(entry(), { by: person, reason: "deploy" });
    await acted(run);
    expect((await rig.remedy(run)).approval?.auto?.note).toMatch(/^remedies are frozen by alice/);
    await rig.bench.store.intake.unfreeze(entry(), person);
    await acted(run);
    expect([(await rig.remedy(run)).status, rig.bench.world.receipts]).toEqual(["waiting", []]);
  });

  test("where two people are needed, whatever diagbot.yaml says", async () => {
    const dave = { ...bob, id: PrincipalId.parse("dave") };
    rig.reopen({
      system: auto(),
      people: [bob, dave],
      policies: Policies.parse({ high: { approvals: 2, from: ["oncall"] } }),
    });
    const run = await acted(await proposed());
    expect((await rig.remedy(run)).approval?.auto?.note).toBe("it needs 2 people");
    // Also where somebody has written the time behind our back: the vote itself is refused.
    await rig.bench.sql("UPDATE approval SET auto_at = clock_timestamp() WHERE run_id = $1", [run]);
    const claim = (await rig.bench.store.runs.claim(run, "direct", 5_000))!;
    expect(await rig.bench.store.runs.approveByPolicy(claim.fence, "guarded")).toBe("asked");
    expect((await rig.remedy(run)).approval?.votes).toEqual([]);
  });

  test("where the vote of the policy would be one of two", async () => {
    rig.reopen({ system: auto() });
    const run = await carried();
    await rig.bench.sql(
      `UPDATE approval SET policy = jsonb_set(policy, '{approvals}', '2') WHERE run_id = $1`,
      [run],
    );
    expect(await announced(run)).toMatchObject({ refused: "void", why: "the votes do not carry this plan" });
  });

  test("where its risk is more than it may be", async () => {
    rig.reopen({ system: auto({ upTo: "low" }) });
    const run = await acted(await proposed());
    const { status, approval } = await rig.remedy(run);
    expect([status, approval?.auto?.note]).toEqual(["waiting", expect.stringMatching(/risk is high/)]);
  });

  test("where it makes more changes than it may", async () => {
    rig.reopen({ system: { auto: { "pair.both": { upTo: "high", changes: 1 } } } });
    const worker = rig.bench.another("pair", { runbooks: [pair] });
    rig.bench.world.value = 10;
    const run = await rig.bench.submit("pair", { caller: alert });
    await worker.advance(run);
    await passGrace(run);
    await worker.advance(run);
    const { status, approval } = await rig.remedy(run, "both");
    expect([status, approval?.auto?.note]).toEqual(["waiting", "it makes 2 changes, and `auto` allows 1"]);
  });

  test("where it cannot be taken back", async () => {
    rig.reopen({ system: { auto: { "unseen.set": { upTo: "high" } } } });
    const run = await rig.bench.submit("unseen", { caller: alert });
    await rig.bench.engine.advance(run);
    await acted(run);
    const { status, approval } = await rig.remedy(run, "set");
    expect([status, approval?.auto?.note]).toEqual(["waiting", "it cannot be taken back"]);
  });

  test("where diagbot.yaml no longer names it: at the vote, and at the effect", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    await passGrace(run);
    await rig.bench.another("plain", { system: {} }).advance(run);
    expect((await rig.remedy(run)).approval?.auto?.note).toBe("diagbot.yaml no longer names it under `auto`");
    const voted = await carried();
    await rig.bench.another("plain2", { system: {} }).advance(voted);
    expect((await rig.remedy(voted)).status).toBe("void");
    expect(rig.bench.world.receipts).toEqual([]);
  });
});

const pairBook = runbookOn("http", { id: "pair", title: "Twice", params: z.object({}) }, () => ({
  now: level(),
}));
const pair = pairBook
  .remedies({ both: pairBook.does(setGuarded, [], () => [{ to: 1 }, { to: 2 }]) })
  .findings((find) => [
    find(["now"], () => ({
      id: "high",
      severity: "warning",
      title: "level",
      because: "",
      remedies: ["both"],
    })),
  ]);

test("every state of runs, remedies, approvals, attempts and votes of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
});
