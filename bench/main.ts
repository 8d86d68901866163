// `npm run bench`: a real `serve --role all` (doors in one process, workers in another) with a Postgres and, where there is
// one, a Redis of its own. `-- --only storm` measures the storm alone. Slack is the local one: it and the senders of the load share the machine with the product.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startLocalSlack } from "../local/slack/server.ts";
import { build } from "../test/helpers/build.ts";
import { startPostgres } from "../test/helpers/postgres-server.ts";
import { openProduct } from "../test/helpers/product.ts";
import { startRedis, whyNoRedis } from "../test/helpers/redis-server.ts";
import { ackAtRest, ackUnderLoad, type Bench, diagnoses, warmUp, webhooks } from "./bench.ts";
import { machine } from "./machine.ts";
import { sayStorm, storm } from "./storm.ts";

const PER_SECOND = 10;
const SECONDS = 20;

const HELP = `npm run bench -- [--only storm] [--quick]

  --only   storm: the storm alone
  --quick  a small one, to see that it works: its figures say nothing`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help || (values.only !== undefined && values.only !== "storm")) {
  console.log(HELP);
  process.exit(values.help ? 0 : 64);
}
const { only } = values;
const STORM = values.quick
  ? { groups: 60, seconds: 6, criticalEvery: 20 }
  : { groups: 500, seconds: 60, criticalEvery: 20 };

console.log(machine());
const stops: (() => Promise<unknown>)[] = [];
try {
  const bench = await start();
  await warmUp(bench);
  if (only === undefined) await measure(bench);
  if (only === undefined || only === "storm") console.log(`\n${sayStorm(await storm(bench, STORM))}`);
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function start(): Promise<Bench> {
  const postgres = await startPostgres();
  stops.push(postgres.stop);
  const redis = whyNoRedis() === undefined ? await startRedis() : undefined;
  if (redis !== undefined) stops.push(redis.stop);
  console.log(`queue: ${redis === undefined ? "Postgres" : "Redis"}\n`);
  const slack = await startLocalSlack();
  stops.push(() => slack.stop());
  const folder = mkdtempSync(join(tmpdir(), "diagbot-bench-"));
  stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  await build(folder);
  const product = openProduct({
    installed: { folder, program: "dist/src/main.js" },
    databaseUrl: postgres.url,
    redisUrl: redis?.url,
    slack: { local: slack, mode: "http" },
    env: { BENCH_URL: postgres.url, LOG_LEVEL: "warn" },
    config: {
      slack: { channel: "C0OPS" },
      people: { alice: { slack: ["U0ALICE"], roles: ["oncall"] } },
      systems: {
        bench: {
          match: [{ job: "bench" }],
          connections: { postgres: { kind: "postgres", url: "${BENCH_URL}" } },
        },
      },
    },
  });
  stops.push(() => product.close());
  return { slack, product, served: await product.serve("all"), databaseUrl: postgres.url };
}

async function measure(bench: Bench): Promise<void> {
  console.log(`/diag status, one at a time        ${await ackAtRest(bench, 200)}`);
  console.log(
    `/diag run, ${PER_SECOND} a second for ${SECONDS} s    ${await ackUnderLoad(bench, PER_SECOND, SECONDS)}`,
  );
  console.log(`pg-pool-exhausted, row to end      ${await diagnoses(bench, "pg-pool-exhausted", 1)}`);
  const small = await webhooks(bench, { job: "nobodys", notifications: 500, alerts: 1, peers: 4 });
  console.log(`webhook, groups of 1, 4 senders    ${small.sample}  ${small.perSecond.toFixed(0)} a second`);
  const large = await webhooks(bench, { job: "nobodys", notifications: 40, alerts: 1000, peers: 4 });
  console.log(`webhook, groups of 1000, 4 senders ${large.sample}  ${large.perSecond.toFixed(1)} a second`);
  const storm = await webhooks(bench, { job: "bench", notifications: 300, alerts: 1, peers: 4 });
  console.log(`the same, every group a run        ${storm.sample}  ${storm.perSecond.toFixed(0)} a second`);
  console.log(`service-health, row to end         ${await diagnoses(bench, "service-health")}`);
}
