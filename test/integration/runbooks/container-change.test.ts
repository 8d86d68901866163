// Networks and limits of containers, on a real dockerd of the test's own.
import type { ContainerCreateOptions } from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { containerChange } from "../../../runbooks/docker/container-change.ts";
import { containerNetwork } from "../../../runbooks/docker/container-network.ts";
import * as docker from "../../../src/connectors/docker/actions.ts";
import { type PrivateEngine, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import type { Bench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { benchAt, containerOf, MIB, PROJECT, SECOND } from "./container-bench.ts";

const why = whyNoDocker();
/** Ends as soon as it is told to. */
const WAITS = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];
const NEEDS_DB = { "com.docker.compose.depends_on": "db:service_started:false" };

describe.skipIf(why !== undefined)(`containers changed on request (skipped: ${why ?? "no"})`, () => {
  let engine: PrivateEngine;
  let bench: Bench;
  beforeAll(async () => {
    engine = await startDocker();
    bench = benchAt(engine.socket);
  });
  afterEach(async () => {
    await engine.clear(PROJECT);
    await engine.clear("other");
    const left = await engine.api.listNetworks({ filters: { driver: ["bridge"] } });
    await Promise.all(left.map(({ Id }) => engine.api.getNetwork(Id).remove()));
  });
  afterAll(async () => {
    await bench?.close();
    await engine?.stop();
  });

  describe("container-network", () => {
    // Without a way out: nothing of the machine's network is touched but a bridge, which is removed after each test.
    const network = async (name: string, at: number, project = PROJECT): Promise<string> => {
      const IPAM = { Driver: "default", Config: [{ Subnet: `10.213.${at}.0/28` }] };
      const Labels = { "com.docker.compose.project": project, "com.docker.compose.network": "default" };
      return (await engine.api.createNetwork({ Name: name, Internal: true, Driver: "bridge", IPAM, Labels }))
        .id;
    };
    const on = (name: string, at: string, labels: Record<string, string> = {}, alias = name) => {
      const more: Partial<ContainerCreateOptions> = {
        NetworkingConfig: { EndpointsConfig: { [at]: { Aliases: [alias] } } },
      };
      const command = ["sleep", "600"];
      return engine.run({ name, project: PROJECT, command, host: { NetworkMode: at }, labels, more });
    };
    /** What the engine's own name server says within that container. */
    const finds = async (container: string, name: string): Promise<boolean> => {
      const exec = await engine.api.getContainer(container).exec({
        Cmd: ["busybox", "nslookup", name],
        AttachStdout: true,
      });
      const stream = await exec.start({});
      await new Promise((resolve) => stream.on("end", resolve).resume());
      return (await exec.inspect()).ExitCode === 0;
    };
    const ids = async () => (await bench.diagnose(containerNetwork)).findings.map(({ id }) => id);

    it("is silent where everybody is where it was made for; one on the machine's own network is no fault", async () => {
      await network("shop_default", 0);
      await on("db", "shop_default");
      const web = await on("web", "shop_default", NEEDS_DB);
      const host = { NetworkMode: "host" };
      await engine.run({
        name: "agent",
        project: PROJECT,
        command: ["sleep", "600"],
        host,
        labels: NEEDS_DB,
      });
      expect(await ids()).toEqual([]);
      expect(await finds(web, "db")).toBe(true);
    });

    it("a container taken from its network: connected once approved, found by its name again, and back", async () => {
      const id = await network("shop_default", 1);
      const db = await on("db", "shop_default");
      const web = await on("web", "shop_default", NEEDS_DB);
      await engine.api.getNetwork(id).disconnect({ Container: db });
      const diagnosis = await bench.diagnose(containerNetwork);
      // That both share no network follows from it, and is not a second fault.
      expect(diagnosis.findings.map((one) => one.id)).toEqual(["detached:db"]);
      expect(diagnosis.finding("detached:db").title).toBe("db is not on its network shop_default");
      expect(await finds(web, "db")).toBe(false);
      const applied = await diagnosis.apply("connect");
      expect(applied.previews[0]?.changes).toEqual([
        "connect container db to network shop_default, found there as db",
      ]);
      expect(applied.holds).toBe(true);
      expect(await finds(web, "db")).toBe(true);
      expect(await ids()).toEqual([]);
      await applied.undo();
      expect(await ids()).toEqual(["detached:db"]);
    });

    it("two that need each other on different networks; a name that is missing on the same one", async () => {
      await network("shop_back", 2);
      await network("shop_front", 3);
      await on("db", "shop_back");
      await on("web", "shop_front", NEEDS_DB);
      const { finding, findings, apply } = await bench.diagnose(containerNetwork);
      expect(findings.map(({ id }) => id)).toEqual(["apart:web"]);
      expect(finding("apart:web").because).toContain("web is on shop_front, db on shop_back");
      expect((await apply("connect")).holds).toBe(true);
      expect(await ids()).toEqual([]);
    });

    it("connected by hand without the service's name: said with the lines that give it one", async () => {
      await network("shop_default", 4);
      const labels = { "com.docker.compose.service": "db" };
      const db = await on("shop-db-1", "shop_default", labels, "store");
      const web = await on("web", "shop_default", NEEDS_DB);
      const { findings, advice } = await bench.diagnose(containerNetwork);
      expect(findings.map(({ id }) => id)).toEqual(["no-name:web:db"]);
      expect(advice("giveName")).toContain("docker network connect --alias db shop_default shop-db-1");
      expect(await finds(web, "db")).toBe(false);
      expect(await finds(web, "store")).toBe(true);
      expect(db).not.toBe(web);
    });

    it("removes a network of the project that nobody is on, and no other (trap compose-down-prune)", async () => {
      await network("shop_old", 5);
      await network("shop_stopped", 6);
      await network("other_default", 7, "other");
      const command = ["sleep", "600"];
      const host = { NetworkMode: "shop_stopped" };
      await engine.run({ name: "job", project: PROJECT, command, host, start: false });
      const diagnosis = await bench.diagnose(containerNetwork);
      expect(diagnosis.finding("unused-networks").title).toBe(
        "1 network of the project without a container: shop_old",
      );
      expect((await diagnosis.apply("removeUnused")).holds).toBe(true);
      const left = await engine.api.listNetworks({ filters: { driver: ["bridge"] } });
      expect(left.map(({ Name }) => Name).toSorted()).toEqual(["other_default", "shop_stopped"]);
    });

    it("what is protected is not offered", async () => {
      const id = await network("shop_default", 8);
      const db = await on("db", "shop_default", { "diagbot.protected": "true" });
      await engine.api.getNetwork(id).disconnect({ Container: db });
      const diagnosis = await bench.diagnose(containerNetwork);
      expect(diagnosis.findings).toHaveLength(1);
      expect((await diagnosis.apply("connect")).calls).toEqual([]);
    });
  });

  it("an engine that cannot be reached is neither healthy nor changed", async () => {
    const nowhere = benchAt("/nowhere/docker.sock");
    for (const [runbook, params] of [
      [containerNetwork, {}],
      [containerChange, { service: "worker", cpus: 1 }],
    ] as const) {
      const { seen, findings } = await nowhere.diagnose(runbook, params);
      expect(Object.values(seen).some((step) => !step.ok)).toBe(true);
      expect(findings.filter(({ remedies }) => remedies.includes("connect"))).toEqual([]);
      expect(findings.filter(({ remedies }) => remedies.includes("setLimits"))).toEqual([]);
    }
    await nowhere.close();
  });

  describe("container-change", () => {
    const worker = (host: object = {}) =>
      engine.run({ name: "worker", project: PROJECT, command: ["sleep", "600"], host });
    const limitsOf = async (id: string) => {
      const { HostConfig: host, State: state } = await engine.api.getContainer(id).inspect();
      return { memory: host.Memory, cpus: (host.NanoCpus ?? 0) / SECOND, startedAt: state.StartedAt };
    };

    it("says nothing where nothing is asked for, and what is known where nobody is meant", async () => {
      await worker();
      expect((await bench.diagnose(containerChange)).findings).toEqual([]);
      const { findings } = await bench.diagnose(containerChange, { service: "nobody", cpus: 1 });
      expect(findings.map(({ id, because }) => [id, because])).toEqual([["not-said", "Known are worker."]]);
    });

    it("a higher memory limit and a CPU limit, without a restart, and back to what was there", async () => {
      const id = await worker({ Memory: 32 * MIB });
      const before = await limitsOf(id);
      const asked = { service: "worker", memoryMiB: 64, cpus: 0.5 };
      const diagnosis = await bench.diagnose(containerChange, asked);
      expect(diagnosis.finding("limits-asked").remedies).toEqual(["setLimits", "write"]);
      const applied = await diagnosis.apply("setLimits");
      expect(applied.previews[0]?.changes[0]).toContain(
        "container worker: memory limit 32.0 MiB → 64.0 MiB, CPU limit none → 0.5",
      );
      expect(applied.holds).toBe(true);
      expect(await limitsOf(id)).toEqual({ ...before, memory: 64 * MIB, cpus: 0.5 });
      await applied.undo();
      const back = await limitsOf(id);
      expect(back).toMatchObject({ memory: 32 * MIB, startedAt: before.startedAt });
      // Where there was none the engine takes no zero: as many as the machine has is the same.
      expect(back.cpus).toBe((await engine.api.info()).NCPU);
    });

    it("a limit below what it holds is refused, as is one near the whole machine", async () => {
      // Files in memory count like programs: they cannot be given back.
      const command = ["sh", "-c", "head -c 40000000 /dev/zero > /dev/shm/held; sleep 600"];
      await engine.run({ name: "worker", project: PROJECT, command, host: { Memory: 256 * MIB } });
      const one = await until(async () => {
        const { usage } = await bench.call(docker.stats({ containers: ["worker"] }));
        return (usage[0]?.memory ?? 0) > 39_000_000 && containerOf(bench, "worker");
      });
      const { id, name, state, startedAt } = one;
      const target = { container: id, name, state, startedAt };
      const little = await bench.preview(docker.setLimits({ ...target, memory: 16 * MIB }));
      expect(little.refused).toContain("it would be killed");
      const most = await bench.preview(docker.setLimits({ ...target, memory: 2 ** 50 }));
      expect(most.refused).toContain("of the machine's");
      expect(
        (await bench.preview(docker.setLimits({ ...target, memory: 300 * MIB }))).refused,
      ).toBeUndefined();
    });

    const replica = (number: number, more: object = {}) =>
      engine.run({
        ...{ name: `${PROJECT}-worker-${number}`, project: PROJECT, command: WAITS },
        labels: {
          "com.docker.compose.service": "worker",
          "com.docker.compose.container-number": String(number),
        },
        ...more,
      });
    const numbers = async () => {
      const all = await engine.api.listContainers({ all: true });
      return all.map(({ Names: [name = ""] }) => name).toSorted();
    };

    it("trap compose-scale: two more containers of a service, made like the first, and taken away again", async () => {
      const first = await replica(1, { host: { Memory: 64 * MIB } });
      const diagnosis = await bench.diagnose(containerChange, { service: "worker", replicas: 3 });
      const applied = await diagnosis.apply("addReplicas");
      expect(applied.previews.map(({ refused }) => refused)).toEqual([undefined, undefined]);
      expect(applied.holds).toBe(true);
      expect(await numbers()).toEqual([1, 2, 3].map((at) => `/${PROJECT}-worker-${at}`));
      const [was, second] = await Promise.all(
        [first, `${PROJECT}-worker-2`].map((id) => engine.api.getContainer(id).inspect()),
      );
      expect(second?.HostConfig.Memory).toBe(was?.HostConfig.Memory);
      expect(second?.Config.Cmd).toEqual(was?.Config.Cmd);
      expect(second?.State.Running).toBe(true);
      // What runs went on.
      expect((await engine.api.getContainer(first).inspect()).State.StartedAt).toBe(was?.State.StartedAt);
      await applied.undo();
      expect(await numbers()).toEqual([`/${PROJECT}-worker-1`]);
    });

    it("trap compose-scale: one that publishes a fixed port is refused, and never fewer", async () => {
      const id = await replica(1);
      const { State } = await engine.api.getContainer(id).inspect();
      const target = { container: id, name: "worker", state: "running", startedAt: State.StartedAt };
      const call = (more: object) =>
        docker.addReplica({ ...target, service: "worker", number: 2, wanted: 2, ...more });
      expect((await bench.preview(call({ wanted: 50 }))).refused).toContain("more than the 10");
      expect((await bench.preview(call({ number: 1 }))).refused).toContain("a number 1 already");
      await replica(2);
      expect((await bench.preview(call({ number: 3 }))).refused).toContain(
        "2 replicas of worker run already",
      );
    });
  });
});
