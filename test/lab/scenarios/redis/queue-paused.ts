import { Queue, Worker } from "bullmq";
import { until } from "../../../helpers/until.ts";
import { type Keep, scenario } from "../../words.ts";

const NAME = "mails";
const JOBS = 150;

export const queuePaused = scenario({
  id: "redis/queue-paused",
  items: ["sergas-agents.high-queue-depth"],
  needs: ["redis"],
  situation: "somebody paused a queue of BullMQ: jobs wait while its worker has nothing to do",
  twin: "as many jobs were put into the queue, and its worker has done them",
  alert: { name: "BullMQQueueBacklog", severity: "warning", summary: "Jobs wait in a queue" },
  expect: { first: "paused", remedy: "resume", apply: true },
  place: ({ redis }) => {
    const { hostname: host, port } = new URL(redis.url);
    const connection = { host, port: Number(port), maxRetriesPerRequest: null };
    const open = (undo: Keep): Queue => {
      const queue = new Queue(NAME, { connection });
      undo(() => queue.close());
      const worker = new Worker(NAME, async () => undefined, { connection });
      worker.on("error", () => {});
      undo(() => worker.close(true));
      return queue;
    };
    const fill = (queue: Queue) =>
      queue.addBulk(Array.from({ length: JOBS }, () => ({ name: "send", data: {} })));
    let shown: Queue | undefined;
    return {
      connections: { jobs: { kind: "redis", url: redis.url, role: "queue" } },
      break: async (undo) => {
        const queue = open(undo);
        shown = queue;
        await queue.pause();
        await fill(queue);
      },
      gone: async () => (await shown?.isPaused()) === false && (await shown?.getWaitingCount()) === 0,
      twin: async (undo) => {
        const queue = open(undo);
        await fill(queue);
        await until(async () => (await queue.getCompletedCount()) === JOBS);
      },
    };
  },
});
