import type { Document } from "mongodb";
import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { MongoClient } from "../client.ts";
import { told } from "../unseen.ts";
import { flagAt, listAt, textAt } from "../values.ts";
import { askHello, roleOf } from "./hello.ts";

const MOST_CONNECTIONS = 5_000;
const MOST_CLIENTS = 100;

const Client = z.object({
  /** What the client calls itself (`appName`); empty: nothing. */
  application: z.string(),
  driver: z.string(),
  host: z.string(),
  user: z.string(),
  connections: z.int(),
  /** With an operation under way. The driver's own watching of the server (`hello`) is not counted as one. */
  active: z.int(),
});

/**
 * Who holds the server's connections: by application, driver, host and user, the largest first. Connections without an
 * operation are seen, too (`idleConnections`). Needs `inprog` (clusterMonitor). mongodb.com/docs/manual/reference/operator/aggregation/currentOp;
 * trap mongo-currentop. ai-saas.mongo-pool-exhausted.
 */
export const clients = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.clients",
  title: "Who holds the connections of a MongoDB server",
  timeoutSeconds: 15,
  input: z.object({}),
  output: z.object({
    /** Connections looked at: those of clients, not of the members of the set. */
    connections: z.int(),
    active: z.int(),
    clients: z.array(Client).max(MOST_CLIENTS),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const isRouter = roleOf(await askHello(client, context)) === "mongos";
    const pipeline = [
      // A mongos asks its shards unless it is told not to; mongod does not know the word.
      { $currentOp: { allUsers: true, idleConnections: true, ...(isRouter ? { localOps: true } : {}) } },
      { $match: { connectionId: { $exists: true } } },
      { $limit: MOST_CONNECTIONS },
      {
        $project: {
          ...{ connectionId: 1, client: 1, client_s: 1, appName: 1, active: 1, effectiveUsers: 1 },
          ...{
            "clientMetadata.driver.name": 1,
            "command.hello": 1,
            "command.isMaster": 1,
            "command.ismaster": 1,
          },
        },
      },
    ];
    const command = { aggregate: 1, pipeline, cursor: { batchSize: MOST_CONNECTIONS + 1 } };
    const { documents } = await client.list("admin", command, context);
    const unseen: NotSeen[] = [];
    if (documents.length >= MOST_CONNECTIONS)
      unseen.push({ what: "the rest of the connections", why: `only ${MOST_CONNECTIONS} are looked at` });
    const groups = grouped(documents.filter((one) => !isOfSet(one)));
    if (groups.length > MOST_CLIENTS)
      unseen.push({
        what: `${groups.length - MOST_CLIENTS} smaller clients`,
        why: `only ${MOST_CLIENTS} are shown`,
      });
    return {
      connections: groups.reduce((sum, { connections }) => sum + connections, 0),
      active: groups.reduce((sum, { active }) => sum + active, 0),
      clients: groups.slice(0, MOST_CLIENTS),
      ...told(unseen),
    };
  },
});

/** Members of the set talk to each other by drivers of the server itself. */
const isOfSet = (one: Document): boolean =>
  ["MongoDB Internal Client", "NetworkInterfaceTL"].some((name) =>
    (textAt(one, "clientMetadata", "driver", "name") ?? "").startsWith(name),
  );

function grouped(documents: readonly Document[]): z.output<typeof Client>[] {
  const groups = new Map<string, z.output<typeof Client>>();
  for (const one of documents) {
    const who = {
      application: clip(textAt(one, "appName") ?? "", 128),
      driver: clip(textAt(one, "clientMetadata", "driver", "name") ?? "", 64),
      host: hostOf(textAt(one, "client") ?? textAt(one, "client_s") ?? ""),
      user: clip(textAt(listAt(one, "effectiveUsers")[0], "user") ?? "", 64),
    };
    const key = JSON.stringify(who);
    const group = groups.get(key) ?? { ...who, connections: 0, active: 0 };
    group.connections += 1;
    if (isAtWork(one)) group.active += 1;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.connections - a.connections || a.host.localeCompare(b.host));
}

/** Drivers keep a `hello` under way to be told of changes. */
const isAtWork = (one: Document): boolean =>
  flagAt(one, "active") &&
  !["hello", "isMaster", "ismaster"].some((name) => Object.hasOwn((one.command as object) ?? {}, name));

/** `10.0.0.7:41234` and `[::1]:41234` without the port. */
const hostOf = (address: string): string => clip(address.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""), 100);
