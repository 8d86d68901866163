import { rabbitmq } from "../../../src/sdk/index.ts";
import { startRabbit, whyNoRabbit } from "../../helpers/rabbitmq-server.ts";
import { until } from "../../helpers/until.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const WRONG = "wrong-secret-88";

/** A real RabbitMQ with its management API. */
export const harness: Harness = {
  missing: whyNoRabbit(),
  start: async () => {
    const server = await startRabbit();
    const silent = await mute();
    const flooding = await endless('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"x":"');
    const free = await nowhere();
    const at = (port = server.port, password = server.password) => ({
      url: `http://diagbot:${password}@127.0.0.1:${port}`,
    });
    const queue = { vhost: "/", queue: "purged" };
    const filled = async (messages: number) => {
      await server.api("DELETE", "/queues/%2F/purged").catch(() => {});
      await server.api("PUT", "/queues/%2F/purged", { durable: true });
      await server.publish("purged", messages);
      await until(async () => (await depthOf()) === messages);
    };
    const depthOf = async () =>
      ((await server.api("GET", "/queues/%2F/purged")) as { messages_ready?: number }).messages_ready;
    return {
      settings: at(),
      read: rabbitmq.state(),
      secrets: [server.password, WRONG],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, WRONG), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(rabbitmq.state(), at(flooding.port)),
      foreign: async (name, run) => {
        const path = `/queues/%2F/${encodeURIComponent(name)}`;
        await server.api("PUT", path, { durable: true });
        try {
          return await run(rabbitmq.queues({ seconds: 1 }));
        } finally {
          // It drops line breaks of a name.
          await server.api("DELETE", path).catch(() => {});
        }
      },
      writes: {
        "rabbitmq.purge-queue": {
          notDoneIs: "unknown",
          prepare: async () => {
            await filled(3);
            return rabbitmq.purgeQueue(queue);
          },
          // Nothing is left to throw away.
          spoil: () => server.api("DELETE", "/queues/%2F/purged"),
        },
      },
      stop: async () => {
        await silent.close();
        await flooding.close();
        await server.stop();
      },
    };
  },
};
