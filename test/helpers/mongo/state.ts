import type { Document } from "mongodb";

/** A collection of the emulated server. */
export interface EmulatedCollection {
  bytes: number;
  count: number;
  indexes: Document[];
  uses: Record<string, number>;
  building: string[];
  /** Shards of it, where each tells its own part; empty: one server holds all. */
  documents: Document[];
}

/** All that it holds and answers; tests change it as they like. */
export interface MongoState {
  version: string;
  role: "standalone" | "primary" | "secondary" | "arbiter" | "recovering" | "mongos";
  primary: string | undefined;
  passwords: Record<string, string>;
  operations: Document[];
  collections: Map<string, EmulatedCollection>;
  profilers: Map<string, { level: number; slowms: number; sampleRate: number }>;
  /** Merged over what `serverStatus` says. */
  status: Document;
  options: Document;
  log: string[];
  warnings: string[];
  replication: Document | undefined;
  config: Document;
  disk: { total: number; used: number };
  /** Of the winning plan, by namespace. */
  plan: (namespace: string, command: Document) => Document;
  /** Commands that are answered with an error, by name: `killOp`, `$currentOp`, … */
  refusals: Map<string, { code: number; codeName: string; errmsg: string }>;
  /** Names of commands in the order they came. */
  readonly asked: string[];
  /** Takes connections and closes them at once, as a server at its limit does. */
  full: boolean;
}

export const emptyCollection = (bytes = 0, count = 0): EmulatedCollection => ({
  bytes,
  count,
  indexes: [{ v: 2, key: { _id: 1 }, name: "_id_" }],
  uses: {},
  building: [],
  documents: [],
});

/** A standalone 7.0 without anything in it. */
export const freshState = (): MongoState => ({
  version: "7.0.12",
  role: "standalone",
  primary: undefined,
  passwords: {},
  operations: [],
  collections: new Map(),
  profilers: new Map(),
  status: {},
  options: {},
  log: [],
  warnings: [],
  replication: undefined,
  config: {},
  disk: { total: 500 * 1024 ** 3, used: 100 * 1024 ** 3 },
  plan: () => ({ stage: "COLLSCAN", direction: "forward" }),
  refusals: new Map(),
  asked: [],
  full: false,
});
