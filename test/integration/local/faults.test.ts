import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Fault, isExpected } from "../../../local/faults/fault.ts";
import { faultsFor } from "../../../local/faults/index.ts";
import { findRedis } from "../../../local/services/redis.ts";
import { runbooks } from "../../../runbooks/index.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { waitFor } from "../../../src/lib/wait.ts";
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
    connectors: connectorsOf(kinds),
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

const remedyOf = ({ id, expects: { remedy } }: Fault): string => {
  if (remedy !== undefined) return remedy;
  throw new Error(`${id} offers nothing`);
};
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

/** Time enough for a machine that does a lot besides; nothing here is slow by itself. */
const PATIENCE_MS = 60_000;
const gone = (fault: Fault) => until(async () => !(await fault.symptom(sample.shop)), PATIENCE_MS);
const broken = async (fault: Fault) => {
  await fault.break(sample.shop);
  await until(() => fault.symptom(sample.shop), PATIENCE_MS);
};

/** What the runbook says as soon as it finds the fault and has its remedy. */
async function diagnosed(fault: Fault) {
  const runbook = runbookOf(fault.runbook);
  expect(runbook.alerts).toContainEqual({ alertname: fault.rule.alertname });
  let seen: unknown;
  return until(async () => {
    const diagnosis = await bench.diagnose(runbook);
    seen = diagnosis.findings.map(({ id, title, remedies }) => ({ id, title, remedies }));
    const isFound = diagnosis.findings.some(({ id }) => isExpected(fault, id));
    // Advice may stand at another finding, as that of all components does.
    const offers = diagnosis.findings
      .filter(({ id }) => fault.expects.advice === true || isExpected(fault, id))
      .flatMap(({ remedies }) => remedies);
    return isFound && offers.includes(remedyOf(fault)) && diagnosis;
  }, PATIENCE_MS).catch((error: Error) => {
    throw new Error(`${error.message}; found ${JSON.stringify(seen)}`);
  });
}

describe.each(faults.map((fault) => [fault.id, fault] as const))("%s", (_id, fault) => {
  it("breaks, is found with its cause, repaired by its remedy or as its advice says, and leaves no symptom", {
    timeout: 5 * PATIENCE_MS,
  }, async () => {
    await gone(fault);
    await broken(fault);
    // As long as monitoring waits before it fires: ages and thresholds are seconds of the database's clock.
    await waitFor((fault.rule.forSeconds ?? 2) * 1000);
    const diagnosis = await diagnosed(fault);
    if (fault.expects.advice === true) {
      expect(diagnosis.advice(remedyOf(fault))).toMatch(/\w+ \w+/);
      await fault.heal(sample.shop);
    } else {
      const applied = await diagnosis.apply(remedyOf(fault));
      expect(applied.holds, JSON.stringify(applied.previews)).toBe(true);
    }
    await gone(fault);
  });

  it("can be put right by hand", { timeout: 3 * PATIENCE_MS }, async () => {
    await broken(fault);
    await fault.heal(sample.shop);
    await gone(fault);
  });
});

describe("one after the other", { timeout: 5 * PATIENCE_MS }, () => {
  const named = (id: string): Fault => {
    const found = faults.find((fault) => fault.id === id);
    if (found === undefined) throw new Error(`no fault ${id}`);
    return found;
  };

  it.skipIf(!redis)("a cache that was filled and repaired by its remedy can be shrunk", async () => {
    await broken(named("redis-noeviction"));
    await (await diagnosed(named("redis-noeviction"))).apply("setPolicy");
    await gone(named("redis-noeviction"));
    await broken(named("redis-too-small"));
  });

  it.skipIf(!redis)("a cache can be shrunk while it is full, and filled while it is too small", async () => {
    await broken(named("redis-noeviction"));
    await broken(named("redis-too-small"));
    await broken(named("redis-noeviction"));
  });

  it.skipIf(process.platform !== "linux")(
    "a leak is not lost because the worker is just being replaced",
    async () => {
      const leak = named("memory-leak");
      const pid = sample.shop.workerPid() ?? 0;
      // Stopped, it gets the order and does nothing with it; killed, it takes it along.
      process.kill(pid, "SIGSTOP");
      const breaking = leak.break(sample.shop);
      process.kill(pid, "SIGKILL");
      await breaking;
      await until(() => leak.symptom(sample.shop), PATIENCE_MS);
      expect(sample.shop.workerPid()).not.toBe(pid);
    },
  );

  it("what is stopped twice and started twice runs, and a second stop is none", async () => {
    const { services } = sample.shop;
    for (const service of Object.values(services)) {
      await service.stop();
      await service.stop();
      await Promise.all([service.start(), service.start()]);
    }
    await until(async () => (await fetch(`${sample.shop.apiUrl}/health`)).ok, PATIENCE_MS);
  });
});
