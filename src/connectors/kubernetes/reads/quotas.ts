import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { quantity } from "../api/quantity.ts";
import { Quota } from "../api/shapes-around.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

/** ResourceQuotas: of each resource how much there may be and is. Bytes, cores or a count. */
export const quotas = read({
  name: "kubernetes.quotas",
  title: "Lists quotas and what is used of them",
  input: z.strictObject({}),
  output: z.object({
    quotas: z.array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        resource: z.string(),
        hard: z.number(),
        used: z.number(),
      }),
    ),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const { items, notSeen: cut } = await listEverywhere(client, Quota, RESOURCES.quotas, {}, context);
    return {
      quotas: items
        .flatMap(({ metadata, status }) =>
          Object.entries(status?.hard ?? {}).flatMap(([resource, most]) => {
            const hard = quantity(most);
            const used = quantity(status?.used?.[resource]) ?? 0;
            return hard === null
              ? []
              : [{ namespace: metadata.namespace ?? "", name: metadata.name, resource, hard, used }];
          }),
        )
        .slice(0, 300),
      notSeen: [...cut],
    };
  },
});
