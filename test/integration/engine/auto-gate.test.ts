import { describe, expect, test } from "vitest";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { bob, entry } from "../../helpers/engine-bench.ts";
import { until } from "../../helpers/until.ts";
import { auto, autoRig, person } from "./auto-rig.ts";

const { rig, proposed, passGrace, acted, auditOf, carried } = autoRig("auto_gate");

describe("the health gate", () => {
  test("what did not help turns the policy off for its system, until a person turns it on", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    rig.bench.world.next = ["refuse"];
    await acted(run);
    const failed = await rig.remedy(run);
    expect([failed.status, failed.approval?.auto?.note]).toEqual([
      "failed",
      "the policy auto is off for sys now, until somebody says `/diag auto on sys`",
    ]);
    expect((await auditOf("auto.off")).at(-1)).toMatchObject({
      actor: "policy auto",
      payload: { system: "sys", remedy: "guarded" },
    });
    const second = await acted(await proposed());
    expect((await rig.remedy(second)).approval?.auto?.note).toMatch(
      /^the policy auto is off for sys since .* \(policy auto\): “guarded” of run #\d+ did not help/,
    );
    expect(rig.bench.world.receipts).toEqual([]);
    const on = { system: "sys", on: true, by: person, reason: "mended" };
    expect(await rig.bench.store.intake.setAuto(entry(), on)).toEqual({ changed: true });
    expect(await rig.bench.store.intake.setAuto(entry(), on)).toEqual({ changed: false });
    expect((await auditOf("auto.on")).at(-1)).toMatchObject({ actor: "alice", payload: { system: "sys" } });
    expect((await rig.remedy(await acted(await proposed()))).status).toBe("succeeded");
  });

  test("so does a change whose outcome nobody knows, before a person says what became of it", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    await passGrace(run);
    rig.bench.world.next = ["never-arrives"];
    await until(async () => {
      await rig.bench.engine.advance(run);
      return (await rig.remedy(run)).status === "unknown";
    });
    const [state] = await rig.bench.store.reader.auto([{ id: "sys", auto: {} }]);
    expect(state?.off?.because).toMatch(/may or may not have happened/);
  });

  test("so does one that a person takes back", async () => {
    rig.reopen({ system: auto() });
    const run = await acted(await proposed());
    await rig.bench.answer(run, "guarded", bob, "undo");
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run)).status).toBe("undone");
    const [state] = await rig.bench.store.reader.auto([{ id: "sys", auto: {} }]);
    expect(state?.off).toMatchObject({ by: "policy auto", because: expect.stringMatching(/was taken back/) });
  });

  test("what a person has approved and did not help leaves it on", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    rig.bench.world.next = ["refuse"];
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run)).status).toBe("failed");
    expect(await rig.bench.store.reader.auto([{ id: "sys", auto: {} }])).toEqual([
      { system: "sys", used: {} },
    ]);
  });

  test("turned off between vote and effect: nothing is done", async () => {
    rig.reopen({ system: auto() });
    const run = await carried();
    await rig.bench.store.intake.setAuto(entry(), {
      system: "sys",
      on: false,
      by: person,
      reason: "release",
    });
    await rig.bench.engine.advance(run);
    const { status, approval } = await rig.remedy(run);
    expect([status, approval?.voidBecause, rig.bench.world.receipts]).toEqual([
      "void",
      [expect.stringMatching(/^the policy auto is off for sys since .* \(alice\): release/)],
      [],
    ]);
  });

  test("turned off in the grace time: the card asks people at once", async () => {
    rig.reopen({ system: auto() });
    const run = await proposed();
    await rig.bench.store.intake.setAuto(entry(), {
      system: "sys",
      on: false,
      by: person,
      reason: "release",
    });
    expect((await rig.remedy(run)).approval?.auto).toEqual({
      note: "the policy auto was turned off for sys by alice",
    });
  });

  test("one after the other: the next waits until the one before is seen to hold", async () => {
    rig.reopen({ system: auto() });
    const first = await carried();
    const second = await proposed();
    await passGrace(second);
    await rig.bench.engine.advance(second);
    expect([(await rig.remedy(second)).status, (await rig.view(second)).status]).toEqual([
      "waiting",
      "waiting",
    ]);
    rig.bench.world.value = 10;
    await rig.bench.engine.advance(first);
    expect((await rig.remedy(first)).status).toBe("succeeded");
    rig.bench.world.value = 10;
    await rig.bench.engine.advance(second);
    expect((await rig.remedy(second)).status).toBe("succeeded");
  });
});

test("every state of runs, remedies, approvals, attempts and votes of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
});
