import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { redisConnectivity } from "../../../runbooks/redis/redis-connectivity.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const benches: Bench[] = [];
const servers: RedisServer[] = [];
const clients: Redis[] = [];
const doubles: Server[] = [];

// Each test has servers of its own, and waits for their rates and for limits of the client: side by side.
afterAll(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  for (const client of clients.splice(0)) client.disconnect();
  for (const double of doubles.splice(0)) double.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const start = async (...extra: string[]): Promise<RedisServer> => {
  const server = await startRedis(extra);
  servers.push(server);
  return server;
};

const open = (url: string): Redis => {
  const client = new Redis(url, { retryStrategy: () => null });
  client.on("error", () => {});
  clients.push(client);
  return client;
};

const benchOf = (url: string): Bench =>
  openBench({ connections: { cache: { kind: "redis", url } }, connectors: [redisConnector] });

const diagnose = (url: string, params: Record<string, unknown> = {}): Promise<Diagnosis> => {
  const bench = benchOf(url);
  benches.push(bench);
  return bench.diagnose(redisConnectivity, params);
};

const onlyFinding = async (url: string, id: string): Promise<Diagnosis> => {
  const run = await diagnose(url);
  expect(run.findings.map((finding) => finding.id)).toEqual([id]);
  expect(run.advice(run.findings[0]?.remedies?.[0] ?? "").length).toBeGreaterThan(40);
  return run;
};

/** Answers every command with the same line, as a proxy or a half-dead server does. */
async function double(reply: string): Promise<string> {
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const commands = chunk.toString().match(/\*\d+\r\n|PING\r\n$/g) ?? [];
      for (const _ of commands) socket.write(`-${reply}\r\n`);
    });
  });
  doubles.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return `redis://127.0.0.1:${port}`;
}

describe.concurrent("redis-connectivity: no server", () => {
  it("tells refused from an unknown name", async () => {
    await onlyFinding("redis://127.0.0.1:1", "refused");
    await onlyFinding("redis://no-such-host.invalid:6379", "dns");
  });

  it.each([
    ["LOADING Redis is loading the dataset in memory", "loading"],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "master-down"],
    ["CLUSTERDOWN Hash slot not served", "cluster"],
    ["DENIED Redis is running in protected mode", "protected-mode"],
    ["ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.", "quota"],
    ["no upstream host", "proxy"],
    ["ERR Connection refused", "proxy"],
  ])("understands %s", async (reply, id) => {
    await onlyFinding(await double(reply), id);
  });
});

