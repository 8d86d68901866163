import { describe, expect, it } from "vitest";
import { docker } from "../../../../src/sdk/index.ts";
import { makeContainer, makeEnded } from "../../../make/container.ts";

const asked = docker.kind.health?.find(({ part }) => part === "containers");
const said = (container: object, product?: "Docker" | "Podman") => {
  const list = { project: null, total: 1, truncated: false, containers: [container], strangers: [], product };
  const word = asked?.judge(list, {} as never, {} as never);
  return typeof word === "string" ? word : word?.word;
};

describe("containers at a glance", () => {
  const held = { restartPolicy: "always" };
  it("one that is to run always and is down was stopped on request, by an engine with a daemon", () => {
    for (const code of [0, 137, 143]) expect(said(makeEnded(code, held), "Docker")).toBe("1 container");
    expect(said(makeEnded(1, held))).toBe("1 container");
  });
  it("of Podman nobody knows that, whatever the code", () => {
    expect(said(makeEnded(0, held), "Podman")).toBe("api is down (exit code 0), though its policy is always");
    expect(said(makeEnded(143, held), "Podman")).toContain("is down (exit code 143)");
  });
  it("a job that is done, and one that runs, are well with both", () => {
    for (const product of ["Docker", "Podman"] as const) {
      expect(said(makeEnded(0), product)).toBe("1 container");
      expect(said(makeContainer(held), product)).toBe("1 container");
      expect(said(makeEnded(3), product)).toBe("api exited with code 3");
    }
  });
});
