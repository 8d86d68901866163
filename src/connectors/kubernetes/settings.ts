import { z } from "zod";

/** A name as Kubernetes takes it (RFC 1123). */
const name = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "must be a name as Kubernetes takes it");
const namespace = name.max(63);

/** A `kind: kubernetes` connection. */
export const KubernetesSettings = z.strictObject({
  /** Path of a kubeconfig. Left out: the service account mounted into diagbot's own pod. */
  kubeconfig: z.string().min(1).max(1000).optional(),
  /** A context of the kubeconfig. Left out: its current one. */
  context: z.string().min(1).max(500).optional(),
  namespace: namespace.default("default"),
  /** Namespaces to look at besides `namespace`. */
  namespaces: z.array(namespace).max(20).default([]),
  /** Label selector of the system's workloads and pods, e.g. `app.kubernetes.io/part-of=shop`. Left out: all of the namespaces. */
  selector: z.string().min(1).max(500).optional(),
  /** Replicas between which diagbot may scale one workload. */
  scale: z
    .strictObject({ min: z.int().min(0).max(1000).default(1), max: z.int().min(1).max(1000).default(10) })
    .prefault({})
    .refine(({ min, max }) => min <= max, "min must not be more than max"),
  /** Variables of deployments that diagbot may read and set, hosts and ports only, e.g. `[DATABASE_HOST, DATABASE_PORT]`. */
  variables: z
    .array(z.string().regex(/^[A-Z_][A-Z0-9_]{0,119}$/, "a name of a variable, in capitals"))
    .max(20)
    .default([]),
  /** Connections that the database has for a workload, by its name: more replicas than they allow are refused. */
  databaseBudget: z
    .record(name, z.strictObject({ perReplica: z.int().min(1), total: z.int().min(1) }))
    .default({}),
});
export type KubernetesSettings = z.output<typeof KubernetesSettings>;

/** The namespaces that are looked at, `namespace` first. */
export const namespacesOf = ({ namespace: first, namespaces }: KubernetesSettings): string[] => [
  ...new Set([first, ...namespaces]),
];
