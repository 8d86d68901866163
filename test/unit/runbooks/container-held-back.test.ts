// Containers that their CPU limit stops: which of them is told, how gravely, and what is offered.
import { describe, expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import { isFree } from "../../../runbooks/docker/held-back.ts";
import type { RunContext } from "../../../src/core/words/runbook.ts";
import { judgeContainers, makeContainer } from "../../make/container.ts";

const CONTEXT = { params: {}, now: new Date(0) } as unknown as RunContext;
const usage = (more: object = {}) => ({
  ...{ container: "id-api", name: "api", memory: 1, memoryLimit: 1e9, limited: false, parts: null },
  ...{ cpus: 0.25, throttled: 0.9, throttledSinceStart: 0.8, processes: 9, ...more },
});
const judge = (seen: object, container: object = {}, asked: object = {}) =>
  judgeContainers({
    containers: [makeContainer({ cpuLimit: 0.25, ...container })],
    events: [],
    usage: [usage(seen)],
    ...asked,
  });

describe("a container that its CPU limit stops", () => {
  it("is told with its share, and may have twice as much", () => {
    const { findings, remedies } = judge({});
    expect(findings).toMatchObject([
      { id: "held-back:api", severity: "warning", remedies: ["raiseCpu", "fitThreads"] },
    ]);
    expect(findings[0]?.title).toBe("api is stopped by its CPU limit in 90 % of its periods");
    expect(remedies.raiseCpu).toMatchObject({
      risk: "high",
      calls: [{ action: "docker.set-limits", input: { container: "id-api", cpus: 0.5 } }],
    });
  });

  it("in its first second, or for one burst, is a remark", () => {
    expect(judge({ throttledSinceStart: 0.1 }).findings).toMatchObject([{ severity: "info" }]);
    expect(judge({ throttledSinceStart: null }).findings).toMatchObject([{ severity: "info" }]);
    // An alert about something else on the engine does not make it more; one about this service does.
    const at = (asked: object) => judge({ throttledSinceStart: 0.1 }, {}, asked).findings;
    expect(at({ alert: "ContainerDown" })).toMatchObject([{ severity: "info" }]);
    expect(at({ alert: "ContainerHighThrottleRate", service: "api" })).toMatchObject([
      { severity: "warning" },
    ]);
  });

  it("now and then, never, or without a limit is healthy", () => {
    for (const throttled of [0.3, 0, null]) expect(judge({ throttled }).findings).toEqual([]);
  });

  it("by a quota, of swarm or protected is told, and not changed", () => {
    for (const other of [{ cpuLimit: 0 }, { isTask: true }, { protected: true }])
      expect(judge({}, other).findings).toMatchObject([{ id: "held-back:api", remedies: ["fitThreads"] }]);
  });

  it("is not told twice where it has a problem of its own", () => {
    const { findings } = judge({}, { health: "unhealthy", failingStreak: 4 });
    expect(findings).toMatchObject([{ id: "unhealthy:api" }]);
  });
});

it("more has helped where none of those that were given it is held back, whatever others are", () => {
  const all = [usage({ throttled: 0.6 }), usage({ container: "id-worker", throttled: 0.1 })];
  expect(isFree(all, ["id-worker"])).toBe(true);
  expect(isFree(all, ["id-worker", "id-api"])).toBe(false);
  expect(isFree([usage({ throttled: null })], ["id-api"]), "it wants nothing").toBe(true);
  expect(isFree([usage({ throttled: null, cpus: null })], ["id-api"]), "it was not measured").toBe(false);
  expect(isFree(all, ["id-gone"]), "it runs no longer").toBe(false);
});

it("as many containers with limits are measured as the list has", () => {
  const containers = Array.from({ length: 100 }, (_one, n) =>
    makeContainer({ id: `id-${n}`, name: `api-${n}`, state: "running", cpuLimit: 0.5 }),
  );
  const list = { project: "shop", total: 100, truncated: false, containers, strangers: [] };
  const { usage: step } = containerFailure.stages[1]?.({ list: { ok: true, value: list } }, CONTEXT) ?? {};
  expect(step?.input).toMatchObject({ containers: { length: 100 } });
});
