import { type Document, Timestamp } from "mongodb";
import { helloOf, statusOf } from "./answers.ts";
import { fits, through } from "./pipeline.ts";
import { emptyCollection, type MongoState } from "./state.ts";

/** An error as the server answers it. */
export class Refusal extends Error {
  readonly code: number;
  readonly codeName: string;
  constructor(code: number, codeName: string, message: string) {
    super(message);
    this.code = code;
    this.codeName = codeName;
  }
}

export interface Asked {
  readonly state: MongoState;
  readonly address: string;
  readonly database: string;
  readonly command: Document;
}

type Answer = (asked: Asked) => Document;

const cursor = ({ database }: Asked, collection: string, firstBatch: readonly Document[]): Document => ({
  cursor: { firstBatch, id: 0n, ns: `${database}.${collection}` },
});

/** Every command it knows; any other is answered with 59 CommandNotFound. */
export const COMMANDS: Readonly<Record<string, Answer>> = {
  hello: ({ state, address }) => helloOf(state, address),
  isMaster: ({ state, address }) => helloOf(state, address),
  ismaster: ({ state, address }) => helloOf(state, address),
  ping: () => ({}),
  endSessions: () => ({}),
  killCursors: () => ({}),
  serverStatus: ({ state, address }) => statusOf(state, address),
  connPoolStats: () => ({ numClientConnections: 0, totalInUse: 0, totalAvailable: 1, totalCreated: 1 }),
  getParameter: ({ state }) => ({
    featureCompatibilityVersion: { version: state.version.split(".").slice(0, 2).join(".") },
  }),
  getCmdLineOpts: ({ state }) => ({ argv: ["mongod"], parsed: state.options }),
  getLog: ({ state, command }) => {
    const log = command.getLog === "startupWarnings" ? state.warnings : state.log;
    return { totalLinesWritten: log.length, log };
  },
  connectionStatus: ({ state }) => ({
    authInfo: {
      authenticatedUsers: Object.keys(state.passwords).map((user) => ({ user, db: "admin" })),
      authenticatedUserPrivileges: [],
    },
  }),
  listDatabases: ({ state }) => ({
    databases: [
      ...new Set(["admin", "local", ...[...state.collections.keys()].map((one) => one.split(".")[0])]),
    ].map((name) => ({ name })),
  }),
  listCollections: (asked) =>
    cursor(
      asked,
      "$cmd.listCollections",
      [...asked.state.collections.keys()]
        .filter((one) => one.startsWith(`${asked.database}.`))
        .map((one) => ({ name: one.slice(asked.database.length + 1), type: "collection" })),
    ),
  replSetGetStatus: ({ state }) => {
    if (state.role === "standalone" || state.replication === undefined)
      throw new Refusal(76, "NoReplicationEnabled", "not running with --replSet");
    return state.replication;
  },
  replSetGetConfig: ({ state }) => ({ config: state.config }),
  dbStats: ({ state, database }) => ({
    db: database,
    fsTotalSize: state.disk.total,
    fsUsedSize: state.disk.used,
  }),
  killOp: ({ state, command }) => {
    state.operations = state.operations.filter(({ opid }) => opid !== command.op);
    return { info: "attempting to kill op" };
  },
  profile: ({ state, database, command }) => {
    if (state.role === "mongos")
      throw new Refusal(115, "CommandNotSupported", "profile is not supported on mongos");
    const {
      level: was,
      slowms,
      sampleRate,
    } = state.profilers.get(database) ?? { level: 0, slowms: 100, sampleRate: 1 };
    if (command.profile >= 0)
      state.profilers.set(database, {
        level: command.profile,
        slowms: command.slowms ?? slowms,
        sampleRate: command.sampleRate ?? sampleRate,
      });
    return { was, slowms, sampleRate };
  },
  explain: ({ state, database, command }) => ({
    queryPlanner: { winningPlan: state.plan(`${database}.${command.explain.find}`, command.explain) },
  }),
  listIndexes: (asked) => {
    const { indexes, building } = collectionOf(asked, asked.command.listIndexes);
    return cursor(
      asked,
      asked.command.listIndexes,
      indexes.map((one) => (building.includes(one.name) ? { ...one, buildUUID: "b1" } : one)),
    );
  },
  createIndexes: (asked) => {
    primaryOnly(asked);
    const collection = collectionOf(asked, asked.command.createIndexes);
    const before = collection.indexes.length;
    for (const one of asked.command.indexes as Document[])
      collection.indexes.push({ v: 2, key: one.key, name: one.name });
    return {
      numIndexesBefore: before,
      numIndexesAfter: collection.indexes.length,
      createdCollectionAutomatically: false,
      commitQuorum: "votingMembers",
    };
  },
  dropIndexes: (asked) => {
    primaryOnly(asked);
    const collection = collectionOf(asked, asked.command.dropIndexes);
    const before = collection.indexes.length;
    collection.indexes = collection.indexes.filter(({ name }) => name !== asked.command.index);
    if (collection.indexes.length === before)
      throw new Refusal(27, "IndexNotFound", `index not found with name [${asked.command.index}]`);
    return { nIndexesWas: before };
  },
  find: (asked) => {
    const { state, database, command } = asked;
    const all = state.collections.get(`${database}.${command.find}`)?.documents ?? [];
    const found = all.filter((one) => fits(one, command.filter ?? {}));
    const sorted = command.sort?.$natural === -1 ? found.toReversed() : found;
    return cursor(asked, command.find, sorted.slice(0, command.limit ?? sorted.length));
  },
  aggregate: (asked) => {
    const [first = {}, ...rest] = asked.command.pipeline as Document[];
    return cursor(asked, String(asked.command.aggregate), through(sourceOf(asked, first), rest));
  },
};

