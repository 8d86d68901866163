import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../../helpers/until.ts";
import { type Bench, openBench } from "./bench.ts";

const MESSAGES = 1_200;
/** A post a second is what each channel may have: with fewer channels the test would wait for that. */
const CHANNEL_COUNT = 100;
const PATIENCE_MS = 400_000;
/** Answered posts after which each sender in turn is killed. */
const DIES_AFTER = [40, 150, 1, 200, 90, 300, 2, 250];
const CHANNELS = Array.from({ length: CHANNEL_COUNT }, (_, index) => `C0KILL${index}`);
const PROGRAM = fileURLToPath(new URL("./sender-process.ts", import.meta.url));

let bench: Bench;
let databaseUrl: string;
let last: ChildProcess | undefined;

beforeEach(async () => {
  bench = await openBench("killed", { channels: CHANNELS.map((id) => ({ id, name: id.toLowerCase() })) });
  databaseUrl = bench.databaseUrl;
});
afterEach(async () => {
  if (last !== undefined && last.exitCode === null && last.signalCode === null) {
    const gone = once(last, "exit");
    last.kill("SIGKILL");
    await gone;
  }
  await bench.close();
});

async function startSender(diesAfter: number): Promise<ChildProcess> {
  const child = fork(PROGRAM, [], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      SLACK_API_URL: bench.slack.apiUrl,
      SLACK_BOT_TOKEN: bench.slack.token,
      DIES_AFTER: String(diesAfter),
    },
  });
  await once(child, "message");
  last = child;
  return child;
}

/** Threads of one head message each, evenly over the channels. */
const openThreads = () =>
  bench.pool.query(
    `WITH t AS (INSERT INTO thread (channel) SELECT ($2::text[])[1 + n % $3] FROM generate_series(1, $1) AS n RETURNING id),
     r AS (INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, status)
       SELECT id, 'shop', 'pg-pool-exhausted', 'Pool exhausted ' || id, '{}', '{}', '{"via": "cli", "name": "alice"}', 'running'
       FROM t RETURNING thread_id)
     INSERT INTO outbox (kind, id) SELECT 'thread', thread_id FROM r`,
    [MESSAGES, CHANNELS, CHANNELS.length],
  );

function addFaults(): void {
  let asked = 0;
  const every = (nth: number) => () => ++asked % nth === 0;
  const times = 1_000_000;
  const method = "chat.postMessage";
  bench.slack.faults.add({ method, times, kind: "lostReply", when: every(41) });
  bench.slack.faults.add({ method, times, kind: "status", status: 503, when: every(43) });
  bench.slack.faults.add({ method, times, kind: "error", error: "internal_error", when: every(47) });
  bench.slack.faults.add({ method, times: 4, kind: "rateLimited", retryAfterSeconds: 1, when: every(53) });
}

it("1,200 messages, senders killed between the answer and the commit: each is shown once", {
  timeout: 3 * PATIENCE_MS,
}, async () => {
  await openThreads();
  addFaults();
  for (const diesAfter of DIES_AFTER) {
    const child = await startSender(diesAfter);
    await until(() => child.signalCode === "SIGKILL", PATIENCE_MS);
    const { rows } = await bench.pool.query("SELECT FROM slack_message WHERE state = 'sending'");
    expect(rows.length, "it died with a post that was not written down").toBeGreaterThan(0);
  }
  await startSender(0);
  await until(() => bench.isQuiet(), PATIENCE_MS);
  const shown = new Map(CHANNELS.flatMap((channel) => [...bench.bySlot(channel)]));
  expect([...shown.values()].filter((messages) => messages.length !== 1)).toEqual([]);
  expect(shown.size).toBe(MESSAGES);
  const { rows } = await bench.pool.query<{ thread_id: number; ts: string }>(
    "SELECT thread_id, ts FROM slack_message WHERE state = 'sent'",
  );
  expect(rows).toHaveLength(MESSAGES);
  for (const { thread_id, ts } of rows) expect(shown.get(`${thread_id}/head`)?.[0]?.ts).toBe(ts);
});
