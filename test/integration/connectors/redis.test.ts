import { createServer, type Server } from "node:net";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const bench = (url: string): Bench =>
  openBench({ connections: { cache: { kind: "redis", url, role: "cache" } }, connectors: [redisConnector] });

const setPolicy = {
  action: "redis.set-eviction-policy",
  input: { policy: "allkeys-lru", from: "noeviction" },
};

describe("redis: a write that is cut off", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  it("is never said not to have happened, whatever the server tells the next client", async () => {
    const port = await freePort();
    let isDown = false;
    const info =
      "redis_version:7.0.0\r\nrole:master\r\nused_memory:900\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n";
    server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        const said = chunk.toString().toUpperCase();
        if (isDown) socket.write("-LOADING Redis is loading the dataset in memory\r\n");
        else if (said.includes("CONFIG")) {
          isDown = true;
          socket.destroy();
        } else if (said.includes("INFO")) socket.write(`$${info.length}\r\n${info}\r\n`);
        else socket.write("+OK\r\n");
      });
    });
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    const made = bench(`redis://127.0.0.1:${port}`);
    await expect(made.call(setPolicy)).rejects.toMatchObject({ code: "target_unreachable" });
    await expect(made.call({ action: "redis.server-state", input: {} })).rejects.toMatchObject({
      detail: "LOADING",
    });
    await made.close();
  });
});

describe.skipIf(whyNoRedis() !== undefined)("redis connector", () => {
  let server: RedisServer;
  let app: Redis;

  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.url);
  });
  afterAll(async () => {
    app.disconnect();
    await server.stop();
  });

  it("shares one connection between the steps of a stage, and leaves none behind", async () => {
    const made = bench(server.url);
    const ours = async () =>
      ((await app.client("LIST")) as string).split("\n").filter((line) => line.includes("name=diagbot"));
    await Promise.all([1, 2, 3, 4].map(() => made.call({ action: "redis.server-state", input: {} })));
    expect(await ours()).toHaveLength(1);
    await made.close();
    await until(async () => (await ours()).length === 0);
  });

  it("makes its connection again after it broke", async () => {
    const made = bench(server.url);
    await made.call({ action: "redis.server-state", input: {} });
    await app.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await until(() => made.call({ action: "redis.server-state", input: {} }).catch(() => undefined));
    await made.close();
  });

  it("asks about a write without writing", async () => {
    await app.flushall();
    const made = bench(server.url);
    expect(await made.call({ action: "redis.check-write", input: {} })).toEqual({ accepted: true });
    expect(await app.dbsize()).toBe(0);
    await made.close();
  });

  it("ends a step at cancel", async () => {
    const made = bench(server.url);
    const { action, client, context } = made.resolve({
      action: "redis.sample-rates",
      input: { seconds: 30 },
    });
    const cancel = new AbortController();
    const running = action.run(client, { seconds: 30 }, { ...context, signal: cancel.signal });
    cancel.abort();
    await expect(running).rejects.toMatchObject({ code: "aborted" });
    await made.close();
  });

  it("samples keys of all databases in bounded time, sizes in bytes, names masked", async () => {
    await app.flushall();
    const pipeline = app.pipeline();
    for (let n = 0; n < 2000; n++) pipeline.set(`user:profile:${n}`, "x", "EX", n % 2 === 0 ? 30 : 7200);
    pipeline.set("mail:ann@x.org", "x".repeat(5000));
    await pipeline.exec();
    const made = bench(server.url);
    const sample = await made.call<{
      looked: number;
      biggest: { key: string; bytes: number }[];
      ttl: Record<string, number>;
      prefixes: { prefix: string; keys: number }[];
    }>({ action: "redis.sample-keys", input: { budgetMs: 5000 } });
    expect(sample.looked).toBe(2001);
    expect(sample.biggest[0]).toMatchObject({ key: "mail:*" });
    expect(sample.biggest[0]?.bytes).toBeGreaterThan(5000);
    expect(sample.ttl).toEqual({ none: 1, underMinute: 1000, underHour: 0, longer: 1000 });
    expect(sample.prefixes).toContainEqual(expect.objectContaining({ prefix: "user:profile:*", keys: 2000 }));
    await made.close();
  });

  it("turns down CONFIG where the service leaves it out, with proof that nothing was set", async () => {
    const poor = await startRedis(["--rename-command", "CONFIG", ""]);
    const made = bench(poor.url);
    await expect(
      made.call({ action: "redis.set-maxmemory", input: { bytes: 512 * 1024 ** 2, from: 0 } }),
    ).rejects.toMatchObject({
      code: "target_refused",
      detail: "unknown-command",
    });
    await made.close();
    await poor.stop();
  });
});
