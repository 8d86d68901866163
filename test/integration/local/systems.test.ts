import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isExpected, type LiveFault } from "../../../local/faults/fault.ts";
import { findRedis } from "../../../local/services/redis.ts";
import { SYSTEMS } from "../../../local/systems/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { until } from "../../helpers/until.ts";
import { type RunningSystem, startSystem } from "./system.ts";

const redis = (await findRedis()) !== undefined;
const PATIENCE_MS = 30_000;

describe.skipIf(!redis || process.platform !== "linux").each(SYSTEMS.map(({ id }) => id))(
  "the sample system %s",
  { timeout: 5 * PATIENCE_MS },
  (id) => {
    let system: RunningSystem;
    beforeAll(async () => {
      system = await startSystem(id);
    }, 2 * PATIENCE_MS);
    afterAll(async () => {
      expect(await system?.stop()).toEqual([]);
    });
    afterEach(async () => {
      for (const fault of system.sample.faults) await fault.heal();
    });

    const above = async (runbook: Runbook) => {
      const { findings } = await system.bench.diagnose(runbook);
      return findings.filter(({ severity }) => severity !== "info");
    };
    const first = async (fault: LiveFault) => (await above(system.runbook(fault.runbook)))[0];

    it("is what diagbot takes, without a complaint", () => {
      // What the try-out has nothing for is left out of the file, and routes to it are said to lead nowhere.
      const others = system.complaints.filter(
        (line) => !/never starts: it needs a (docker|kubernetes|systemd) connection/.test(line),
      );
      expect(others).toEqual([]);
    });

    it("has every check of its example, and all of them are silent while nothing is broken", async () => {
      expect(system.checks.length).toBeGreaterThan(2);
      for (const check of system.checks) {
        const { findings, seen } = await system.bench.diagnose(check);
        const said = findings.filter(({ severity }) => severity !== "info").map(({ title }) => title);
        // A question that failed finds nothing, either.
        const failed = Object.values(seen).flatMap((step) => (step.ok ? [] : [step.error.message]));
        expect([check.id, said, failed]).toEqual([check.id, [], []]);
      }
    });

    it("answers every command that only reads, as its example declares the answer", async () => {
      for (const { runbook, params } of system.reads) {
        const { seen } = await system.bench.diagnose(runbook, params);
        const errors = Object.values(seen).flatMap((step) => (step.ok ? [] : [step.error]));
        expect([runbook.id, errors]).toEqual([runbook.id, []]);
      }
    });

    it("each fault is found first by its runbook, and gone when it is healed", async () => {
      for (const fault of system.sample.faults) {
        expect([fault.id, await fault.symptom()]).toEqual([fault.id, false]);
        await fault.break();
        await until(() => fault.symptom(), PATIENCE_MS);
        await until(async () => {
          const one = await first(fault);
          const { remedy } = fault.expects;
          const isOffered = remedy === undefined || one?.remedies.includes(remedy) === true;
          return one !== undefined && isExpected(fault, one.id) && isOffered;
        }, PATIENCE_MS).catch(async (error: Error) => {
          throw new Error(`${fault.id}: ${error.message}; first is ${JSON.stringify(await first(fault))}`);
        });
        await fault.heal();
        await until(async () => !(await fault.symptom()), PATIENCE_MS);
      }
    });
  },
);
