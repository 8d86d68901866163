// An emulated server behind the real driver; the same against a real one that MONGODB_URI names.
import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mongodb } from "../../../src/sdk/index.ts";
import { operation, slowLine } from "../../helpers/mongo/rows.ts";
import { type EmulatedMongo, emulatedMongo } from "../../helpers/mongo/server.ts";
import { emptyCollection } from "../../helpers/mongo/state.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const DATABASE = "diagbot_test";
const real = process.env.MONGODB_URI;

interface Target {
  readonly url: string;
  /** Puts documents into `<DATABASE>.orders` and has one slow operation recorded. */
  fill(): Promise<unknown>;
  close(): Promise<unknown>;
}

async function emulated(): Promise<Target & { server: EmulatedMongo }> {
  const server = await emulatedMongo();
  return {
    server,
    url: `mongodb://127.0.0.1:${server.port}/`,
    fill: async () => {
      server.state.collections.set(`${DATABASE}.orders`, emptyCollection(2_000_000, 5_000));
      server.state.log = [slowLine({ ns: `${DATABASE}.orders` })];
      server.state.operations = [operation({ secs_running: 30 })];
    },
    close: () => server.close(),
  };
}

async function reachable(url: string): Promise<Target> {
  const client = await new MongoClient(url).connect();
  const orders = client.db(DATABASE).collection("orders");
  return {
    url,
    fill: async () => {
      await orders.drop().catch(() => {});
      await orders.insertMany(
        Array.from({ length: 5_000 }, (_one, n) => ({
          status: n % 7,
          at: new Date(n * 1000),
          text: "x".repeat(200),
        })),
      );
      await client.db(DATABASE).command({ profile: 0, slowms: 0 });
      await orders.find({ status: 3 }).sort({ at: -1 }).toArray();
      await client.db(DATABASE).command({ profile: 0, slowms: 100 });
    },
    close: async () => {
      await client.db(DATABASE).dropDatabase();
      await client.close();
    },
  };
}

const suites: [string, () => Promise<Target>][] = [
  ["emulated", emulated],
  ...(real === undefined ? [] : [["MONGODB_URI", () => reachable(real)] as [string, () => Promise<Target>]]),
];

describe.each(suites)("%s", (_name, make) => {
  let target: Target;
  let bench: Bench;
  beforeAll(async () => {
    target = await make();
    const { connector } = mongodb.kind;
    if (connector === undefined) throw new Error("no connector");
    bench = openBench({
      connections: {
        documents: {
          kind: "mongodb",
          url: target.url,
          databases: [DATABASE],
          indexes: { collections: [`${DATABASE}.orders`] },
        },
      },
      connectors: [connector],
    });
    await target.fill();
  });
  afterAll(async () => {
    await bench?.close();
    await target?.close();
  });

  const keys: [string, 1 | -1][] = [
    ["status", 1],
    ["at", -1],
  ];
  const namespace = `${DATABASE}.orders`;

  test("reads of the server", async () => {
    const state = await bench.call(mongodb.state({ seconds: 0.2 }));
    expect(state.version).toMatch(/^\d+\.\d+/);
    expect(state.compatibility).toMatch(/^\d+\.\d+$/);
    expect(state.now.connections.current).toBeGreaterThan(0);
    expect(state.now.connections.available).toBeGreaterThan(0);
    expect(state.now.cache?.maxBytes).toBeGreaterThan(0);
    expect(state.now.tickets.read?.available).toBeGreaterThan(0);
    expect(state.since.operations).not.toBeNull();
    expect((await bench.call(mongodb.health())).ms).toBeGreaterThan(0);
    const { role } = await bench.call(mongodb.replication());
    expect(["standalone", "primary"]).toContain(role);
  });

  test("who is connected, and what runs", async () => {
    const { clients } = await bench.call(mongodb.clients());
    expect(clients.length).toBeGreaterThan(0);
    await bench.call(mongodb.operations({ seconds: 0 }));
  });

  test("a slow operation is found where it was recorded, by its shape, without its values", async () => {
    const seen = await bench.call(mongodb.slowOperations({ minutes: 5 }));
    const found = seen.groups.find((one) => one.namespace === namespace && one.shape.sort.length > 0);
    expect(found?.plan).toContain("COLLSCAN");
    expect(found?.planNow).toContain("COLLSCAN");
    expect(found?.shape).toMatchObject({ command: "find", sort: [["at", -1]] });
    expect(found?.shape.equal).toContain("status");
  });

  test("an index is created, seen, not created twice, and dropped", async () => {
    const call = mongodb.createIndex({ namespace, keys });
    expect((await bench.preview(call)).refused).toBeUndefined();
    const { name } = await bench.call(call);
    const { collections } = await bench.call(mongodb.collections({ namespaces: [namespace] }));
    expect(collections[0]).toMatchObject({ namespace, documents: 5_000 });
    expect(collections[0]?.indexes.find((one) => one.name === name)).toMatchObject({ keys, building: false });
    expect((await bench.preview(call)).nothingToDo).toContain("begins with these fields already");
    const shorter = mongodb.createIndex({ namespace, keys: keys.slice(0, 1) });
    expect((await bench.preview(shorter)).nothingToDo).toContain(name);
    await bench.call(mongodb.dropIndex({ namespace, keys }));
    const after = await bench.call(mongodb.collections({ namespaces: [namespace] }));
    expect(after.collections[0]?.indexes.map((one) => one.name)).toEqual(["_id_"]);
  });

  test("a collection that is not allowed or not there", async () => {
    const other = await bench.preview(mongodb.createIndex({ namespace: `${DATABASE}.other`, keys }));
    expect(other.refused).toContain(`add ${DATABASE}.other to`);
    expect(
      (await bench.call(mongodb.collections({ namespaces: [`${DATABASE}.nothing`] }))).collections,
    ).toEqual([]);
  });

  test("the profiler is set, and set back", async () => {
    const from = await bench.call(mongodb.profiler({ database: DATABASE }));
    const to = { level: 1, slowMs: from.slowMs + 100, sampleRate: 0.5 };
    await bench.call(mongodb.setProfiler({ database: DATABASE, from, to }));
    expect(await bench.call(mongodb.profiler({ database: DATABASE }))).toEqual(to);
    await expect(bench.call(mongodb.setProfiler({ database: DATABASE, from, to }))).rejects.toMatchObject({
      code: "target_refused",
    });
    await bench.call(mongodb.setProfiler({ database: DATABASE, from: to, to: from, restores: true }));
    expect(await bench.call(mongodb.profiler({ database: DATABASE }))).toEqual(from);
  });
});

