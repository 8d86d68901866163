import { consume } from "../../../helpers/amqp-consumer.ts";
import { keepDoing } from "../../../helpers/faults/redis.ts";
import { until } from "../../../helpers/until.ts";
import type { Keep } from "../../words.ts";
import { scenario } from "../../words.ts";

const QUEUE = "agent-requests";
const MESSAGES = 150;

export const noConsumer = scenario({
  id: "rabbitmq/no-consumer",
  items: ["sergas-agents.high-queue-depth"],
  needs: ["rabbitmq"],
  situation: "requests are put into the queue, and nobody takes them out",
  twin: "as many requests are worked off as they come",
  alert: {
    name: "RabbitmqTooManyMessagesInQueue",
    severity: "critical",
    summary: "Messages wait in a queue",
  },
  expect: { first: "no-consumer", remedy: "startConsumers" },
  place: ({ rabbitmq }) => {
    const path = `/queues/%2F/${QUEUE}`;
    const seen = async () =>
      (await rabbitmq.api("GET", path)) as { messages_ready?: number; consumers?: number };
    const queue = async (messages: number, keep: Keep): Promise<void> => {
      await rabbitmq.api("PUT", path, { durable: true });
      keep(() => rabbitmq.api("DELETE", path));
      await rabbitmq.publish(QUEUE, messages);
      await until(async () => (await seen()).messages_ready === messages);
    };
    const producer = (keep: Keep): void => keep(keepDoing(() => rabbitmq.publish(QUEUE, 1), 50));
    return {
      connections: { broker: { kind: "rabbitmq", url: rabbitmq.url } },
      labels: { queue: QUEUE },
      break: async (keep) => {
        await queue(MESSAGES, keep);
        producer(keep);
      },
      twin: async (keep) => {
        await queue(0, keep);
        const one = await consume(rabbitmq.amqpPort, rabbitmq.password, QUEUE, "ack");
        keep(() => one.close());
        await until(async () => (await seen()).consumers === 1);
        producer(keep);
        await until(() => one.delivered() > 5);
      },
    };
  },
});
