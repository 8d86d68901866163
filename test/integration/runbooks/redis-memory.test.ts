import { Redis } from "ioredis";
import { describe, expect, it, type TestContext } from "vitest";
import { redisMemory } from "../../../runbooks/redis/redis-memory.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { fillRedis } from "../../helpers/faults/redis.ts";
import { startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const MIB = 1024 ** 2;

/** A cache of a test's own: what is waited for are rates, so the tests wait side by side. */
async function aCache({ onTestFinished }: TestContext) {
  const server = await startRedis();
  const app = new Redis(server.url);
  await app.config("SET", "maxmemory", 12 * MIB);
  const benches: Bench[] = [];
  onTestFinished(async () => {
    await Promise.all(benches.map((bench) => bench.close()));
    app.disconnect();
    await server.stop();
  });
  return {
    server,
    app,
    bench: (role = "cache"): Bench => {
      const made = openBench({
        connections: { cache: { kind: "redis", url: server.url, role } },
        connectors: [redisConnector],
      });
      benches.push(made);
      return made;
    },
    fillUp: (prefix: string) => fillRedis(app, prefix),
  };
}

describe.skipIf(whyNoRedis() !== undefined)("redis-memory", () => {
  it.concurrent("is silent on a cache with room that may evict, and on a queue with room that may not", async (context) => {
    const { app, bench } = await aCache(context);
    await app.config("SET", "maxmemory-policy", "allkeys-lru");
    await app.set("page:1", "x", "EX", 60);
    expect((await bench().diagnose(redisMemory)).findings).toEqual([]);
    await app.config("SET", "maxmemory-policy", "noeviction");
    await app.set("bull:mail:1", "x");
    expect((await bench("queue").diagnose(redisMemory)).findings).toEqual([]);
    expect((await bench("mixed").diagnose(redisMemory)).findings).toEqual([]);
  });

  it.concurrent("finds a cache whose entries never leave; one that evicts, and jobs, are none", async (context) => {
    const { app, bench } = await aCache(context);
    await app.config("SET", "maxmemory-policy", "volatile-lru");
    const fill = async (name: string) => {
      const pipeline = app.pipeline();
      for (let n = 0; n < 800; n++) pipeline.set(`${name}:${n}`, "x".repeat(7_000));
      await pipeline.exec();
    };
    await fill("bull:mail");
    for (let n = 0; n < 60; n++) await app.set(`page:${n}`, "x", "EX", 600 + n * 10);
    const ids = async () => (await bench().diagnose(redisMemory)).findings.map(({ id }) => id);
    expect(await ids()).not.toContain("never-leaves");
    await app.flushall();
    await fill("page");
    await app.set("session:1", "x", "EX", 600);
    const run = await bench().diagnose(redisMemory);
    expect(run.finding("never-leaves").title).toBe(
      "Cache entries never leave: 100 % have no TTL, and volatile-lru does not remove them",
    );
    expect(run.advice("giveTtl")).toContain("page:* first");
    await app.config("SET", "maxmemory-policy", "allkeys-lru");
    expect(await ids()).not.toContain("never-leaves");
  });

  it.concurrent("finds a full cache that refuses writes, sets the policy, sees writes accepted, and can undo it", async (context) => {
    const { app, bench, fillUp } = await aCache(context);
    await fillUp("page");
    const run = await bench().diagnose(redisMemory);
    const oom = run.finding("oom");
    expect(oom.severity).toBe("critical");
    expect(oom.title).toMatch(
      /^Redis refuses writes: 12\.\d MiB of 12\.0 MiB are used and the policy is noeviction, mostly by page:\*$/,
    );
    expect(oom.remedies).toEqual(["setPolicy", "raiseMaxmemory", "persistConfig", "makeRoom"]);
    expect(run.advice("makeRoom")).toContain("page:* holds most");
    const applied = await run.apply("setPolicy");
    expect(applied.previews[0]?.changes[0]).toContain(
      "CONFIG SET maxmemory-policy allkeys-lru (now noeviction",
    );
    expect(applied.holds).toBe(true);
    await app.set("page:new", "x".repeat(10_000));
    expect((await bench().diagnose(redisMemory)).findings).toEqual([]);
    await applied.undo();
    expect(await app.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "noeviction"]);
  });

  it.concurrent("raises the limit by what is used, and takes it back exactly", async (context) => {
    const { app, bench, fillUp } = await aCache(context);
    await fillUp("page");
    const run = await bench().diagnose(redisMemory);
    const applied = await run.apply("raiseMaxmemory");
    expect(applied.holds).toBe(true);
    expect(Number((await app.config("GET", "maxmemory"))[1])).toBeGreaterThanOrEqual(15 * MIB);
    await applied.undo();
    expect(await app.config("GET", "maxmemory")).toEqual(["maxmemory", String(12 * MIB)]);
  });

  it.concurrent("changes nothing where the role is not cache", async (context) => {
    const { bench, fillUp } = await aCache(context);
    await fillUp("page");
    const run = await bench("mixed").diagnose(redisMemory);
    expect(run.finding("oom").remedies).toEqual(["makeRoom"]);
    expect(run.advice("makeRoom")).toContain("is mixed, so diagbot changes neither limit nor policy");
    const applied = await run.apply("setPolicy");
    expect(applied.previews[0]?.refused).toContain("only a cache may lose keys");
    expect(applied.outputs).toEqual([]);
  });

  it.concurrent.for([
    ["bull:mail:12", "queue"],
    ["celery-task-meta-9c0f", "queue"],
    ["sess:9f86d081884c", "session"],
    ["zoho:refresh_token", "token"],
  ] as const)("refuses to let go of %s on what is declared a cache", async ([key, what], context) => {
    const { app, bench, fillUp } = await aCache(context);
    await app.set(key, "x");
    await fillUp("page");
    const run = await bench().diagnose(redisMemory);
    for (const remedy of ["setPolicy", "raiseMaxmemory"]) {
      const applied = await run.apply(remedy);
      expect(applied.previews[0]?.refused).toContain(`1 ${what} keys such as`);
      expect(applied.previews[0]?.refused).not.toContain("9f86d081884c");
    }
  });

  it.concurrent("finds protected keys in another database and streams under any name", async (context) => {
    const { server, bench } = await aCache(context);
    const other = new Redis(server.url, { db: 3 });
    await other.xadd("orders", "*", "a", "1");
    const refused = (
      await bench().preview({
        action: "redis.set-eviction-policy",
        input: { policy: "allkeys-lru", from: "noeviction" },
      })
    ).refused;
    expect(refused).toContain("1 queue keys such as orders");
    other.disconnect();
  });

  it.concurrent("refuses a limit below 1.1 x used, above the machine's share, and from another value", async (context) => {
    const { app, bench, fillUp } = await aCache(context);
    await fillUp("page");
    const limit = (bytes: number, from = 12 * MIB) =>
      bench().preview({ action: "redis.set-maxmemory", input: { bytes, from } });
    expect((await limit(12 * MIB + 1)).refused).toContain("below 1.1 x");
    expect((await limit(1024 ** 5)).refused).toContain("60 % of the machine");
    expect((await limit(64 * MIB, 5)).refused).toContain(`maxmemory is ${12 * MIB}, not 5`);
    expect((await limit(12 * MIB)).nothingToDo).toBeDefined();
    const late = bench().call({
      action: "redis.set-maxmemory",
      input: { bytes: 12 * MIB + 1, from: 12 * MIB },
    });
    await expect(late).rejects.toMatchObject({ code: "target_refused" });
    expect(await app.config("GET", "maxmemory")).toEqual(["maxmemory", String(12 * MIB)]);
  });

  it.concurrent("probes what happened after a crash", async (context) => {
    const { app, bench } = await aCache(context);
    const made = bench();
    const call = {
      action: "redis.set-eviction-policy",
      input: { policy: "allkeys-lru", from: "noeviction" },
    };
    const { action, client, context: hands } = made.resolve(call);
    const probe = () =>
      action.effect === "write"
        ? action.probe(client, call.input, null, hands)
        : Promise.reject(new Error("read"));
    expect((await probe()).verdict).toBe("not-done");
    await made.call(call);
    expect((await probe()).verdict).toBe("done");
    await app.config("SET", "maxmemory-policy", "volatile-ttl");
    expect((await probe()).verdict).toBe("unknown");
    await expect(made.call(call)).rejects.toMatchObject({ code: "target_refused" });
  });

  it.concurrent("explains OOM under volatile-lru by keys without TTL", async (context) => {
    const { app, bench, fillUp } = await aCache(context);
    await app.config("SET", "maxmemory-policy", "volatile-lru");
    await fillUp("page");
    const run = await bench().diagnose(redisMemory);
    expect(run.finding("oom").because).toContain("volatile-lru removes keys with a TTL only, and 0 of");
    expect((await run.apply("setPolicy")).holds).toBe(true);
  });

  it.concurrent("warns before it is full, and finds an eviction storm, big keys and a policy that endangers a queue", async (context) => {
    const { app, bench } = await aCache(context);
    await app.setrange("report:all", 9 * MIB, "x");
    const nearly = await bench("queue").diagnose(redisMemory, { bigKeyMiB: 2 });
    expect(nearly.findings.map(({ id }) => id).sort()).toEqual(["big-keys", "nearly-full"]);
    expect(nearly.finding("big-keys").because).toContain("report:all is a string");

    await app.config("SET", "maxmemory-policy", "allkeys-lru");
    let isWriting = true;
    const writing = (async () => {
      for (let n = 0; isWriting; n++) await app.set(`page:${n}`, "x".repeat(20_000));
    })();
    await until(async () => Number(/evicted_keys:(\d+)/.exec(await app.info("stats"))?.[1]) > 100);
    const storm = await bench().diagnose(redisMemory);
    expect(storm.finding("eviction-storm").title).toMatch(/^Redis evicts \d+ keys a second$/);
    expect(storm.finding("eviction-storm").severity).toBe("warning");
    expect((await bench("queue").diagnose(redisMemory)).finding("eviction-storm").severity).toBe("critical");
    expect((await bench("queue").diagnose(redisMemory)).finding("policy-unsuitable").remedies).toEqual([
      "keepNoEviction",
    ]);
    isWriting = false;
    await writing;
  });
});
