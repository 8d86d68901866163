import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll } from "vitest";
import { redis } from "../../../src/sdk/index.ts";
import { type RedisServer, startRedis } from "../../helpers/redis-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

/** A Redis of the file's own with the queues of an application, emptied after every test. */
export interface QueueRig {
  readonly port: number;
  /** The application's own connection. */
  readonly app: Redis;
  /** diagbot as the server's only user. */
  readonly bench: Bench;
  /** Where an application connects. */
  connection(): { host: string; port: number; maxRetriesPerRequest: null };
  bull(name: string, prefix?: string): Queue;
  /** diagbot as that user, until the test ends. */
  benchAs(user: string): Bench;
  /** To be done when the test ends, last first. */
  atEnd(end: () => unknown): void;
}

/** To be called once, inside the `describe` that needs it. */
export function queueRig(): QueueRig {
  let server: RedisServer;
  let bench: Bench;
  let app: Redis;
  const endings: (() => unknown)[] = [];
  const benchAt = (url: string): Bench =>
    openBench({
      connections: { jobs: { kind: "redis", url, role: "queue" } },
      connectors: [redis.kind.connector].flatMap((one) => (one === undefined ? [] : [one])),
    });
  beforeAll(async () => {
    server = await startRedis();
    app = new Redis(server.port, { maxRetriesPerRequest: null });
    bench = benchAt(server.url);
  });
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
    await app.flushall();
  });
  afterAll(async () => {
    await bench?.close();
    app?.disconnect();
    await server?.stop();
  });
  const rig: QueueRig = {
    get port() {
      return server.port;
    },
    get app() {
      return app;
    },
    get bench() {
      return bench;
    },
    connection: () => ({ host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null }),
    bull: (name, prefix = "bull") => {
      const queue = new Queue(name, { connection: rig.connection(), prefix });
      endings.push(() => queue.close());
      return queue;
    },
    benchAs: (user) => {
      const own = benchAt(`redis://${user}@127.0.0.1:${server.port}`);
      endings.push(() => own.close());
      return own;
    },
    atEnd: (end) => void endings.push(end),
  };
  return rig;
}
