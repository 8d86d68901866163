// `npm run bench`: what the product costs as ratios, each against the least that does the same job, measured in turn in the same
// run. A real `serve` with a Postgres and, where there is one, a Redis of its own; Slack is the local one. All of them and the
// senders of the load share the machine.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startLocalSlack } from "../local/slack/server.ts";
import { build } from "../test/helpers/build.ts";
import { startPostgres } from "../test/helpers/postgres-server.ts";
import { openProduct, type ProductOptions } from "../test/helpers/product.ts";
import { startRedis, whyNoRedis } from "../test/helpers/redis-server.ts";
import type { Bench } from "./bench.ts";
import { machine } from "./machine.ts";
import { writePack } from "./pack.ts";
import { commands } from "./parts/commands.ts";
import { diagnosis, steps } from "./parts/diagnosis.ts";
import { growth } from "./parts/growth.ts";
import { start } from "./parts/start.ts";
import { rowsOf, STORM_CHANNEL, storm } from "./parts/storm.ts";
import { webhooks } from "./parts/webhooks.ts";
import { workers } from "./parts/workers.ts";
import { isMet, type Row, ratioOf, sayRow } from "./row.ts";

const PARTS = [
  ...(["webhooks", "commands", "diagnosis", "steps"] as const),
  ...(["storm", "workers", "growth", "start"] as const),
] as const;
type Part = (typeof PARTS)[number];

const HELP = `npm run bench -- [--only <part>]… [--quick] [--json]

  --only   one of ${PARTS.join(", ")}; may be given more than once
  --quick  a small one, to see that it works: its figures say nothing
  --json   one JSON document instead of lines`;

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const isPart = (word: string): word is Part => PARTS.some((part) => part === word);
if (values.help || !values.only.every(isPart)) {
  console.log(HELP);
  process.exit(values.help ? 0 : 64);
}
const wanted = new Set<Part>(values.only.length === 0 ? PARTS : values.only.filter(isPart));
const STORM = values.quick
  ? { groups: 60, seconds: 6, criticalEvery: 20 }
  : { groups: 500, seconds: 60, criticalEvery: 20 };

const CHANNELS = [
  { id: "C0OPS", name: "ops" },
  { id: STORM_CHANNEL, name: "storm" },
];

const stops: (() => Promise<unknown>)[] = [];
const rows: Row[] = [];
const say = (line: string) => {
  if (!values.json) console.log(line);
};
const note = (more: readonly Row[]) => {
  rows.push(...more);
  for (const row of more) say(sayRow(row));
};

try {
  say(machine());
  const { bench, options } = await prepare();
  say(
    `queue: ${bench.redisUrl === undefined ? "Postgres; what is compared with BullMQ is left out" : "Redis"}\n`,
  );
  if (wanted.has("commands")) note(await commands(bench));
  if (wanted.has("webhooks")) note(await webhooks(bench));
  if (["diagnosis", "steps", "storm"].some((part) => isPart(part) && wanted.has(part))) {
    const worker = await bench.startWorker();
    if (wanted.has("diagnosis")) note(await diagnosis(bench));
    if (wanted.has("steps")) note(await steps(bench));
    if (wanted.has("storm")) note(rowsOf(await storm(bench, STORM)));
    await worker.stop();
  }
  if (wanted.has("workers")) note(await workers(bench));
  await bench.doors.stop();
  if (wanted.has("growth")) note(await growth(bench.databaseUrl, bench.quick));
  if (wanted.has("start")) note(await start(bench, options));
  if (values.json)
    console.log(
      JSON.stringify({
        machine: machine(),
        quick: values.quick,
        rows: rows.map((row) => ({ ...row, ratio: ratioOf(row), met: isMet(row) })),
      }),
    );
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function prepare(): Promise<{ bench: Bench; options: ProductOptions & { folder: string } }> {
  const postgres = await startPostgres();
  stops.push(postgres.stop);
  const redis = whyNoRedis() === undefined ? await startRedis() : undefined;
  if (redis !== undefined) stops.push(redis.stop);
  const slack = await startLocalSlack({ channels: CHANNELS });
  stops.push(() => slack.stop());
  const folder = mkdtempSync(join(tmpdir(), "diagbot-bench-"));
  stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  await build(folder);
  const options = {
    folder,
    installed: { folder, program: "dist/src/main.js" },
    databaseUrl: postgres.url,
    redisUrl: redis?.url,
    slack: { local: slack, mode: "http" as const },
    env: { BENCH_URL: postgres.url, LOG_LEVEL: "warn" },
    config: {
      slack: { channel: "C0OPS" },
      runbooks: [writePack(folder)],
      // One member asks for everything here.
      limits: { commandsPerMinute: 100_000 },
      people: { alice: { slack: ["U0ALICE"], roles: ["oncall"] } },
      systems: {
        bench: {
          match: [{ job: "bench" }],
          channel: STORM_CHANNEL,
          connections: { postgres: { kind: "postgres", url: "${BENCH_URL}" } },
        },
      },
    },
  };
  const product = openProduct(options);
  stops.push(() => product.close());
  const bench: Bench = {
    slack,
    product,
    doors: await product.serve("ingress", {}, "ready"),
    startWorker: () => product.serve("worker", {}, "ready"),
    databaseUrl: postgres.url,
    redisUrl: redis?.url,
    quick: values.quick,
  };
  return { bench, options };
}
