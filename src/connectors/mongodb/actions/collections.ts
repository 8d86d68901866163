import type { Document } from "mongodb";
import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { toDiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MongoClient } from "../client.ts";
import { Namespace } from "../settings.ts";
import { orUnseen, told } from "../unseen.ts";
import { flagAt, known, listAt, momentAt, numberAt, partAt, textAt } from "../values.ts";

export const Index = z.object({
  name: z.string(),
  /** Field, and 1, -1 or what kind of index it is (`text`, `hashed`, `2dsphere`). */
  keys: z.array(z.tuple([z.string(), z.union([z.number(), z.string()])])).max(32),
  unique: z.boolean(),
  /** The planner does not use it. */
  hidden: z.boolean(),
  /** It holds a part of the documents only (partial, sparse, TTL has all). */
  partial: z.boolean(),
  /** Still being built. */
  building: z.boolean(),
  /** How often it was used on the server that answered since `since` (its start, or the index's creation). */
  uses: known,
  since: z.string().nullable(),
});
export type Index = z.output<typeof Index>;

const Collection = z.object({
  namespace: z.string(),
  documents: known,
  /** Of the documents, uncompressed. */
  bytes: known,
  indexBytes: known,
  indexes: z.array(Index).max(64),
});
export type Collection = z.output<typeof Collection>;

/**
 * Sizes of collections, and their indexes with how often each was used. A view, and a collection that is gone, is left out.
 * Needs clusterMonitor, and read on the database. ai-saas.slow-mongo-index, ai-saas.mongo-compound-index.
 */
export const collections = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.collections",
  title: "Sizes and indexes of collections",
  timeoutSeconds: 30,
  input: z.object({ namespaces: z.array(Namespace).max(20) }),
  output: z.object({ collections: z.array(Collection).max(20), notSeen }),
  run: async (client, { namespaces }, context) => {
    const unseen: NotSeen[] = [];
    const found: Collection[] = [];
    for (const namespace of [...new Set(namespaces)]) {
      const one = await orUnseen(`size and indexes of ${namespace}`, unseen, () =>
        collectionNow(client, namespace, context),
      );
      if (one !== undefined) found.push(one);
    }
    return { collections: found, ...told(unseen) };
  },
});

export const partsOf = (namespace: string): { database: string; collection: string } => {
  const at = namespace.indexOf(".");
  return { database: namespace.slice(0, at), collection: namespace.slice(at + 1) };
};

/** One collection as it is now; undefined: there is none of that name, or it is a view. */
export async function collectionNow(
  client: MongoClient,
  namespace: string,
  context: ActionContext,
): Promise<Collection | undefined> {
  const { database, collection } = partsOf(namespace);
  const list = (command: Document) =>
    client.list(database, { ...command, cursor: { batchSize: 200 } }, context);
  try {
    const { documents: stats } = await list({
      aggregate: collection,
      pipeline: [{ $collStats: { storageStats: {} } }],
    });
    const { documents: indexes } = await list({ listIndexes: collection });
    const usage = await list({
      aggregate: collection,
      pipeline: [{ $indexStats: {} }, { $limit: 200 }, { $project: { name: 1, accesses: 1, building: 1 } }],
    }).catch(() => ({ documents: [] as readonly Document[] }));
    return collectionOf(namespace, stats, indexes, usage.documents);
  } catch (thrown) {
    const error = toDiagError(thrown);
    if (error.detail === "NamespaceNotFound" || error.detail === "CommandNotSupportedOnView")
      return undefined;
    throw error;
  }
}

/** Of a sharded collection each shard tells its own part. */
function collectionOf(
  namespace: string,
  stats: readonly Document[],
  indexes: readonly Document[],
  usage: readonly Document[],
): Collection {
  const total = (name: string): number | null =>
    stats.reduce<number | null>((sum, one) => {
      const part = numberAt(one, "storageStats", name);
      return part === null ? sum : (sum ?? 0) + part;
    }, null);
  const building = new Set(
    stats
      .flatMap((one) => listAt(one, "storageStats", "indexBuilds"))
      .flatMap((name) => (typeof name === "string" ? [name] : [])),
  );
  return {
    namespace,
    documents: total("count"),
    bytes: total("size"),
    indexBytes: total("totalIndexSize"),
    indexes: indexes.slice(0, 64).map((one) => indexOf(one, building, usage)),
  };
}

function indexOf(one: Document, building: ReadonlySet<string>, usage: readonly Document[]): Index {
  const name = textAt(one, "name") ?? "";
  const mine = usage.filter((other) => textAt(other, "name") === name);
  const uses = mine.map((other) => numberAt(other, "accesses", "ops"));
  return {
    name: clip(name, 128),
    keys: Object.entries(partAt(one, "key") ?? {})
      .slice(0, 32)
      .map(([field, value]): [string, number | string] => [
        clip(field, 120),
        typeof value === "string" ? clip(value, 40) : (numberAt({ value }, "value") ?? 1),
      ]),
    unique: flagAt(one, "unique"),
    hidden: flagAt(one, "hidden"),
    partial: partAt(one, "partialFilterExpression") !== undefined || flagAt(one, "sparse"),
    // listIndexes shows one that is being built with its buildUUID (4.4 and newer).
    building:
      building.has(name) || one.buildUUID !== undefined || mine.some((other) => flagAt(other, "building")),
    uses: uses.length === 0 ? null : uses.reduce<number>((sum, part) => sum + (part ?? 0), 0),
    since: momentAt(mine[0], "accesses", "since"),
  };
}

/** Whether a usable index begins with these fields, so that it serves what one of them would. */
export const serves = (index: Index, keys: readonly (readonly [string, number])[]): boolean =>
  !index.hidden &&
  !index.partial &&
  keys.length <= index.keys.length &&
  (isSame(index, keys, 1) || isSame(index, keys, -1));

const isSame = (index: Index, keys: readonly (readonly [string, number])[], way: 1 | -1): boolean =>
  keys.every(([field, direction], position) => {
    const [name, value] = index.keys[position] ?? [];
    return name === field && value === direction * way;
  });
