import { describe, expect, it } from "vitest";
import { logsAsked } from "../../../runbooks/docker/logs-asked.ts";
import { leftOut } from "../../../src/connectors/docker/logs.ts";
import { productOf } from "../../../src/connectors/docker/shapes.ts";
import { firstOf, judgeContainers, makeContainer, makeEnded, secondsAgo } from "../../make/container.ts";

const CHECK = {
  ...{ program: "curl", isShell: true, retries: 3 },
  ...{ intervalSeconds: 30, timeoutSeconds: 5, startSeconds: 10 },
};

describe("Podman", () => {
  it("is known by its own component, beside answers in Docker's words", () => {
    const version = { Version: "4.3.1", ApiVersion: "1.41", Os: "linux", Arch: "amd64" };
    expect(productOf({ ...version, Components: [{ Name: "Podman Engine" }, { Name: "Conmon" }] })).toBe(
      "Podman",
    );
    expect(productOf({ ...version, Components: [{ Name: "Engine" }, { Name: "containerd" }] })).toBe(
      "Docker",
    );
    expect(productOf(version)).toBe("Docker");
  });

  it.each([
    [0, "has ended 5 min ago (exit code 0)"],
    [143, "exited with code 143 5 min ago"],
  ])("an end with %i of one that is to run always is not said to have been asked for", (code, title) => {
    const containers = [makeEnded(code, { restartPolicy: "always" })];
    const podman = firstOf(judgeContainers({ containers, product: "Podman" }));
    expect(podman.title).toContain(title);
    expect(podman.because).toContain("podman-restart.service");
    const docker = firstOf(judgeContainers({ containers }));
    expect(docker.title).toContain("was stopped on request");
    expect(docker.because).not.toContain("podman");
  });

  it("a stop that its events remember was asked for there, too", () => {
    const containers = [makeEnded(0, { restartPolicy: "always" })];
    const events = [
      [310, "api", "kill", "SIGTERM"],
      [300, "api", "die", 0],
      [300, "api", "stop"],
    ] as const;
    expect(firstOf(judgeContainers({ containers, events, product: "Podman" })).title).toContain("on request");
  });

  it("a check that never ran is said; one that is about to, or that runs, is not", () => {
    const waiting = makeContainer({ health: "starting", check: CHECK });
    const said = firstOf(judgeContainers({ containers: [waiting], product: "Podman" }));
    expect(said.title).toBe("api's health check has not run once");
    for (const more of [
      { uptimeSeconds: 50, startedAt: secondsAgo(50) },
      { passedLately: true, health: "healthy" },
      { failingStreak: 1, lastProbe: { exitCode: 1, output: "" } },
      { check: null, health: "none" },
    ])
      expect(judgeContainers({ containers: [{ ...waiting, ...more }], product: "Podman" }).findings).toEqual(
        [],
      );
    // The engine of Docker runs checks itself: what it never ran is as unknown, for another reason.
    const docker = firstOf(judgeContainers({ containers: [waiting] }));
    expect(docker.because).toContain("has run none");
    expect(docker.because).not.toContain("systemd");
  });
});

describe("of more logs than are read at once", () => {
  const all = Array.from({ length: 23 }, (_, n) =>
    makeEnded(1, { name: `job-${n}`, finishedAt: secondsAgo(n === 22 ? 1 : 100 + n) }),
  ) as unknown as Parameters<typeof logsAsked>[0];
  it("those that failed last are, and it is said of how many", () => {
    const asked = logsAsked([...all, ...all.slice(0, 3)], 20);
    expect(asked).toMatchObject({ of: 23, lines: 20 });
    expect(asked.containers).toHaveLength(8);
    expect(leftOut(8, 23)[0]?.what).toBe("the logs of 15 of 23 containers");
    expect(leftOut(8)).toEqual([]);
    expect(asked.containers.slice(0, 2)).toEqual(["id-job-22", "id-job-0"]);
  });
  it("eight are read all, in the order of what is wrong with them", () =>
    expect(logsAsked(all.slice(0, 8), 5)).toEqual({
      containers: all.slice(0, 8).map(({ id }) => id),
      lines: 5,
    }));
});
