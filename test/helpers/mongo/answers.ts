import type { Document } from "mongodb";
import type { MongoState } from "./state.ts";

// Shapes as MongoDB's manual has them (hello, serverStatus, replSetGetStatus, dbStats, getCmdLineOpts) and as real servers gave them
// (DataDog/integrations-core, mongo/tests/fixtures).

const FLAGS: Readonly<Record<MongoState["role"], Document>> = {
  standalone: { isWritablePrimary: true, ismaster: true },
  primary: { isWritablePrimary: true, ismaster: true, secondary: false, setName: "rs0" },
  secondary: { isWritablePrimary: false, ismaster: false, secondary: true, setName: "rs0" },
  arbiter: { isWritablePrimary: false, ismaster: false, secondary: false, arbiterOnly: true, setName: "rs0" },
  recovering: { isWritablePrimary: false, ismaster: false, secondary: false, setName: "rs0" },
  mongos: { isWritablePrimary: true, ismaster: true, msg: "isdbgrid" },
};

export function helloOf(state: MongoState, address: string): Document {
  const inSet = FLAGS[state.role].setName !== undefined;
  return {
    helloOk: true,
    ...FLAGS[state.role],
    ...(inSet ? { hosts: [address], me: address, setVersion: 1 } : {}),
    ...(state.primary === undefined ? {} : { primary: state.primary }),
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: 104,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
  };
}

export function statusOf(state: MongoState, address: string): Document {
  return merged(
    {
      host: address,
      version: state.version,
      process: state.role === "mongos" ? "mongos" : "mongod",
      pid: 1,
      uptime: 64_054,
      connections: {
        current: 12,
        available: 838_848,
        totalCreated: 1383,
        rejected: 0,
        active: 3,
        threaded: 12,
      },
      globalLock: {
        currentQueue: { total: 0, readers: 0, writers: 0 },
        activeClients: { total: 0, readers: 0, writers: 0 },
      },
      opcounters: { insert: 316, query: 12, update: 4, delete: 1, getmore: 2, command: 7882 },
      opLatencies: {
        reads: { latency: 2_874, ops: 10 },
        writes: { latency: 193, ops: 1 },
        commands: { latency: 67_574, ops: 40 },
      },
      extra_info: { note: "fields vary by platform", page_faults: 20 },
      asserts: { regular: 0, warning: 0, msg: 0, user: 27, rollovers: 0 },
      flowControl: {
        enabled: true,
        isLagged: false,
        timeAcquiringMicros: 12,
        targetRateLimit: 1_000_000_000,
      },
      mem: { bits: 64, resident: 180, virtual: 2600, supported: true },
      metrics: {
        cursor: { timedOut: 2, open: { noTimeout: 0, pinned: 0, total: 1 } },
        document: { deleted: 1, inserted: 316, returned: 400, updated: 4 },
        operation: { scanAndOrder: 3, writeConflicts: 0 },
        queryExecutor: { scanned: 500, scannedObjects: 600, collectionScans: { nonTailable: 4, total: 9 } },
      },
      ...(state.role === "mongos" ? {} : engineOf(state)),
      ok: 1,
    },
    state.status,
  );
}

/** WiredTiger's part; since 8.0 the tickets stand in `queues`. */
function engineOf({ version }: MongoState): Document {
  const isNew = Number.parseInt(version, 10) >= 8;
  const tickets = { out: 0, available: 128, totalTickets: 128 };
  return {
    wiredTiger: {
      cache: {
        "bytes currently in the cache": 40_000_000,
        "maximum bytes configured": 1_000_000_000,
        "tracked dirty bytes in the cache": 2_000_000,
        "pages evicted by application threads": 0,
      },
      ...(isNew ? {} : { concurrentTransactions: { read: tickets, write: tickets } }),
    },
    ...(isNew
      ? {
          queues: {
            execution: {
              read: { ...tickets, normalPriority: { queueLength: 0 } },
              write: { ...tickets, normalPriority: { queueLength: 0 } },
            },
          },
        }
      : {}),
  };
}

/** `over` into `base`, document by document. */
export function merged(base: Document, over: Document): Document {
  const made: Document = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = made[name];
    const isPart = (one: unknown): one is Document =>
      typeof one === "object" && one !== null && Object.getPrototypeOf(one) === Object.prototype;
    made[name] = isPart(value) && isPart(below) ? merged(below, value) : value;
  }
  return made;
}
