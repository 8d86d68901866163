import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { listEverywhere, newest } from "../api/list.ts";
import { BUDGETS } from "../api/paths.ts";
import type { Condition } from "../api/shapes.ts";
import { Budget } from "../api/shapes-around.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

/** What it says of itself where the count is of another time, or of none. */
function failureIn(conditions: readonly z.output<typeof Condition>[]): { failed?: string } {
  const said = conditions.find(
    ({ type, status, reason }) =>
      type === "DisruptionAllowed" && status === "False" && reason === "SyncFailed",
  );
  return said === undefined ? {} : { failed: clip(said.message || "no message", 300) };
}

/** PodDisruptionBudgets: how many of their pods may be taken away now. */
export const budgets = read({
  name: "kubernetes.budgets",
  title: "Lists disruption budgets",
  input: z.strictObject({}),
  output: z.object({
    budgets: z.array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        allowed: z.number(),
        healthy: z.number(),
        wanted: z.number(),
        expected: z.number(),
        /** `minAvailable 2`, `maxUnavailable 0`. */
        rule: z.string(),
        /** Why its controller cannot compute it (SyncFailed): no pod is let go then. Absent: it can. */
        failed: z.string().optional(),
      }),
    ),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const { items, notSeen: cut } = await newest(BUDGETS, (resource) =>
      listEverywhere(client, Budget, resource, {}, context),
    );
    return {
      budgets: items.slice(0, 200).map(({ metadata, spec, status }) => ({
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        allowed: status?.disruptionsAllowed ?? 0,
        healthy: status?.currentHealthy ?? 0,
        wanted: status?.desiredHealthy ?? 0,
        expected: status?.expectedPods ?? 0,
        rule:
          spec.maxUnavailable !== null && spec.maxUnavailable !== undefined
            ? `maxUnavailable ${spec.maxUnavailable}`
            : `minAvailable ${spec.minAvailable ?? "unset"}`,
        ...failureIn(status?.conditions ?? []),
      })),
      notSeen: [...cut],
    };
  },
});
