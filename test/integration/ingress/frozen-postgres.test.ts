// A Postgres that is stopped, not gone: connections stay open and nothing answers. Every door still says so, soon.
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunId } from "../../../src/core/words/ids.ts";
import { createSweeper } from "../../../src/engine/sweeper.ts";
import { createStore, keepPulse, migrate, openPool, type Pool } from "../../../src/store/index.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { startPostgres } from "../../helpers/postgres-server.ts";
import { descendantsOf } from "../../helpers/processes.ts";
import { until } from "../../helpers/until.ts";
import { notification } from "./alert-fixtures.ts";
import { startSlackBench, textOf } from "./slack-bench.ts";
import { serveWebhook } from "./webhook-rig.ts";

/** Promised are 3 s; without the pulse it takes 10 s and more, so a slow machine cannot make this fail or pass. */
const SOON_MS = 7_000;

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let pool: Pool;
let pulse: { stop(): Promise<void> };
const family = () => [postgres.pid(), ...descendantsOf(postgres.pid())];
const signal = (name: "SIGSTOP" | "SIGCONT") => {
  for (const pid of family()) process.kill(pid, name);
};

beforeAll(async () => {
  postgres = await startPostgres();
  pool = openPool(postgres.url);
  await migrate(pool);
  pulse = keepPulse(pool, postgres.url);
});
afterAll(async () => {
  await pulse.stop();
  await pool.end();
  await postgres.stop();
});

async function soon<T>(work: Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await work;
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  return value;
}

test("every door says within seconds that the database does not answer, and nothing is stored later", async () => {
  const webhook = await serveWebhook(pool);
  const slack = await startSlackBench("http", pool);
  const { reader } = createStore(pool, () => {});
  expect((await webhook.deliver(notification([{ name: "before" }]))).status).toBe(200);
  const count = async () => (await pool.query("SELECT count(*)::int AS n FROM run")).rows[0].n;
  const runs = await count();
  signal("SIGSTOP");
  try {
    const flood = Array.from({ length: 20 }, (_, n) =>
      webhook.deliver(notification([{ name: `frozen-${n}` }], { groupKey: `{}:{n="${n}"}` })),
    );
    const answers = await soon(Promise.all(flood.map(async (answer) => (await answer).json())));
    for (const answer of answers) expect(answer).toMatchObject({ error: "store_unavailable" });
    await soon(expect(reader.run(RunId.parse(1))).rejects.toMatchObject({ code: "store_unavailable" }));
    for (const [text, words] of [
      ["orders", /does not answer|did not answer in time/],
      ["status", /does not answer|did not answer in time/],
    ] as const)
      expect(textOf(await soon(slack.slack.command("U0ALICE", "C0OPS", "/diag", text)))).toMatch(words);
  } finally {
    signal("SIGCONT");
  }
  await until(() =>
    pool.query("SELECT 1").then(
      () => true,
      () => false,
    ),
  );
  expect(await count()).toBe(runs);
  expect(
    (await pool.query("SELECT FROM alert_instance WHERE labels->>'instance' LIKE 'frozen%'")).rowCount,
  ).toBe(0);
  expect((await webhook.deliver(notification([{ name: "frozen-1" }]))).status).toBe(200);
  await slack.stop();
  await webhook.close();
});

test("a worker's sweep does not wait for ever for a database that is lost without a word, and goes on after it", async () => {
  const ours = openPool(postgres.url);
  const said: string[] = [];
  const sweeper = createSweeper({
    store: createStore(ours, () => {}).sweep,
    dispatcher: { dispatch: async () => {}, close: async () => {} },
    logger: createLogger({ level: "warn", destination: { write: (line) => void said.push(line) } }),
    worker: { id: "frozen", host: "here", pid: process.pid, version: "0" },
    everyMs: 50,
    staleMs: 60_000,
  });
  const beat = async () =>
    (await ours.query("SELECT beat_at FROM worker WHERE id = 'frozen'")).rows[0]?.beat_at?.getTime() ?? 0;
  sweeper.start();
  try {
    await until(async () => (await beat()) > 0);
    signal("SIGSTOP");
    try {
      // What a query may take at most is 10 s; without that limit only the signal below would end it.
      await until(() => said.some((line) => line.includes("sweep could not be made")));
    } finally {
      signal("SIGCONT");
    }
    const before = await until(() => beat().catch(() => 0));
    await until(async () => (await beat()) > before);
  } finally {
    await sweeper.stop();
    await ours.end();
  }
});

test("a database that is slow is waited for", async () => {
  const { rows } = await pool.query("SELECT pg_sleep(3), 7 AS n");
  expect(rows[0].n).toBe(7);
});
