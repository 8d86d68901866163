import { afterEach, beforeEach, expect, it } from "vitest";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { BUDGETS, type Budgets } from "../../../src/thread/send/budgets.ts";
import { limitPosts } from "../../helpers/slack-limits.ts";
import { until } from "../../helpers/until.ts";
import { type Bench, CHANNEL, openBench } from "./bench.ts";
import { BEGIN, JumpingClock, SECOND } from "./jumping-clock.ts";

let bench: Bench;
let clock: JumpingClock;
beforeEach(async () => {
  clock = new JumpingClock();
  bench = await openBench("turns", { now: () => BEGIN + clock.ticks() });
  limitPosts(bench.slack, () => clock.ticks());
});
afterEach(() => bench.close());

/** Whose turn it is, also where nothing is folded. */
const UNFOLDED: Budgets = { ...BUDGETS, foldAt: Number.MAX_SAFE_INTEGER };
const start = () => bench.sender(UNFOLDED, bench.store, { clock }).start();

/** Seconds between the beginning and the post of that thread's root. */
const rootAt = async (thread: ThreadId): Promise<number> => {
  const root = await until(() => bench.bySlot().get(`${thread}/head`)?.[0], 60_000);
  return Number(root.ts) - BEGIN / 1000;
};

interface Wanted {
  readonly count: number;
  readonly severity?: string;
  readonly via?: "slack" | "cli";
  readonly ended?: boolean;
  readonly ageSeconds?: number;
}

/** Threads of alerts (with a severity) or of runs, as the doors write them. */
async function insert({
  count,
  severity,
  via = "cli",
  ended = false,
  ageSeconds = 0,
}: Wanted): Promise<ThreadId[]> {
  const { rows } = await bench.pool.query<{ id: number }>(
    `WITH t AS (INSERT INTO thread (channel) SELECT $1 FROM generate_series(1, $2::int) RETURNING id),
     i AS (INSERT INTO incident (thread_id, group_key, receiver, title, severity, status)
       SELECT id, 'group ' || id, 'r', 'Alert ' || id, $3, 'firing' FROM t WHERE $3::text IS NOT NULL),
     r AS (INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, status, ended_at)
       SELECT id, 'shop', 'pg-locks', 'Locks', '{}', '{}', jsonb_build_object('via', $4::text, 'name', 'U0ALICE'), $5,
         CASE WHEN $5 = 'succeeded' THEN now() END FROM t WHERE $3::text IS NULL),
     o AS (INSERT INTO outbox (kind, id, since)
       SELECT 'thread', id, clock_timestamp() - make_interval(secs => $6) FROM t)
     SELECT id FROM t ORDER BY id`,
    [CHANNEL, count, severity ?? null, via, ended ? "succeeded" : "queued", ageSeconds],
  );
  return rows.map(({ id }) => ThreadId.parse(id));
}

/** What is inserted at that second, and how many seconds later its root is shown. */
async function latencyOf(atSecond: number, wanted: Wanted): Promise<number> {
  let thread: ThreadId | undefined;
  clock.at(atSecond * SECOND, async () => {
    [thread] = await insert(wanted);
  });
  start();
  const id = await until(() => thread, 60_000);
  return (await rootAt(id)) - atSecond;
}

it("a person's question is answered in 4 s in the middle of 100 alerts", async () => {
  await insert({ count: 100, severity: "critical" });
  expect(await latencyOf(10, { count: 1, via: "slack" })).toBeLessThan(4);
});

it("a critical alert is seen in 4 s in the middle of 100 answers to people", async () => {
  await insert({ count: 100, via: "slack" });
  expect(await latencyOf(10, { count: 1, severity: "critical" })).toBeLessThan(4);
});

it("a critical alert comes before 50 warnings", async () => {
  await insert({ count: 50, severity: "warning" });
  expect(await latencyOf(5, { count: 1, severity: "critical" })).toBeLessThan(4);
});

it("a live alert comes before 300 ended runs of the command line", async () => {
  await insert({ count: 300, ended: true, ageSeconds: 1_200 });
  expect(await latencyOf(5, { count: 1, severity: "warning" })).toBeLessThan(4);
});

it("within Slack's limits nothing is refused, and all of it is shown in the end", async () => {
  const alerts = await insert({ count: 25, severity: "critical" });
  const runs = await insert({ count: 5, ended: true });
  start();
  await until(() => bench.isQuiet(), 60_000);
  expect(bench.bySlot().size).toBe(30);
  expect(bench.slack.calls.filter(({ error }) => error === "ratelimited")).toEqual([]);
  const last = Math.max(...(await Promise.all(alerts.map(rootAt))));
  for (const run of runs) expect(await rootAt(run)).toBeGreaterThan(last);
});
