import { describe, expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import { judgeContainers as judgeHealth } from "../../../src/connectors/docker/health.ts";
import { firstOf, judgeContainers, makeContainer, makeEnded, makeUnhealthy } from "../../make/container.ts";

const GIB = 1024 ** 3;
const space = {
  ...{ images: 9 * GIB, unusedImages: 2 * GIB, buildCache: 5 * GIB },
  ...{ layers: GIB, volumes: 3 * GIB, unusedVolumes: GIB },
};
const refused = makeEnded(128, { error: "error creating overlay mount: mkdir /x: no space left on device" });

describe("the engine's own disk", () => {
  it("full of inodes it is full, and explains who could not be started", () => {
    const judged = judgeContainers({
      ...{ containers: [refused], disk: { usedRatio: 0.4, inodesRatio: 1 }, space },
    });
    expect(judged.findings.map(({ id }) => id)).toEqual(["engine-disk", "start:api"]);
    expect(firstOf(judged).title).toBe(
      "The disk of the engine's data folder (/var/lib/docker) has 100 % of its inodes in use",
    );
    expect(firstOf(judged)).toMatchObject({ severity: "critical", remedies: ["freeDisk"] });
    const advice = judged.remedies.freeDisk?.advice ?? "";
    expect(advice.indexOf("docker builder prune` (build cache): about 5.0 GiB")).toBeGreaterThan(-1);
    expect(advice).toContain("The logs of api are never rotated");
    expect(advice).toContain("never prune them");
    expect(advice).not.toContain("volume prune");
  });

  it("is well below the threshold, without inodes of its own, and where it cannot be seen", () => {
    const found = (disk: { usedRatio: number; inodesRatio: number | null }) =>
      judgeContainers({ containers: [makeContainer()], disk }).findings;
    expect(found({ usedRatio: 0.84, inodesRatio: 0.1 })).toEqual([]);
    expect(found({ usedRatio: 0.84, inodesRatio: null })).toEqual([]);
    expect(found({ usedRatio: 0.9, inodesRatio: null })).toMatchObject([
      { id: "engine-disk", severity: "warning" },
    ]);
    expect(judgeContainers({ containers: [makeContainer()] }).findings).toEqual([]);
  });

  it("that cannot be seen is asked what takes it, where a container was refused a write", () => {
    const { findings, remedies } = judgeContainers({ containers: [refused], space });
    expect(findings.map(({ id }) => id)).toEqual(["start:api"]);
    expect(remedies.freeDisk?.advice).toContain("build cache");
  });
});

describe("the containers at a glance", () => {
  const glance = (...containers: object[]) =>
    judgeHealth({
      project: "shop",
      total: containers.length,
      truncated: false,
      strangers: [],
      containers,
    } as never);

  it.each([
    ["runs", makeContainer()],
    ["was stopped on request", makeEnded(137, { restartPolicy: "unless-stopped" })],
    ["a job that ended", makeEnded(0)],
    ["a run by hand that failed", makeEnded(1, { oneOff: true })],
    ["a task that swarm replaced", makeEnded(1, { isTask: true })],
  ])("well: %s", (_what, one) => {
    expect(glance(one)).toBe("1 container");
  });

  it.each([
    ["is unhealthy", "warning", makeUnhealthy({ exitCode: 1, output: "" })],
    ["exited with code 3", "warning", makeEnded(3)],
    ["is restarting", "critical", makeContainer({ state: "restarting" })],
    ["was never started", "warning", makeContainer({ state: "created" })],
    ["could not be started", "warning", makeContainer({ state: "created", error: "no such network" })],
  ])("ill: %s", (words, severity, one) => {
    expect(glance(one, makeContainer({ name: "db" }))).toMatchObject({ word: `api ${words}`, severity });
  });

  it("a project without containers is down", () => {
    expect(glance()).toMatchObject({ severity: "critical" });
  });
});

it("an alert picks the container it is about", () => {
  const asked = (labels: Record<string, string>) => containerFailure.fromAlert?.(labels);
  expect(asked({ alertname: "ContainerKilled", name: "/shop-api-1", image: "x" })).toEqual({
    service: "shop-api-1",
  });
  expect(asked({ container_label_com_docker_compose_service: "api", name: "shop-api-1" })).toEqual({
    service: "api",
  });
  expect(asked({ alertname: "ContainerAbsent" })).toEqual({});
});
