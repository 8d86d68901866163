import { Queue } from "bullmq";
import { type Backend, workerOptions } from "./backend.ts";
import { PatientWorker } from "./patient-worker.ts";
import { createBackend } from "./postgres-backend.ts";

const connection = (connectionString: string, schema: string, max: number) => ({
  connectionString,
  schema,
  migrate: true,
  max,
  application_name: "diagbot-queue",
  keepAlive: true,
  connectionTimeoutMillis: 1_200,
  query_timeout: 10_000,
  statement_timeout: 8_000,
});

/** The queue in Postgres: its own schema, made at first use; the role needs CREATE on the database for that. */
export function postgresBackend(databaseUrl: string, schema: string): Backend {
  return {
    name: "postgres",
    async openQueue(kind) {
      const queue = new Queue(
        kind,
        { connection: connection(databaseUrl, schema, 2), streams: { events: { maxLen: 100 } } },
        createBackend,
      );
      queue.on("error", ignore);
      try {
        await queue.waitUntilReady();
      } catch (error) {
        // BullMQ remembers a failed start for ever, so this queue is of no use any more.
        await queue.close().catch(ignore);
        throw error;
      }
      return queue;
    },
    createWorker: (kind, process, settings) =>
      new PatientWorker(
        kind,
        process,
        {
          ...workerOptions(settings),
          connection: connection(databaseUrl, schema, Math.min(2 + settings.concurrency, 6)),
        },
        createBackend,
      ),
    // Every statement has a deadline and the pool replaces broken connections itself.
    reset: ignore,
    close: async () => {},
  };
}

// An idle connection that broke is replaced at the next use; the error is seen there.
const ignore = () => {};
