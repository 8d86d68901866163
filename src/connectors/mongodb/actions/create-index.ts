import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { count, sayBytes } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { MongoClient } from "../client.ts";
import { known } from "../values.ts";
import { collectionNow, collections, type Index, partsOf } from "./collections.ts";
import { groundFor } from "./index-guard.ts";
import { IndexWanted, type Keys, nameOf, sayKeys } from "./index-name.ts";

const { write } = actionsOn<MongoClient>("mongodb");

/** What a build may take; the server gives it up then. */
const BUILD_MS = 90_000;

/** What is known of a command that was answered with an error: that it was turned down. */
const NOT_BEGUN: ReadonlySet<string> = new Set([
  ...[
    "Unauthorized",
    "NotWritablePrimary",
    "NotPrimaryNoSecondaryOk",
    "NotPrimaryOrSecondary",
    "NamespaceNotFound",
  ],
  ...["IndexOptionsConflict", "IndexKeySpecsConflict", "CannotCreateIndex", "BadValue", "OutOfDiskSpace"],
]);

const isOurs = (index: Index, keys: Keys): boolean =>
  index.name === nameOf(keys) &&
  index.keys.length === keys.length &&
  keys.every(([field, direction], at) => index.keys[at]?.[0] === field && index.keys[at]?.[1] === direction);

async function oursNow(client: MongoClient, namespace: string, keys: Keys, context: ActionContext) {
  const collection = await collectionNow(client, namespace, context);
  return { collection, index: collection?.indexes.find((one) => isOurs(one, keys)) };
}

/**
 * Builds an index with a name of ours; only where diagbot.yaml allows it and the guard (`groundFor`) finds nothing against it. Since 4.2
 * builds let others read and write but for moments at their begin and end; the members that vote commit it together (`votingMembers`,
 * 4.4 and newer). Ended by the server after 90 s. Undo drops it. Needs `createIndex` and `dropIndex`, `listIndexes`, `collStats`.
 * mongodb.com/docs/manual/core/index-creation. ai-saas.slow-mongo-index, ai-saas.mongo-compound-index; trap mongo-index.
 */
export const createIndex = write({
  name: "mongodb.create-index",
  title: "Create an index",
  class: "cas",
  risk: "high",
  timeoutSeconds: 110,
  input: IndexWanted,
  output: z.object({ name: z.string(), documents: known }),
  target: ({ namespace }) => `indexes/${namespace}`,
  preview: async (client, { namespace, keys }, context) => {
    const { collection, refused: not, nothingToDo } = await groundFor(client, namespace, keys, context);
    const witness = { indexes: (collection?.indexes ?? []).map(({ name }) => name).sort() };
    const changes = [
      `create index ${nameOf(keys)} ${sayKeys(keys)} on ${namespace} (${count(collection?.documents ?? 0, "document")}, ${sayBytes(collection?.bytes ?? 0)}); given up after ${BUILD_MS / 1000} s`,
    ];
    if (nothingToDo !== undefined) return { changes: [], witness, nothingToDo };
    return not === undefined ? { changes, witness } : { changes, witness, refused: not };
  },
  run: async (client, { namespace, keys }, context) => {
    const ground = await beforeEffect(() => groundFor(client, namespace, keys, context));
    const not = ground.nothingToDo ?? ground.refused;
    if (not !== undefined) throw refused(not);
    const { database, collection } = partsOf(namespace);
    const ms = Math.min(BUILD_MS, Math.floor(context.remainingMs() - 2_000));
    if (ms < 1_000) throw refused("too little time is left");
    const indexes = [{ key: Object.fromEntries(keys), name: nameOf(keys) }];
    await orRefused(() => client.change(database, { createIndexes: collection, indexes }, context, ms));
    return { name: nameOf(keys), documents: ground.collection?.documents ?? null };
  },
  probe: async (client, { namespace, keys }, _witness, context) => {
    const { index } = await oursNow(client, namespace, keys, context);
    if (index === undefined)
      return { verdict: "not-done", evidence: `${namespace} has no index ${nameOf(keys)}` };
    return index.building
      ? { verdict: "unknown", evidence: `index ${index.name} is being built` }
      : { verdict: "done", evidence: `index ${index.name} is there` };
  },
  undo: ({ namespace, keys }) => ({ action: "mongodb.drop-index", input: { namespace, keys } }),
  settled: {
    within: "2m",
    check: ({ namespace }) => ({ now: collections({ namespaces: [namespace] }) }),
    holds: ({ now }, { keys }) =>
      now.collections.some(({ indexes }) => indexes.some((one) => isOurs(one, keys) && !one.building)),
    figures: ({ now }, { namespace, keys }) => {
      const [collection] = now.collections;
      const index = collection?.indexes.find((one) => isOurs(one, keys));
      if (index === undefined) return `${namespace} has no index ${nameOf(keys)}`;
      return `${index.name} ${index.building ? "is being built" : `is ready, used ${index.uses ?? "?"} times so far`}; indexes of ${namespace} take ${sayBytes(collection?.indexBytes ?? 0)}`;
    },
  },
  leaves: "plans that were chosen with it are chosen anew",
  says: (_input, { name }) => `index ${name} created`,
});

