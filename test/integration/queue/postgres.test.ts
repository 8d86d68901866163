import { createServer } from "node:net";
import { createPostgresBackend, Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkQueue } from "../../../src/queue/check.ts";
import { STARTING_UP, shutDownAtLogin } from "../../helpers/postgres-last-words.ts";
import { type PostgresServer, startPostgres } from "../../helpers/postgres-server.ts";
import { until } from "../../helpers/until.ts";
import { listening } from "../../helpers/web-server.ts";
import { queueContract, workerProcess } from "./contract.ts";

// Its own server, because the contract stops and starts it.
describe("over Postgres", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  const place = () => ({ databaseUrl: server.url, prefix: "contract" });

  queueContract(() => ({
    place: place(),
    stopServer: () => server.pause(),
    startServer: () => server.start(),
    forge: async (name, data) => {
      const queue = new Queue(
        "run",
        { connection: { connectionString: server.url, schema: "contract_queue", migrate: true } },
        createPostgresBackend,
      );
      await queue.add(name, data);
      await queue.close();
    },
  }));

  it("leaves the worker's loop free while the server refuses, and does not ask without end", async () => {
    let refused = 0;
    const starting = await listening(
      createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(STARTING_UP));
        refused += 1;
      }),
    );
    const databaseUrl = `postgres://bot:bot@127.0.0.1:${starting.port}/bot`;
    const worker = workerProcess({ databaseUrl, prefix: "contract" });
    const turns = () => worker.said().split("the loop runs").length - 1;
    try {
      await until(() => refused > 0);
      const before = turns();
      await until(() => turns() >= before + 20);
      expect(refused).toBeLessThan(50);
    } finally {
      await worker.kill();
      await starting.close();
    }
  });

  for (const [which, spared] of [
    ["first connection", 0],
    ["connection it waits on", 1],
  ] as const)
    it(`goes on when the server is shut down the moment the worker's ${which} is logged in`, async () => {
      const front = await shutDownAtLogin(server.port, spared);
      const databaseUrl = server.url.replace(`:${server.port}`, `:${front.port}`);
      const worker = workerProcess({ databaseUrl, prefix: "last_words" });
      const turns = () => worker.said().split("the loop runs").length - 1;
      try {
        await until(() => turns() >= 1 && front.connections() > spared);
        const before = turns();
        await until(() => turns() >= before + 20 || worker.isGone());
        expect(worker.isGone()).toBe(false);
      } finally {
        await worker.kill();
        await front.close();
      }
    });

  it("says at start what keeps the queue from being made", async () => {
    expect(await checkQueue(place())).toEqual([]);
    const wrong = new URL(server.url);
    wrong.password = "wrong-password";
    const complaints = await checkQueue({ ...place(), databaseUrl: wrong.href });
    expect(complaints).toEqual([expect.stringContaining("password authentication failed")]);
    expect(complaints.join()).not.toContain("wrong-password");
  });
});
