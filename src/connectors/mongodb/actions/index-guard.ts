import type { ActionContext } from "../../../core/words/action.ts";
import { toDiagError } from "../../../core/words/errors.ts";
import { sayBytes } from "../../../core/words/format.ts";
import type { MongoClient } from "../client.ts";
import { isNotGiven } from "../unseen.ts";
import { listAt, numberAt } from "../values.ts";
import { type Collection, collectionNow, partsOf, serves } from "./collections.ts";
import { askHello, roleOf } from "./hello.ts";
import { type Keys, nameOf, sayKeys } from "./index-name.ts";
import { oplogNow } from "./replication.ts";

const MOST_INDEXES = 30;
/** The build and its index take at most so much of the documents' size, by far. */
const ROOM = 0.5;
const LEAST_ROOM = 1024 ** 3;
/** A build goes through the oplog of every member: it must not push out what a member that is away still needs. */
const LEAST_OPLOG_SECONDS = 2 * 3600;

/** What an index is to be built on: the collection now, or why not. */
export interface Ground {
  readonly collection: Collection | undefined;
  readonly refused: string | undefined;
  readonly nothingToDo: string | undefined;
}

/**
 * Catalogue guard of ai-saas.slow-mongo-index: a collection that diagbot.yaml allows, not too large, in its hours, on a primary or a
 * server by itself, with room on its disk and in its oplog, and no index that serves already.
 */
export async function groundFor(
  client: MongoClient,
  namespace: string,
  keys: Keys,
  context: ActionContext,
): Promise<Ground> {
  const collection = await collectionNow(client, namespace, context);
  const there = collection?.indexes.find((index) => serves(index, keys));
  const nothingToDo =
    there === undefined
      ? undefined
      : `index ${there.name} ${sayKeys(there.keys)} begins with these fields already${there.building ? ", and is being built" : ""}`;
  const refused =
    settingsRefusal(client, namespace, new Date()) ??
    collectionRefusal(client, collection, namespace, keys) ??
    (await serverRefusal(client, namespace, collection, context));
  return { collection, refused, nothingToDo };
}

function settingsRefusal(
  { settings: { indexes } }: MongoClient,
  namespace: string,
  now: Date,
): string | undefined {
  if (indexes?.collections.includes(namespace) !== true)
    return `diagbot may create indexes where diagbot.yaml allows it: add ${namespace} to \`indexes: { collections: […] }\` of the connection`;
  const { hoursUtc: hours } = indexes;
  if (hours === undefined) return undefined;
  const [from, to] = hours;
  const hour = now.getUTCHours();
  const isIn = from <= to ? hour >= from && hour < to : hour >= from || hour < to;
  return isIn ? undefined : `it is ${hour} h UTC, and indexes are built between ${from} and ${to} h`;
}

function collectionRefusal(
  { settings: { indexes } }: MongoClient,
  collection: Collection | undefined,
  namespace: string,
  keys: Keys,
): string | undefined {
  if (collection === undefined) return `there is no collection ${namespace}`;
  const { bytes, indexes: all } = collection;
  const most = (indexes?.maxMiB ?? 0) * 1024 ** 2;
  if (bytes === null) return `how large ${namespace} is cannot be seen`;
  if (bytes > most)
    return `${namespace} holds ${sayBytes(bytes)}, more than ${sayBytes(most)} (\`maxMiB\`): people build it`;
  if (all.length >= MOST_INDEXES)
    return `${namespace} has ${all.length} indexes already: each slows down every write`;
  if (all.some(({ building }) => building)) return `another index of ${namespace} is being built`;
  const other = all.find(({ name }) => name === nameOf(keys));
  return other === undefined ? undefined : `an index ${other.name} with other fields or hidden is there`;
}

async function serverRefusal(
  client: MongoClient,
  namespace: string,
  collection: Collection | undefined,
  context: ActionContext,
): Promise<string | undefined> {
  const role = roleOf(await askHello(client, context, "primary"));
  if (role === "mongos") return "it is a mongos: whoever looks after the shards builds it there";
  if (role !== "primary" && role !== "standalone") return `it is a ${role}: an index is built on the primary`;
  const needed = Math.max(LEAST_ROOM, (collection?.bytes ?? 0) * ROOM);
  const { database } = partsOf(namespace);
  const disk = await client.look(database, { dbStats: 1 }, context, "primary");
  const [total, used] = [numberAt(disk, "fsTotalSize"), numberAt(disk, "fsUsedSize")];
  if (total === null || used === null) return "how much room its disk has cannot be seen";
  if (total - used < needed)
    return `its disk has ${sayBytes(total - used)} free, and ${sayBytes(needed)} are wanted`;
  if (role === "standalone") return undefined;
  return (await behind(client, context)) ?? (await shortOplog(client, context));
}

/** Every data-bearing member that votes has to build it, too (commitQuorum). */
async function behind(client: MongoClient, context: ActionContext): Promise<string | undefined> {
  const status = await client.look("admin", { replSetGetStatus: 1 }, context, "primary");
  const bad = listAt(status, "members").filter((one) => ![1, 2, 7].includes(numberAt(one, "state") ?? -1));
  return bad.length === 0
    ? undefined
    : "a member of the set is down or recovering: the build would wait for it";
}

async function shortOplog(client: MongoClient, context: ActionContext): Promise<string | undefined> {
  try {
    const { seconds } = await oplogNow(client, context);
    return seconds === null || seconds >= LEAST_OPLOG_SECONDS
      ? undefined
      : `the oplog reaches back ${Math.round(seconds / 60)} min only`;
  } catch (thrown) {
    if (isNotGiven(toDiagError(thrown)))
      return "how far back the oplog reaches cannot be seen (read on local)";
    throw thrown;
  }
}
