import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { messageOf } from "../lib/thrown.ts";
import { type Backend, workerOptions } from "./backend.ts";
import { PatientWorker } from "./patient-worker.ts";

/** A producer must answer within 1.5 s, so a connection that is down longer than this is an error at once. */
const PATIENCE_MS = 1_200;
const reconnectDelay = (times: number): number => Math.min(50 * times, 1_000);

/** The queue in Redis: one connection for all dispatches, two of its own for every worker. */
export function redisBackend(url: string, prefix: string): Backend {
  let line: Line | undefined;
  return {
    name: "redis",
    async openQueue(kind) {
      line ??= openLine(url);
      await line.ready();
      const queue = new Queue(kind, {
        connection: line.client,
        prefix,
        // Nobody reads BullMQ's events; their stream would otherwise keep 10,000 of them.
        streams: { events: { maxLen: 100 } },
      });
      queue.on("error", ignore);
      await queue.waitUntilReady();
      const { client } = line;
      return {
        add: async (name, data, options) => {
          await line?.ready();
          return queue.add(name, data, options);
        },
        getWaitingCount: async () => {
          await line?.ready();
          return queue.getWaitingCount();
        },
        close: async () => {
          if (client.status === "ready") await queue.close();
        },
      };
    },
    createWorker: (kind, process, settings) =>
      new PatientWorker(kind, process, {
        ...workerOptions(settings),
        prefix,
        connection: {
          url,
          maxRetriesPerRequest: null,
          retryStrategy: reconnectDelay,
          connectTimeout: 5_000,
          keepAlive: 10_000,
        },
      }),
    reset: () => line?.client.disconnect(true),
    close: async () => {
      line?.client.disconnect();
      line = undefined;
    },
  };
}

interface Line {
  readonly client: Redis;
  /** Resolves once commands can be sent; rejects at once where Redis has been away for longer than our patience. */
  ready(): Promise<void>;
}

function openLine(url: string): Line {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 1_000,
    keepAlive: 10_000,
    retryStrategy: reconnectDelay,
  });
  let downSince: number | undefined = performance.now();
  let why = "connecting";
  client.on("error", (error: Error) => {
    why = messageOf(error);
  });
  client.on("ready", () => {
    downSince = undefined;
  });
  client.on("close", () => {
    downSince ??= performance.now();
  });
  return {
    client,
    ready: async () => {
      const patience = downSince === undefined ? PATIENCE_MS : PATIENCE_MS - (performance.now() - downSince);
      if (client.status === "ready") return;
      if (patience <= 0 || !(await becomesReady(client, patience))) throw new Error(`Redis: ${why}`);
    },
  };
}

function becomesReady(client: Redis, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (ready: boolean) => {
      clearTimeout(timer);
      client.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => finish(true);
    const timer = setTimeout(() => finish(false), withinMs);
    client.on("ready", onReady);
  });
}

// Errors of a shared connection are seen where it is used; BullMQ repeats them per queue.
const ignore = () => {};
