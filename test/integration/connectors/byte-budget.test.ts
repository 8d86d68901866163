import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgres } from "../../../src/connectors/postgres/client.ts";
import { openRedis } from "../../../src/connectors/redis/client.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { type RedisServer, startRedis, whyNoRedis } from "../../helpers/redis-server.ts";

const MIB = 1_048_576;
const context = () => ({
  signal: new AbortController().signal,
  timeoutMs: 60_000,
  connection: { name: "x", kind: "postgres" as const },
});
/** What the process holds outside of JavaScript's own heap: what drivers gather. */
const heldMiB = (): number => process.memoryUsage().arrayBuffers / MIB;
const tooLarge = { code: "output_too_large", message: expect.stringContaining("the connection was closed") };

describe("a Postgres that sends without end", () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase("byte_budget");
  });
  afterAll(() => database.drop());

  it.each([
    ["one value", "SELECT repeat('x', 200000000) AS value"],
    ["rows", "SELECT repeat('x', 1000) AS value FROM generate_series(1, 10000000)"],
  ])("is hung up on: %s", async (_what, statement) => {
    const client = openPostgres(database.url);
    try {
      const before = heldMiB();
      await expect(client.read(context(), (sql) => sql(statement))).rejects.toMatchObject(tooLarge);
      expect(heldMiB() - before).toBeLessThan(100);
      // The next step gets a session of its own, and what is small is answered.
      expect(await client.read(context(), (sql) => sql("SELECT 1 AS one"))).toEqual([{ one: 1 }]);
    } finally {
      await client.close();
    }
  });
});

describe.skipIf(whyNoRedis() !== undefined)("a Redis that sends without end", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    const app = new Redis(server.url);
    await app.setrange("large", 100 * MIB, "x");
    app.disconnect();
  });
  afterAll(() => server.stop());

  it.each(["use", "useOwn", "change"] as const)("is hung up on: %s", async (how) => {
    const client = openRedis(server.url);
    try {
      const before = heldMiB();
      const reading = client[how](context(), (redis) => redis.call("GET", "large"));
      await expect(reading).rejects.toMatchObject(tooLarge);
      expect(heldMiB() - before).toBeLessThan(100);
      expect(await client.use(context(), (redis) => redis.call("PING"))).toBe("PONG");
    } finally {
      await client.close();
    }
  });
});
