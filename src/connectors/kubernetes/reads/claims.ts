import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { quantity } from "../api/quantity.ts";
import { Claim } from "../api/shapes-around.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

/** PersistentVolumeClaims and whether they have a volume. How full it is the API does not know. */
export const claims = read({
  name: "kubernetes.claims",
  title: "Lists volume claims",
  input: z.strictObject({}),
  output: z.object({
    claims: z.array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        /** Pending, Bound, Lost. */
        phase: z.string(),
        storageClass: z.string().nullable(),
        requested: z.number().nullable(),
        createdAt: z.string().nullable(),
      }),
    ),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const { items, notSeen: cut } = await listEverywhere(client, Claim, RESOURCES.claims, {}, context);
    return {
      claims: items.slice(0, 300).map(({ metadata, spec, status }) => ({
        namespace: metadata.namespace ?? "",
        name: metadata.name,
        phase: status?.phase ?? "Unknown",
        storageClass: spec.storageClassName ?? null,
        requested: quantity(spec.resources?.requests?.storage),
        createdAt: metadata.creationTimestamp ?? null,
      })),
      notSeen: [...cut],
    };
  },
});
