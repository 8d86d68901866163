import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { imagesIn, lackOf } from "../../../scripts/check-images.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

describe("package-lock.json", () => {
  const { packages, lockfileVersion } = JSON.parse(read("package-lock.json")) as {
    lockfileVersion: number;
    packages: Record<string, { integrity?: string; link?: boolean; resolved?: string }>;
  };
  const entries = Object.entries(packages).filter(([path, entry]) => path !== "" && entry.link !== true);

  it("says of every package, of every platform, which bytes it is", () => {
    expect(lockfileVersion).toBe(3);
    expect(entries.length).toBeGreaterThan(300);
    const without = entries.filter(
      ([, { integrity = "" }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity),
    );
    expect(without.map(([path]) => path)).toEqual([]);
  });

  it("comes from the registry only: no git, no address of anybody", () => {
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});

describe("images", () => {
  const images = imagesIn(read("Dockerfile"), read("docker-compose.yml"));

  it("are all found, and named by tag and digest", () => {
    expect(images.map((image) => image.split(":")[0])).toEqual([
      "node",
      "postgres",
      "redis",
      "prom/prometheus",
      "prom/alertmanager",
    ]);
    for (const image of images) expect(image).toMatch(/^[a-z/]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  it("a tag alone, in FROM, ARG or compose, is seen", () => {
    const dockerfile = "ARG BASE=node:22\nFROM --platform=x ${BASE} AS build\nFROM alpine:3\nFROM build\n";
    expect(
      imagesIn(dockerfile, "services:\n  a:\n    image: redis:7\n  b:\n    image: diagbot:local\n"),
    ).toEqual(["node:22", "alpine:3", "redis:7"]);
  });

  it("an image of one platform only is refused", () => {
    const one = (architecture: string) => ({ platform: { os: "linux", architecture } });
    expect(lackOf({ manifests: [one("amd64"), one("arm64")] })).toBeUndefined();
    expect(lackOf({ manifests: [one("amd64")] })).toBe("has no linux/arm64");
    expect(lackOf({})).toBe("has no linux/amd64, linux/arm64");
  });
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = ".github/workflows/";
const workflows = readdirSync(new URL(FOLDER, root)).map((name) => {
  const text = read(`${FOLDER}${name}`);
  return { name, text, workflow: parse(text, { strict: true }) as Workflow };
});

describe.each(workflows)("$name", ({ text, workflow }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  it("names every action by a whole commit, with its version beside it", () => {
    const uses = [...text.matchAll(/^.*\buses: (.+)$/gm)].map(([, action = ""]) => action);
    expect(uses).toHaveLength(steps.filter((step) => step.uses !== undefined).length);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("gives no job more than it asks for, and none for ever", () => {
    expect(workflow.permissions).toEqual({});
    for (const [name, job] of jobs) {
      expect(job.permissions, name).toBeDefined();
      expect(job["timeout-minutes"], name).toBeLessThanOrEqual(60);
    }
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")))
      expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  it("puts no text of others into a shell, and its shell scripts parse", () => {
    for (const { run } of steps)
      if (run !== undefined) {
        expect(run).not.toContain("${{");
        execFileSync("bash", ["-n"], { input: run });
      }
  });
});

describe("the release", () => {
  const { workflow } = workflows.find(({ name }) => name === "release.yml")!;
  const { test, image } = workflow.jobs;
  const step = (action: string) =>
    image!.steps.findIndex(({ uses, run }) => (uses ?? run ?? "").includes(action));

  it("is tested before it is built, and only its build may push", () => {
    expect(test?.steps.at(-1)?.run).toBe(".ci/run");
    expect(test?.permissions).toEqual({ contents: "read" });
    expect(image?.needs).toBe("test");
    expect(image?.permissions).toEqual({
      contents: "read",
      packages: "write",
      "id-token": "write",
      attestations: "write",
    });
  });

  it("is an image for two platforms with an SBOM and provenance, signed, and looked at again", () => {
    expect(image?.steps[step("build-push-action@")]?.with).toMatchObject({
      platforms: "linux/amd64,linux/arm64",
      push: true,
      sbom: true,
      provenance: "mode=max",
    });
    expect(image?.steps[step("attest-build-provenance@")]?.with).toMatchObject({
      "subject-digest": "${{ steps.build.outputs.digest }}",
      "push-to-registry": true,
    });
    const order = [
      "check-images.ts",
      "login-action@",
      "build-push-action@",
      "attest-build-provenance@",
      "gh attestation verify",
    ].map(step);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).not.toContain(-1);
  });
});

it("what is pinned is kept fresh", () => {
  const { updates } = parse(read(".github/dependabot.yml")) as { updates: { "package-ecosystem": string }[] };
  expect(updates.map((one) => one["package-ecosystem"]).sort()).toEqual([
    "docker",
    "docker-compose",
    "github-actions",
    "npm",
  ]);
});
