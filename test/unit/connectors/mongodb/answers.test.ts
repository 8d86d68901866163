import { describe, expect, it } from "vitest";
import { indexFor, sayShape, shapeOf } from "../../../../src/connectors/mongodb/actions/shape.ts";
import { fromLog } from "../../../../src/connectors/mongodb/actions/slow-entries.ts";
import { nowOf } from "../../../../src/connectors/mongodb/actions/state-now.ts";
import { sinceOf } from "../../../../src/connectors/mongodb/actions/state-since.ts";
import { judgeRights } from "../../../../src/connectors/mongodb/check.ts";
import { hostsOf, optionsFor } from "../../../../src/connectors/mongodb/client.ts";
import { toMongoError } from "../../../../src/connectors/mongodb/errors.ts";
import { judgeMongo } from "../../../../src/connectors/mongodb/health.ts";
import { passwordsIn } from "../../../../src/connectors/mongodb/settings.ts";
import { Thresholds } from "../../../../src/core/words/system.ts";
import { slowLine } from "../../../helpers/mongo/rows.ts";

const shape = (command: Record<string, unknown>) => {
  const found = shapeOf(command);
  return found === null ? "none" : sayShape(found);
};
const keys = (command: Record<string, unknown>) => {
  const found = shapeOf(command);
  return found === null ? undefined : indexFor(found);
};

describe("the shape of a query", () => {
  it("names fields, and never a value", () => {
    const command = {
      find: "c",
      filter: { a: "secret-1", b: { $gt: 7 }, c: { $in: ["secret-2"] } },
      sort: { d: -1 },
    };
    expect(shape(command)).toBe("find { a =, c =, b range } sort { d: -1 }");
    expect(shape({ aggregate: "c", pipeline: [{ $match: { a: 1 } }, { $sort: { b: 1 } }] })).toBe(
      "aggregate { a = } sort { b: 1 }",
    );
    expect(shape({ q: { a: { $gt: 1 } }, u: { $set: { b: 1 } } })).toBe("update or delete { a range }");
    expect(shape({ getMore: 1n })).toBe("none");
  });

  it("an index: equality, then the order, then ranges; none where its fields do not tell", () => {
    expect(keys({ find: "c", filter: { age: { $gte: 5 }, status: 1 }, sort: { name: -1 } })).toEqual([
      ["status", 1],
      ["name", -1],
      ["age", 1],
    ]);
    expect(keys({ find: "c", filter: { $and: [{ a: 1 }, { b: { $lt: 3 } }] } })).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
    for (const filter of [
      { $or: [{ a: 1 }, { b: 1 }] },
      { a: { $elemMatch: { b: 1 } } },
      { $where: "this.a" },
      { _id: 5 },
      { a: 1, b: 2, c: 3, d: 4, e: 5 },
      {},
    ])
      expect(keys({ find: "c", filter })).toBeUndefined();
    expect(keys({ aggregate: "c", pipeline: [{ $group: { _id: "$a" } }] })).toBeUndefined();
  });

  it("reads the log's extended JSON, and nothing of a line that is none", () => {
    const entry = fromLog(
      slowLine({ command: { find: "orders", filter: { _x: { $oid: "65f" }, n: { $numberLong: "5" } } } }),
    );
    expect(entry?.shape).toMatchObject({ equal: ["_x", "n"], other: false });
    expect(fromLog('{"msg":"Slow query","attr":')).toBeUndefined();
    expect(fromLog('{"msg":"Connection accepted"}')).toBeUndefined();
    expect(fromLog(slowLine({ command: { getMore: 5 } }))).toBeUndefined();
  });
});

describe("figures", () => {
  it("what a version does not give is null, and a counter that fell began anew", () => {
    expect(nowOf({}).connections.current).toBeNull();
    expect(nowOf({}).tickets.read).toBeNull();
    const since = sinceOf({ connections: { totalCreated: 500 } }, { connections: { totalCreated: 20 } }, 2);
    expect(since.connectionsCreated).toBeNull();
    expect(sinceOf({}, {}, 2).operations).toBeNull();
  });

  it("milliseconds of an operation are of those between the looks", () => {
    const look = (latency: number, ops: number) => ({ opLatencies: { reads: { latency, ops } } });
    expect(sinceOf(look(1_000, 10), look(41_000, 20), 2).readMs).toBe(4);
    expect(sinceOf(look(1_000, 10), look(1_000, 10), 2).readMs).toBeNull();
  });
});

