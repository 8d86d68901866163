import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { fitting } from "../api/fitting.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { hasAll } from "../api/selectors.ts";
import { Pod, Workload } from "../api/shapes.ts";
import { Endpoints, Ingress, Service } from "../api/shapes-around.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 200;

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
  /** Pods that its selector fits, and how many of them are ready. */
  pods: z.number(),
  readyPods: z.number(),
  ports: z.array(
    z.object({
      port: z.number(),
      name: z.string(),
      target: z.string(),
      /** Whether a pod has it: null where there is no pod to ask, or none declares any port (which nobody must). */
      found: z.boolean().nullable(),
    }),
  ),
  /** Ports that its pods declare. */
  declared: z.array(z.string()),
  /** Workloads whose pods it would have. */
  behind: z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string(), replicas: z.number() })),
  /** Values of the first label of the selector that pods there have instead. */
  near: z.array(z.string()),
  /** Of a load balancer: whether it was given an address. */
  addressed: z.boolean(),
});
export type ServiceSeen = z.output<typeof ServiceSeen>;

const BackendSeen = z.object({
  namespace: z.string(),
  ingress: z.string(),
  host: z.string(),
  path: z.string(),
  service: z.string(),
  port: z.string(),
});

/** Services with their endpoints, the pods and workloads their selectors fit, and what ingresses lead to. */
export const services = read({
  name: "kubernetes.services",
  title: "Lists services, what stands behind them, and ingresses",
  input: z.strictObject({}),
  output: z.object({ services: z.array(ServiceSeen), backends: z.array(BackendSeen), notSeen }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const all = <S extends z.ZodType>(shape: S, resource: (typeof RESOURCES)[keyof typeof RESOURCES]) =>
      listEverywhere(client, shape, resource, { most: 2000 }, context);
    const [found, ends, pods, deployments, sets, ingresses] = await Promise.all([
      all(Service, RESOURCES.services),
      all(Endpoints, RESOURCES.endpoints),
      all(Pod, RESOURCES.pods),
      all(Workload, RESOURCES.deployments),
      all(Workload, RESOURCES.statefulSets),
      all(Ingress, RESOURCES.ingresses),
    ]);
    const around: Around = {
      endpoints: ends.items,
      pods: pods.items,
      workloads: [
        ...deployments.items.map((one) => ({ kind: "Deployment", one })),
        ...sets.items.map((one) => ({ kind: "StatefulSet", one })),
      ],
    };
    const seen = fitting(
      found.items.map((one) => serviceSeen(one, around)),
      MOST,
    );
    const rest = found.items.length - seen.length;
    return {
      services: seen,
      backends: ingresses.items.flatMap(backendsOf).slice(0, 200),
      notSeen: [
        ...(rest === 0 ? [] : [{ what: `${rest} more services`, why: `${MOST} are looked at at once` }]),
        ...[found, ends, pods, deployments, sets, ingresses].flatMap((one) => one.notSeen),
      ],
    };
  },
});

interface Around {
  readonly endpoints: readonly z.output<typeof Endpoints>[];
  readonly pods: readonly z.output<typeof Pod>[];
  readonly workloads: readonly { readonly kind: string; readonly one: z.output<typeof Workload> }[];
}

function serviceSeen({ metadata, spec, status }: z.output<typeof Service>, around: Around): ServiceSeen {
  const namespace = metadata.namespace ?? "";
  const selector = spec.selector && Object.keys(spec.selector).length > 0 ? spec.selector : null;
  const there = around.pods.filter((pod) => pod.metadata.namespace === namespace && isAlive(pod));
  const own = selector === null ? [] : there.filter((pod) => hasAll(selector, pod.metadata.labels ?? {}));
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
    readyPods: own.filter(isReady).length,
    ports: (spec.ports ?? []).slice(0, 20).map(({ name, port, targetPort }) => ({
      port,
      name: name ?? "",
      target: String(targetPort ?? port),
      found: foundPort(targetPort ?? port, declared),
    })),
    declared: [
      ...new Set(declared.map((one) => `${one.name ? `${one.name}=` : ""}${one.containerPort}`)),
    ].slice(0, 10),
    behind: selector === null ? [] : behindOf(namespace, selector, around),
    near: selector === null || own.length > 0 ? [] : nearOf(selector, there),
    addressed: (status?.loadBalancer?.ingress?.length ?? 0) > 0,
  };
}

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
const isAlive = ({ status }: z.output<typeof Pod>): boolean =>
  status?.phase !== "Succeeded" && status?.phase !== "Failed";
const isReady = ({ status }: z.output<typeof Pod>): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
const sayLabels = (labels: Readonly<Record<string, string>>): string =>
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

const behindOf = (
  namespace: string,
  selector: Readonly<Record<string, string>>,
  { workloads }: Around,
): ServiceSeen["behind"] =>
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
      replicas: one.spec.replicas ?? 1,
    }));

function nearOf(selector: Readonly<Record<string, string>>, pods: readonly z.output<typeof Pod>[]): string[] {
  const [key = ""] = Object.keys(selector);
  const values = pods.flatMap(({ metadata }) => {
    const value = metadata.labels?.[key];
    return value === undefined ? [] : [`${key}=${value}`];
  });
  return [...new Set(values)].slice(0, 8).map((one) => clip(one, 120));
}

function backendsOf({ metadata, spec }: z.output<typeof Ingress>): z.output<typeof BackendSeen>[] {
  const make = (host: string, path: string, backend: z.output<typeof Ingress>["spec"]["defaultBackend"]) =>
    backend?.service
      ? [
          {
            namespace: metadata.namespace ?? "",
            ingress: metadata.name,
            host: clip(host, 200),
            path: clip(path, 200),
            service: backend.service.name,
            port: String(backend.service.port?.number ?? backend.service.port?.name ?? ""),
          },
        ]
      : [];
  return [
    ...make("", "", spec.defaultBackend),
    ...(spec.rules ?? []).flatMap(({ host, http }) =>
      (http?.paths ?? []).flatMap(({ path, backend }) => make(host ?? "", path ?? "/", backend)),
    ),
  ];
}
