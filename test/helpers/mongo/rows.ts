import type { Document } from "mongodb";

let next = 1_538_838;

/** An operation as `$currentOp` shows it: of a find that scans a collection, unless `more` says otherwise. */
export function operation(more: Document = {}): Document {
  const seconds = Number(more.secs_running ?? 0);
  return {
    type: "op",
    host: "6a77c2b11cf6:27017",
    desc: "conn104",
    connectionId: 104,
    client: "10.0.0.7:39517",
    appName: "orders-api",
    clientMetadata: { application: { name: "orders-api" }, driver: { name: "nodejs", version: "6.8.0" } },
    active: true,
    currentOpTime: new Date().toISOString().replace("Z", "+00:00"),
    effectiveUsers: [{ user: "shop", db: "admin" }],
    threaded: true,
    opid: next++,
    secs_running: BigInt(Math.round(seconds)),
    microsecs_running: BigInt(Math.round(seconds * 1e6)),
    op: "query",
    ns: "shop.orders",
    command: {
      find: "orders",
      filter: { status: "new", total: { $gt: 100 } },
      sort: { at: -1 },
      $db: "shop",
    },
    planSummary: "COLLSCAN",
    numYields: 0,
    locks: { FeatureCompatibilityVersion: "r", Global: "r" },
    waitingForLock: false,
    lockStats: { Global: { acquireCount: { r: 1n } } },
    waitingForFlowControl: false,
    flowControlStats: {},
    ...more,
    ...(more.secs_running === undefined ? {} : { secs_running: Math.round(seconds) }),
  };
}

/** A connection on which nothing is under way. */
export const idle = (more: Document = {}): Document => {
  const { secs_running: _s, microsecs_running: _m, planSummary: _p, ...rest } = operation();
  return { ...rest, active: false, op: "none", ns: "", command: {}, ...more };
};

/** A line of the log about a slow query, as 4.4 and newer write it (mongodb.com/docs/manual/reference/log-messages). */
export const slowLine = (attr: Document = {}, at = new Date()): string =>
  JSON.stringify({
    t: { $date: at.toISOString().replace("Z", "+00:00") },
    s: "I",
    c: "COMMAND",
    id: 51803,
    ctx: "conn104",
    msg: "Slow query",
    attr: {
      type: "command",
      ns: "shop.orders",
      appName: "orders-api",
      command: {
        find: "orders",
        filter: { status: "new", at: { $gt: { $date: "2026-01-01T00:00:00.000Z" } } },
        sort: { at: -1 },
        $db: "shop",
      },
      planSummary: "COLLSCAN",
      keysExamined: 0,
      docsExamined: 250_000,
      hasSortStage: true,
      cursorExhausted: true,
      numYields: 250,
      nreturned: 20,
      remote: "10.0.0.7:39517",
      protocol: "op_msg",
      durationMillis: 840,
      ...attr,
    },
  });
