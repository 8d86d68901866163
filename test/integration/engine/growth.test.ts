// What grows without end is never read whole by what runs all the time: with 100,000 runs, the plan of every statement is looked at.

import { afterAll, beforeAll, expect, it } from "vitest";
import { AutoRule } from "../../../src/core/words/auto.ts";
import { type IncidentId, PrincipalId, RunId, ThreadId } from "../../../src/core/words/ids.ts";
import { openPool } from "../../../src/store/pool.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { type Bench, bob, engineBench, entry } from "../../helpers/engine-bench.ts";
import { fillWithPast } from "../../helpers/past-runs.ts";
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
    "change",
    "audit",
    "escalation",
    "incident_answer",
    "postmortem",
    "checklist",
    "checklist_tick",
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
  await fillWithPast(pool, RUNS);
  await pool.end();
  explained = openExplainedPool(url);
  bench = engineBench(explained.pool);
}, 300_000);
afterAll(async () => {
  await explained.pool.end();
  await drop();
});

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
  await escalating(incident);
  await bench.store.intake.noteChanges([{ system: "orders", kind: "deploy", title: "t" }]);
  await bench.store.reader.changes("sys", new Date(0));
  await bench.store.intake.keepPostmortem(entry(), { incident, by, markdown: "#" });
  await bench.store.intake.closeIncident(entry(), { incident, by, reason: "over" });
  await bench.store.intake.openThread(entry(), { incident, by });
}

async function escalating(incident: IncidentId): Promise<void> {
  const { escalations, intake, reader } = bench.store;
  const step = { incident, turn: 0, level: 0, target: { webhook: "pager" }, because: "severity" } as const;
  await escalations.unanswered(0, 500);
  expect(await escalations.unansweredOne(incident)).toBeDefined();
  expect(await escalations.raise({ ...step, webhook: { keyed: true } })).toBe(true);
  const delivery = await escalations.claimDelivery(1_000);
  if (delivery === undefined) throw new Error("nothing is due");
  await escalations.settle(delivery, { state: "sent", said: "ok" }, 3);
  await escalations.noteAnswer(incident, 0, { how: "reply", by: "U0BOB" });
  await escalations.tellEnds(["pager"]);
  const items = [{ text: "Look", runbook: "level" }];
  await intake.openChecklist(entry(), { incident, by, checklist: { id: "triage", title: "Triage", items } });
  await intake.tick(entry(), { incident, by, checklist: "triage", item: 1, done: true });
  await intake.acknowledge(entry(), { incident, by, words: "w" });
  await reader.threadOf({ incident });
}

async function people(): Promise<void> {
  const { intake, reader } = bench.store;
  await intake.freeze(entry(), { by, reason: "r", channels: ["C0"] });
  await reader.setsOff();
  await intake.unfreeze(entry(), by, ["C0"]);
  await intake.notice(entry(), "C0", "words");
  const auto = { system: "sys", by, reason: "r" };
  await intake.setAuto(entry(), { ...auto, on: false });
  await intake.setAuto(entry(), { ...auto, on: true });
  await intake.stopAuto(entry(), { run: RunId.parse(7), by }).catch(() => {});
  await reader.auto([{ id: "sys", auto: { "level.guarded": AutoRule.parse({}) } }]);
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
  await sweep.beat({ id: "w1", host: "h", pid: 1, version: "0" }, { name: "sweeper", leaseMs: 5_000 });
  await sweep.due();
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

it("reads no growing table whole", async () => {
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
    "audit_archive",
    "audit_head",
    // Forgotten after 30 days, and no more of them than budgets allow.
    "auto_act",
    "auto_policy",
    "delivery_trouble",
    "leader",
    "migration",
    "outbox",
    // Ended ones are forgotten after 30 days.
    "system_freeze",
    "target_lock",
    "worker",
    "write_freeze",
  ];
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...GROWING, ...small].toSorted());
});
