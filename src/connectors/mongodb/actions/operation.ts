import type { Document } from "mongodb";
import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { OWN_DATABASES } from "../settings.ts";
import { flagAt, known, listAt, momentAt, numberAt, partAt, textAt } from "../values.ts";
import { isFollowing, Shape, shapeOf } from "./shape.ts";

/** An operation under way. */
export const Operation = z.object({
  /** A number on a mongod, `shard:number` on a mongos. */
  opid: z.union([z.number(), z.string()]),
  /** `10.0.0.7:41234`; empty: the server's own. */
  client: z.string(),
  application: z.string(),
  driver: z.string(),
  user: z.string(),
  /** `query`, `update`, `getmore`, `command`, … */
  op: z.string(),
  namespace: z.string(),
  seconds: z.number(),
  /** When it began by the server's clock, to the second: with opid and client it says which operation is meant. */
  startedAt: z.string().nullable(),
  plan: z.string(),
  shape: Shape.nullable(),
  waitsForLock: z.boolean(),
  waitsForFlowControl: z.boolean(),
  /** Locks it holds or wants, e.g. `Collection w`. */
  locks: z.array(z.string()).max(20),
  yields: known,
  /** Seconds it waited for locks, all in all. */
  lockSeconds: known,
  /** What it says of itself, e.g. how far an index build is. */
  message: z.string(),
  killPending: z.boolean(),
  /** A transaction is open: its locks stay until it ends. Seconds since it began. */
  transactionSeconds: known,
  /** Why diagbot leaves it alone; null: it may be ended. */
  spared: z.string().nullable(),
});
export type Operation = z.output<typeof Operation>;

/** What is read of an operation; values of its command stay out of what is kept. */
export const OPERATION_FIELDS = {
  ...{
    opid: 1,
    type: 1,
    client: 1,
    client_s: 1,
    appName: 1,
    effectiveUsers: 1,
    desc: 1,
    op: 1,
    ns: 1,
    active: 1,
  },
  ...{ secs_running: 1, microsecs_running: 1, currentOpTime: 1, planSummary: 1, command: 1, connectionId: 1 },
  ...{
    waitingForLock: 1,
    waitingForFlowControl: 1,
    locks: 1,
    lockStats: 1,
    numYields: 1,
    msg: 1,
    killPending: 1,
  },
  ...{
    "clientMetadata.driver.name": 1,
    "cursor.originatingCommand": 1,
    "cursor.tailable": 1,
    "transaction.timeOpenMicros": 1,
  },
};

/** As `$currentOp` has it. mongodb.com/docs/manual/reference/operator/aggregation/currentOp. */
export function operationOf(raw: Document): Operation {
  const opid = typeof raw.opid === "string" ? clip(raw.opid, 100) : (numberAt(raw, "opid") ?? 0);
  const micros = numberAt(raw, "microsecs_running");
  const open = numberAt(raw, "transaction", "timeOpenMicros");
  const command = partAt(raw, "cursor", "originatingCommand") ?? partAt(raw, "command") ?? {};
  return {
    opid,
    client: clip(textAt(raw, "client") ?? textAt(raw, "client_s") ?? "", 100),
    application: clip(textAt(raw, "appName") ?? "", 128),
    driver: clip(textAt(raw, "clientMetadata", "driver", "name") ?? "", 64),
    user: clip(textAt(listAt(raw, "effectiveUsers")[0], "user") ?? "", 64),
    op: clip(textAt(raw, "op") ?? "", 40),
    namespace: clip(textAt(raw, "ns") ?? "", 255),
    seconds: numberAt(raw, "secs_running") ?? (micros === null ? 0 : micros / 1e6),
    startedAt: startOf(raw, micros),
    plan: clip(textAt(raw, "planSummary") ?? "", 200),
    shape: shapeOf(command),
    waitsForLock: flagAt(raw, "waitingForLock"),
    waitsForFlowControl: flagAt(raw, "waitingForFlowControl"),
    locks: Object.entries(partAt(raw, "locks") ?? {})
      .flatMap(([name, mode]) => (typeof mode === "string" ? [clip(`${name} ${mode}`, 60)] : []))
      .slice(0, 20),
    yields: numberAt(raw, "numYields"),
    lockSeconds: waited(raw),
    message: clip(textAt(raw, "msg") ?? "", 120),
    killPending: flagAt(raw, "killPending"),
    transactionSeconds: open === null ? null : open / 1e6,
    spared: sparedOf(raw, command),
  };
}

