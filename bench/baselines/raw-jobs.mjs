// What a job costs that does nothing: BullMQ's queue and worker, so many at once as a worker of diagbot has runs in hand.
import { Queue, Worker } from "bullmq";

const connection = { url: process.env.REDIS_URL };
const queue = new Queue("bench-raw", { connection });
const worker = new Worker("bench-raw", async () => {}, { connection, concurrency: 10 });
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
process.on("message", async (jobs) => {
  const begun = performance.now();
  const done = new Promise((resolve) => {
    let left = Number(jobs);
    worker.on("completed", () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
  for (let n = 0; n < Number(jobs); n += 1) await queue.add("job", { n });
  await done;
  worker.removeAllListeners("completed");
  process.send?.({ ms: performance.now() - begun });
});
process.send?.("ready");
