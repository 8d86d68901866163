import { describe, expect, test } from "vitest";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { Policies } from "../../../src/core/words/policy.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { alice, bob } from "../../helpers/engine-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("limits");

describe("blast radius and break-glass", () => {
  test("no more writes per hour than the limit", async () => {
    rig.reopen({ limits: Limits.parse({ writesPerSystemHour: 1 }) });
    await rig.bench.sql("UPDATE attempt SET started_at = started_at - interval '2 hours'");
    const outcomes: string[] = [];
    for (const start of [10, 11]) {
      rig.bench.world.value = start;
      const run = await rig.bench.submit("level");
      await rig.bench.engine.advance(run);
      await rig.bench.vote(run, "guarded", bob);
      await rig.bench.engine.advance(run);
      outcomes.push((await rig.remedy(run, "guarded")).status);
    }
    expect([outcomes, rig.bench.world.receipts.length]).toEqual([["succeeded", "approved"], 1]);
  });

  test("break-glass lowers the quorum only, needs a reason, and is announced", async () => {
    const policies = Policies.parse({
      high: { approvals: 2, from: ["oncall", "dba"], breakGlass: { from: ["dba"], channel: "C0LOUD" } },
    });
    const dave = { ...bob, id: PrincipalId.parse("dave"), roles: ["oncall"] };
    rig.reopen({ policies, people: [alice, bob, dave] });
    const run = await rig.bench.submit("level");
    await rig.bench.engine.advance(run);
    const reason = "the shop is down and nobody else answers";
    await expect(
      rig.bench.vote(run, "guarded", dave, "approve", { breakGlass: true, reason }),
    ).rejects.toMatchObject({ code: "not_allowed" });
    await expect(
      rig.bench.vote(run, "guarded", alice, "approve", { breakGlass: true, reason }),
    ).rejects.toMatchObject({ code: "not_allowed" });
    await expect(rig.bench.vote(run, "guarded", bob, "approve", { breakGlass: true })).rejects.toMatchObject({
      code: "not_allowed",
    });
    await rig.bench.vote(run, "guarded", bob, "approve", { breakGlass: true, reason });
    await rig.bench.engine.advance(run);
    expect((await rig.remedy(run, "guarded")).status).toBe("succeeded");
    const notices = await rig.bench.sql(
      "SELECT text FROM notice n JOIN thread t ON t.id = n.thread_id WHERE t.channel = 'C0LOUD'",
    );
    expect(notices.rows.map((row) => row.text)).toEqual([expect.stringContaining(reason)]);
  });
});

test("every state of runs, remedies, approvals, attempts and votes of this file can be told from the audit alone", async () => {
  expect(await auditGaps(rig.pool)).toEqual([]);
});
