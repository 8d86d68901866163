import type { Document } from "mongodb";
import type { ActionContext } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import type { MongoClient } from "../client.ts";
import { listAt, partAt, textAt } from "../values.ts";
import { partsOf } from "./collections.ts";
import type { SlowEntry } from "./slow-entries.ts";

/** What of a command says which plan it gets; the rest (sessions, cluster time, comments) belongs to who sent it. */
const FIND = ["filter", "sort", "projection", "limit", "skip", "hint", "collation", "min", "max", "let"];

/**
 * What the planner would do with it now, e.g. `IXSCAN status_1_at_-1`; null: it is none that can be asked about, or the server does not
 * say. `queryPlanner` runs nothing. mongodb.com/docs/manual/reference/command/explain.
 */
export async function planNow(
  client: MongoClient,
  entry: SlowEntry,
  context: ActionContext,
): Promise<string | null> {
  const asked = await explainable(entry);
  if (asked === undefined) return null;
  const { database } = partsOf(entry.namespace);
  try {
    return planOf(await client.look(database, { explain: asked, verbosity: "queryPlanner" }, context));
  } catch (thrown) {
    // It is beside the point: what was recorded stands.
    if (thrown instanceof DiagError && thrown.code !== "aborted") return null;
    throw thrown;
  }
}

async function explainable({ namespace, command = {}, isText }: SlowEntry): Promise<Document | undefined> {
  const { collection } = partsOf(namespace);
  if (typeof command.find !== "string" || command.find !== collection) return undefined;
  const asked = Object.fromEntries(
    FIND.flatMap((name) => (Object.hasOwn(command, name) ? [[name, command[name]]] : [])),
  );
  // The profiler has its values as they were sent.
  if (!isText) return { find: collection, ...asked };
  const { BSON } = await import("mongodb");
  return { find: collection, ...(BSON.EJSON.deserialize(asked) as Document) };
}

/** The access at the bottom of the winning plan, in the words of planSummary. */
export function planOf(answer: Document): string | null {
  const plan = partAt(answer, "queryPlanner", "winningPlan");
  const leaf = leafOf(partAt(plan, "queryPlan") ?? plan, 0);
  if (leaf === undefined) return null;
  const stage = textAt(leaf, "stage");
  const index = textAt(leaf, "indexName");
  return stage === null ? null : clip(index === null ? stage : `${stage} ${index}`, 200);
}

function leafOf(plan: Document | undefined, depth: number): Document | undefined {
  if (plan === undefined || depth > 30) return plan;
  const below = partAt(plan, "inputStage") ?? listAt(plan, "inputStages")[0] ?? listAt(plan, "shards")[0];
  const inner = partAt(below, "winningPlan") ?? below;
  return typeof inner === "object" && inner !== null ? leafOf(inner as Document, depth + 1) : plan;
}
