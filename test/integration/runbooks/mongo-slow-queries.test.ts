// An emulated server behind the real driver: no mongod can be had where the tests run.
import { expect, type TestContext, test } from "vitest";
import { mongoSlowQueries } from "../../../runbooks/mongodb/mongo-slow-queries.ts";
import { mongodb } from "../../../src/sdk/index.ts";
import { operation, slowLine } from "../../helpers/mongo/rows.ts";
import { emptyCollection } from "../../helpers/mongo/state.ts";
import { openMongoBench, orders } from "./mongo-bench.ts";

/** A server of a test's own: what is waited for is what happens between two looks, so the tests wait side by side. */
async function aServer({ onTestFinished }: TestContext) {
  const mongo = await openMongoBench();
  onTestFinished(() => mongo.close());
  const diagnose = (params: Record<string, unknown> = {}) => mongo.bench.diagnose(mongoSlowQueries, params);
  return {
    mongo,
    state: mongo.server.state,
    diagnose,
    found: async (params: Record<string, unknown> = {}) =>
      (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`),
  };
}

test.concurrent("nothing slow is recorded or under way: healthy", async (context) => {
  const { mongo, state, found } = await aServer(context);
  orders(mongo.server, 250_000);
  state.operations = [operation({ secs_running: 1 })];
  expect(await found()).toEqual([]);
});

test.concurrent("going through a whole small collection is no fault", async (context) => {
  const { mongo, state, found } = await aServer(context);
  orders(mongo.server, 800);
  state.log = [slowLine({ docsExamined: 800 })];
  expect(await found()).toEqual([]);
});

test.concurrent("a scan of a large one: the index its shape asks for, created once approved, and dropped again", async (context) => {
  const { mongo, state, diagnose } = await aServer(context);
  orders(mongo.server, 250_000);
  state.log = Array.from({ length: 5 }, () => slowLine());
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning scans"]);
  const { title, because, remedies } = run.finding("scans");
  expect(title).toBe("shop.orders: 250000 documents looked at for 20");
  expect(because).toContain("5 slow operations of the kind “find { status =, at range } sort { at: -1 }”");
  expect(JSON.stringify(run.seen)).not.toContain("2026-01-01");
  expect(remedies).toEqual(["createIndex", "askLess"]);
  const done = await run.apply("createIndex");
  expect(done.previews[0]?.changes[0]).toContain(
    'create index diagbot_status_1_at_-1 { "status": 1, "at": -1 } on shop.orders (250000 documents, 95.4 MiB)',
  );
  expect(done.holds).toBe(true);
  expect(state.collections.get("shop.orders")?.indexes.map(({ name }) => name)).toContain(
    "diagbot_status_1_at_-1",
  );
  await done.undo();
  expect(state.collections.get("shop.orders")?.indexes).toHaveLength(1);
});

test.concurrent("where diagbot.yaml does not allow it, the line to paste; names are quoted", async (context) => {
  const { state, diagnose } = await aServer(context);
  const name = 'odd"); db.dropDatabase(); ("';
  state.collections.set(`shop.${name}`, emptyCollection(1e8, 250_000));
  state.log = [slowLine({ ns: `shop.${name}` })];
  const run = await diagnose();
  expect(run.finding("scans").remedies).toEqual(["indexByHand", "askLess"]);
  expect(run.advice("indexByHand")).toContain(
    'getCollection("odd\\"); db.dropDatabase(); (\\"").createIndex({ "status": 1, "at": -1 })',
  );
});

test.concurrent("an index that is there since then is no news: the planner would use it", async (context) => {
  const { mongo, state, found } = await aServer(context);
  orders(mongo.server, 250_000);
  state.log = [slowLine()];
  state.plan = () => ({
    stage: "FETCH",
    inputStage: { stage: "IXSCAN", indexName: "status_1_at_-1" },
  });
  expect(await found()).toEqual([]);
});

test.concurrent("the profiler's entries are read where it is on, and not counted twice", async (context) => {
  const { mongo, state, diagnose } = await aServer(context);
  orders(mongo.server, 250_000);
  state.profilers.set("shop", { level: 1, slowms: 50, sampleRate: 1 });
  state.collections.set("shop.system.profile", {
    ...emptyCollection(),
    documents: [
      {
        ...{
          op: "query",
          ns: "shop.orders",
          millis: 900,
          docsExamined: 250_000,
          keysExamined: 0,
          nreturned: 3,
        },
        command: { find: "orders", filter: { customer: "c1" }, $db: "shop" },
        planSummary: "COLLSCAN",
        ts: new Date(),
        appName: "orders-api",
      },
    ],
  });
  state.log = [slowLine()];
  const run = await diagnose();
  expect(run.finding("scans").because).toContain("1 slow operation of the kind “find { customer = }”");
});

test.concurrent("operations under way: a long one may be ended, its twin of a backup is left alone", async (context) => {
  const { mongo, state, diagnose } = await aServer(context);
  orders(mongo.server, 800);
  const long = operation({ secs_running: 300 });
  state.operations = [
    long,
    operation({ secs_running: 900, appName: "mongodump", client: "10.0.0.9:1" }),
    operation({ secs_running: 90_000, desc: "OplogApplier-0", client: undefined, connectionId: undefined }),
  ];
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning slow-now"]);
  const done = await run.apply("end");
  expect(done.calls).toHaveLength(1);
  expect(done.previews[0]?.changes[0]).toMatch(
    /^end operation \d+ on shop.orders: query, 5 min, COLLSCAN, orders-api@10/,
  );
  expect(done.holds).toBe(true);
  expect(state.operations.map(({ opid }) => opid)).not.toContain(long.opid);
  expect(state.operations).toHaveLength(2);
});

test.concurrent("an operation that ended meanwhile, and whose number is another's: nothing is ended", async (context) => {
  const { state, diagnose } = await aServer(context);
  const long = operation({ secs_running: 300 });
  state.operations = [long];
  const run = await diagnose();
  const taken = run.apply("end", async () => {
    state.operations = [operation({ opid: long.opid, client: long.client, secs_running: 2 })];
  });
  await expect(taken).rejects.toMatchObject({ code: "target_refused" });
  expect(state.asked).not.toContain("killOp");
});

test.concurrent("waiting for a lock: who holds it stands before who waits", async (context) => {
  const { state, diagnose } = await aServer(context);
  state.operations = [
    operation({
      secs_running: 40,
      command: { collMod: "orders" },
      op: "command",
      planSummary: "",
      locks: { Global: "w", Collection: "W" },
    }),
    ...Array.from({ length: 3 }, () =>
      operation({ secs_running: 30, waitingForLock: true, locks: { Collection: "r" } }),
    ),
  ];
  const run = await diagnose();
  expect(run.findings[0]).toMatchObject({ id: "lock-waits", title: "3 operations wait for a lock" });
  expect(run.finding("lock-waits").because).toMatch(/^Held by operation \d+ on shop.orders, for 40 s/);
  expect(run.advice("releaseLock")).toContain("waits for long reads");
});

test.concurrent.for(["7.0.12", "8.0.4"])("all tickets are out, as %s says it", async (version, context) => {
  const { state, diagnose } = await aServer(context);
  const out = { out: 128, available: 0, totalTickets: 128 };
  state.version = version;
  state.status = version.startsWith("8")
    ? { queues: { execution: { read: { ...out, normalPriority: { queueLength: 40 } } } } }
    : { wiredTiger: { concurrentTransactions: { read: out } } };
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical tickets"]);
  expect(run.finding("tickets").title).toContain("128 of 128 read tickets");
});

test.concurrent("a cache that is four fifths full is normal; one that operations evict from is not", async (context) => {
  const { state, found } = await aServer(context);
  let evicted = 0;
  const cache = (used: number) => ({
    wiredTiger: {
      cache: {
        "bytes currently in the cache": used,
        "tracked dirty bytes in the cache": used / 4,
        get "pages evicted by application threads"() {
          evicted += 4_000;
          return evicted;
        },
      },
    },
  });
  state.status = cache(800_000_000);
  evicted = Number.NaN;
  expect(await found()).toEqual([]);
  evicted = 0;
  state.status = cache(980_000_000);
  expect(await found()).toEqual(["warning cache-pressure"]);
});

test.concurrent("recording is offered where it is asked for, and is taken back", async (context) => {
  const { mongo, state, diagnose } = await aServer(context);
  orders(mongo.server, 800);
  const run = await diagnose({ record: "shop", recordMs: 50 });
  const done = await run.apply("record");
  expect(done.previews[0]?.changes[0]).toContain("slow from 50 ms, each (now: off, slow from 100 ms, each)");
  expect(done.holds).toBe(true);
  expect(state.profilers.get("shop")).toEqual({ level: 1, slowms: 50, sampleRate: 1 });
  await done.undo();
  expect(state.profilers.get("shop")).toEqual({ level: 0, slowms: 100, sampleRate: 1 });
});

test.concurrent("without the log and the profiler nothing is called healthy", async (context) => {
  const { mongo, state, diagnose } = await aServer(context);
  orders(mongo.server, 800);
  for (const name of ["getLog", "profile"])
    state.refusals.set(name, {
      code: 13,
      codeName: "Unauthorized",
      errmsg: `not authorized to ${name}`,
    });
  const run = await diagnose();
  expect(run.findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  expect(run.finding("could-not-look").title).toContain("the log");
});

test.concurrent("a change stream and a tailable cursor scan and wait as they should: no scan, nothing slow, never ended", async (context) => {
  const { mongo, state, found } = await aServer(context);
  orders(mongo.server, 250_000);
  const follows = { aggregate: "orders", pipeline: [{ $changeStream: {} }, { $match: { op: "insert" } }] };
  state.log = [
    slowLine({ command: follows, nreturned: 0, docsExamined: 600_000 }),
    slowLine({ command: { getMore: 7, collection: "orders" }, originatingCommand: follows, nreturned: 0 }),
    slowLine({ command: { find: "orders", filter: {}, tailable: true, awaitData: true }, nreturned: 0 }),
  ];
  const waiting = operation({
    ...{ op: "getmore", secs_running: 300, command: { getMore: 7, collection: "orders" } },
    cursor: { tailable: true, awaitData: true, originatingCommand: follows },
  });
  state.operations = [waiting];
  expect(await found()).toEqual([]);
  const call = mongodb.killOperation({
    ...{ opid: waiting.opid, client: waiting.client },
    startedAt: new Date(Date.parse(String(waiting.currentOpTime)) - 300_000).toISOString(),
  });
  expect((await mongo.bench.preview(call)).refused).toContain("it follows what is written");
});

test.concurrent("writes that meet many documents and answers made of many are no scans; the same plan with waste is", async (context) => {
  const { mongo, state, found } = await aServer(context);
  orders(mongo.server, 250_000);
  const by = { planSummary: "IXSCAN { status: 1 }", keysExamined: 50_000, docsExamined: 50_000 };
  const update = { q: { status: "old" }, u: { $set: { status: "old" } }, multi: true };
  state.log = [
    slowLine({
      ...by,
      type: "update",
      command: update,
      nreturned: undefined,
      nMatched: 50_000,
      nModified: 0,
    }),
    slowLine({
      ...by,
      type: "remove",
      command: { q: { status: "old" }, limit: 0 },
      nreturned: undefined,
      ndeleted: 50_000,
    }),
    slowLine({
      ...by,
      command: { aggregate: "orders", pipeline: [{ $match: { status: "new" } }, { $count: "n" }] },
      nreturned: 1,
    }),
    slowLine({ ...by, command: { count: "orders", query: { status: "new" } }, nreturned: undefined }),
  ];
  expect(await found()).toEqual([]);
  state.log = [slowLine({ ...by, nreturned: 3 })];
  expect(await found()).toEqual(["warning scans"]);
});
