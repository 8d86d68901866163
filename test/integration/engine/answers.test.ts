// What humans say after a write: what became of it, how long it stays, and whether it is taken back.
import { describe, expect, test } from "vitest";
import { Policies } from "../../../src/core/words/policy.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { alice, bob } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("answers");

describe("answers of humans", () => {
  test("it did not happen: done once under the same approval", async () => {
    const run = await rig.unknown();
    await expect(rig.bench.answer(run, "guarded", alice, "did-not")).rejects.toMatchObject({
      code: "not_allowed",
    });
    await rig.bench.answer(run, "guarded", bob, "did-not");
    await rig.bench.engine.advance(run);
    expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.receipts.length]).toEqual([
      "succeeded",
      1,
    ]);
  });

  test("it happened: nothing is sent again, and verification has the last word", async () => {
    const run = await rig.unknown();
    await rig.bench.answer(run, "guarded", bob, "happened");
    await rig.bench.engine.advance(run);
    expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.receipts.length]).toEqual([
      "failed",
      0,
    ]);
  });

  test("abandon ends it and frees the target", async () => {
    const run = await rig.unknown();
    await rig.bench.answer(run, "guarded", bob, "abandon");
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).note).toMatch(/^Abandoned by bob/);
    expect((await rig.bench.sql("SELECT 1 FROM target_lock")).rowCount).toBe(0);
  });
});

describe("undo", () => {
  const applied = async (applyForMs?: number) => {
    const run = await rig.bench.submit("level", applyForMs === undefined ? {} : { applyForMs });
    await rig.bench.engine.advance(run);
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.vote(run, "keyed", bob, "deny");
    await rig.bench.engine.advance(run);
    return run;
  };

  test("applied for a while: in force, then taken back by itself", async () => {
    const run = await applied(300);
    expect((await rig.remedy(run, "guarded")).held?.ends).toBe("undo");
    await until(async () => {
      await rig.bench.engine.advance(run);
      return (await rig.remedy(run, "guarded")).status === "undone";
    });
    expect([rig.bench.world.value, (await rig.bench.store.reader.run(run))?.status]).toEqual([
      10,
      "succeeded",
    ]);
  });

  test("a remedy that must not stay is in force for its own time, or for the one that was asked for", async () => {
    const begun = async (options: { applyForMs?: number }) => {
      rig.bench.world.value = 10;
      const run = await rig.bench.submit("brief", options);
      await rig.bench.engine.advance(run);
      await rig.bench.vote(run, "set", bob);
      await rig.bench.engine.advance(run);
      return run;
    };
    const own = await begun({});
    const { plan, held } = await rig.remedy(own, "set");
    expect([plan?.appliedFor, held?.ends]).toEqual(["1 s", "undo"]);
    await until(async () => {
      await rig.bench.engine.advance(own);
      return (await rig.remedy(own, "set")).status === "undone";
    });
    expect(rig.bench.world.value).toBe(10);
    expect((await rig.remedy(own, "set")).note).toMatch(/^Undone, as the 1 s it was asked for are over/);
    const asked = await begun({ applyForMs: 60_000 });
    expect((await rig.remedy(asked, "set")).plan?.appliedFor).toBe("60 s");
  });

  test("keep ends the time, extend prolongs it", async () => {
    const run = await applied(60_000);
    const before = (await rig.remedy(run, "guarded")).held!.until.getTime();
    await rig.bench.answer(run, "guarded", alice, "extend");
    expect((await rig.remedy(run, "guarded")).held!.until.getTime() - before).toBe(60_000);
    await rig.bench.answer(run, "guarded", alice, "keep");
    await rig.bench.engine.advance(run);
    expect([(await rig.remedy(run, "guarded")).held, rig.bench.world.value]).toEqual([undefined, 1]);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("succeeded");
  });

  const makeItUseless = () => {
    const { world } = rig.bench;
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
    const view = await rig.remedy(run, "guarded");
    expect([view.status, view.held?.ends]).toEqual(["failed", "keep"]);
    await rig.bench.answer(run, "guarded", bob, "undo");
    await rig.bench.engine.advance(run);
    expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.value]).toEqual(["undone", 10]);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("failed");
  });

  test("what has helped says its figures, and a click takes it back after its run has ended", async () => {
    const run = await applied();
    const view = await rig.remedy(run, "guarded");
    expect([view.status, view.note, view.held?.ends]).toEqual([
      "succeeded",
      "Verified: level 10 → 1",
      "keep",
    ]);
    expect((await rig.bench.store.reader.run(run))?.status).toBe("succeeded");
    await rig.bench.answer(run, "guarded", bob, "undo");
    expect((await rig.bench.store.reader.run(run))?.status).toBe("queued");
    await rig.bench.engine.advance(run);
    const undone = await rig.remedy(run, "guarded");
    expect([undone.status, undone.held, rig.bench.world.value]).toEqual(["undone", undefined, 10]);
    expect(undone.note).toBe(
      "Undone by bob: level 1 → 10. What cannot be brought back: the water that ran out",
    );
    const [line] = await rig.bench.store.reader.runs({ limit: 1 });
    expect([line?.status, line?.state]).toEqual(["failed", "open"]);
  });

  test("the offer to take it back ends by itself, or with keep, and the ended run stays ended", async () => {
    const first = await applied();
    rig.bench.world.value = 10;
    const second = await applied();
    await rig.bench.sql(
      "UPDATE remedy SET held_until = now() - interval '1 s' WHERE run_id = $1 AND key = 'guarded'",
      [first],
    );
    expect(await rig.bench.store.sweep.endOffers()).toBe(1);
    await expect(rig.bench.answer(first, "guarded", bob, "undo")).rejects.toMatchObject({
      code: "not_decidable",
    });
    rig.bench.world.value = 10;
    const third = await applied();
    await rig.bench.answer(third, "guarded", bob, "keep");
    expect((await rig.remedy(third, "guarded")).held).toBeUndefined();
    for (const run of [first, second, third])
      expect((await rig.bench.store.reader.run(run))?.endedAt).toBeDefined();
    expect((await rig.bench.sql("SELECT FROM outbox WHERE kind = 'run'")).rowCount).toBe(0);
  });

  test("by policy a remedy that did not help is undone at once", async () => {
    rig.reopen({
      policies: Policies.parse({ high: { approvals: 1, from: ["oncall"], undo: "auto" } }),
    });
    makeItUseless();
    const run = await applied();
    expect([(await rig.remedy(run, "guarded")).status, rig.bench.world.value]).toEqual(["undone", 10]);
  });
});

test("every state of runs, remedies, approvals, attempts and votes of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
});
