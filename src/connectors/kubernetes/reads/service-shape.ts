import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { hasAll } from "../api/selectors.ts";
import type { Pod, Workload } from "../api/shapes.ts";
import type { Endpoints, NetworkPolicy, Service } from "../api/shapes-around.ts";
import { closedBy } from "./policies.ts";

type AnyPod = z.output<typeof Pod>;
type Labels = Readonly<Record<string, string>>;

/** One service and what stands behind it. */
export const ServiceSeen = z.object({
  namespace: z.string(),
  name: z.string(),
  type: z.string(),
  /** Has no address of its own: names lead straight to pods. */
  headless: z.boolean(),
  createdAt: z.string().nullable(),
  /** `app=api, tier=web`; null: none, its endpoints are written by somebody. */
  selector: z.string().nullable(),
  ready: z.number(),
  notReady: z.number(),
  /** Pods that its selector fits and that are not done, how many of them are ready, and how many are ending: they get no traffic. */
  pods: z.number(),
  readyPods: z.number(),
  ending: z.number(),
  /** Leads to pods that are not ready, too: asked for by `publishNotReadyAddresses`. */
  publishesAll: z.boolean(),
  ports: z.array(
    z.object({
      port: z.number(),
      name: z.string(),
      target: z.string(),
      /** Whether a pod has it: null where there is no pod to ask, or none declares any port (which nobody must). */
      found: z.boolean().nullable(),
      /** Network policies that let nobody come in to it; empty: somebody may. */
      closedBy: z.array(z.string()),
    }),
  ),
  /** Ports that its pods declare. */
  declared: z.array(z.string()),
  /** Workloads whose pods it would have. */
  behind: z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string(), replicas: z.number() })),
  /** Where no pod has all labels of the selector: pods that have most of them, and in which they differ; null: none has any. */
  near: z
    .object({
      pods: z.number(),
      has: z.array(z.string()),
      differs: z.array(z.object({ key: z.string(), wanted: z.string(), found: z.array(z.string()) })),
    })
    .nullable(),
  /** Of a load balancer: whether it was given an address. */
  addressed: z.boolean(),
  /** Of an ExternalName: the name. */
  externalName: z.string().nullable(),
});
export type ServiceSeen = z.output<typeof ServiceSeen>;

/** What a service is looked at beside. */
export interface Around {
  readonly endpoints: readonly z.output<typeof Endpoints>[];
  readonly pods: readonly AnyPod[];
  readonly workloads: readonly { readonly kind: string; readonly one: z.output<typeof Workload> }[];
  readonly policies: readonly z.output<typeof NetworkPolicy>[];
}

export function serviceSeen(
  { metadata, spec, status }: z.output<typeof Service>,
  around: Around,
): ServiceSeen {
  const namespace = metadata.namespace ?? "";
  const selector = spec.selector && Object.keys(spec.selector).length > 0 ? spec.selector : null;
  const there = around.pods.filter((pod) => pod.metadata.namespace === namespace && isAlive(pod));
  const own = selector === null ? [] : there.filter((pod) => hasAll(selector, pod.metadata.labels ?? {}));
  const stays = own.filter((pod) => !isEnding(pod));
  const subsets =
    around.endpoints.find(
      (one) => one.metadata.namespace === namespace && one.metadata.name === metadata.name,
    )?.subsets ?? [];
  const declared = own.flatMap((pod) => pod.spec.containers.flatMap(({ ports }) => ports ?? []));
  return {
    namespace,
    name: metadata.name,
    type: spec.type ?? "ClusterIP",
    headless: spec.clusterIP === "None",
    createdAt: metadata.creationTimestamp ?? null,
    selector: selector && clip(sayLabels(selector), 200),
    ready: sum(subsets.map(({ addresses }) => addresses?.length ?? 0)),
    notReady: sum(subsets.map(({ notReadyAddresses }) => notReadyAddresses?.length ?? 0)),
    pods: own.length,
    readyPods: stays.filter(isReady).length,
    ending: own.length - stays.length,
    publishesAll: spec.publishNotReadyAddresses === true,
    ports: (spec.ports ?? []).slice(0, 20).map(({ name, port, targetPort }) => ({
      port,
      name: name ?? "",
      target: String(targetPort ?? port),
      found: foundPort(targetPort ?? port, declared),
      closedBy: closedBy(around.policies, stays, targetPort ?? port),
    })),
    declared: [
      ...new Set(declared.map((one) => `${one.name ? `${one.name}=` : ""}${one.containerPort}`)),
    ].slice(0, 10),
    behind: selector === null ? [] : behindOf(namespace, selector, around),
    near: selector === null || own.length > 0 ? null : nearOf(selector, there),
    addressed: (status?.loadBalancer?.ingress?.length ?? 0) > 0,
    externalName: spec.type === "ExternalName" ? clip(spec.externalName ?? "", 253) : null,
  };
}

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
const isAlive = ({ status }: AnyPod): boolean => status?.phase !== "Succeeded" && status?.phase !== "Failed";
const isEnding = ({ metadata }: AnyPod): boolean => Boolean(metadata.deletionTimestamp);
const isReady = ({ status }: AnyPod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
const sayLabels = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");

/** A name must be declared, or there is no endpoint. A number need not: then only what is declared can be compared. */
function foundPort(
  target: string | number,
  declared: readonly { readonly name?: string | null | undefined; readonly containerPort: number }[],
): boolean | null {
  if (declared.length === 0) return null;
  return declared.some(
    ({ name, containerPort }) => name === target || String(containerPort) === String(target),
  );
}

const behindOf = (namespace: string, selector: Labels, { workloads }: Around): ServiceSeen["behind"] =>
  workloads
    .filter(
      ({ one }) =>
        one.metadata.namespace === namespace && hasAll(selector, one.spec.template.metadata?.labels ?? {}),
    )
    .slice(0, 5)
    .map(({ kind, one }) => ({
      kind,
      name: one.metadata.name,
      uid: one.metadata.uid,
      replicas: (kind === "DaemonSet" ? one.status?.desiredNumberScheduled : one.spec.replicas) ?? 1,
    }));

/** The pods that have most of the selector's labels: in what they differ is what is wrong. */
function nearOf(selector: Labels, pods: readonly AnyPod[]): ServiceSeen["near"] {
  const keys = Object.keys(selector);
  const seen = pods.map(({ metadata }) => {
    const labels: Labels = metadata.labels ?? {};
    return { labels, has: keys.filter((key) => labels[key] === selector[key]) };
  });
  const most = Math.max(0, ...seen.map(({ has }) => has.length));
  // Where none has one of them, those are near that have the first label at all.
  const best = seen.filter(({ has, labels }) =>
    most > 0 ? has.length === most : labels[keys[0] ?? ""] !== undefined,
  );
  if (best.length === 0) return null;
  const differs = keys.filter((key) => best.some(({ has }) => !has.includes(key)));
  const found = (key: string) => [...new Set(best.flatMap(({ labels }) => labels[key] ?? []))];
  return {
    pods: best.length,
    has: keys.filter((key) => !differs.includes(key)).map((key) => clip(`${key}=${selector[key]}`, 120)),
    differs: differs.slice(0, 5).map((key) => ({
      key: clip(key, 120),
      wanted: clip(selector[key] ?? "", 80),
      found: found(key)
        .slice(0, 8)
        .map((value) => clip(value, 80)),
    })),
  };
}
