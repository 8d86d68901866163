// What grows without end is never read whole by what runs all the time: with 100,000 runs, the plan of every statement is looked at.
import { afterAll, beforeAll, expect, it } from "vitest";
import { PrincipalId, RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { openPool, type Pool } from "../../../src/store/pool.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { type Bench, bob, engineBench, entry } from "../../helpers/engine-bench.ts";
import { openExplainedPool } from "../../helpers/plans.ts";
import { deliverTo, notification } from "../ingress/alert-fixtures.ts";

const RUNS = 100_000;
/** Every table that has more rows the longer diagbot runs. */
const GROWING = [
  ...["run", "step", "finding", "remedy", "approval", "vote", "answer", "attempt"],
  ...[
    "thread",
    "slack_message",
    "notice",
    "incident",
    "alert_instance",
    "reopening",
    "storm",
    "inbox",
    "audit",
  ],
];

let url: string;
let drop: () => Promise<void>;
let explained: ReturnType<typeof openExplainedPool>;
let bench: Bench;

beforeAll(async () => {
  const database = await freshDatabase("growth");
  ({ url, drop } = database);
  const pool = openPool(url, { max: 1 });
  await fill(pool);
  await pool.end();
  explained = openExplainedPool(url);
  bench = engineBench(explained.pool);
}, 300_000);
afterAll(async () => {
  await explained.pool.end();
  await drop();
});

/** Finished runs of past months, each with an incident, as the product leaves them. */
async function fill(pool: Pool): Promise<void> {
  const PAST = "now() - interval '90 days' + n * interval '1 min'";
  await pool.query("SET session_replication_role = replica; SET statement_timeout = 0");
  for (const sql of [
    `INSERT INTO thread (channel, created_at) SELECT 'C' || n % 40, ${PAST} FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status, opened_at, last_seen_at, resolved_at)
       SELECT n, 'old ' || n, 'r', 'Old', 'sys', 'warning', 'resolved', ${PAST}, ${PAST}, ${PAST} FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO alert_instance (labels_sha256, starts_at, incident_id, labels, annotations, status, ends_at, last_seen_at)
       SELECT md5(n::text), ${PAST}, n, '{}', '{}', 'resolved', ${PAST}, ${PAST} FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO reopening (incident_id, n, announced) SELECT n, 1, false FROM generate_series(1, ${RUNS}, 5) n`,
    `INSERT INTO run (thread_id, incident_id, system, runbook, title, params, connections, caller, status, diagnosed, created_at, ended_at)
       SELECT n, n, 'sys', 'level', 'Old', '{}', '{"http": "api"}', '{"via": "alert", "name": "Old"}', 'succeeded', true, ${PAST}, ${PAST}
       FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO step (run_id, name, phase, stage, ord, action, title, effect, connection, input, state)
       SELECT n, s, 'diagnose', 0, 0, 'a', 't', 'read', 'api', '{}', 'succeeded' FROM generate_series(1, ${RUNS}) n, unnest(ARRAY['one', 'two']) s`,
    `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies)
       SELECT n, 0, 'high', 'warning', 't', 'b', '[]', '[]' FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO remedy (run_id, key, ord, title, risk, status) SELECT n, 'guarded', 0, 't', 'high', 'succeeded' FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, state, requested_at, expires_at)
       SELECT md5('a' || n), n, 'guarded', 'x', '{}', 1, 'approved', ${PAST}, ${PAST} FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO vote (approval_id, principal, decision, plan_sha256, via) SELECT md5('a' || n), 'bob', 'approve', 'x', 'slack' FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO answer (run_id, remedy, question, principal, answer, via) SELECT n, 'guarded', 'q', 'bob', 'keep', 'slack' FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO attempt (run_id, step, remedy, epoch, worker, effect_key, plan_sha256, started_at, deadline, outcome)
       SELECT n, 'one', 'guarded', 1, 'w', 'k', 'x', ${PAST}, ${PAST}, 'succeeded' FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO slack_message (thread_id, slot, channel, ts, state, digest)
       SELECT n, s, 'C' || n % 40, n || s, 'sent', 'd' FROM generate_series(1, ${RUNS}) n, unnest(ARRAY['head', 'run/1/findings']) s`,
    `INSERT INTO notice (thread_id, text) SELECT n, 't' FROM generate_series(1, ${RUNS}, 3) n`,
    `INSERT INTO storm (thread_id, channel, ended_at) SELECT n, 'C1', now() FROM generate_series(1, ${RUNS}, 10) n`,
    `INSERT INTO inbox (source, dedupe_key, raw, received_at) SELECT 'slack', 'old ' || n, '{}', now() - n * interval '20 s' FROM generate_series(1, ${RUNS}) n`,
    `INSERT INTO audit (at, actor, event, run_id, payload, seq, prev_hash, hash, version)
       SELECT ${PAST}, 'w', 'run.claimed', n, '{}', n, 'x', 'x', 2 FROM generate_series(1, ${RUNS}) n`,
    `UPDATE audit_head SET seq = ${RUNS}`,
  ])
    await pool.query(sql);
  await pool.query("SET session_replication_role = origin");
  await pool.query("ANALYZE");
}

/** A run from its beginning to its end, with a decision, and one that is stopped. */
async function runs(): Promise<void> {
  const run = await bench.submit("level");
  await bench.engine.advance(run);
  await bench.vote(run, "guarded", bob);
  await bench.engine.advance(run);
  const other = await bench.submit("level");
  await bench.engine.advance(other);
  await bench.store.intake.requestCancel(entry(), other, by);
  await bench.engine.advance(other);
}

const by = { via: "slack" as const, name: "U0BOB", principal: PrincipalId.parse("bob") };

async function alerts(): Promise<void> {
  const deliver = deliverTo(explained.pool);
  await deliver(notification([{ name: "a" }, { name: "b" }]));
  await deliver(notification([{ name: "a" }, { name: "b" }]));
  await deliver(notification([{ name: "a", status: "resolved" }]));
  const { incident } = await deliver(notification([{ name: "a", at: 5 }]));
  await bench.store.intake.closeIncident(entry(), { incident, by, reason: "over" });
  await bench.store.intake.openThread(entry(), { incident, by });
}

async function people(): Promise<void> {
  const { intake, reader } = bench.store;
  await intake.freeze(entry(), { by, reason: "r", channels: ["C0"] });
  await reader.setsOff();
  await intake.unfreeze(entry(), by, ["C0"]);
  await intake.notice(entry(), "C0", "words");
  await intake.isFirst(entry());
  await reader.runs({ systems: ["sys"], limit: 15 });
  await reader.runs({ limit: 15 });
  await reader.pending(["sys"]);
  await reader.storms(3);
  for (const thread of [RUNS, RUNS + 1, RUNS + 3]) await reader.thread(ThreadId.parse(thread));
  await reader.root(ThreadId.parse(7));
  await reader.run(RunId.parse(7));
}

async function sending(): Promise<void> {
  const { messages } = bench.store;
  const [changed] = await messages.dirty(1_000);
  expect(changed).toBeDefined();
  const thread = changed?.thread ?? ThreadId.parse(1);
  await messages.backlog();
  await messages.shown(thread);
  await messages.sending(thread, "run/1/begin", changed?.channel ?? "", "d", 0);
  await messages.sent(thread, "run/1/begin", "1.2", "d");
  await messages.unsent(thread, "run/1/begin");
  await messages.gone(thread, "run/1/begin", "C0");
  await messages.move(thread, changed?.channel ?? "", "C0NEW", "archived");
  await messages.later(thread, 5);
  await messages.fold("C0NEW", [thread], 40);
  await messages.storms();
  await messages.tellStorms([{ thread, rev: changed?.rev ?? 0 }]);
  await messages.unfold(thread, "decision");
  await messages.endStorms(0);
  await messages.drawn(thread, changed?.rev ?? 0);
}

async function sweeping(): Promise<void> {
  const { sweep } = bench.store;
  await sweep.lead("sweeper", "w1", 5_000);
  await sweep.beat({ id: "w1", host: "h", pid: 1, version: "0" });
  await sweep.workers(10_000);
  await sweep.chainAudit();
  await sweep.thaw();
  await sweep.endOffers();
  await sweep.startDueRuns();
  await sweep.markStale(3_600_000);
  await sweep.prune();
  expect(await sweep.pruneThreads(60 * 86_400_000)).toBe(200);
  await sweep.unknownOutcomes();
  await sweep.backlog();
  await sweep.dueRuns(200);
  await sweep.resign("sweeper", "w1");
}

it("reads no growing table whole", { timeout: 120_000 }, async () => {
  for (const part of [runs, alerts, people, sending, sweeping]) await part();
  expect(explained.statements()).toBeGreaterThan(150);
  const growing = new Set(GROWING);
  expect(explained.wholeReads().filter(({ table }) => growing.has(table))).toEqual([]);
});

it("knows every table: a new one grows or is named here", async () => {
  const { rows } = await explained.pool.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const small = [
    "audit_head",
    "delivery_trouble",
    "leader",
    "migration",
    "outbox",
    "target_lock",
    "worker",
    "write_freeze",
  ];
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...GROWING, ...small].toSorted());
});
