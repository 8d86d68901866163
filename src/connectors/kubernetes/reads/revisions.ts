import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { ask, type Bounds, type KubernetesClient } from "../api/client.ts";
import { list } from "../api/list.ts";
import { pathTo, RESOURCES } from "../api/paths.ts";
import { Meta } from "../api/shapes.ts";
import { templateDiff } from "./template-diff.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

const Wanted = z.strictObject({ namespace: z.string(), name: z.string() });
export const Revision = z.object({
  revision: z.number(),
  replicaSet: z.string(),
  uid: z.string(),
  createdAt: z.string().nullable(),
  images: z.array(z.string()),
  replicas: z.number(),
  ready: z.number(),
  isCurrent: z.boolean(),
});
export type Revision = z.output<typeof Revision>;

/** A ReplicaSet; its template is kept whole, as it may be written back. */
export const ReplicaSet = z.object({
  metadata: Meta,
  spec: z.object({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(z.looseObject({ name: z.string(), image: z.string().nullish() })),
      }),
    }),
  }),
  status: z.object({ replicas: z.number().nullish(), readyReplicas: z.number().nullish() }).nullish(),
});

/**
 * The revisions of Deployments that are still kept, newest first, and what the newest changed against the one before it.
 * Environment is told by name only. sergas-agents.rollback
 */
export const revisions = read({
  name: "kubernetes.revisions",
  title: "Reads the revisions of deployments",
  input: z.strictObject({ of: z.array(Wanted).max(8) }),
  output: z.object({
    deployments: z.array(
      Wanted.extend({ uid: z.string(), revisions: z.array(Revision), changed: z.array(z.string()) }),
    ),
  }),
  timeoutSeconds: 20,
  run: async (client, { of }, context) => ({
    deployments: await Promise.all(of.map((one) => historyOf(client, one, context))),
  }),
});

async function historyOf(
  client: KubernetesClient,
  { namespace, name }: z.output<typeof Wanted>,
  context: Bounds,
) {
  const path = pathTo(RESOURCES.deployments, { namespace, name });
  const { metadata } = await ask(client, z.object({ metadata: Meta }), { path }, context);
  const own = await replicaSetsOf(client, namespace, metadata.uid, context);
  const [current, before] = own;
  return {
    namespace,
    name,
    uid: metadata.uid,
    revisions: own.slice(0, 10).map(({ set, revision }, index) => ({
      revision,
      replicaSet: set.metadata.name,
      uid: set.metadata.uid,
      createdAt: set.metadata.creationTimestamp ?? null,
      images: set.spec.template.spec.containers.slice(0, 10).map(({ image }) => clip(image ?? "", 200)),
      replicas: set.status?.replicas ?? 0,
      ready: set.status?.readyReplicas ?? 0,
      isCurrent: index === 0,
    })),
    changed:
      current === undefined || before === undefined
        ? []
        : templateDiff(before.set.spec.template, current.set.spec.template),
  };
}

/** The ReplicaSets a Deployment owns, by revision, newest first. */
export async function replicaSetsOf(
  client: KubernetesClient,
  namespace: string,
  uid: string,
  context: Bounds,
): Promise<{ set: z.output<typeof ReplicaSet>; revision: number }[]> {
  const { items } = await list(client, ReplicaSet, RESOURCES.replicaSets, { namespace, most: 3000 }, context);
  return items
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false)
    .map((set) => ({
      set,
      revision: Number(set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0),
    }))
    .sort((a, b) => b.revision - a.revision);
}