describe.skipIf(real === undefined)(
  `on a real server${real === undefined ? " (skipped: set MONGODB_URI)" : ""}`,
  () => {
    test("an operation is ended by its number, client and start, and its client is told", async () => {
      const { connector } = mongodb.kind;
      if (connector === undefined || real === undefined) throw new Error("no connector");
      const bench = openBench({
        connections: { documents: { kind: "mongodb", url: real } },
        connectors: [connector],
      });
      const client = await new MongoClient(real, { appName: "sleeper" }).connect();
      try {
        await client.db(DATABASE).collection("one").insertOne({ a: 1 });
        const sleeping = client
          .db(DATABASE)
          .collection("one")
          .find({ $where: "sleep(60000) || true" })
          .toArray()
          .then(
            () => "ended",
            (error: { code?: number }) => error.code,
          );
        const mine = await until(async () =>
          (await bench.call(mongodb.operations({ seconds: 0 }))).operations.find(
            ({ application }) => application === "sleeper",
          ),
        );
        const { opid, client: from, startedAt } = mine ?? { opid: 0, client: "", startedAt: "" };
        await bench.call(mongodb.killOperation({ opid, client: from, startedAt: startedAt ?? "" }));
        expect(await sleeping).toBe(11601);
      } finally {
        await client.db(DATABASE).dropDatabase();
        await client.close();
        await bench.close();
      }
    });
  },
);

test("a set without a primary is answered by a secondary, and nothing is written there", async () => {
  const target = await emulated();
  const { connector } = mongodb.kind;
  if (connector === undefined) throw new Error("no connector");
  target.server.state.role = "secondary";
  target.server.state.replication = { set: "rs0", members: [] };
  await target.fill();
  const bench = openBench({
    connections: {
      documents: { kind: "mongodb", url: target.url, indexes: { collections: [`${DATABASE}.orders`] } },
    },
    connectors: [connector],
  });
  try {
    expect((await bench.call(mongodb.health())).role).toBe("secondary");
    const call = mongodb.createIndex({ namespace: `${DATABASE}.orders`, keys: [["status", 1]] });
    expect((await bench.preview(call)).refused).toContain("on the primary");
    await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused" });
    expect(target.server.state.asked).not.toContain("createIndexes");
  } finally {
    await bench.close();
    await target.close();
  }
});

test("an index is refused: too large, no room, too many, another being built, a member away, a short oplog", async () => {
  const target = await emulated();
  const { connector } = mongodb.kind;
  if (connector === undefined) throw new Error("no connector");
  const { state } = target.server;
  const bench = openBench({
    connections: {
      documents: { kind: "mongodb", url: target.url, indexes: { collections: ["shop.orders"] } },
    },
    connectors: [connector],
  });
  const refusal = async (change: () => void): Promise<string | undefined> => {
    target.server.reset();
    state.collections.set("shop.orders", emptyCollection(1_000_000, 5_000));
    change();
    return (await bench.preview(mongodb.createIndex({ namespace: "shop.orders", keys: [["a", 1]] }))).refused;
  };
  const orders = () => state.collections.get("shop.orders") ?? emptyCollection();
  const inSet = (members: object[], oplog: number) => {
    state.role = "primary";
    state.replication = { set: "rs0", members };
    state.collections.set("local.oplog.rs", {
      ...emptyCollection(),
      documents: [1_000_000, 1_000_000 + oplog].map((t) => ({ ts: { t } })),
    });
  };
  try {
    expect(await refusal(() => {})).toBeUndefined();
    expect(await refusal(() => Object.assign(orders(), { bytes: 5e9 }))).toContain("more than 1.0 GiB");
    expect(await refusal(() => Object.assign(state.disk, { total: 10, used: 9 }))).toContain("are wanted");
    expect(
      await refusal(() =>
        orders().indexes.push(
          ...Array.from({ length: 30 }, (_one, n) => ({ key: { [`f${n}`]: 1 }, name: `f${n}` })),
        ),
      ),
    ).toContain("31 indexes already");
    expect(
      await refusal(() => {
        orders().indexes.push({ key: { b: 1 }, name: "b_1" });
        orders().building.push("b_1");
      }),
    ).toContain("being built");
    expect(await refusal(() => inSet([{ state: 1 }, { state: 8 }], 1e6))).toContain("down or recovering");
    expect(await refusal(() => inSet([{ state: 1 }, { state: 7 }], 600))).toContain("10 min only");
    expect(await refusal(() => inSet([{ state: 1 }, { state: 2 }], 1e6))).toBeUndefined();
    expect(await refusal(() => Object.assign(state, { role: "mongos" }))).toContain("mongos");
  } finally {
    await bench.close();
    await target.close();
  }
});
