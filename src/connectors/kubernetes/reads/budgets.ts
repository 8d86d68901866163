import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { listEverywhere, newest } from "../api/list.ts";
import { BUDGETS } from "../api/paths.ts";
import { Budget } from "../api/shapes-around.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

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
      })),
      notSeen: [...cut],
    };
  },
});
