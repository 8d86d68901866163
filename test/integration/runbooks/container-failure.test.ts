import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import * as docker from "../../../src/connectors/docker/actions.ts";
import { type PrivateEngine, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import { freePort } from "../../helpers/ports.ts";
import type { Bench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { benchAt, containerOf, MIB, PROJECT, quick, SECOND } from "./container-bench.ts";

const why = whyNoDocker();

describe.skipIf(why !== undefined)(
  `container-failure against a private dockerd (skipped: ${why ?? "no"})`,
  () => {
    let engine: PrivateEngine;
    let bench: Bench;
    const one = (name: string) => containerOf(bench, name);
    const inState = (name: string, ...states: string[]) =>
      until(async () => states.includes((await one(name))?.state ?? ""));
    const web = (name: string, more: Partial<Parameters<PrivateEngine["run"]>[0]> = {}) =>
      engine.run({ name, project: PROJECT, command: ["sleep", "600"], ...more });

    beforeAll(async () => {
      engine = await startDocker();
      bench = benchAt(engine.socket);
    });
    afterEach(() => engine.clear(PROJECT));
    afterAll(async () => {
      await bench?.close();
      await engine?.stop();
    });

    it("is silent where services run and jobs have ended", async () => {
      await web("api", { host: { Memory: 64 * MIB } });
      await web("migrate", { command: ["true"] });
      await inState("migrate", "exited");
      expect((await bench.diagnose(containerFailure)).findings).toEqual([]);
    });

    it("finds a project without containers, and a service that is not there", async () => {
      expect((await bench.diagnose(containerFailure)).finding("project-without-containers").severity).toBe(
        "critical",
      );
      await web("api");
      const { findings } = await bench.diagnose(containerFailure, { service: "worker" });
      expect(findings).toMatchObject([{ id: "no-container:worker" }]);
    });

    it("finds a container that exited, says why from its log, starts it and waits until it stays up", async () => {
      const crashOnce =
        "[ -e /tmp/fixed ] || { touch /tmp/fixed; echo 'fatal: cannot connect to db' >&2; exit 7; }; exec sleep 600";
      await web("api", { command: ["sh", "-c", crashOnce] });
      await inState("api", "exited");
      const diagnosis = await bench.diagnose(containerFailure, quick);
      const finding = diagnosis.finding("exited:api");
      expect(finding.title).toMatch(/^api exited with code 7 /);
      expect(finding.because).toContain("fatal: cannot connect to db");
      expect(finding.remedies).toContain("start");
      const applied = await diagnosis.apply("start");
      expect(applied.previews[0]?.changes[0]).toContain("start container api");
      expect(applied.holds).toBe(true);
      expect((await bench.diagnose(containerFailure, quick)).findings).toEqual([]);
    });

    it("says that a container was stopped on request", async () => {
      const id = await web("api");
      await engine.api.getContainer(id).stop({ t: 0 });
      expect((await bench.diagnose(containerFailure)).finding("stopped:api").title).toContain(
        "was stopped on request",
      );
    });

    it("finds a service that ended without an error, where it has a restart policy or was asked about", async () => {
      await web("api", { command: ["true"] });
      await inState("api", "exited");
      expect((await bench.diagnose(containerFailure)).findings).toEqual([]);
      expect(
        (await bench.diagnose(containerFailure, { service: "api" })).finding("stopped:api").title,
      ).toContain("has ended");
    });

    it("finds a restart loop and does not offer one more restart", async () => {
      await web("worker", {
        command: ["sh", "-c", "echo 'missing QUEUE_URL'; exit 3"],
        host: { RestartPolicy: { Name: "always" } },
      });
      await until(async () => ((await one("worker"))?.restartCount ?? 0) >= 3);
      const finding = (await bench.diagnose(containerFailure)).finding("loop:worker");
      expect(finding.title).toMatch(
        /restarts again and again \(\d+ ends within .*, last exit code 3\): a setting is missing/,
      );
      expect(finding.because).toContain("missing QUEUE_URL");
      expect(finding.remedies).toEqual(["fixCrash"]);
    });

    const check = (test: readonly string[]) => ({
      Healthcheck: { Test: [...test], Interval: SECOND, Timeout: SECOND, Retries: 2 },
    });

    it("finds a container that was healthy and hangs, restarts it, and holds only when it is healthy", async () => {
      await web("api", {
        command: ["sh", "-c", "touch /tmp/ok; trap 'exit 0' TERM; while :; do sleep 0.1; done"],
        more: check(["CMD-SHELL", "test -e /tmp/ok || { echo 'no answer: connection refused'; false; }"]),
      });
      await until(async () => (await one("api"))?.health === "healthy");
      const exec = await engine.api.getContainer("api").exec({ Cmd: ["rm", "/tmp/ok"] });
      await exec.start({});
      await until(async () => (await one("api"))?.health === "unhealthy");
      const diagnosis = await bench.diagnose(containerFailure, quick);
      const finding = diagnosis.finding("unhealthy:api");
      expect(finding.title).toMatch(/is unhealthy: nothing listens where it asks \(\d+ failed health checks/);
      expect(finding.because).toContain("no answer: connection refused");
      const applied = await diagnosis.apply("restart");
      expect(applied.holds).toBe(true);
      expect((await one("api"))?.health).toBe("healthy");
    });

    it("finds health checks that cannot run, and says nothing of the service", async () => {
      await web("nocurl", { more: check(["CMD", "curl", "-f", "http://localhost/"]) });
      await web("nocurlshell", { more: check(["CMD-SHELL", "curl -f http://localhost/ || exit 1"]) });
      for (const name of ["nocurl", "nocurlshell"])
        await until(async () => (await one(name))?.health === "unhealthy");
      const { findings } = await bench.diagnose(containerFailure);
      expect(findings.map(({ id }) => id)).toEqual(
        expect.arrayContaining(["check:nocurl", "check:nocurlshell"]),
      );
      for (const { title, remedies } of findings) {
        expect(title).toContain("a program it calls is not in the image");
        expect(remedies).toEqual(["correctCheck"]);
      }
    });

    it("says the unhealthy dependency before who waits for it", async () => {
      await web("illdb", { more: check(["CMD", "false"]) });
      await web("front", {
        start: false,
        labels: { "com.docker.compose.depends_on": "illdb:service_healthy:false" },
      });
      await until(async () => (await one("illdb"))?.health === "unhealthy");
      const { findings } = await bench.diagnose(containerFailure);
      expect(findings.map(({ id, remedies }) => [id, remedies])).toEqual([
        ["unhealthy:illdb", ["fixCrash"]],
        ["waits:front", ["fixCrash"]],
      ]);
    });

    it("says what the CPU lacks where the log says nothing", async () => {
      // The kernel keeps such signals from process 1.
      await web("avx", {
        command: ["sh", "-c", "sh -c 'kill -4 $$'; exit $?"],
        host: { RestartPolicy: { Name: "always" }, LogConfig: { Type: "none", Config: {} } },
      });
      await until(async () => ((await one("avx"))?.restartCount ?? 0) >= 3);
      const diagnosis = await bench.diagnose(containerFailure);
      expect(diagnosis.finding("loop:avx").title).toContain("an instruction its CPU does not know");
      expect(diagnosis.finding("loop:avx").remedies).toEqual(["fixImage"]);
      expect(diagnosis.finding("loop:avx").because).toContain("Its log cannot be read");
    });

    it("says that SIGKILL followed the grace period of a stop, also once the engine has forgotten it", async () => {
      const id = await web("slowstop", {
        command: ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
        host: { RestartPolicy: { Name: "unless-stopped" } },
      });
      await engine.api.getContainer(id).stop({ t: 1 });
      const fresh = (await bench.diagnose(containerFailure)).finding("stopped:slowstop");
      expect(fresh.title).toMatch(/was stopped on request .*by SIGKILL after the grace period/);
      const noise = await engine.run({ name: "noise", project: "noise", command: ["true"], start: false });
      for (let n = 0; n < 130; n++) await engine.api.getContainer(noise).rename({ name: `noise-${n % 2}` });
      for (let n = 0; n < 130; n++) await engine.api.getContainer(noise).rename({ name: `noise-${n % 2}` });
      const target = await one("slowstop");
      const { id: container = "", name = "", state = "", startedAt = "" } = target ?? {};
      const again = await bench.preview(docker.restartContainer({ container, name, state, startedAt }));
      expect(again.changes[0]).toContain("the engine no longer remembers");
      const late = await bench.diagnose(containerFailure);
      expect(late.finding("stopped:slowstop").title).toContain("by SIGKILL after the grace period");
      expect(late.finding("stopped:slowstop").because).toContain("no longer remembers");
      await engine.clear("noise");
    });

    it("does not take an earlier stop for the reason of a crash", async () => {
      await web("api", { command: ["sh", "-c", "[ -e /tmp/again ] && exit 3; touch /tmp/again; sleep 600"] });
      const api = engine.api.getContainer("api");
      await api.stop({ t: 0 });
      await api.start();
      await inState("api", "exited");
      await until(async () => (await one("api"))?.exitCode === 3);
      const { findings } = await bench.diagnose(containerFailure);
      expect(findings.map(({ id }) => id)).toEqual(["exited:api"]);
    });

    it("finds a child killed for memory, and nothing in a limit full of file cache", async () => {
      await web("childoom", {
        command: ["sh", "-c", "while :; do tail /dev/zero; sleep 600; done"],
        host: { Memory: 32 * MIB, MemorySwap: 32 * MIB },
      });
      await web("pagecache", {
        command: ["sh", "-c", "head -c 90m /dev/zero > /tmp/f; while sleep 1; do wc /tmp/f; done"],
        host: { Memory: 64 * MIB },
      });
      const id = (await one("pagecache"))?.id ?? "";
      const usage = () => bench.call(docker.stats({ containers: [id] }));
      await until(async () => ((await usage()).usage[0]?.parts?.cache ?? 0) > 40 * MIB);
      const findings = await until(async () => {
        const found = (await bench.diagnose(containerFailure)).findings;
        return found.length > 0 && found;
      });
      expect(findings).toMatchObject([
        { id: "memory:childoom", severity: "warning", remedies: ["raiseMemory"] },
      ]);
    });

    it("finds a container killed for memory and gives the numbers", async () => {
      await web("model", {
        command: ["tail", "/dev/zero"],
        host: { Memory: 32 * MIB, MemorySwap: 32 * MIB },
      });
      // The engine hears of the kill from the kernel, and it may be a moment after the end of the process.
      await until(async () => (await one("model"))?.oomKilled === true);
      await inState("model", "exited");
      const diagnosis = await bench.diagnose(containerFailure);
      const finding = diagnosis.finding("memory:model");
      expect(finding.title).toBe("model was killed for memory and is down");
      expect(finding.because).toContain("limit of 32 MiB");
      expect(diagnosis.advice("raiseMemory")).toContain("docker update --memory 48m --memory-swap 48m model");
    });

    it("finds a paused container and resumes it", async () => {
      const id = await web("api");
      await engine.api.getContainer(id).pause();
      const diagnosis = await bench.diagnose(containerFailure, { ...quick, service: "api" });
      expect(diagnosis.finding("paused:api").title).toMatch(/^api was paused /);
      expect((await diagnosis.apply("start")).holds).toBe(true);
    });

    it("finds a container that was created and never started", async () => {
      await web("api", { start: false });
      expect((await bench.diagnose(containerFailure)).finding("stopped:api").title).toBe(
        "api was created but never started",
      );
    });

    it("finds a program that is not in the image", async () => {
      await web("api", { command: ["/no/such/program"], start: false });
      const id = (await one("api"))?.id ?? "";
      await engine.api
        .getContainer(id)
        .start()
        .catch(() => undefined);
      const finding = (await bench.diagnose(containerFailure)).finding("start:api");
      expect(finding.title).toBe("api could not be started: its program cannot be found");
      expect(finding.because).toContain("/no/such/program");
      expect(finding.remedies).toEqual(["fixStart"]);
    });

    it("finds a port conflict and names the container that has the port", async () => {
      const port = await freePort();
      const network = await engine.api.createNetwork({
        Name: "lab",
        IPAM: { Config: [{ Subnet: "172.31.251.0/24" }] },
        Options: { "com.docker.network.bridge.name": "diagbot-lab0" },
      });
      const host = {
        NetworkMode: "lab",
        PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
      };
      const more = { ExposedPorts: { "80/tcp": {} } };
      try {
        await web("old", { host, more });
        await web("new", { host, more, start: false });
        await engine.api
          .getContainer((await one("new"))?.id ?? "")
          .start()
          .catch(() => undefined);
        const diagnosis = await bench.diagnose(containerFailure);
        const finding = diagnosis.finding("port:new");
        expect(finding.title).toBe(`new could not be started: port ${port} is taken`);
        expect(finding.because).toContain("Container old has port");
        expect(finding.remedies).toEqual(["freePort"]);
        expect(diagnosis.advice("freePort")).toContain(`sport = :${port}`);
      } finally {
        await engine.clear(PROJECT);
        await network.remove();
      }
    });

    it("finds an engine that hangs", async () => {
      await web("api");
      process.kill(engine.pid, "SIGSTOP");
      try {
        const { findings } = await bench.diagnose(containerFailure);
        expect(findings).toMatchObject([
          { id: "engine-unreachable", title: expect.stringContaining("does not answer") },
        ]);
      } finally {
        process.kill(engine.pid, "SIGCONT");
      }
    });
  },
);