describe("the URL", () => {
  it("a single host is asked itself, whatever it is; a set, a service and what the URL says are left", () => {
    expect(optionsFor("mongodb://a:1/x").directConnection).toBe(true);
    for (const url of [
      "mongodb://a,b/x",
      "mongodb://a/?replicaSet=rs0",
      "mongodb+srv://a/x",
      "mongodb://a/?directConnection=false",
    ])
      expect(optionsFor(url).directConnection).toBeUndefined();
    expect(optionsFor("mongodb://a/?readPreference=secondary").readPreference).toBeUndefined();
  });

  it("passwords of URLs with several hosts are known, as written and as sent", () => {
    expect(passwordsIn("mongodb://u:p%40ss@a:1,b:2/?replicaSet=x")).toEqual(["p%40ss", "p@ss"]);
    expect(passwordsIn("mongodb://a:1,b:2/")).toEqual([]);
    expect(hostsOf("mongodb://u:p@a:1,b:2/?x=y")).toBe("a:1,b:2");
  });
});

describe("errors", () => {
  const server = (code: number, message = "said") =>
    toMongoError(Object.assign(new Error(message), { name: "MongoServerError", code, codeName: "X" }), "db");
  it.each([
    [13, "target_auth", "Unauthorized"],
    [18, "target_auth", "AuthenticationFailed"],
    [50, "timeout", "MaxTimeMSExpired"],
    [10107, "target_refused", "NotWritablePrimary"],
    [13435, "target_refused", "NotPrimaryNoSecondaryOk"],
    [189, "target_error", "PrimarySteppedDown"],
    [11600, "target_unreachable", "InterruptedAtShutdown"],
    [4711, "target_error", "X"],
  ])("%d", (code, word, detail) => {
    expect(server(code)).toMatchObject({ code: word, detail });
  });
  it("says what gives an answer that was refused", () => {
    expect(server(13).hint).toContain("clusterMonitor");
    expect(server(8000).hint).toContain("tier");
  });
});

describe("rights", () => {
  it("what is to be pasted is quoted, and names the databases", () => {
    const checks = judgeRights({
      role: "primary",
      user: 'x"); db.dropDatabase(); ("',
      refused: ["the log (getLog)"],
      lacking: ["killop", "enableProfiler"],
      databases: ["shop"],
    });
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "reach ok",
      "rights warning",
      "remedies warning",
    ]);
    const paste = checks.flatMap((one) => one.paste ?? []);
    expect(paste[0]).toBe(
      'db.getSiblingDB("admin").grantRolesToUser("x\\"); db.dropDatabase(); (\\"", [{"role":"clusterMonitor","db":"admin"},{"role":"read","db":"local"},{"role":"read","db":"shop"}])',
    );
    expect(paste[1]).toContain('{"resource":{"cluster":true},"actions":["killop"]}');
    expect(paste[1]).toContain('{"resource":{"db":"shop","collection":""},"actions":["enableProfiler"]}');
  });
});

describe("its row in the health matrix", () => {
  const limits = { slowSeconds: 1, thresholds: Thresholds.parse({}) };
  const seen = {
    ms: 3,
    version: "7.0.12",
    role: "primary" as const,
    primary: null,
    current: 12,
    available: 800,
  };
  it("well, without a primary, at the limit", () => {
    expect(judgeMongo(seen, limits)).toBe("7.0.12, primary, 3.0 ms, 1.5 % of its connections");
    expect(judgeMongo({ ...seen, role: "secondary" }, limits)).toMatchObject({ word: "no primary" });
    expect(judgeMongo({ ...seen, role: "secondary", primary: "db0:27017" }, limits)).toContain("secondary");
    expect(judgeMongo({ ...seen, role: "arbiter" }, limits)).toContain("arbiter");
    expect(judgeMongo({ ...seen, role: "other" }, limits)).toMatchObject({ severity: "critical" });
    expect(judgeMongo({ ...seen, current: 199, available: 1 }, limits)).toMatchObject({
      word: "199 connections, 1 left",
    });
  });
});

describe("a set whose members' names do not resolve here", () => {
  const selection = (address: string, code: string) =>
    Object.assign(new Error(`getaddrinfo ${code} ${address}`), {
      name: "MongoServerSelectionError",
      reason: {
        servers: new Map([
          [
            `${address}:27017`,
            {
              error: Object.assign(new Error(`getaddrinfo ${code} ${address}`), {
                name: "MongoNetworkError",
              }),
            },
          ],
        ]),
      },
    });

  it("answers by the address of the URL; the URL's own name that is missing is another thing", () => {
    const other = toMongoError(selection("mongo1", "ENOTFOUND"), "10.0.0.5:27017");
    expect(other).toMatchObject({
      detail: "member-name",
      message: expect.stringContaining("names mongo1:27017"),
    });
    expect(toMongoError(selection("mongo1", "ENOTFOUND"), "mongo1:27017").detail).not.toBe("member-name");
    expect(toMongoError(selection("10.0.0.6", "ECONNREFUSED"), "10.0.0.5:27017").detail).not.toBe(
      "member-name",
    );
  });
});
