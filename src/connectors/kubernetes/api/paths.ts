/** A kind of object: its API group and version (`v1` alone: the core group), and its name in paths. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

const of = (group: string, version: string, plural: string): Resource => ({ group, version, plural });

/** All that is read or written. Several versions of one kind: newest first. */
export const RESOURCES = {
  pods: of("", "v1", "pods"),
  events: of("", "v1", "events"),
  services: of("", "v1", "services"),
  endpoints: of("", "v1", "endpoints"),
  nodes: of("", "v1", "nodes"),
  namespaces: of("", "v1", "namespaces"),
  claims: of("", "v1", "persistentvolumeclaims"),
  quotas: of("", "v1", "resourcequotas"),
  limitRanges: of("", "v1", "limitranges"),
  deployments: of("apps", "v1", "deployments"),
  replicaSets: of("apps", "v1", "replicasets"),
  statefulSets: of("apps", "v1", "statefulsets"),
  daemonSets: of("apps", "v1", "daemonsets"),
  jobs: of("batch", "v1", "jobs"),
  ingresses: of("networking.k8s.io", "v1", "ingresses"),
  networkPolicies: of("networking.k8s.io", "v1", "networkpolicies"),
  podMetrics: of("metrics.k8s.io", "v1beta1", "pods"),
  nodeMetrics: of("metrics.k8s.io", "v1beta1", "nodes"),
} as const;

/** batch/v1 since 1.21; v1beta1 was removed in 1.25. */
export const CRON_JOBS: readonly Resource[] = [
  of("batch", "v1", "cronjobs"),
  of("batch", "v1beta1", "cronjobs"),
];
/** autoscaling/v2 since 1.23; v2beta2 has the same shape. */
export const AUTOSCALERS: readonly Resource[] = [
  of("autoscaling", "v2", "horizontalpodautoscalers"),
  of("autoscaling", "v2beta2", "horizontalpodautoscalers"),
];
/** policy/v1 since 1.21; v1beta1 was removed in 1.25. */
export const BUDGETS: readonly Resource[] = [
  of("policy", "v1", "poddisruptionbudgets"),
  of("policy", "v1beta1", "poddisruptionbudgets"),
];

/** The path of a list, an object or its subresource; every name is one segment, whatever it holds. */
export function pathTo(
  { group, version, plural }: Resource,
  at: { readonly namespace?: string; readonly name?: string; readonly sub?: "scale" | "log" } = {},
): string {
  const api = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const space = at.namespace === undefined ? "" : `/namespaces/${segment(at.namespace)}`;
  const name = at.name === undefined ? "" : `/${segment(at.name)}`;
  return `${api}${space}/${plural}${name}${at.sub === undefined ? "" : `/${at.sub}`}`;
}

/** A dot alone would be taken for a folder by a proxy in between. */
const segment = (name: string): string => encodeURIComponent(name).replace(/^\.{1,2}$/, "%2E");
