import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { redisConnectivity } from "../../../runbooks/redis/redis-connectivity.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { bench, diagnose, endAll, endings, ids, open, start, words } from "./redis-bench.ts";

afterEach(endAll);

describe.skipIf(whyNoRedis() !== undefined)("redis-connectivity: who is in it, and what outlives it", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it("a note that demands ransom is an intrusion; a README and a price are none", async () => {
    const app = open(server.url);
    await app.mset("README", "Keys of the shop: see the wiki", "note", "BTC 93211", "WARNING", "stock low");
    expect(ids(await diagnose(redisConnectivity, server.url))).toEqual([]);
    await app.set("README", "All your data is backed up. You must pay 0.01 BTC to 1Boat to recover it");
    const run = await diagnose(redisConnectivity, server.url);
    expect(run.findings[0]?.title).toBe("Redis seems to be broken into: README holds a demand for ransom");
    expect(words(run)).not.toContain("1Boat");
    await app.flushall();
  });

  it("a public master that nobody named comes before the link that is down; one that is named does not", async () => {
    const replica = await start("--replicaof", "203.0.113.7", "6379");
    const run = await diagnose(redisConnectivity, replica.url);
    expect(ids(run)).toEqual(["warning unknown-master", "critical master-link-down"]);
    expect(run.advice("nameMaster")).toContain("is that address one of yours");
    const named = {
      cache: { kind: "redis", url: replica.url },
      other: { kind: "redis", url: "redis://203.0.113.7:6379" },
    };
    expect(ids(await bench(named, { redis: "cache" }).diagnose(redisConnectivity))).toEqual([
      "critical master-link-down",
    ]);
  });

  it("whom the ACL refuses is said with the right that is missing, never diagbot itself", async () => {
    const app = open(server.url);
    await app.call(
      "ACL",
      "SETUSER",
      "shop",
      "on",
      ">pw",
      "~cart:*",
      "+get",
      "+set",
      "+ping",
      "+info",
      "+select",
    );
    await app.call("ACL", "SETUSER", "watch", "on", ">pw", "+@all", "-config", "~*");
    expect(ids(await diagnose(redisConnectivity, server.url.replace("//", "//watch:pw@")))).toEqual([
      "info could-not-look",
    ]);
    const shop = open(server.url.replace("//", "//shop:pw@"));
    await shop.incr("cart:1").catch(() => {});
    await shop.get("mail:ann@example.org").catch(() => {});
    const run = await diagnose(redisConnectivity, server.url);
    expect(ids(run)).toEqual(["warning rights-missing"]);
    expect(run.advice("giveRights")).toMatch(/shop lacks (\+incr ~mail:\*|~mail:\* \+incr)\./);
    expect(words(run)).not.toContain("ann@");
    await app.call("ACL", "LOG", "RESET");
  });

  it("an alert about the age of the last save is answered by what is set and what has changed", async () => {
    const alert = { labels: { alertname: "RedisMissingBackup" }, annotations: {} };
    const asked = async (url: string, role: string) => {
      const made = openBench({
        connections: { cache: { kind: "redis", url, role } },
        connectors: [redisConnector],
        alert,
      });
      endings.push(() => made.close());
      return ids(await made.diagnose(redisConnectivity));
    };
    const app = open(server.url);
    await app.set("page:1", "x");
    expect(await asked(server.url, "cache")).toEqual(["info save-age"]);
    expect(await asked(server.url, "mixed")).toEqual(["warning nothing-saved"]);
    await app.config("SET", "appendonly", "yes");
    await until(async () => /aof_rewrite_in_progress:0/.test(await app.info("persistence")));
    expect(await asked(server.url, "mixed")).toEqual(["info save-age"]);
    expect(ids(await diagnose(redisConnectivity, server.url, "queue"))).toEqual([]);
  });

  it("Sentinels that are too few to fail over are said to be", async () => {
    const sentinel = async (quorum: number) => {
      const port = await freePort();
      const file = join(server.folder, `sentinel-${port}.conf`);
      writeFileSync(
        file,
        `port ${port}\nbind 127.0.0.1\ndir ${server.folder}\nsentinel monitor shop 127.0.0.1 ${server.port} ${quorum}\n`,
      );
      const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
      endings.push(() => child.kill("SIGKILL"));
      const app = open(`redis://127.0.0.1:${port}`);
      await until(async () => (await app.ping().catch(() => "")) === "PONG" || app.connect().catch(() => {}));
      return `redis://127.0.0.1:${port}`;
    };
    // On a machine that is busy a Sentinel may not answer all questions in time: then nothing is said of its quorum.
    const toldOf = async (quorum: number) => {
      const url = await sentinel(quorum);
      return until(async () => {
        const run = await diagnose(redisConnectivity, url);
        return run.findings[0]?.because.includes("usable Sentinels") && run;
      });
    };
    const lone = await toldOf(2);
    expect(ids(lone)[0]).toBe("critical sentinel-no-quorum");
    expect(lone.findings[0]?.because).toContain("NOQUORUM 1 usable Sentinels");
    const enough = await toldOf(1);
    expect(ids(enough)[0]).toBe("critical sentinel");
    expect(enough.findings[0]?.because).toContain("shop: OK 1 usable Sentinels");
  });
});
