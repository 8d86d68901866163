import { expect, test } from "vitest";
import { Policies } from "../../../src/core/words/policy.ts";
import { alice, bob } from "../../helpers/engine-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("restrictions");
const POLICIES = Policies.parse({
  high: { approvals: 1, from: ["oncall"] },
  destructive: { approvals: 1, from: ["dba"] },
});

test("a remedy that diagbot.yaml disables for the system is not offered, and the thread says why", async () => {
  rig.reopen({ system: { remedies: { "level.guarded": { disable: true } } } });
  const run = await rig.proposed();
  expect(await rig.remedy(run)).toMatchObject({
    status: "denied",
    note: "diagbot.yaml disables level.guarded for sys",
  });
  expect((await rig.view(run)).findings).not.toEqual([]);
});

test("a risk that diagbot.yaml raises is in the frozen plan, with the policy of that risk", async () => {
  rig.reopen({ policies: POLICIES, system: { remedies: { "level.guarded": { risk: "destructive" } } } });
  const run = await rig.proposed();
  const { risk, plan, approval } = await rig.remedy(run);
  expect({ risk, planned: plan?.risk, from: approval?.policy.from }).toEqual({
    ...{ risk: "destructive", planned: "destructive", from: ["dba"] },
  });
});

test("a risk is never lowered", async () => {
  rig.reopen({ policies: POLICIES, system: { remedies: { "level.guarded": { risk: "low" } } } });
  expect((await rig.remedy(await rig.proposed())).plan?.risk).toBe("high");
});

test.each([
  ["disabled", { disable: true }, "diagbot.yaml disables level.guarded for sys"],
  ["raised", { risk: "destructive" }, "diagbot.yaml raises the risk from high to destructive"],
])("what was approved before diagbot.yaml %s it does not begin", async (_what, rule, why) => {
  rig.reopen({ policies: POLICIES });
  const run = await rig.proposed();
  await rig.bench.vote(run, "guarded", bob);
  rig.reopen({ policies: POLICIES, system: { remedies: { "level.guarded": rule } }, people: [alice, bob] });
  await rig.bench.engine.advance(run);
  expect(rig.bench.world.receipts).toEqual([]);
  expect((await rig.remedy(run)).approval).toMatchObject({ state: "void", voidBecause: [why] });
});
