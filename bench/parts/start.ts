import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { descendantsOf } from "../../test/helpers/processes.ts";
import { openProduct, type ProductOptions } from "../../test/helpers/product.ts";
import { type Bench, query, slackEnvironment } from "../bench.ts";
import { startBaseline } from "../child.ts";
import { inTurn, type Row } from "../row.ts";

/** How soon it is there and what it needs while nothing happens, against a process with Bolt, BullMQ and a Postgres pool. */
export async function start(bench: Bench, options: ProductOptions & { folder: string }): Promise<Row[]> {
  const { redisUrl, databaseUrl, quick } = bench;
  const rows: Row[] = [
    {
      name: "diagbot --help",
      unit: "ms",
      ours: Math.min(...(await times(quick ? 1 : 5, () => help(options.folder)))),
      goal: { most: 250 },
      remark: "the fastest of five",
    },
  ];
  if (redisUrl === undefined) return rows;
  const bare = () =>
    startBaseline("bare-bot.mjs", {
      ...slackEnvironment(bench),
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
    });
  // With what the other parts left in theirs it would not be at rest.
  const product = openProduct({ ...options, databaseUrl: await emptyDatabase(databaseUrl) });
  const ready = await inTurn(
    quick ? 1 : 3,
    async () => {
      const begun = performance.now();
      const served = await product.serve("all", {}, "ready");
      const ms = performance.now() - begun;
      await served.stop();
      return ms;
    },
    async () => {
      const one = await bare();
      await one.stop();
      return one.readyMs;
    },
  );
  rows.push({
    name: "serve, until it is ready",
    unit: "ms",
    ours: ready.ours,
    baseline: { name: "bolt + bullmq + pg", value: ready.baseline },
    goal: { most: 1.5 },
  });
  const other = await bare();
  const served = await product.serve("all");
  try {
    const all = [served.pid, ...descendantsOf(served.pid)];
    rows.push(...(await atRest(all, other.pid, quick ? 1 : 30)));
  } finally {
    await product.close();
    await other.stop();
  }
  return rows;
}

async function emptyDatabase(url: string): Promise<string> {
  await query(url, "CREATE DATABASE bench_start");
  const own = new URL(url);
  own.pathname = "/bench_start";
  return own.href;
}

async function times(n: number, measure: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < n; i += 1) all.push(await measure());
  return all;
}

async function help(folder: string): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ["dist/src/main.js", "--help"], { cwd: folder, stdio: "ignore" });
  await once(child, "exit");
  return performance.now() - begun;
}

/** V8 tidies up after a start until about this is over. */
const SETTLED_AFTER = 2;

/** Memory and processor time of all processes while nobody asks anything. */
async function atRest(pids: readonly number[], bare: number, seconds: number): Promise<Row[]> {
  await wait(seconds * SETTLED_AFTER * 1_000);
  const before = sum(pids.map(ticksOf));
  await wait(seconds * 1_000);
  // Hundredths of a second, as Linux counts.
  const share = (sum(pids.map(ticksOf)) - before) / seconds;
  return [
    {
      name: `memory at rest, ${pids.length} processes`,
      unit: "MB",
      ours: sum(pids.map(megabytesOf)),
      baseline: { name: "bolt + bullmq + pg", value: megabytesOf(bare) },
      goal: { most: 2 },
    },
    {
      ...{ name: "processor at rest", unit: "% of a core", ours: share, goal: { most: 1 } },
      remark: `of ${seconds} s, ${seconds * SETTLED_AFTER} s after it was ready`,
    },
  ];
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** User and system time; fields 14 and 15 of Linux' stat. Behind the last bracket: a name may hold anything. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

const megabytesOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
