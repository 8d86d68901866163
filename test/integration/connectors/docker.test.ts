import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as docker from "../../../src/connectors/docker/actions.ts";
import { dockerConnector } from "../../../src/connectors/docker/index.ts";
import type { WriteAction } from "../../../src/core/words/action.ts";
import type { DiagError } from "../../../src/core/words/errors.ts";
import { type PrivateEngine, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const why = whyNoDocker();
const PROJECT = "connector";

const benchAt = (socket: string, project?: string): Bench =>
  openBench({
    connections: { engine: { kind: "docker", socket, ...(project === undefined ? {} : { project }) } },
    connectors: [dockerConnector],
  });

describe("an engine that is not there", () => {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-nodocker-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is unreachable where there is no socket", async () => {
    const bench = benchAt(join(folder, "none.sock"));
    await expect(bench.call(docker.ping())).rejects.toMatchObject({
      code: "target_unreachable",
      detail: "ENOENT",
    });
    await bench.close();
  });

  it("is a timeout where the socket accepts and never answers", async () => {
    const socket = join(folder, "mute.sock");
    const server = createServer((connection) => connection.resume());
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const bench = benchAt(socket);
    const { action, client, context } = bench.resolve(docker.ping());
    const short = { ...context, timeoutMs: 200 };
    await expect(action.run(client, {}, short as never)).rejects.toMatchObject({ code: "timeout" });
    await bench.close();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
});

describe.skipIf(why !== undefined)(`docker against a private dockerd (skipped: ${why ?? "no"})`, () => {
  let engine: PrivateEngine;
  let bench: Bench;
  const seen = async (name: string) =>
    (await bench.call(docker.containers())).containers.find((one) => one.name === name);
  const targetOf = async (name: string) => {
    const one = await until(() => seen(name));
    return { container: one.id, name: one.name, state: one.state, startedAt: one.startedAt };
  };

  beforeAll(async () => {
    engine = await startDocker();
    bench = benchAt(engine.socket, PROJECT);
  });
  afterAll(async () => {
    await bench?.close();
    await engine?.stop();
  });

  it("lists stopped containers too, with exit code, limits and policy, of its project only", async () => {
    await engine.run({ name: "ended", project: PROJECT, command: ["sh", "-c", "exit 7"] });
    await engine.run({
      name: "limited",
      project: PROJECT,
      command: ["sleep", "600"],
      host: { Memory: 32 * 1024 * 1024 },
    });
    await engine.run({ name: "stranger", project: "other", command: ["sleep", "600"] });
    const ended = await until(async () => {
      const one = await seen("ended");
      return one?.state === "exited" ? one : undefined;
    });
    expect(ended).toMatchObject({ exitCode: 7, service: "ended", health: "none", uptimeSeconds: null });
    expect(await seen("limited")).toMatchObject({ state: "running", memoryLimit: 32 * 1024 * 1024 });
    expect(await seen("stranger")).toBeUndefined();
    await expect(bench.call(docker.inspect({ container: "stranger" }))).rejects.toMatchObject({
      detail: "404",
    });
    const detail = await bench.call(docker.inspect({ container: "limited" }));
    expect(detail).toMatchObject({ command: "sleep 600", network: "none" });
    const usage = await bench.call(docker.stats({ containers: ["limited", "ended"] }));
    expect(usage.usage.map(({ name }) => name)).toEqual(["limited"]);
    expect(usage.usage[0]).toMatchObject({ limited: true, memoryLimit: 32 * 1024 * 1024 });
    await engine.clear("other");
  });

  it("reads the last log lines of both streams, bounded and redacted", async () => {
    const command =
      "i=0; while [ $i -lt 300 ]; do echo line-$i; i=$((i+1)); done; echo password=hunter22 >&2; sleep 600";
    await engine.run({ name: "talker", project: PROJECT, command: ["sh", "-c", command] });
    const logs = await until(async () => {
      // The engine reads the two streams independently: which of the last lines comes first is not fixed.
      const answer = await bench.call(docker.logs({ containers: ["talker", "absent"], lines: 500 }));
      const lines = answer.logs[0]?.lines ?? [];
      return lines.includes("line-299") && lines.includes("password=[redacted]") ? answer.logs : undefined;
    });
    const few = await bench.call(docker.logs({ containers: ["talker"], lines: 5 }));
    expect(few.logs[0]?.lines).toHaveLength(5);
    expect(logs[1]).toMatchObject({ lines: [], error: expect.stringContaining("absent") });
  });

  it("tells a stop on request from an end by itself", async () => {
    const id = await engine.run({ name: "stopped", project: PROJECT, command: ["sleep", "600"] });
    await engine.api.getContainer(id).stop({ t: 0 });
    const of = ["stopped", "ended"].map((name) => ({ container: id, name, since: new Date().toISOString() }));
    const ended = (await seen("ended"))?.id ?? "";
    const { events, forgotBefore } = await bench.call(
      docker.events({ of: of.map((one) => (one.name === "ended" ? { ...one, container: ended } : one)) }),
    );
    const mine = events.filter(({ container }) => container === id).map(({ what }) => what);
    expect(mine).toEqual(expect.arrayContaining(["create", "start", "kill", "die", "stop"]));
    expect(events.find(({ name, what }) => name === "ended" && what === "die")?.exitCode).toBe(7);
    expect(forgotBefore).toBeNull();
  });

  it("sees the file system of the data folder of an engine on this machine, and what takes it", async () => {
    const { path, fileSystem } = await bench.call(docker.dataFolder());
    expect(path).toContain("diagbot-docker-");
    expect(fileSystem?.size).toBeGreaterThan(0);
    expect(fileSystem?.usedRatio).toBeGreaterThan(0);
    expect((await bench.call(docker.space())).images).toBeGreaterThan(0);
  });

  it("restarts exactly the container that was decided on", async () => {
    await engine.run({
      name: "again",
      project: PROJECT,
      command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
    });
    const target = await targetOf("again");
    const call = docker.restartContainer({ ...target, graceSeconds: 2 });
    const { action, client, context } = bench.resolve(call);
    const write = action as WriteAction;
    const before = await bench.preview(call);
    expect(before.refused).toBeUndefined();
    expect(before.changes).toEqual([expect.stringContaining("restart container again")]);
    expect(await write.probe(client, call.input, before.witness, context)).toMatchObject({
      verdict: "not-done",
    });
    await bench.call(call);
    expect((await seen("again"))?.state).toBe("running");
    expect(await write.probe(client, call.input, before.witness, context)).toMatchObject({ verdict: "done" });
    const after = await bench.preview(call);
    expect(after.refused).toContain("started again");
    expect(write.drift?.(before.witness, after.witness)).toEqual([expect.stringContaining("last start")]);
    // The same call once more: the precondition is checked where the effect is.
    await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused" });
  });

  it("refuses a restart without time, of a protected container, and after three within an hour", async () => {
    const target = await targetOf("again");
    const call = docker.restartContainer({ ...target, graceSeconds: 10 });
    const { action, client, context } = bench.resolve(call);
    const hurried = { ...context, remainingMs: () => 3_000 };
    await expect(action.run(client, call.input, hurried)).rejects.toMatchObject({ code: "target_refused" });
    await engine.run({
      name: "kept",
      project: PROJECT,
      command: ["sleep", "600"],
      labels: { "diagbot.protected": "true" },
    });
    const kept = docker.restartContainer(await targetOf("kept"));
    expect((await bench.preview(kept)).refused).toContain("diagbot.protected");
    await expect(bench.call(kept)).rejects.toMatchObject({ code: "target_refused" });
    for (let times = 1; times < 3; times++)
      await bench.call(docker.restartContainer({ ...(await targetOf("again")), graceSeconds: 0 }));
    const fourth = await bench.preview(
      docker.restartContainer({ ...(await targetOf("again")), graceSeconds: 0 }),
    );
    expect(fourth.refused).toContain("3 times");
  });

  it("never touches the container diagbot runs in", async () => {
    const target = await targetOf("limited");
    const { action, client, context } = bench.resolve(docker.restartContainer(target));
    const inside = { ...(client as object), self: [target.container.slice(0, 12)] };
    const input = action.input.parse(target);
    expect((await (action as WriteAction).preview(inside, input, context)).refused).toContain(
      "diagbot itself",
    );
    await expect(action.run(inside, input, context)).rejects.toMatchObject({ code: "target_refused" });
  });

  it("lists the tasks of its own machine, and says that others of the swarm are not seen", async () => {
    const alone = benchAt(engine.socket, "swarmed");
    await engine.run({
      name: "shop_api.1.task",
      project: "swarmed",
      command: ["sleep", "600"],
      labels: { "com.docker.swarm.task.id": "t1" },
    });
    const listed = await alone.call(docker.containers());
    expect(listed.containers).toMatchObject([{ isTask: true }]);
    expect(listed.notSeen?.[0]?.what).toContain("on other nodes");
    expect((await bench.call(docker.containers())).notSeen).toBeUndefined();
    await alone.close();
  });

  it("starts what is stopped and resumes what is paused, once", async () => {
    const id = await engine.run({ name: "down", project: PROJECT, command: ["sleep", "600"] });
    await engine.api.getContainer(id).stop({ t: 0 });
    const start = docker.startContainer(await targetOf("down"));
    const { action, client, context } = bench.resolve(start);
    const write = action as WriteAction;
    const { witness } = await bench.preview(start);
    expect(await write.probe(client, start.input, witness, context)).toMatchObject({ verdict: "not-done" });
    await bench.call(start);
    expect(await write.probe(client, start.input, witness, context)).toMatchObject({ verdict: "done" });
    expect(await bench.preview(start)).toMatchObject({
      nothingToDo: expect.stringContaining("running again"),
    });
    await expect(bench.call(start)).rejects.toMatchObject({ code: "target_refused" });
    await engine.api.getContainer(id).pause();
    await bench.call(docker.startContainer(await targetOf("down")));
    expect((await seen("down"))?.state).toBe("running");
    await engine.api.getContainer(id).remove({ force: true });
    const gone = await bench.preview(start);
    expect(gone.nothingToDo).toContain("gone");
    expect(write.drift?.(witness, gone.witness)).toEqual([]);
    const error = await bench.call(start).catch((thrown: DiagError) => thrown);
    expect(error).toMatchObject({ code: "target_refused", detail: "404" });
  });
});
