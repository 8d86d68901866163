import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MongoClient } from "../client.ts";
import { told } from "../unseen.ts";
import { isMeantToRun, OPERATION_FIELDS, Operation, operationOf } from "./operation.ts";

const MOST = 100;

/**
 * Operations that run for longer than so many seconds, that wait for a lock or for flow control, or whose transaction is
 * open for so long without one; the longest first. Values of their commands are not kept. Needs `inprog` (clusterMonitor).
 * Trap mongo-currentop: `$currentOp` with a filter and a limit, not the one document of `db.currentOp()`. ai-saas.mongo-pool-exhausted, ai-saas.mongo-slow-queries.
 */
export const operations = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.operations",
  title: "Operations of MongoDB that take long or wait",
  timeoutSeconds: 15,
  input: z.object({ seconds: z.number().min(0).max(86_400).default(5) }),
  output: z.object({ total: z.int(), operations: z.array(Operation).max(MOST), notSeen }),
  run: async (client, { seconds }, context) => {
    const found = await findOperations(client, context, {
      $or: [
        { active: true, secs_running: { $gte: seconds } },
        { active: true, waitingForLock: true },
        { active: true, waitingForFlowControl: true },
        { "transaction.timeOpenMicros": { $gte: seconds * 1e6 } },
      ],
    });
    const unseen: NotSeen[] =
      found.length > MOST
        ? [{ what: "shorter operations", why: `only the ${MOST} longest are looked at` }]
        : [];
    const operations = found.filter((one) => one.waitsForLock || !isMeantToRun(one));
    return { total: operations.length, operations: operations.slice(0, MOST), ...told(unseen) };
  },
});

/** One operation by its number, as it is now on the server that `change` reaches; undefined: there is none any more. */
export async function findOperation(
  client: MongoClient,
  opid: number | string,
  context: ActionContext,
): Promise<Operation | undefined> {
  const found = await findOperations(client, context, { opid }, "primary");
  return found.find((one) => one.opid === opid);
}

async function findOperations(
  client: MongoClient,
  context: ActionContext,
  match: object,
  from?: "primary",
): Promise<Operation[]> {
  const pipeline = [
    { $currentOp: { allUsers: true, idleSessions: true } },
    { $match: match },
    { $sort: { secs_running: -1 } },
    { $limit: MOST + 1 },
    { $project: OPERATION_FIELDS },
  ];
  const command = { aggregate: 1, pipeline, cursor: { batchSize: MOST + 2 } };
  const { documents } = await client.list("admin", command, context, from);
  return documents.map(operationOf);
}
