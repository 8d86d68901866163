// A CPU limit that is used up, on a real dockerd of the test's own: the kernel stops the container in each of its periods.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import { type PrivateEngine, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import type { Bench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { benchAt, containerOf, PROJECT, SECOND } from "./container-bench.ts";

const why = whyNoDocker();
const LIMIT = 0.05;
/** Busy until somebody says that it is enough. */
const WORK = ["sh", "-c", "until [ -e /tmp/enough ]; do :; done; exec sleep 600"];

describe.skipIf(why !== undefined)(`a CPU limit on a private dockerd (skipped: ${why ?? "no"})`, () => {
  let engine: PrivateEngine;
  let bench: Bench;
  beforeAll(async () => {
    engine = await startDocker();
    bench = benchAt(engine.socket);
  });
  afterEach(() => engine.clear(PROJECT));
  afterAll(async () => {
    await bench?.close();
    await engine?.stop();
  });
  const busy = (name: string, command = WORK) =>
    engine.run({ name, project: PROJECT, command, host: { NanoCpus: LIMIT * SECOND } });
  const diagnosis = () =>
    until(async () => {
      const one = await bench.diagnose(containerFailure);
      return one.findings.some(({ severity }) => severity === "warning") && one;
    });

  it("is told; one that is not reached, and one that is not there, are not", async () => {
    await busy("api");
    await busy("idle", ["sleep", "600"]);
    await engine.run({ name: "free", project: PROJECT, command: WORK });
    const { findings, finding } = await diagnosis();
    expect(findings.map(({ id }) => id)).toEqual(["held-back:api"]);
    expect(finding("held-back:api").remedies).toEqual(["raiseCpu", "fitThreads"]);
  });

  it("raised while it runs, and seen to have helped once it is not reached any more", async () => {
    const id = await busy("api");
    const before = await containerOf(bench, "api");
    const found = await diagnosis();
    const applied = await found.apply("raiseCpu", async () => {
      await (await engine.api.getContainer(id).exec({ Cmd: ["touch", "/tmp/enough"] })).start({});
    });
    expect(applied.previews[0]?.changes[0]).toContain(`CPU limit ${LIMIT} → ${2 * LIMIT}`);
    expect(applied.holds).toBe(true);
    const after = await containerOf(bench, "api");
    expect(after).toMatchObject({ cpuLimit: 2 * LIMIT, startedAt: before?.startedAt });
    expect((await bench.diagnose(containerFailure)).findings).toEqual([]);
  });
});
