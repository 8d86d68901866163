// An emulated server behind the real driver: no mongod can be had where the tests run.
import { expect, type TestContext, test } from "vitest";
import { mongoConnections } from "../../../runbooks/mongodb/mongo-connections.ts";
import { idle, operation } from "../../helpers/mongo/rows.ts";
import { openMongoBench } from "./mongo-bench.ts";

/** A server of a test's own: what is waited for is what happens between two looks, so the tests wait side by side. */
async function aServer({ onTestFinished }: TestContext) {
  const mongo = await openMongoBench();
  onTestFinished(() => mongo.close());
  const diagnose = (params: Record<string, unknown> = {}) => mongo.bench.diagnose(mongoConnections, params);
  return {
    state: mongo.server.state,
    diagnose,
    found: async (params: Record<string, unknown> = {}) =>
      (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`),
  };
}
const many = (n: number, make: typeof idle, more: object = {}) =>
  Array.from({ length: n }, (_one, at) =>
    make({ connectionId: at, client: `10.0.0.7:${40_000 + at}`, ...more }),
  );

test.concurrent("few of many connections are taken: healthy, also where an idle pool is large", async (context) => {
  const { state, found } = await aServer(context);
  state.operations = many(120, idle);
  expect(await found()).toEqual([]);
});

test.concurrent("the server's limit: who holds them, and what each may have", async (context) => {
  const { state, diagnose } = await aServer(context);
  state.status = { connections: { current: 190, available: 10, active: 4 } };
  state.operations = [...many(150, idle), ...many(4, operation)];
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning server-limit"]);
  const { title, because, evidence } = run.finding("server-limit");
  expect(title).toBe("190 of 200 connections of the server are taken (95 %)");
  expect(because).toContain("4 of them have an operation under way, 186 do nothing.");
  expect(JSON.stringify(evidence)).toContain('"orders-api","10.0.0.7","154","4"');
  expect(run.advice("endIdle")).toContain("at most 180 each");
});

test.concurrent("at the limit it is critical, and clients that are turned away now are said", async (context) => {
  const { state, found } = await aServer(context);
  let rejected = 10;
  state.status = {
    connections: {
      current: 200,
      available: 0,
      get rejected() {
        rejected += 1;
        return rejected;
      },
    },
  };
  expect(await found()).toEqual(["critical server-limit", "critical turned-away"]);
});

test.concurrent("the file handles hold the limit down: before it is tight a note, then a warning", async (context) => {
  const { state, diagnose, found } = await aServer(context);
  state.warnings = [JSON.stringify({ s: "W", msg: "Soft rlimits for open file descriptors too low" })];
  state.options = { net: { maxIncomingConnections: 5_000 } };
  state.status = { connections: { current: 20, available: 799 } };
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["info file-handles"]);
  expect(run.finding("file-handles").because).toContain("5000 are configured");
  state.status = { connections: { current: 800, available: 19 } };
  expect(await found()).toEqual(["warning server-limit", "warning file-handles"]);
});

test.concurrent("a client made for each request: new connections all the while, which fill the server", async (context) => {
  const { state, diagnose } = await aServer(context);
  let created = 1_000;
  state.status = {
    connections: {
      current: 190,
      available: 10,
      get totalCreated() {
        created += 200;
        return created;
      },
    },
  };
  const run = await diagnose();
  expect(run.findings[0]).toMatchObject({ id: "not-kept", severity: "warning" });
  expect(run.advice("useOneClient")).toContain("made for each request");
});

test.concurrent("the pool of the application is full, and the server has room: not the server's limit", async (context) => {
  const { state, diagnose } = await aServer(context);
  state.operations = many(100, operation, { secs_running: 4 });
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning pool-full"]);
  expect(run.finding("pool-full").because).toContain("The server itself has room: 12 of 838860");
  expect(run.advice("findSlow")).toContain("mongo-slow-queries");
});

test.concurrent("drivers that watch the server with a hello, and members of the set, are no work", async (context) => {
  const { state, found } = await aServer(context);
  state.operations = [
    ...many(100, operation, { command: { hello: 1, maxAwaitTimeMS: 10_000 } }),
    ...many(200, operation, {
      clientMetadata: { driver: { name: "MongoDB Internal Client" } },
      appName: "OplogFetcher",
    }),
  ];
  expect(await found()).toEqual([]);
});

test.concurrent("a user without the right to see others: said, and not called healthy", async (context) => {
  const { state, diagnose } = await aServer(context);
  state.refusals.set("$currentOp", {
    code: 13,
    codeName: "Unauthorized",
    errmsg: "not authorized on admin to execute command { aggregate: 1 }",
  });
  const run = await diagnose();
  expect(run.findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  expect(JSON.stringify(run.finding("could-not-look"))).toContain("clusterMonitor");
});

test.concurrent("a service that only speaks the protocol: nothing is known of it", async (context) => {
  const { state, found } = await aServer(context);
  for (const name of ["serverStatus", "$currentOp"])
    state.refusals.set(name, {
      code: 303,
      codeName: "",
      errmsg: "Feature not supported: serverStatus",
    });
  expect(await found()).toEqual(["warning mongo-not-mongodb"]);
});

test.concurrent("it closes connections as soon as they are made: what that may be", async (context) => {
  const { state, diagnose } = await aServer(context);
  state.full = true;
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical mongo-closes"]);
  expect(run.finding("mongo-closes").because).toContain("as many connections as it takes, or it wants TLS");
});