/** The server's clock less how long it runs. It gives microseconds and a time of two looks a moment apart, so seconds are kept. */
function startOf(raw: Document, micros: number | null): string | null {
  const now = Date.parse(textAt(raw, "currentOpTime") ?? momentAt(raw, "currentOpTime") ?? "");
  if (Number.isNaN(now) || micros === null) return null;
  return new Date(now - micros / 1000).toISOString();
}

/** Two looks at one operation agree on its start to a second or so. */
export const beganTogether = (a: string | null, b: string | null): boolean =>
  a !== null && b !== null && Math.abs(Date.parse(a) - Date.parse(b)) <= 2_000;

function waited(raw: Document): number | null {
  const all = Object.values(partAt(raw, "lockStats") ?? {}).flatMap((of) =>
    Object.values(partAt(of, "timeAcquiringMicros") ?? {}),
  );
  const micros = all.map((value) => numberAt({ value }, "value") ?? 0);
  return micros.length === 0 ? null : micros.reduce((sum, one) => sum + one, 0) / 1e6;
}

const OWN_CLIENTS = ["MongoDB Internal Client", "NetworkInterfaceTL"];
/** What copies or looks after the data: ended, it leaves a backup or a member behind. */
const KEEPERS =
  /oplogfetcher|replication|mongodump|mongorestore|mongosync|backup|automation agent|\bpbm\b|monitoring/i;
/** What somebody asks for on purpose and that must not stop midway. */
const DELICATE = [
  ...[
    "createIndexes",
    "dropIndexes",
    "compact",
    "validate",
    "fsync",
    "shutdown",
    "replSetStepDown",
    "collMod",
  ],
  ...[
    "renameCollection",
    "drop",
    "dropDatabase",
    "reIndex",
    "commitTransaction",
    "abortTransaction",
    "applyOps",
  ],
];

/** Of the system, the set, backups and commands that must not stop midway: never ended by diagbot. */
function sparedOf(raw: Document, command: Readonly<Record<string, unknown>>): string | null {
  const driver = textAt(raw, "clientMetadata", "driver", "name") ?? "";
  const application = textAt(raw, "appName") ?? "";
  const database = (textAt(raw, "ns") ?? "").split(".")[0] ?? "";
  const name = Object.keys(command)[0] ?? "";
  const hasClient = (textAt(raw, "client") ?? textAt(raw, "client_s")) !== null;
  const isOfSet =
    textAt(listAt(raw, "effectiveUsers")[0], "user") === "__system" ||
    OWN_CLIENTS.some((own) => driver.startsWith(own));
  const isDelicate = DELICATE.includes(name) || /index build/i.test(textAt(raw, "msg") ?? "");
  const reasons: readonly (readonly [boolean, string])[] = [
    [!hasClient || raw.connectionId === undefined, OF_SERVER],
    [isOfSet, OF_SET],
    [KEEPERS.test(`${application} ${driver}`), "it looks like a backup, an agent or replication"],
    [application === "diagbot", "it is diagbot's own"],
    [OWN_DATABASES.has(database), "it works on MongoDB's own data"],
    [isFollowing(command) || flagAt(raw, "cursor", "tailable"), FOLLOWS],
    [isDelicate, `${name || "it"} must not stop midway`],
    [!flagAt(raw, "active"), "it is not at work"],
  ];
  return reasons.find(([isSo]) => isSo)?.[1] ?? null;
}

const OF_SERVER = "it is the server's own";
const OF_SET = "it is of a member of the deployment";

const FOLLOWS = "it follows what is written (a change stream or a tailable cursor)";

/** Those of the server and the set run as long as it does, and those that follow what is written wait for it: no slow operations. */
export const isMeantToRun = ({ spared }: Operation): boolean =>
  spared === OF_SERVER || spared === OF_SET || spared === FOLLOWS;
