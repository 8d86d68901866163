import type { Document } from "mongodb";
import type { ActionContext } from "../../../core/words/action.ts";
import type { MongoClient } from "../client.ts";
import { flagAt, textAt } from "../values.ts";

/** What the server that was asked is in its deployment. `other`: of a set, and neither of the rest (starting, recovering, rollback). */
export const ROLES = ["standalone", "primary", "secondary", "arbiter", "mongos", "other"] as const;
export type Role = (typeof ROLES)[number];

/** `hello` as mongodb.com/docs/manual/reference/command/hello has it. */
export function roleOf(hello: Document): Role {
  if (textAt(hello, "msg") === "isdbgrid") return "mongos";
  if (flagAt(hello, "arbiterOnly")) return "arbiter";
  const isPrimary = flagAt(hello, "isWritablePrimary") || flagAt(hello, "ismaster");
  const inSet = textAt(hello, "setName") !== null || flagAt(hello, "isreplicaset");
  if (!inSet) return "standalone";
  if (isPrimary) return "primary";
  return flagAt(hello, "secondary") ? "secondary" : "other";
}

/** The server that answers, as it names itself. */
export const askHello = (client: MongoClient, context: ActionContext, from?: "primary"): Promise<Document> =>
  client.look("admin", { hello: 1 }, context, from);
