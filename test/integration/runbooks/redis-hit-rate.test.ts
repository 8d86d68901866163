import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { redisHitRate } from "../../../runbooks/redis/redis-hit-rate.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { keepDoing as keepDoingIt } from "../../helpers/faults/redis.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

describe.skipIf(whyNoRedis() !== undefined)("redis-hit-rate", () => {
  let server: RedisServer;
  let app: Redis;
  let bench: Bench;
  let rest = async (): Promise<void> => {};

  const served = () => ({
    connections: { cache: { kind: "redis" as const, url: server.url, role: "cache" } },
    connectors: [redisConnector],
  });
  beforeAll(async () => {
    server = await startRedis(["--enable-debug-command", "yes"]);
    app = new Redis(server.url);
    bench = openBench(served());
  });
  beforeEach(async () => {
    await app.config("SET", "maxmemory", "0");
    await app.flushall();
  });
  afterEach(() => rest());
  afterAll(async () => {
    await bench.close();
    app.disconnect();
    await server.stop();
  });

  const keepDoing = (work: (n: number) => Promise<unknown>) => {
    rest = keepDoingIt(work);
  };
  const diagnose = (): Promise<Diagnosis> => bench.diagnose(redisHitRate, { seconds: 1 });

  it("is silent without traffic, whatever the counters of the past say", async () => {
    for (let n = 0; n < 200; n++) await app.get(`nothing:${n}`);
    const run = await diagnose();
    expect(run.findings).toEqual([]);
    expect(run.seen.rates).toMatchObject({ ok: true, value: { hitRatio: null, lifetimeHitRatio: 0 } });
  });

  it("is silent when lookups hit", async () => {
    await app.set("page:1", "x");
    keepDoing(() => app.get("page:1"));
    expect((await diagnose()).findings).toEqual([]);
  });

  it("finds lookups of what was never stored", async () => {
    await app.call("DEBUG", "POPULATE", "20000", "page", "10");
    keepDoing((n) => app.get(`page:${process.pid}-${n}`));
    const run = await diagnose();
    expect(run.finding("low-hit-rate").title).toBe(
      "0 % of cache lookups hit (below 70 %): what is asked for is not stored",
    );
    expect(run.finding("low-hit-rate").remedies).toEqual(["repairKeys"]);
    expect(run.advice("repairKeys")).toContain("page:* (");
  });

  it("after an alert ends once it is certain that few hit, and takes the whole time where they do or nobody has said so", async () => {
    const alerted = openBench({
      ...served(),
      alert: { labels: { alertname: "RedisLowHitRate" }, annotations: {} },
    });
    const seconds = async (on: Bench, most: number) => {
      const { rates } = (await on.diagnose(redisHitRate, { seconds: most })).seen;
      return rates?.ok === true ? (rates.value as { seconds: number }).seconds : undefined;
    };
    try {
      keepDoing((n) => app.get(`page:${process.pid}-${n}`));
      // Far longer than it takes: a machine that is slow has time enough to see it.
      expect(await seconds(alerted, 30)).toBeLessThan(29);
      expect(await seconds(bench, 2)).toBeGreaterThanOrEqual(2);
      await rest();
      await app.set("page:1", "x");
      keepDoing(() => app.get("page:1"));
      expect(await seconds(alerted, 2)).toBeGreaterThanOrEqual(2);
    } finally {
      await alerted.close();
    }
  });

  it("finds a cache that was flushed, restarted, or whose entries expired all at once", async () => {
    keepDoing((n) => app.get(`page:${n % 1000}`));
    const flushed = await diagnose();
    expect(flushed.finding("low-hit-rate").title).toMatch(/: the cache was flushed$/);
    expect(flushed.advice("warmCache")).toContain("-flushall");
    await app.config("RESETSTAT");
    expect((await diagnose()).finding("low-hit-rate").title).toMatch(/: the cache is empty since a restart$/);
    const pipeline = app.pipeline();
    for (let n = 0; n < 5_000; n++) pipeline.set(`page:${n}`, "x", "PX", 200);
    await pipeline.exec();
    await until(async () => (await app.dbsize()) === 0);
    const expired = await diagnose();
    expect(expired.finding("low-hit-rate").title).toMatch(
      /: the cache is empty, its entries expired together$/,
    );
    expect(expired.finding("low-hit-rate").remedies).toEqual(["warmCache"]);
  });

  it("finds entries that expire before they are read", async () => {
    keepDoing(async (n) => {
      await app.set(`page:${n}`, "x", "PX", 5);
      await app.get(`page:${n - 400}`);
    });
    const run = await diagnose();
    expect(run.finding("low-hit-rate").remedies).toEqual(["lengthenTtl"]);
    expect(run.finding("low-hit-rate").because).toMatch(/keys expired meanwhile/);
  });

  it("finds entries that are evicted before they are read", async () => {
    await app.config("SET", "maxmemory-policy", "allkeys-lru");
    await app.config("SET", "maxmemory", 4 * 1024 ** 2);
    const value = "x".repeat(20_000);
    keepDoing(async (n) => {
      await app.set(`page:${n}`, value);
      await app.get(`page:${n - 500}`);
    });
    const run = await diagnose();
    expect(run.finding("low-hit-rate").remedies).toEqual(["runRedisMemory"]);
    expect(run.finding("low-hit-rate").because).toMatch(/were evicted meanwhile/);
  });

  it("finds entries that will all expire at once; those that end apart, and jobs, are none", async () => {
    const fill = async (name: string, ttl: (n: number) => number) => {
      const pipeline = app.pipeline();
      for (let n = 0; n < 1_000; n++) pipeline.set(`${name}:${n}`, "x", "EX", ttl(n));
      await pipeline.exec();
    };
    await fill("bull:mail", () => 900);
    await fill("rate_limit:10.0.0", () => 900);
    await fill("page", (n) => 300 + n);
    expect((await diagnose()).findings).toEqual([]);
    await fill("feed", () => 3_600);
    const run = await diagnose();
    expect(run.finding("expire-together").title).toMatch(
      /^(50|51) % of the keys with a TTL expire within \d+ (s|ms), in (1 h|59 min)/,
    );
    expect(run.finding("expire-together").because).toContain("mostly feed:*");
    expect(run.advice("spreadTtl")).toContain("jitter");
  });

  it("says so when Redis cannot be asked", async () => {
    const gone = openBench({
      connections: { cache: { kind: "redis", url: "redis://127.0.0.1:1" } },
      connectors: [redisConnector],
    });
    const run = await gone.diagnose(redisHitRate, { seconds: 1 });
    expect(run.findings.map(({ id }) => id)).toEqual(["refused"]);
    await gone.close();
  });
});
