import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostConfig } from "dockerode";
import type { Call } from "../../../src/core/words/action.ts";
import { docker } from "../../../src/sdk/index.ts";
import { type PrivateEngine, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { endlessly } from "../servers.ts";
import { networkCases } from "./docker-networks.ts";

const PROJECT = "contract";
const MIB = 1024 * 1024;
/** One CPU, as the engine counts. */
const CPU = 1_000_000_000;

/** A real dockerd of our own. */
export const harness: Harness = {
  missing: whyNoDocker(),
  start: async () => {
    const engine = await startDocker();
    const networks = networkCases(engine, PROJECT);
    const folder = mkdtempSync(join(tmpdir(), "diagbot-contract-"));
    const silent = createServer((socket) => socket.resume().on("error", () => {}));
    const flooding = createServer((socket) => endlessly(socket, "HTTP/1.1 200 OK\r\n\r\n"));
    const sockets = { silent: join(folder, "silent.sock"), flooding: join(folder, "flooding.sock") };
    await Promise.all([
      new Promise<void>((resolve) => silent.listen(sockets.silent, resolve)),
      new Promise<void>((resolve) => flooding.listen(sockets.flooding, resolve)),
    ]);
    return {
      settings: { socket: engine.socket, project: PROJECT },
      read: docker.containers(),
      secrets: [],
      failures: {
        unreachable: { settings: { socket: join(folder, "none.sock") }, code: "target_unreachable" },
        "not found": { call: docker.inspect({ container: "nowhere" }), code: "target_refused" },
      },
      hang: {
        settings: { socket: sockets.silent },
        begun: () => new Promise((resolve) => silent.once("connection", resolve)),
      },
      flood: (_open, _context, run) => run(docker.containers(), { socket: sockets.flooding }),
      foreign: async (name, run) => {
        await engine.clear(PROJECT);
        // No argument of a program holds a NUL.
        const said = name.replaceAll("\u0000", "");
        await engine.run({ name: "said", project: PROJECT, command: ["sh", "-c", 'echo "$1"', "x", said] });
        return until(async () => {
          const output = (await run(docker.logs({ containers: ["said"] }))) as {
            logs: { lines: string[] }[];
          };
          return (output.logs[0]?.lines.length ?? 0) > 0 && output;
        });
      },
      writes: { ...writes(engine), ...networks.writes },
      stop: async () => {
        for (const server of [silent, flooding]) server.close();
        // A bridge outlives its engine.
        await networks.clear().finally(engine.stop);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

function writes(engine: PrivateEngine): Record<string, WriteCase> {
  const waits = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
  const fresh = async (name: string, command: readonly string[], wanted: string, host: HostConfig = {}) => {
    await engine.clear(PROJECT);
    const id = await engine.run({ name, project: PROJECT, command, host });
    return until(async () => {
      const { State } = await engine.api.getContainer(id).inspect();
      return State.Status === wanted && { container: id, name, state: wanted, startedAt: State.StartedAt };
    });
  };
  /** One of a compose service as compose names and labels it. */
  const replica = async (number: number, isFresh = true) => {
    if (isFresh) await engine.clear(PROJECT);
    const name = `${PROJECT}-worker-${number}`;
    const labels = {
      "com.docker.compose.service": "worker",
      "com.docker.compose.container-number": String(number),
      "diagbot.added": "contract",
    };
    const container = await engine.run({ name, project: PROJECT, command: waits, labels });
    return until(async () => {
      const { State } = await engine.api.getContainer(container).inspect();
      return State.Status === "running" && { container, name, state: "running", startedAt: State.StartedAt };
    });
  };
  const containerOf = ({ input }: Call) =>
    engine.api.getContainer((input as { container: string }).container);
  return {
    "docker.restart-container": {
      prepare: async () =>
        docker.restartContainer({ ...(await fresh("again", waits, "running")), graceSeconds: 2 } as never),
      spoil: (call) => containerOf(call).restart({ t: 0 }),
    },
    "docker.start-container": {
      prepare: async () => {
        const target = await fresh("stopped", waits, "running");
        await engine.api.getContainer(target.container).stop({ t: 5 });
        return docker.startContainer({ ...target, state: "exited" } as never);
      },
      spoil: (call) => containerOf(call).start(),
    },
    "docker.add-replica": {
      prepare: async () => {
        const target = await replica(1);
        return docker.addReplica({ ...target, service: "worker", number: 2, wanted: 2 });
      },
      // Somebody else was faster: there is a number 2.
      spoil: () => replica(2, false),
    },
    "docker.remove-replica": {
      prepare: async () => {
        const { container, name } = await replica(1);
        return docker.removeReplica({ container, name });
      },
      spoil: (call) => containerOf(call).remove({ force: true }),
    },
    "docker.set-limits": {
      prepare: async () => {
        // With limits of its own: where there were none, the undo can give none again, as `leaves` says.
        const limits = { Memory: 32 * MIB, NanoCpus: 0.5 * CPU };
        const target = await fresh("limited", waits, "running", limits);
        return docker.setLimits({ ...target, memory: 64 * MIB, cpus: 0.25 });
      },
      spoil: (call) => containerOf(call).restart({ t: 0 }),
    },
  };
}
