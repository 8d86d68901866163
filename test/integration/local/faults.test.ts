import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { connectors } from "../../../src/connectors/index.ts";
import { isExpected } from "../../../src/local/faults/fault.ts";
import { faultsFor } from "../../../src/local/faults/index.ts";
import { findRedis } from "../../../src/local/services/redis.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { type RunningSample, startSample } from "./sample.ts";

const redis = (await findRedis()) !== undefined;
const faults = faultsFor({ redis, linux: process.platform === "linux" });

let sample: RunningSample;
let bench: Bench;
beforeAll(async () => {
  sample = await startSample();
  bench = openBench({
    connections: sample.system.connections,
    connectors,
    thresholds: sample.system.thresholds,
  });
});
afterAll(async () => {
  await bench?.close();
  expect(await sample?.stop()).toEqual([]);
});
afterEach(async () => {
  for (const fault of faults) await fault.heal(sample.shop);
});

const runbookOf = (id: string) => {
  const found = runbooks.find((runbook) => runbook.id === id);
  if (found === undefined) throw new Error(`no runbook ${id}`);
  return found;
};

describe("without a fault", () => {
  it("nothing has a symptom", async () => {
    for (const { rule, id } of faults) expect([id, await rule.firing(sample.shop)]).toEqual([id, undefined]);
  });
});

describe.each(faults.map((fault) => [fault.id, fault] as const))("%s", (_id, fault) => {
  const symptom = () => fault.symptom(sample.shop);

  it("breaks, is found with its cause, repaired by its remedy, and leaves no symptom", {
    timeout: 90_000,
  }, async () => {
    await until(async () => !(await symptom()), 20_000);
    await fault.break(sample.shop);
    await until(symptom, 30_000);
    const seconds = fault.rule.forSeconds ?? 2;
    const since = performance.now();
    await until(() => performance.now() - since > seconds * 1000, 30_000);

    const runbook = runbookOf(fault.runbook);
    expect(runbook.alerts).toContainEqual({ alertname: fault.rule.alertname });
    const diagnosis = await bench.diagnose(runbook);
    const found = diagnosis.findings.find(({ id }) => isExpected(fault, id));
    expect(found, JSON.stringify(diagnosis.findings.map(({ id, title }) => [id, title]))).toBeDefined();
    expect(found?.remedies).toContain(fault.expects.remedy);

    const applied = await diagnosis.apply(fault.expects.remedy);
    expect(applied.holds, JSON.stringify(applied.previews)).toBe(true);
    await until(async () => !(await symptom()), 20_000);
  });

  it("can be put right by hand", { timeout: 60_000 }, async () => {
    await fault.break(sample.shop);
    await until(symptom, 30_000);
    await fault.heal(sample.shop);
    await until(async () => !(await symptom()), 20_000);
  });
});
