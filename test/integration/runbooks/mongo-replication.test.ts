// An emulated server behind the real driver: no mongod can be had where the tests run.
import { expect, type TestContext, test } from "vitest";
import { mongoReplication } from "../../../runbooks/mongodb/mongo-replication.ts";
import { oplogOf } from "../../helpers/mongo/commands.ts";
import { emptyCollection } from "../../helpers/mongo/state.ts";
import { openMongoBench } from "./mongo-bench.ts";

const STATES = { PRIMARY: 1, SECONDARY: 2, RECOVERING: 3, STARTUP2: 5, ARBITER: 7, ROLLBACK: 9 } as const;
const NOW = new Date("2026-03-01T12:00:00Z");

/** A member as replSetGetStatus shows it. */
const member = (name: string, state: keyof typeof STATES, behind = 0, more: object = {}) => ({
  name: `${name}:27017`,
  health: 1,
  state: STATES[state],
  stateStr: state,
  uptime: 4_822_189,
  ...(state === "ARBITER" ? {} : { optimeDate: new Date(NOW.getTime() - behind * 1000) }),
  lastHeartbeatMessage: "",
  syncSourceHost: state === "PRIMARY" ? "" : "db0:27017",
  infoMessage: "",
  configVersion: 4,
  ...more,
});
const down = (name: string) => ({
  name: `${name}:27017`,
  health: 0,
  state: 8,
  stateStr: "(not reachable/healthy)",
  uptime: 0,
  optimeDate: new Date(0),
  lastHeartbeatMessage: "Error connecting to db2:27017 :: caused by :: Connection refused",
});

/** A server of a test's own: what is waited for is what happens between two looks, so the tests wait side by side. */
async function aServer({ onTestFinished }: TestContext) {
  const mongo = await openMongoBench();
  onTestFinished(() => mongo.close());
  const { state } = mongo.server;
  const diagnose = (params: Record<string, unknown> = {}) => mongo.bench.diagnose(mongoReplication, params);
  return {
    state,
    diagnose,
    found: async (params: Record<string, unknown> = {}) =>
      (await diagnose(params)).findings.map(({ id, severity }) => `${severity} ${id}`),
    /** A set of these members, seen by the first of them. */
    set: (
      members: object[],
      { oplogHours = 100, config = {} as object, role = "primary" as const } = {},
    ): void => {
      state.role = role;
      state.replication = {
        set: "rs0",
        date: NOW,
        majorityVoteCount: Math.floor(members.length / 2) + 1,
        members: members.map((one, at) => ({ ...one, self: at === 0 })),
      };
      state.config = config;
      const documents = oplogOf(oplogHours * 3600);
      state.collections.set("local.oplog.rs", { ...emptyCollection(1e9), documents });
    },
  };
}

test.concurrent("primary, secondary and arbiter: healthy", async (context) => {
  const { found, set } = await aServer(context);
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY", 2), member("db2", "ARBITER")]);
  expect(await found()).toEqual([]);
});

test.concurrent("a member that is behind on purpose is not late; one that is not, is", async (context) => {
  const { diagnose, found, set } = await aServer(context);
  const config = {
    members: [{ host: "db2:27017", secondaryDelaySecs: 3_600, priority: 0, hidden: true, votes: 1 }],
  };
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY"), member("db2", "SECONDARY", 3_610)], { config });
  expect(await found()).toEqual([]);
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY", 600), member("db2", "SECONDARY")]);
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning lag"]);
  expect(run.finding("lag").title).toBe("db1:27017 is 10 min behind");
});

test.concurrent("half of what the oplog holds behind is critical", async (context) => {
  const { found, set } = await aServer(context);
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY", 3_000), member("db2", "SECONDARY")], {
    oplogHours: 1.2,
  });
  expect(await found()).toEqual(["critical lag", "info oplog-short"]);
});

test.concurrent("no majority: the members that are down are why there is no primary", async (context) => {
  const { diagnose, set } = await aServer(context);
  set([member("db0", "SECONDARY"), down("db1"), down("db2")]);
  const run = await diagnose();
  expect(run.findings[0]).toMatchObject({ id: "member-down", severity: "critical" });
  expect(run.finding("no-primary").because).toContain("1 vote of 2 that are needed");
  expect(run.advice("bringBack")).toContain("may lose writes");
});

test.concurrent("all answer, and none is primary: an election, or each sees others", async (context) => {
  const { diagnose, set } = await aServer(context);
  set([member("db0", "SECONDARY"), member("db1", "SECONDARY"), member("db2", "SECONDARY")]);
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical no-primary"]);
  expect(run.finding("no-primary").because).toContain("an election is under way");
});

test.concurrent("one of three is down: a warning, with what is to spare", async (context) => {
  const { diagnose, found, set } = await aServer(context);
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY"), down("db2")]);
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical member-down"]);
  expect(run.finding("member-down").because).toContain("One more, and there is no primary");
  set([
    member("db0", "PRIMARY"),
    ...["db1", "db3", "db4"].map((name) => member(name, "SECONDARY")),
    down("db2"),
  ]);
  expect(await found()).toEqual(["warning member-down"]);
});

test.concurrent.for(["RECOVERING", "STARTUP2", "ROLLBACK"] as const)(
  "%s is left alone while it makes progress",
  async (busy, context) => {
    const { set, diagnose } = await aServer(context);
    set([
      member("db0", "PRIMARY"),
      member("db1", busy, 0, { infoMessage: "syncing" }),
      member("db2", "SECONDARY"),
    ]);
    const run = await diagnose();
    expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["warning member-busy"]);
    expect(run.advice("leaveAlone")).toContain("begins an initial sync anew");
  },
);

test.concurrent("a server by itself is a note, and a mongos is not called healthy", async (context) => {
  const { state, diagnose, found } = await aServer(context);
  expect(await found()).toEqual(["info by-itself"]);
  state.role = "mongos";
  const run = await diagnose();
  expect(run.findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  expect(run.finding("could-not-look").title).toContain("the replica sets of the shards");
});

test.concurrent("writers are held back: what lag does", async (context) => {
  const { state, found, set } = await aServer(context);
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY", 90), member("db2", "SECONDARY")]);
  state.status = { flowControl: { isLagged: true } };
  expect(await found()).toEqual(["warning lag", "warning flow-control"]);
});

test.concurrent("without the right to read the oplog the rest is said all the same", async (context) => {
  const { state, diagnose, set } = await aServer(context);
  set([member("db0", "PRIMARY"), member("db1", "SECONDARY"), member("db2", "SECONDARY")]);
  state.refusals.set("find", {
    code: 13,
    codeName: "Unauthorized",
    errmsg: "not authorized on local",
  });
  const run = await diagnose();
  expect(run.findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  expect(run.finding("could-not-look").title).toContain("how far back the oplog reaches");
});

test.concurrent("a member without a configuration, or that is not in it, is no server by itself", async (context) => {
  const { state, diagnose } = await aServer(context);
  const { refusals } = state;
  const refuse = (code: number, codeName: string, errmsg: string) =>
    refusals.set("replSetGetStatus", { code, codeName, errmsg });
  refuse(94, "NotYetInitialized", "no replset config has been received");
  const run = await diagnose();
  expect(run.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical outside-set"]);
  expect(run.advice("joinSet")).toContain("a volume that is not mounted looks like a new server");
  refuse(93, "InvalidReplicaSetConfig", "Our replica set config is invalid or we are not a member of it");
  expect((await diagnose()).finding("outside-set").title).toContain("is not in the configuration");
});