/** Drops an index that diagbot has made: by its name and its fields. Undo builds it again. */
export const dropIndex = write({
  name: "mongodb.drop-index",
  title: "Drop an index that diagbot created",
  class: "cas",
  risk: "high",
  timeoutSeconds: 30,
  input: IndexWanted,
  output: z.object({ name: z.string(), uses: known }),
  target: ({ namespace }) => `indexes/${namespace}`,
  preview: async (client, { namespace, keys }, context) => {
    const { collection, index } = await oursNow(client, namespace, keys, context);
    const witness = { indexes: (collection?.indexes ?? []).map(({ name }) => name).sort() };
    if (index === undefined)
      return { changes: [], witness, nothingToDo: `${namespace} has no index ${nameOf(keys)} of diagbot's` };
    const changes = [
      `drop index ${index.name} ${sayKeys(index.keys)} of ${namespace} (used ${index.uses ?? "?"} times): queries that use it scan the collection again`,
    ];
    return { changes, witness };
  },
  run: async (client, { namespace, keys }, context) => {
    const { index } = await beforeEffect(() => oursNow(client, namespace, keys, context));
    if (index === undefined) throw refused(`${namespace} has no index ${nameOf(keys)} of diagbot's`);
    const { database, collection } = partsOf(namespace);
    await orRefused(() =>
      client.change(database, { dropIndexes: collection, index: index.name }, context, 10_000),
    );
    return { name: index.name, uses: index.uses };
  },
  probe: async (client, { namespace, keys }, _witness, context) => {
    const { index } = await oursNow(client, namespace, keys, context);
    return index === undefined
      ? { verdict: "done", evidence: "the index is gone" }
      : { verdict: "not-done", evidence: `index ${index.name} is there` };
  },
  undo: ({ namespace, keys }) => ({ action: "mongodb.create-index", input: { namespace, keys } }),
  settled: {
    check: ({ namespace }) => ({ now: collections({ namespaces: [namespace] }) }),
    holds: ({ now }, { keys }) =>
      !now.collections.some(({ indexes }) => indexes.some((one) => isOurs(one, keys))),
    figures: ({ now }, { namespace, keys }) =>
      `${nameOf(keys)} ${now.collections[0]?.indexes.some((one) => isOurs(one, keys)) ? "is there" : "is gone"}; ${namespace} has ${count(now.collections[0]?.indexes.length ?? 0, "index", "indexes")}`,
  },
  leaves: "it is built from the beginning again",
  says: (_input, { name, uses }) => `index ${name} dropped, used ${uses ?? "?"} times`,
});

/** An answer that says that it was turned down proves that nothing was done; any other error does not. */
async function orRefused<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (thrown) {
    if (thrown instanceof DiagError && thrown.detail !== undefined && NOT_BEGUN.has(thrown.detail))
      throw refused(thrown.message, thrown.detail, thrown);
    throw thrown;
  }
}
