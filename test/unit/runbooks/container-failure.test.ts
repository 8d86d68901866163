import { expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { makeContainer } from "../../make/container.ts";

const ok = (value: unknown) => ({ ok: true as const, value });
const api = makeContainer({
  ...{ id: "a1", state: "exited", exitCode: 7, uptimeSeconds: null },
  ...{ startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:01:00Z" },
});
const listOf = (...containers: object[]) =>
  ok({ project: "shop", total: containers.length, truncated: false, containers, strangers: [] });
const context = {
  params: { logLines: 20, stableSeconds: 10 },
  thresholds: Thresholds.parse({}),
  system: { id: "shop", connections: [], contacts: [] },
  now: new Date("2026-01-01T00:03:00Z"),
};

for (const name of ["start", "restart"] as const)
  it(`${name}: what was approved must have run for long enough; what else the project does is no matter`, () => {
    const remedy = containerFailure.remedies[name];
    if (remedy === undefined || remedy.advice !== undefined) throw new Error(`${name} is not executable`);
    const done = [{ input: { container: "a1" }, output: {} }];
    const holds = (...now: object[]) => remedy.verify.holds({ list: listOf(...now) }, done, context);
    const up = (uptimeSeconds: number) => ({ ...api, state: "running", uptimeSeconds });
    expect(holds(up(10))).toBe(true);
    expect(holds(up(9))).toBe(false);
    expect(holds(up(10), { ...api, id: "b2", name: "worker" })).toBe(true);
    // A deploy replaced it meanwhile: another container of that name is not the one that was approved.
    expect(holds({ ...up(600), id: "a2" })).toBe(false);
  });

it("starts what is down, five at once at most, and never what is protected", () => {
  const remedy = containerFailure.remedies.start;
  if (remedy === undefined || remedy.advice !== undefined) throw new Error("start is not executable");
  const many = Array.from({ length: 7 }, (_one, n) => ({
    ...api,
    id: `a${n}`,
    name: `api-${n}`,
    protected: n === 0,
  }));
  const calls = remedy.do({ list: listOf(...many) }, context);
  expect(calls.map(({ action, input }) => [action, input])).toEqual(
    [1, 2, 3, 4, 5].map((n) => [
      "docker.start-container",
      { container: `a${n}`, name: `api-${n}`, state: "exited", startedAt: api.startedAt },
    ]),
  );
});

it("what could not be listed is no finding of its own: the connector says it", () => {
  const gone = { ok: false as const, error: { code: "timeout" as const, message: "no answer" } };
  expect(containerFailure.findings({ engine: gone, list: gone, events: gone }, context)).toEqual([]);
});

it("a container is found without the events, with the last line of its log", () => {
  const logs = ok({
    logs: [
      {
        container: "a1",
        name: "api",
        lines: ["starting", "fatal: no table"],
        ofLastRun: 2,
        truncated: false,
        error: null,
      },
    ],
  });
  expect(containerFailure.findings({ list: listOf(api), logs }, context)).toMatchObject([
    {
      id: "exited:api",
      title: "api exited with code 7 2 min ago",
      because: "It is down. Its program reported an error (exit code 7). Last log line: fatal: no table",
      remedies: ["start", "fixCrash"],
    },
  ]);
});
