import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { redisConnectivity } from "../../../runbooks/redis/redis-connectivity.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const open: { bench: Bench; app: Redis; server: RedisServer }[] = [];

afterAll(async () => {
  for (const { bench, app, server } of open.splice(0)) {
    await bench.close();
    app.disconnect();
    await server.stop();
  }
});

/** A server of a test's own, with somebody who is logged in already. */
async function aServer(...options: string[]) {
  const server = await startRedis(options);
  const app = new Redis(server.url);
  await app.ping();
  const bench = openBench({
    connections: { cache: { kind: "redis", url: server.url } },
    connectors: [redisConnector],
  });
  open.push({ bench, app, server });
  return {
    app,
    server,
    ids: async () => (await bench.diagnose(redisConnectivity)).findings.map(({ id }) => id),
    bench,
  };
}

/** Far longer than a test lasts: what ends it is the test. */
const LONG_MS = 600_000;

describe.skipIf(whyNoRedis() !== undefined)("a Redis that was told to wait is not stuck", () => {
  it.concurrent("CLIENT PAUSE holds everything back, and is said to", async () => {
    const { app, bench, ids } = await aServer();
    expect(await ids()).toEqual([]);
    await app.call("CLIENT", "PAUSE", LONG_MS, "ALL");
    const run = await bench.diagnose(redisConnectivity);
    expect(run.findings.map(({ id }) => id)).toEqual(["paused"]);
    expect(run.findings[0]?.title).toContain("told to pause");
    expect(run.advice(run.findings[0]?.remedies?.[0] ?? "")).toContain("UNPAUSE waits");
  }, 60_000);

  it.concurrent("also where nobody can log in meanwhile", async () => {
    const { app, ids, server } = await aServer();
    await app.config("SET", "requirepass", "s3cret");
    expect(await ids()).toEqual(["auth"]);
    const bench = openBench({
      connections: { cache: { kind: "redis", url: server.url.replace("redis://", "redis://:s3cret@") } },
      connectors: [redisConnector],
    });
    await app.call("CLIENT", "PAUSE", LONG_MS, "ALL");
    const run = await bench.diagnose(redisConnectivity);
    await bench.close();
    expect(run.findings.map(({ id }) => id)).toEqual(["paused"]);
  }, 60_000);

  it.concurrent("a pause of writes only: reads are answered, and it is not healthy", async () => {
    const { app, bench, ids } = await aServer();
    await app.call("CLIENT", "PAUSE", LONG_MS, "WRITE");
    const run = await bench.diagnose(redisConnectivity);
    expect(run.findings.map(({ id }) => id)).toEqual(["paused-writes"]);
    expect(run.advice(run.findings[0]?.remedies?.[0] ?? "")).toContain("FAILOVER");
    await app.call("CLIENT", "UNPAUSE");
    expect(await ids()).toEqual([]);
    // What was asked has written nothing, then or now.
    expect(await app.dbsize()).toBe(0);
  }, 60_000);

  it.concurrent("one that stands still answers nothing: that stays what it is", async () => {
    const { server, ids } = await aServer();
    process.kill(server.pid(), "SIGSTOP");
    try {
      expect(await ids()).toEqual(["hang"]);
    } finally {
      process.kill(server.pid(), "SIGCONT");
    }
  }, 60_000);
});
