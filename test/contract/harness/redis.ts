import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { keptName } from "../../../src/connectors/redis/put-away.ts";
import { redis } from "../../../src/sdk/index.ts";
import { startRedis, whyNoRedis } from "../../helpers/redis-server.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";

const PASSWORD = "quite-secret-77";
const WRONG = "wrong-secret-88";
const MIB = 1_048_576;

/** A real Redis with a password, declared a cache. */
export const harness: Harness = {
  missing: whyNoRedis(),
  start: async () => {
    const server = await startRedis(["--requirepass", PASSWORD, "--lua-time-limit", "50"]);
    const silent = await mute();
    const free = await nowhere();
    const app = new Redis(server.port, { password: PASSWORD });
    // A script that is killed reports it here.
    const other = new Redis(server.port, { password: PASSWORD });
    for (const one of [app, other]) one.on("error", () => {});
    const at = (password = PASSWORD, port = server.port) => ({
      url: `redis://:${password}@127.0.0.1:${port}`,
      role: "cache",
    });
    return {
      settings: at(),
      read: redis.serverState(),
      secrets: [PASSWORD, WRONG],
      failures: {
        unreachable: { settings: at(PASSWORD, free), code: "target_unreachable" },
        denied: { settings: at(WRONG), code: "target_auth" },
        "a first contact": {
          settings: at(PASSWORD, free),
          call: redis.checkConnection(),
          code: "target_unreachable",
        },
      },
      hang: { settings: at(PASSWORD, silent.port), begun: silent.connected },
      flood: async (open, context) => {
        await app.set("big", Buffer.alloc(64 * MIB, "x"));
        const client = open() as {
          use(context: unknown, work: (hands: Calls) => Promise<unknown>): Promise<unknown>;
        };
        return client.use(context, (hands) => hands.call("GET", "big")).finally(() => app.del("big"));
      },
      foreign: async (name, run) => {
        await app.flushall();
        await app.set(`diagbot-name:${name}`, "x".repeat(1_000));
        return run(redis.sampleKeys({ budgetMs: 2_000 }));
      },
      writes: writes(app, other),
      stop: async () => {
        for (const one of [app, other]) one.disconnect();
        await silent.close();
        await server.stop();
      },
    };
  },
};

interface Calls {
  call(command: string, ...words: string[]): Promise<unknown>;
}

function writes(app: Redis, other: Redis): Record<string, WriteCase> {
  const isBusy = () =>
    app.ping().then(
      () => false,
      (error: Error) => error.message.startsWith("BUSY"),
    );
  const free = async () => {
    await app.call("SCRIPT", "KILL").catch(() => {});
    await until(async () => !(await isBusy()));
  };
  const set = async (policy: string, bytes: number) => {
    await free();
    await app.flushall();
    await app.config("SET", "maxmemory-policy", policy);
    await app.config("SET", "maxmemory", bytes);
  };
  return {
    "redis.set-eviction-policy": {
      prepare: async () => {
        await set("noeviction", 256 * MIB);
        return redis.setEvictionPolicy({ policy: "allkeys-lru", from: "noeviction" });
      },
      spoil: () => app.config("SET", "maxmemory-policy", "volatile-ttl"),
    },
    "redis.set-maxmemory": {
      prepare: async () => {
        await set("allkeys-lru", 64 * MIB);
        return redis.setMaxmemory({ bytes: 128 * MIB, from: 64 * MIB });
      },
      spoil: () => app.config("SET", "maxmemory", 96 * MIB),
    },
    "redis.put-away-keys": {
      prepare: async () => {
        await set("noeviction", 256 * MIB);
        await app.set("zoho:access_token", "s3cret", "EX", 600);
        return redis.putAwayKeys({ pattern: "zoho:*", keys: ["zoho:access_token"] });
      },
      spoil: () => app.del("zoho:access_token"),
    },
    "redis.bring-back-keys": {
      prepare: async () => {
        await set("noeviction", 256 * MIB);
        const key = "zoho:access_token";
        const named = keptName(key);
        await app.set(named, "s3cret", "EX", 600);
        return redis.bringBackKeys({ moved: [{ key, kept: named, endsAt: null }] });
      },
      spoil: () => app.flushall(),
    },
    "redis.kill-script": {
      prepare: async () => {
        await free();
        other.call("EVAL", "while true do end", "0").catch(() => {});
        await until(isBusy);
        return redis.killScript();
      },
      spoil: free,
    },
    ...bullWrites(app, free),
  };
}

/** Queues as bullmq itself writes them. */
function bullWrites(app: Redis, free: () => Promise<void>): Record<string, WriteCase> {
  const where = { database: 0, prefix: "bull", name: "mails" };
  const queue = async <T>(work: (queue: Queue) => Promise<T>): Promise<T> => {
    const { host, port, password } = app.options;
    const open = new Queue(where.name, {
      connection: { host: host ?? "127.0.0.1", port: port ?? 6379, password: password ?? "" },
    });
    try {
      return await work(open);
    } finally {
      await open.close();
    }
  };
  const empty = async () => {
    await free();
    await app.config("SET", "maxmemory", 0);
    await app.config("SET", "maxmemory-policy", "noeviction");
    await app.flushall();
  };
  const failed = async (ids: readonly string[]) => {
    for (const id of ids) {
      const at = 1_700_000_000_000;
      await app.lrem("bull:mails:wait", 1, id);
      await app.zadd("bull:mails:failed", at, id);
      await app.hset(`bull:mails:${id}`, { finishedOn: at, processedOn: at, failedReason: "no", atm: 1 });
    }
    return ids.map((id) => ({ id, at: 1_700_000_000_000 }));
  };
  return {
    "redis.set-queue-paused": {
      prepare: async () => {
        await empty();
        await queue(async (one) => {
          await one.add("send", {});
          await one.pause();
        });
        return redis.setQueuePaused({ ...where, paused: false });
      },
      spoil: () => queue((one) => one.resume()),
    },
    "redis.retry-failed-jobs": {
      prepare: async () => {
        await empty();
        await queue((one) =>
          one.addBulk(["a", "b"].map((jobId) => ({ name: "send", data: {}, opts: { jobId } }))),
        );
        return redis.retryFailedJobs({ ...where, jobs: await failed(["a", "b"]) });
      },
      // Failed again meanwhile.
      spoil: () => app.zadd("bull:mails:failed", 1_700_000_009_000, "b"),
    },
    "redis.remove-job": {
      prepare: async () => {
        await empty();
        await queue((one) => one.add("send", { to: 17 }, { jobId: "a" }));
        return redis.removeJob({ ...where, id: "a" });
      },
      spoil: () => app.set("bull:mails:a:lock", "token"),
    },
  };
}
