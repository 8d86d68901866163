import { createPostgresBackend, Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkQueue } from "../../../src/queue/check.ts";
import { type PostgresServer, startPostgres } from "../../helpers/postgres-server.ts";
import { queueContract } from "./contract.ts";

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

  it("says at start what keeps the queue from being made", async () => {
    expect(await checkQueue(place())).toEqual([]);
    const wrong = new URL(server.url);
    wrong.password = "wrong-password";
    const complaints = await checkQueue({ ...place(), databaseUrl: wrong.href });
    expect(complaints).toEqual([expect.stringContaining("password authentication failed")]);
    expect(complaints.join()).not.toContain("wrong-password");
  });
});
