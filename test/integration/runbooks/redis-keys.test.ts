import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { redisKeys } from "../../../runbooks/redis/redis-keys.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { keptName } from "../../../src/connectors/redis/put-away.ts";
import { redis } from "../../../src/sdk/index.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

describe.skipIf(whyNoRedis() !== undefined)("redis-keys", () => {
  let server: RedisServer;
  let app: Redis;
  const benches: Bench[] = [];

  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.url);
  });
  afterEach(async () => {
    await Promise.all(benches.splice(0).map((bench) => bench.close()));
    await app.flushall();
  });
  afterAll(async () => {
    app.disconnect();
    await server.stop();
  });
  const open = () => {
    const made = openBench({
      connections: { cache: { kind: "redis", url: server.url } },
      connectors: [redisConnector],
    });
    benches.push(made);
    return made;
  };
  const diagnose = (params = {}) => open().diagnose(redisKeys, params);
  const evidence = (found: unknown) => JSON.stringify(found);

  it("shows a user's counter and when it begins anew; a window and a bucket by their entries", async () => {
    await app.set("rate_limit:u42", "17", "EX", 50);
    await app.zadd("rate_limit:u43", 1, "a", 2, "b");
    await app.expire("rate_limit:u43", 50);
    await app.set("other:u42", "99");
    const run = await diagnose({ pattern: "rate_limit:*" });
    expect(run.findings.map(({ id, severity }) => [id, severity])).toEqual([["keys", "info"]]);
    expect(run.findings[0]?.title).toBe("2 keys fit rate_limit:*");
    expect(evidence(run.findings[0]?.evidence)).toMatch(/rate_limit:u42.*17.*50 s.*rate_limit:u43.*zset.*2/);
    const one = await diagnose({ pattern: "rate_limit:u42" });
    expect(one.findings[0]?.title).toBe("1 key fits rate_limit:u42");
    expect((await diagnose({ pattern: "rate_limit:u44" })).findings).toEqual([]);
  });

  it("one without an end is the fault, one with it is none", async () => {
    await app.set("rate_limit:u1", "100");
    await app.set("rate_limit:u2", "100", "EX", 50);
    const run = await diagnose();
    expect(run.finding("limit-without-end").title).toContain("rate_limit:u1 stands at 100");
    const applied = await run.apply("putAway");
    expect(applied.calls).toMatchObject([{ input: { keys: ["rate_limit:u1"] } }]);
    expect(await app.exists("rate_limit:u1", "rate_limit:u2")).toBe(1);
    expect((await diagnose()).findings.map(({ id }) => id)).toEqual(["keys"]);
  });

  it("no value but a number is shown, wherever it would be", async () => {
    await app.set("zoho:access_token", "1000.s3cret");
    await app.hset("zoho:client", "password", "hunter2");
    await app.set("zoho:long", "1".repeat(40));
    const run = await diagnose({ pattern: "zoho:*", putAway: true });
    const applied = await run.apply("putAway");
    expect(evidence([run, applied])).not.toMatch(/s3cret|hunter2|1{17}/);
    expect(run.advice("logInAgain")).toContain("refresh token is not");
  });

  it("puts tokens away and brings back exactly what was there, with its end", async () => {
    await app.set("zoho:access_token", "old", "EX", 1000);
    await app.set("zoho:{eu}:token", "eu");
    const run = await diagnose({ pattern: "zoho:*", putAway: true });
    const applied = await run.apply("putAway");
    expect(applied.holds).toBe(true);
    expect(applied.previews[0]?.changes.at(-1)).toBe(
      "2 keys of 2 that fit zoho:*; kept for a day as diagbot:kept:…",
    );
    expect(await app.keys("zoho:*")).toEqual([]);
    expect(await app.ttl(keptName("zoho:{eu}:token"))).toBeGreaterThan(86_000);
    // The application has made one anew meanwhile: that one stays.
    await app.set("zoho:{eu}:token", "new");
    await applied.undo();
    expect(await app.get("zoho:access_token")).toBe("old");
    expect(await app.ttl("zoho:access_token")).toBeGreaterThan(900);
    expect(await app.get("zoho:{eu}:token")).toBe("new");
  });

  it("refuses what cannot be had again, and what is more than was named", async () => {
    const refused = async (...keys: string[]) =>
      (await open().preview(redis.putAwayKeys({ pattern: "app:*", keys }))).refused;
    await app.set("app:refresh_token", "r");
    await app.set("app:session:1", "s");
    await app.rpush("app:queue:mails", "m");
    await app.set("app:lock", "l");
    await app.set("app:big", "x".repeat(2_000_000));
    expect(await refused("app:refresh_token")).toMatch(/looks like a refresh token/);
    expect(await refused("app:session:1")).toMatch(/looks like a session/);
    expect(await refused("app:queue:mails")).toMatch(/looks like a queue/);
    expect(await refused("app:lock")).toMatch(/looks like a lock/);
    expect(await refused("app:big")).toMatch(/larger than 1 MiB/);
    for (let n = 0; n < 60; n++) await app.set(`page:${n}`, "x");
    const many = await diagnose({ pattern: "page:*", putAway: true });
    expect(many.finding("keys").remedies).toEqual(["narrow"]);
    expect((await many.apply("putAway")).calls).toEqual([]);
    for (const pattern of ["*", "ab*", "abc[a]", "abc\\\\*"])
      expect(redisKeys.params.safeParse({ pattern }).success, pattern).toBe(false);
  });
});
