import { writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it, type TestContext } from "vitest";
import { redisConnectivity } from "../../../runbooks/redis/redis-connectivity.ts";
import { redisHitRate } from "../../../runbooks/redis/redis-hit-rate.ts";
import { redisMemory } from "../../../runbooks/redis/redis-memory.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { testAuthority, whyNoOpenssl } from "../../helpers/certificates.ts";
import { freePort } from "../../helpers/ports.ts";
import { startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const MIB = 1024 ** 2;

const first = ({ findings }: Diagnosis): string => findings[0]?.title ?? "(silent)";

/** A server of a test's own: what is waited for are rates, so the tests wait side by side. */
async function aServer({ onTestFinished }: TestContext) {
  const server = await startRedis(["--enable-debug-command", "yes"]);
  const app = new Redis(server.url);
  const benches: Bench[] = [];
  const sockets: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(benches.map((bench) => bench.close()));
    app.disconnect();
    await server.stop();
  });
  return {
    server,
    app,
    sockets,
    diagnose: (
      runbook: Runbook,
      { url = server.url, role = "cache", seconds = 1 } = {},
    ): Promise<Diagnosis> => {
      const made = openBench({
        connections: { cache: { kind: "redis", url, role } },
        connectors: [redisConnector],
      });
      benches.push(made);
      return made.diagnose(runbook, { seconds });
    },
    used: async () => Number(/used_memory:(\d+)/.exec(await app.info("memory"))?.[1]),
  };
}

// Faults of the same kinds as in the runbooks' own tests, broken another way: the first title must name the cause.
describe.skipIf(whyNoRedis() !== undefined)("Redis broken in other ways", () => {
  it.concurrent("one giant key among many small ones fills it", async (context) => {
    const { app, diagnose, used } = await aServer(context);
    await app.call("DEBUG", "POPULATE", "30000", "page", "20");
    const items = Array.from({ length: 1000 }, () => "x".repeat(1000));
    for (let n = 0; n < 30; n++) await app.rpush("audit:all", ...items);
    await app.config("SET", "maxmemory", Math.ceil((await used()) * 0.98));
    const run = await diagnose(redisMemory);
    expect(first(run)).toMatch(
      /^Redis refuses writes: .* noeviction: one list, audit:all, takes [23]\d\.\d MiB$/,
    );
    expect(run.findings[0]?.remedies?.[0]).toBe("splitKeys");
    expect(run.advice("splitKeys")).toContain("audit:all (list, ");
  });

  it.concurrent("clients that do not read their answers fill it", async (context) => {
    const { server, app, sockets, diagnose } = await aServer(context);
    await app.set("blob", "x".repeat(4 * MIB));
    await app.config("SET", "maxmemory", 200 * MIB);
    for (let n = 0; n < 20; n++) {
      const socket = connect(server.port, "127.0.0.1");
      sockets.push(socket.on("error", () => {}).pause());
      socket.write("GET blob\r\n".repeat(3));
    }
    await until(async () => {
      const buffers = /mem_clients_normal:(\d+)/.exec(await app.info("memory"))?.[1];
      return Number(buffers) > 165 * MIB;
    });
    const run = await diagnose(redisMemory);
    expect(first(run)).toMatch(
      /^Redis (refuses writes|uses \d\d %).*: \d+(\.\d)? MiB are buffers of clients$/,
    );
    expect(run.findings[0]?.remedies?.[0]).toBe("slimClients");
  });

  it.concurrent("many small strings are said to be cheaper as hashes", async (context) => {
    const { app, diagnose, used } = await aServer(context);
    await app.call("DEBUG", "POPULATE", "120000", "user", "10");
    await app.config("SET", "maxmemory", Math.ceil((await used()) * 1.05));
    const run = await diagnose(redisMemory, { role: "queue" });
    expect(first(run)).toMatch(/^Redis uses 9\d % of maxmemory .*, mostly by user:\*$/);
    expect(run.advice("makeRoom")).toContain("as fields of hashes");
  });

  it.concurrent("memory freed by many deletes is not returned", async (context) => {
    const { app, diagnose } = await aServer(context);
    await app.call("DEBUG", "POPULATE", "600000", "old", "400");
    const script =
      "for i = ARGV[1], ARGV[2] do if i % 12 ~= 0 then redis.call('UNLINK', 'old:' .. i) end end return 1";
    for (let from = 0; from < 600_000; from += 50_000) await app.eval(script, 0, from, from + 49_999);
    const run = await until(async () => {
      const made = await diagnose(redisMemory);
      return made.findings.length > 0 ? made : undefined;
    });
    expect(first(run)).toMatch(/^Redis holds \d+ MiB of memory for \d+(\.\d)? MiB of data$/);
    expect(run.findings[0]?.remedies).toEqual(["defragment"]);
  });

  it.concurrent("writes need replicas that are not there", async (context) => {
    const { app, diagnose } = await aServer(context);
    await app.config("SET", "min-replicas-to-write", "1");
    const run = await diagnose(redisConnectivity);
    await app.config("SET", "min-replicas-to-write", "0");
    expect(first(run)).toMatch(/^Redis refuses writes on purpose: too few replicas are in step/);
  });

  it.skipIf(whyNoOpenssl() !== undefined)(
    "TLS where the URL says none, and none where it says TLS",
    { concurrent: true },
    async (context) => {
      const { server, diagnose } = await aServer(context);
      const authority = testAuthority();
      const { key, cert } = authority.issue(["IP:127.0.0.1"], -1, 30);
      authority.remove();
      const files = Object.entries({ key, cert }).flatMap(([name, text]) => {
        writeFileSync(join(server.folder, name), text);
        return [`--tls-${name}-file`, join(server.folder, name)];
      });
      const port = await freePort();
      const own = await startRedis(["--tls-port", String(port), "--tls-auth-clients", "no", ...files]);
      const wants = await diagnose(redisConnectivity, { url: `redis://127.0.0.1:${port}` });
      const speaksNone = await diagnose(redisConnectivity, { url: own.url.replace("redis:", "rediss:") });
      const unknown = await diagnose(redisConnectivity, { url: `rediss://127.0.0.1:${port}` });
      await own.stop();
      expect(first(wants)).toBe("Redis wants TLS, but the URL says redis://");
      expect(first(speaksNone)).toBe("Redis does not answer the TLS handshake");
      expect(speaksNone.findings).toHaveLength(1);
      expect(first(unknown)).toBe(
        "The TLS connection to Redis fails: its certificate is of an authority this machine does not know",
      );
    },
  );

  it.concurrent("a user who may not ask", async (context) => {
    const { server, app, diagnose } = await aServer(context);
    await app.acl("SETUSER", "blind", "on", ">pw", "~*", "+get");
    const url = server.url.replace("//", "//blind:pw@");
    for (const runbook of [redisConnectivity, redisMemory, redisHitRate])
      expect((await diagnose(runbook, { url })).findings).toMatchObject([
        { id: "could-not-look", severity: "info" },
      ]);
  });

  it.concurrent("a bot that may only read is no fault", async (context) => {
    const { server, app, diagnose } = await aServer(context);
    const may =
      "+info +config|get +client|list +ping +scan +memory|usage +slowlog|get +latency|latest +type +pttl +select".split(
        " ",
      );
    await app.acl("SETUSER", "reader", "on", ">pw", "~*", ...may);
    const url = server.url.replace("//", "//reader:pw@");
    await app.slowlog("RESET");
    for (const runbook of [redisConnectivity, redisMemory, redisHitRate])
      expect((await diagnose(runbook, { url, role: "queue", seconds: 1 })).findings).toEqual([]);
  });
});
