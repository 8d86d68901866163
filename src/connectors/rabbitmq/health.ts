import type { ActionContext, OutputOf } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { count, sayBytes } from "../../core/words/format.ts";
import type { HealthWord } from "../../core/words/health.ts";
import { state } from "./actions/state.ts";
import type { RabbitClient } from "./client.ts";

type State = OutputOf<typeof state>;

/** What is wrong with a node, in words; undefined: nothing. */
export function nodeTrouble(node: State["nodes"][number]): string | undefined {
  if (!node.running) return "does not run";
  if (node.memoryAlarm) return `memory alarm: ${sayBytes(node.memoryBytes)} of ${sayBytes(node.memoryLimit)}`;
  if (node.diskAlarm)
    return `disk alarm: ${sayBytes(node.diskFree)} free, ${sayBytes(node.diskLimit)} wanted`;
  return node.partitions.length > 0 ? `parted from ${node.partitions.join(", ")}` : undefined;
}

/** Its row in the health matrix. */
export function judgeState({ nodes, version }: State): HealthWord {
  const bad = nodes.flatMap((node) => {
    const trouble = nodeTrouble(node);
    return trouble === undefined ? [] : [`${node.name}: ${trouble}`];
  });
  const [first] = bad;
  if (first === undefined)
    return nodes.length === 0
      ? `${version} answers, nodes unseen`
      : `${version}, ${count(nodes.length, "node")}`;
  return {
    word: first.slice(0, 60),
    because: `${bad.slice(0, 5).join("; ")}. An alarm of one node blocks whoever publishes, on all nodes.`,
    severity: "critical",
    next: "Run rabbitmq-backlog: it says which queues hold the memory.",
  };
}

/** What the user lacks. */
export async function checkRabbit(client: RabbitClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const seen = state.action.output.parse(await state.action.run(client, {}, context)) as State;
  const reach: ConnectionCheck = { name: "reach", state: "ok", detail: `RabbitMQ ${seen.version}` };
  const missing = (seen.notSeen ?? [])
    .filter(({ fix }) => fix !== undefined)
    .map(
      ({ what, why, fix = "" }): ConnectionCheck => ({
        name: "user",
        state: "warning",
        detail: `may not see ${what}: ${why}`,
        fix: "on the broker",
        paste: [fix],
      }),
    );
  return [reach, ...missing];
}