function primaryOnly({ state }: Asked): void {
  if (!["primary", "standalone", "mongos"].includes(state.role))
    throw new Refusal(10107, "NotWritablePrimary", "not primary");
}

function collectionOf({ state, database }: Asked, name: string) {
  const found = state.collections.get(`${database}.${name}`);
  if (found === undefined)
    throw new Refusal(26, "NamespaceNotFound", `ns does not exist: ${database}.${name}`);
  return found;
}

/** Documents of the first stage. */
function sourceOf(asked: Asked, stage: Document): Document[] {
  const { state, database, address, command } = asked;
  const [name = ""] = Object.keys(stage);
  if (name === "$currentOp") {
    const refused = state.refusals.get("$currentOp");
    if (refused !== undefined) throw new Refusal(refused.code, refused.codeName, refused.errmsg);
    if (stage.$currentOp.localOps === true && state.role !== "mongos")
      throw new Refusal(9, "FailedToParse", "localOps is of a mongos");
    const isIdleToo = stage.$currentOp.idleConnections === true;
    return state.operations.filter(({ active }) => isIdleToo || active === true);
  }
  const of = String(command.aggregate);
  const found =
    state.collections.get(`${database}.${of}`) ??
    (database === "local" ? emptyCollection() : collectionOf(asked, of));
  if (name === "$collStats")
    return [
      {
        ns: `${database}.${of}`,
        host: address,
        storageStats: {
          size: found.bytes,
          count: found.count,
          storageSize: found.bytes,
          totalIndexSize: 4096 * found.indexes.length,
          nindexes: found.indexes.length,
          indexBuilds: found.building,
        },
      },
    ];
  if (name === "$indexStats")
    return found.indexes.map((one) => ({
      name: one.name,
      key: one.key,
      host: address,
      accesses: { ops: BigInt(found.uses[one.name] ?? 0), since: new Date(Date.now() - 3_600_000) },
    }));
  throw new Error(`the emulated server does not know ${name}`);
}

/** An oplog that reaches so far back. */
export const oplogOf = (seconds: number): Document[] => {
  const now = Math.floor(Date.now() / 1000);
  return [now - seconds, now].map((t) => ({ ts: new Timestamp({ t, i: 1 }) }));
};