describe.skipIf(whyNoRedis() !== undefined)("redis-connectivity", { concurrent: true }, () => {
  it("is silent on a healthy server, and finds it gone", async () => {
    const server = await start();
    expect((await diagnose(server.url)).findings).toEqual([]);
    await server.kill();
    await onlyFinding(server.url, "refused");
    await server.start();
    expect((await diagnose(server.url)).findings).toEqual([]);
  });

  it("finds missing and wrong passwords, and shows none", async () => {
    const server = await start("--requirepass", "right-password");
    await onlyFinding(server.url, "auth");
    const wrong = await onlyFinding(server.url.replace("redis://", "redis://:wrong-password@"), "auth");
    expect(JSON.stringify(wrong.findings)).not.toContain("password@");
    expect(JSON.stringify(wrong.findings)).not.toContain("wrong-password");
    expect((await diagnose(server.url.replace("redis://", "redis://:right-password@"))).findings).toEqual([]);
  });

  it("finds maxclients reached, and warns before it is", async () => {
    const server = await start("--maxclients", "12");
    for (let n = 0; n < 9; n++) await open(server.url).ping();
    // It holds a client as long as it is open.
    const bench = benchOf(server.url);
    const near = await bench.diagnose(redisConnectivity);
    expect(near.finding("clients-near-limit").remedies).toEqual(["freeClients"]);
    await bench.close();
    for (let n = 0; n < 3; n++)
      await open(server.url)
        .ping()
        .catch(() => {});
    await until(async () => (await diagnose(server.url)).findings.some(({ id }) => id === "max-clients"));
    await onlyFinding(server.url, "max-clients");
  });

  it("finds a stopped process by its silence", async () => {
    const server = await start();
    process.kill(server.pid(), "SIGSTOP");
    try {
      await onlyFinding(server.url, "hang");
    } finally {
      process.kill(server.pid(), "SIGCONT");
    }
    expect((await diagnose(server.url)).findings).toEqual([]);
  });

  it("finds the script that holds the server and ends it", async () => {
    const server = await start("--busy-reply-threshold", "100", "--lua-time-limit", "100");
    const endless = open(server.url)
      .eval("while true do end", 0)
      .catch((error: Error) => error.message);
    const run = await until(async () => {
      const made = await diagnose(server.url);
      return made.findings.some(({ id }) => id === "busy") ? made : undefined;
    });
    expect(run.finding("busy").remedies).toEqual(["killScript", "recover"]);
    expect((await run.apply("killScript")).holds).toBe(true);
    expect(await endless).toContain("killed by user");
    const after = await diagnose(server.url);
    expect(after.findings.map(({ id }) => id)).toEqual(["slow-commands"]);
    expect(after.finding("slow-commands").title).toContain("EVAL");
    expect((await run.apply("killScript")).previews[0]?.nothingToDo).toBeDefined();
  });

  it("never kills a script that has written", async () => {
    const server = await start("--busy-reply-threshold", "100", "--lua-time-limit", "100");
    open(server.url)
      .eval("redis.call('SET', KEYS[1], '1') while true do end", 1, "k")
      .catch(() => {});
    const run = await until(async () => {
      const made = await diagnose(server.url);
      return made.findings.some(({ id }) => id === "busy") ? made : undefined;
    });
    await expect(run.apply("killScript")).rejects.toMatchObject({
      code: "target_refused",
      detail: "UNKILLABLE",
    });
  });

  it("finds a replica where a master is expected, and a lost master", async () => {
    const master = await start();
    const replica = await start("--replicaof", "127.0.0.1", String(master.port));
    await until(async () => (await open(replica.url).info("replication")).includes("master_link_status:up"));
    // By itself no fault: what it is is said.
    const plain = await diagnose(replica.url);
    expect(plain.findings.map(({ id, severity }) => [id, severity])).toEqual([["replica", "info"]]);
    expect(plain.findings[0]?.title).toBe(
      `This is a read-only replica of 127.0.0.1:${master.port}, and its link is up`,
    );
    const well = await diagnose(replica.url, { replica: true });
    expect(well.findings).toEqual([]);
    // A step that errored without a finding would make the run "could not find out".
    expect(Object.values(well.seen).every(({ ok }) => ok)).toBe(true);
    // Somebody writes here and is refused: now it is one.
    const writer = open(replica.url);
    const writing = setInterval(() => writer.set("k", "1").catch(() => {}), 20);
    const wrong = await diagnose(replica.url);
    clearInterval(writing);
    expect(wrong.findings.map(({ id, severity }) => [id, severity])).toEqual([["read-only", "critical"]]);
    expect(wrong.advice("findMaster")).toContain(`127.0.0.1:${master.port}`);
    // Later: it was, and is not any more.
    const later = await diagnose(replica.url);
    expect(later.findings.map(({ id, severity }) => [id, severity])).toEqual([["read-only", "warning"]]);
    expect((await diagnose(master.url, { replica: true })).findings.map(({ id }) => id)).toEqual([
      "not-a-replica",
    ]);
    await master.kill();
    await until(async () =>
      (await open(replica.url).info("replication")).includes("master_link_status:down"),
    );
    const lost = await diagnose(replica.url, { replica: true });
    expect(lost.findings.map(({ id }) => id)).toEqual(["master-link-down"]);
  });

  it("finds slow commands without their values", async () => {
    const server = await start("--slowlog-log-slower-than", "0");
    const app = open(server.url);
    await app.set("user:profile:4711", "SECRET-VALUE");
    await app.debug("SLEEP", 0.15).catch(() => {});
    await app.eval(
      "local t = redis.call('TIME') local s = t[1] * 1000000 + t[2] repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] - s > 200000",
      0,
    );
    const run = await diagnose(server.url, { slowMs: 1 });
    const evidence = JSON.stringify(run.findings);
    expect(evidence).toContain("EVAL");
    expect(evidence).not.toContain("SECRET-VALUE");
    expect(evidence).not.toContain("4711");
  });

  const canMount = process.getuid?.() === 0 && process.platform === "linux";
  it.skipIf(!canMount)(
    "finds a server that cannot save and refuses writes (needs root for a small tmpfs)",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "diagbot-test-redis-"));
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
      try {
        const server = await start("--save", "3600", "1", "--dir", folder);
        const app = open(server.url);
        for (let n = 0; n < 50; n++)
          await app.set(`k:${n}`, Array.from({ length: 500 }, () => Math.random().toString(36)).join(""));
        await app.bgsave();
        await until(async () => (await app.info("persistence")).includes("rdb_last_bgsave_status:err"));
        const run = await onlyFinding(server.url, "misconf");
        expect(run.finding("misconf").title).toBe("Redis refuses writes: it cannot save to disk");
        await app.config("SET", "stop-writes-on-bgsave-error", "no");
        expect((await diagnose(server.url)).findings.map(({ id }) => id)).toEqual(["saving-fails"]);
        await server.kill();
      } finally {
        execFileSync("umount", [folder]);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
