import { createJobSource } from "../../../src/queue/source.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";

// A worker in a process of its own, so that it can be killed. Says which job it began, and that its loop runs; never ends a job.
const { QUEUE_PLACE = "{}" } = process.env;
const source = createJobSource({
  ...JSON.parse(QUEUE_PLACE),
  lockMs: 1_000,
  stalledCheckMs: 500,
  logger: createLogger({ level: "error" }),
});
source.work("run", 1, (id) => {
  process.stdout.write(`began ${id}\n`);
  return new Promise(() => {});
});
setInterval(() => process.stdout.write("the loop runs\n"), 100);
