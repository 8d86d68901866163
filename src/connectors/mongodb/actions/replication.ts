import type { Document } from "mongodb";
import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { toDiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MongoClient } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { flagAt, known, listAt, momentAt, numberAt, textAt } from "../values.ts";
import { askHello, ROLES, roleOf } from "./hello.ts";

const Member = z.object({
  name: z.string(),
  /** `PRIMARY`, `SECONDARY`, `ARBITER`, `RECOVERING`, `STARTUP2`, `ROLLBACK`, `(not reachable/healthy)`, … */
  state: z.string(),
  healthy: z.boolean(),
  self: z.boolean(),
  /** Seconds its data is behind the primary's; null: it holds none, or there is no primary. */
  lagSeconds: known,
  /** Behind on purpose (`secondaryDelaySecs`). */
  delaySeconds: z.number(),
  votes: z.number(),
  /** 0: it never becomes primary. */
  priority: z.number(),
  hidden: z.boolean(),
  syncsFrom: z.string(),
  uptimeSeconds: known,
  /** The last thing that went wrong with it, in the server's words. */
  message: z.string(),
});

/**
 * The replica set as the member that answers sees it: states, lag, votes, and how far back the oplog reaches. `set` null: the
 * server is by itself, or a mongos. Needs clusterMonitor, and read on `local` for the oplog. mongodb.com/docs/manual/reference/command/replSetGetStatus.
 */
export const replication = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.replication",
  title: "Members of the replica set, their lag and the oplog",
  timeoutSeconds: 20,
  input: z.object({}),
  output: z.object({
    role: z.enum(ROLES),
    set: z.string().nullable(),
    /** Started as a member, and it is none: it has no configuration (yet), or is not in the one it has. */
    outside: z.enum(["no-configuration", "not-in-it"]).optional(),
    /** Votes that are needed to elect a primary. */
    majority: known,
    members: z.array(Member).max(50),
    /** When the present primary was elected, and why. */
    electedAt: z.string().nullable(),
    electionReason: z.string(),
    /** Seconds from the oldest to the newest entry: a member away for longer has to copy everything anew. */
    oplogSeconds: known,
    oplogBytes: known,
    notSeen,
  }),
  run: async (client, _input, context) => {
    const role = roleOf(await askHello(client, context));
    const unseen: NotSeen[] = [];
    const nothing = {
      ...{ role, set: null, majority: null, members: [], electedAt: null, electionReason: "" },
      ...{ oplogSeconds: null, oplogBytes: null },
    };
    if (role === "mongos") {
      unseen.push({
        what: "the replica sets of the shards",
        why: "a mongos has none of its own",
        fix: "a connection to a member of each shard",
      });
      return { ...nothing, ...told(unseen) };
    }
    const status = await statusNow(client, context, unseen);
    if (status === undefined) return { ...nothing, ...told(unseen) };
    if (typeof status === "string") return { ...nothing, outside: status, ...told(unseen) };
    const config = await orUnseen("votes, priorities and delays of members", unseen, () =>
      client.look("admin", { replSetGetConfig: 1 }, context),
    );
    const oplog =
      role === "arbiter"
        ? undefined
        : await orUnseen("how far back the oplog reaches", unseen, () => oplogNow(client, context));
    return {
      role,
      set: textAt(status, "set"),
      majority: numberAt(status, "majorityVoteCount"),
      members: membersOf(status, config),
      electedAt: momentAt(listAt(status, "members").find(isPrimary), "electionDate"),
      electionReason: clip(textAt(status, "electionCandidateMetrics", "lastElectionReason") ?? "", 60),
      oplogSeconds: oplog?.seconds ?? null,
      oplogBytes: oplog?.bytes ?? null,
      ...told(unseen),
    };
  },
});

const OUTSIDE: Readonly<Record<string, "no-configuration" | "not-in-it">> = {
  NotYetInitialized: "no-configuration",
  InvalidReplicaSetConfig: "not-in-it",
};

/** Undefined: it is of no set. */
async function statusNow(
  client: MongoClient,
  context: ActionContext,
  unseen: NotSeen[],
): Promise<Document | "no-configuration" | "not-in-it" | undefined> {
  try {
    return await orUnseen("the replica set", unseen, () =>
      client.look("admin", { replSetGetStatus: 1 }, context),
    );
  } catch (thrown) {
    const { detail = "" } = toDiagError(thrown);
    if (detail === "NoReplicationEnabled") return undefined;
    if (Object.hasOwn(OUTSIDE, detail)) return OUTSIDE[detail];
    throw thrown;
  }
}

const isPrimary = (member: unknown): boolean => numberAt(member, "state") === 1;

function membersOf(status: Document, config: Document | undefined): z.output<typeof Member>[] {
  const members = listAt(status, "members");
  const settings = new Map(listAt(config, "config", "members").map((one) => [textAt(one, "host"), one]));
  const newest = Date.parse(momentAt(members.find(isPrimary), "optimeDate") ?? "");
  return members.slice(0, 50).map((one) => {
    const own = settings.get(textAt(one, "name"));
    const at = Date.parse(momentAt(one, "optimeDate") ?? "");
    const holdsData = [2, 3].includes(numberAt(one, "state") ?? 0);
    return {
      name: clip(textAt(one, "name") ?? "", 200),
      state: clip(textAt(one, "stateStr") ?? "", 40),
      healthy: flagAt(one, "self") || numberAt(one, "health") === 1,
      self: flagAt(one, "self"),
      // The primary's own moment may be one write older than that of a member that answered later.
      lagSeconds: holdsData && at > 0 && !Number.isNaN(newest) ? Math.max(0, (newest - at) / 1000) : null,
      // `slaveDelay` before 5.0.
      delaySeconds: numberAt(own, "secondaryDelaySecs") ?? numberAt(own, "slaveDelay") ?? 0,
      votes: numberAt(own, "votes") ?? 1,
      priority: numberAt(own, "priority") ?? 1,
      hidden: flagAt(own, "hidden"),
      syncsFrom: clip(textAt(one, "syncSourceHost") ?? "", 200),
      uptimeSeconds: numberAt(one, "uptime"),
      message: clip(textAt(one, "lastHeartbeatMessage") || textAt(one, "infoMessage") || "", 300),
    };
  });
}

/** Its first and its last entry, by natural order: no scan. */
export async function oplogNow(
  client: MongoClient,
  context: ActionContext,
): Promise<{ seconds: number | null; bytes: number | null }> {
  const end = async (order: 1 | -1): Promise<number | null> => {
    const { documents } = await client.list(
      "local",
      { find: "oplog.rs", sort: { $natural: order }, limit: 1, singleBatch: true, projection: { ts: 1 } },
      context,
    );
    const stamp = documents[0]?.ts as { readonly t?: unknown } | undefined;
    return typeof stamp?.t === "number" ? stamp.t : null;
  };
  const [oldest, newest] = [await end(1), await end(-1)];
  const { documents } = await client.list(
    "local",
    { aggregate: "oplog.rs", pipeline: [{ $collStats: { storageStats: {} } }], cursor: {} },
    context,
  );
  return {
    seconds: oldest === null || newest === null ? null : newest - oldest,
    bytes: numberAt(documents[0], "storageStats", "size"),
  };
}
