import { expect, it } from "vitest";
import { errorsIn } from "../../../src/connectors/docker/logs.ts";
import {
  firstOf,
  judgeContainers,
  makeContainer,
  makeEnded,
  makeUnhealthy,
  NOW,
  secondsAgo,
} from "../../make/container.ts";

const db = makeContainer({ name: "db" });
const needsApi = { dependsOn: [{ service: "api", condition: "service_started" }] };

it("a service that others depend on and that has no container is told; what was left out or is not known is not", () => {
  const web = makeContainer({ name: "web", ...needsApi });
  const { findings } = judgeContainers({ containers: [db, web], events: [] });
  expect(findings).toMatchObject([
    { id: "no-container:api", severity: "warning", remedies: ["startProject"] },
  ]);
  expect(firstOf({ findings }).title).toContain("which web depends on");
  const api = makeContainer({ name: "api" });
  expect(judgeContainers({ containers: [db, api, web], events: [] }).findings).toEqual([]);
  // A run of `compose run --no-deps` is no service.
  const once = makeContainer({ name: "once", oneOff: true, ...needsApi });
  expect(judgeContainers({ containers: [db, once], events: [] }).findings).toEqual([]);
});

it("containers that were ended at once have one cause, and are started once", () => {
  const lost = (name: string, more: object = {}) => makeEnded(255, { name, ...more });
  const { findings, remedies } = judgeContainers({
    containers: ["a", "b", "c", "d"].map((name) => lost(name)),
    events: [],
    logs: { a: ["GET /x 200"], b: [], c: [], d: [] },
  });
  expect(firstOf({ findings })).toMatchObject({
    id: "ended-together",
    severity: "critical",
    remedies: ["start"],
  });
  expect(firstOf({ findings }).title).toContain(
    "4 containers ended together 5 min ago: the machine or the engine",
  );
  expect(firstOf({ findings }).because).toContain("none has a restart policy");
  expect(findings.slice(1).every(({ because }) => because?.includes("Follows from"))).toBe(true);
  expect(remedies.start?.calls).toHaveLength(4);
  // Two are chance; ends of their own are their own, and so are ends apart.
  const two = judgeContainers({ containers: [lost("a"), lost("b")], events: [] });
  expect(two.findings.map(({ id }) => id)).toEqual(["exited:a", "exited:b"]);
  const own = ["a", "b", "c"].map((name) => makeEnded(1, { name }));
  expect(judgeContainers({ containers: own, events: [] }).findings[0]?.id).toBe("exited:a");
  const apart = [300, 400, 500].map((ago) => lost(`at${ago}`, { finishedAt: secondsAgo(ago) }));
  expect(judgeContainers({ containers: apart, events: [] }).findings.map(({ id }) => id)).not.toContain(
    "ended-together",
  );
});

it("of an engine without root the session of its user may have ended", () => {
  const { findings } = judgeContainers({
    containers: ["a", "b", "c"].map((name) => makeEnded(143, { name })),
    events: [],
    product: "Podman",
  });
  expect(firstOf({ findings }).because).toContain("enable-linger");
});

const check = {
  ...{ program: "curl", isShell: true, retries: 3 },
  ...{ intervalSeconds: 10, timeoutSeconds: 1, startSeconds: 0 },
};
const usage = (throttled: number) => [
  {
    ...{ container: "id-api", name: "api", cpus: 0.5, memory: 1, memoryLimit: 0, limited: false },
    ...{ processes: 5, parts: null, throttled },
  },
];

it("a check that is slow because the container may not run is no service that hangs", () => {
  const slow = makeUnhealthy({ exitCode: -1, output: "Health check exceeded timeout (1s)" }, { check });
  const of = (throttled: number) =>
    firstOf(judgeContainers({ containers: [slow], events: [], usage: usage(throttled) }));
  expect(of(0.97).title).toContain("its CPU limit holds it back (97 %");
  expect(of(0.97).remedies).toEqual(["fixCrash"]);
  expect(of(0.02).remedies).toContain("restart");
  // A service that says itself what is wrong is not excused by its limit.
  const says = makeUnhealthy({ exitCode: 22, output: "curl: (22) error: 503" }, { check });
  const said = firstOf(judgeContainers({ containers: [says], events: [], usage: usage(0.97) }));
  expect(said.title).not.toContain("CPU limit");
});

it("what was paused a moment ago may be a backup's; what is paused for long is set going", () => {
  const paused = [makeContainer({ state: "paused" })];
  const of = (ago: number) =>
    firstOf(judgeContainers({ containers: paused, events: [[ago, "api", "pause"]] }));
  expect(of(5)).toMatchObject({ severity: "warning", remedies: [] });
  expect(of(1800)).toMatchObject({ severity: "critical", remedies: ["start"] });
  const asked = judgeContainers({ containers: paused, events: [[5, "api", "pause"]], service: "api" });
  expect(firstOf(asked).remedies).toEqual(["start"]);
  expect(of(1800).title).toContain("30 min ago");
  expect(firstOf(judgeContainers({ containers: paused, events: [] })).remedies).toEqual(["start"]);
});

it("remains of a container in whose place another runs are no outage", () => {
  const dead = makeEnded(0, { name: "old", service: "api", state: "dead", error: "device or resource busy" });
  const next = makeContainer({ name: "new", service: "api" });
  const { findings } = judgeContainers({ containers: [dead, next], events: [] });
  expect(findings).toMatchObject([{ id: "dead:old", severity: "info", remedies: ["fixStart"] }]);
  expect(judgeContainers({ containers: [dead], events: [] }).findings[0]?.severity).toBe("critical");
});

it("a check that never ran is told of every engine, once it was due", () => {
  const starting = (uptimeSeconds: number, more: object = {}) =>
    judgeContainers({
      containers: [
        makeContainer({
          ...{ health: "starting", check: { ...check, startSeconds: 600 } },
          ...{ startedAt: secondsAgo(uptimeSeconds), uptimeSeconds, ...more },
        }),
      ],
      events: [],
    }).findings.map(({ id }) => id);
  expect(starting(10_800)).toEqual(["check:api"]);
  expect(starting(240)).toEqual([]);
  expect(starting(10_800, { lastProbe: { exitCode: 1, output: "" } })).toEqual([]);
  // Once a day is not late after three hours.
  expect(starting(10_800, { check: { ...check, intervalSeconds: 86_400 } })).toEqual([]);
  expect(NOW.getTime()).toBeGreaterThan(0);
});

it("what a wrapper says last is not why: the error above it is", () => {
  const earlier = errorsIn([
    "(node:1) DeprecationWarning: punycode",
    "Error: listen EADDRINUSE: address already in use 0.0.0.0:3000",
    "GET /errors 200",
    "0 errors: all is well",
  ]);
  expect(earlier).toEqual(["Error: listen EADDRINUSE: address already in use 0.0.0.0:3000"]);
  const noise = ["npm notice New version of npm available!", 'npm error Lifecycle script "start" failed'];
  const log = { container: "id-api", name: "api", lines: noise, ofLastRun: 2, truncated: false, error: null };
  const of = (more: object) =>
    firstOf(
      judgeContainers({
        containers: [makeEnded(1)],
        events: [[300, "api", "die", 1]],
        rawLogs: [{ ...log, ...more }],
      }),
    ).title;
  expect(of({ earlier })).toContain("a port it listens on is taken");
  expect(of({})).not.toContain("port");
});
