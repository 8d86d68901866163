import type { ActionContext } from "../../../core/words/action.ts";
import { sayBytes } from "../../../core/words/format.ts";
import type { KubernetesClient } from "../api/client.ts";
import { list } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { quantity } from "../api/quantity.ts";
import type { Workload } from "../api/shapes.ts";
import { LimitRange, Quota } from "../api/shapes-around.ts";

/**
 * Why so many replicas are too many or too few: the bounds of diagbot.yaml and the connections that the database has for the
 * workload (trap pg-bigger-pool). Undefined: they are within both.
 */
export function beyondBounds(client: KubernetesClient, name: string, replicas: number): string | undefined {
  const { scale, databaseBudget } = client.settings;
  if (replicas < scale.min || replicas > scale.max)
    return `${replicas} is outside ${scale.min} to ${scale.max}, which \`scale:\` of the connection allows`;
  const budget = Object.hasOwn(databaseBudget, name) ? databaseBudget[name] : undefined;
  if (budget === undefined || replicas * budget.perReplica <= budget.total) return undefined;
  return `${replicas} replicas with ${budget.perReplica} connections each want ${replicas * budget.perReplica} of the database, which has ${budget.total} for them (\`databaseBudget:\`)`;
}

/** What one pod of the workload takes of a quota's resource. */
function perPod({ spec }: Workload, resource: string): number {
  const [kind, what] = resource.split(".", 2);
  if (resource === "pods" || resource === "count/pods") return 1;
  if (what === undefined || (kind !== "requests" && kind !== "limits")) return 0;
  return spec.template.spec.containers.reduce((sum, one) => {
    const { limits, requests } = one.resources ?? {};
    return sum + (quantity(kind === "limits" ? limits?.[what] : (requests?.[what] ?? limits?.[what])) ?? 0);
  }, 0);
}

/**
 * Why the quota would not take it: the API server takes the change of a workload all the same, and refuses its pods
 * later. `more`: pods that come on top; `grows`: what each takes more of a resource than now.
 */
export async function beyondQuota(
  client: KubernetesClient,
  workload: Workload,
  { more, grows = {} }: { readonly more: number; readonly grows?: Readonly<Record<string, number>> },
  context: ActionContext,
): Promise<string | undefined> {
  const namespace = workload.metadata.namespace ?? "";
  const { items } = await list(client, Quota, RESOURCES.quotas, { namespace }, context);
  for (const { metadata, status } of items)
    for (const [resource, most] of Object.entries(status?.hard ?? {})) {
      const replicas = workload.spec.replicas ?? 1;
      const adds = more * perPod(workload, resource) + replicas * (grows[resource] ?? 0);
      const left = (quantity(most) ?? 0) - (quantity(status?.used?.[resource]) ?? 0);
      if (adds > 0 && adds > left)
        return `the quota ${metadata.name} has ${say(resource, Math.max(0, left))} of ${resource} left, and it takes ${say(resource, adds)}`;
    }
  return undefined;
}

const say = (resource: string, amount: number): string =>
  /memory|storage/.test(resource) ? sayBytes(amount) : String(Math.round(amount * 1000) / 1000);

/** Why a LimitRange would refuse a container with so many bytes. */
export async function beyondLimitRange(
  client: KubernetesClient,
  namespace: string,
  bytes: number,
  context: ActionContext,
): Promise<string | undefined> {
  const { items } = await list(client, LimitRange, RESOURCES.limitRanges, { namespace }, context);
  for (const { metadata, spec } of items)
    for (const { type, max } of spec.limits ?? []) {
      const most = type === "Container" ? quantity(max?.memory) : null;
      if (most !== null && bytes > most)
        return `the LimitRange ${metadata.name} allows ${sayBytes(most)} for one container`;
    }
  return undefined;
}
