import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { toDiagError } from "../../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { RabbitClient } from "../client.ts";

const MOST_CONNECTIONS = 500;
const Overview = z.object({ rabbitmq_version: z.string(), cluster_name: z.string().default("") });
const Node = z.object({
  name: z.string(),
  running: z.boolean().default(false),
  mem_alarm: z.boolean().default(false),
  mem_used: z.number().default(0),
  mem_limit: z.number().default(0),
  disk_free_alarm: z.boolean().default(false),
  disk_free: z.number().default(0),
  disk_free_limit: z.number().default(0),
  partitions: z.array(z.string()).default([]),
});
const Connections = z.object({
  items: z.array(z.object({ state: z.string().optional() })),
  filtered_count: z.number(),
});

const NodeState = z.object({
  name: z.string(),
  running: z.boolean(),
  memoryAlarm: z.boolean(),
  memoryBytes: z.number(),
  memoryLimit: z.number(),
  diskAlarm: z.boolean(),
  diskFree: z.number(),
  diskLimit: z.number(),
  partitions: z.array(z.string()),
});

/**
 * Nodes of the broker with their alarms (an alarm of one node blocks the publishers of all), and connections that are blocked.
 * Bytes. What the user may not see is said. rabbitmq.com/docs/alarms.
 */
export const state = actionsOn<RabbitClient>("rabbitmq").read({
  name: "rabbitmq.state",
  title: "Nodes, alarms and blocked connections of RabbitMQ",
  input: z.object({}),
  output: z.object({
    version: z.string(),
    cluster: z.string(),
    nodes: z.array(NodeState).max(100),
    /** Connections looked at, and those whose publishing is blocked. */
    connections: z.number(),
    blocked: z.number(),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const { rabbitmq_version: version, cluster_name: cluster } = Overview.parse(
      await client.get("overview", context),
    );
    const unseen: NotSeen[] = [];
    const nodes = await nodesOf(client, context, unseen);
    return { version, cluster, nodes, ...(await connectionsOf(client, context, unseen)), notSeen: unseen };
  },
});

const MONITORING = "rabbitmqctl set_user_tags <user> monitoring";

async function nodesOf(client: RabbitClient, context: ActionContext, unseen: NotSeen[]) {
  try {
    const nodes = z.array(Node).parse(await client.get("nodes", context));
    return nodes.slice(0, 100).map((node) => ({
      name: node.name,
      running: node.running,
      memoryAlarm: node.mem_alarm,
      memoryBytes: node.mem_used,
      memoryLimit: node.mem_limit,
      diskAlarm: node.disk_free_alarm,
      diskFree: node.disk_free,
      diskLimit: node.disk_free_limit,
      partitions: node.partitions.slice(0, 20),
    }));
  } catch (thrown) {
    const error = toDiagError(thrown);
    if (error.code !== "target_auth") throw thrown;
    unseen.push({ what: "nodes and their alarms", why: error.message, fix: MONITORING });
    return [];
  }
}

async function connectionsOf(client: RabbitClient, context: ActionContext, unseen: NotSeen[]) {
  const page = `page=1&page_size=${MOST_CONNECTIONS}&pagination=true&columns=state`;
  try {
    const { items, filtered_count: all } = Connections.parse(
      await client.get(`connections?${page}`, context),
    );
    if (all > items.length)
      unseen.push({
        what: `${all - items.length} connections`,
        why: `only ${MOST_CONNECTIONS} are looked at`,
      });
    return { connections: items.length, blocked: items.filter(({ state: is }) => is === "blocked").length };
  } catch (thrown) {
    const error = toDiagError(thrown);
    if (error.code !== "target_auth") throw thrown;
    unseen.push({ what: "connections", why: error.message, fix: MONITORING });
    return { connections: 0, blocked: 0 };
  }
}
