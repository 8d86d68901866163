import { expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import { unitFailure } from "../../../runbooks/systemd/unit-failure.ts";
import type { AnyExecutable, Runbook, RunContext } from "../../../src/core/words/runbook.ts";

const holds = (
  { remedies }: Runbook,
  key: string,
  seen: object,
  input: object,
  watchedSeconds: number,
): boolean => {
  const remedy = remedies[key] as AnyExecutable;
  const context = { params: { stableSeconds: 10 }, watchedSeconds } as unknown as RunContext;
  const values = Object.fromEntries(
    Object.entries(seen).map(([name, value]) => [name, { ok: true as const, value }]),
  );
  return remedy.verify.holds(values, [{ input, output: {} }], context);
};

it.each([
  [620, true],
  [30, false],
])("trap restart-loop: a container watched for 10 min that is up for %i s: %s", (uptimeSeconds, stays) => {
  const list = { containers: [{ id: "c1", uptimeSeconds }] };
  expect(holds(containerFailure, "restart", { list }, { container: "c1" }, 600)).toBe(stays);
  // When it was first seen to help the time it asks for is enough.
  expect(holds(containerFailure, "restart", { list }, { container: "c1" }, 0)).toBe(true);
});

it.each([
  [620, true],
  [30, false],
])("a unit watched for 10 min that is active for %i s: %s", (activeAgo, stays) => {
  const units = { units: [{ name: "app.service", type: "simple", active: "active", activeAgo }] };
  expect(holds(unitFailure, "restart", { units }, { unit: "app.service" }, 600)).toBe(stays);
});
