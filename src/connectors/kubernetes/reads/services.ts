import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { fitting } from "../api/fitting.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { Pod, Workload } from "../api/shapes.ts";
import { Endpoints, Ingress, Service } from "../api/shapes-around.ts";
import { BackendSeen, backendsOf, IngressSeen, ingressSeen } from "./backends.ts";
import { policiesIn } from "./policies.ts";
import { type Around, ServiceSeen, serviceSeen } from "./service-shape.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 200;

/**
 * Services with their endpoints, the pods and workloads their selectors fit, the network policies of those pods, and what ingresses
 * lead to. Of more than 200 those without endpoints, and those that an ingress leads to, are shown first.
 */
export const services = read({
  name: "kubernetes.services",
  title: "Lists services, what stands behind them, and ingresses",
  input: z.strictObject({}),
  output: z.object({
    /** Of the namespaces, also those that are not shown. */
    total: z.number(),
    services: z.array(ServiceSeen),
    backends: z.array(BackendSeen),
    ingresses: z.array(IngressSeen),
    notSeen,
  }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const all = <S extends z.ZodType>(shape: S, resource: (typeof RESOURCES)[keyof typeof RESOURCES]) =>
      listEverywhere(client, shape, resource, { most: 2000 }, context);
    const [found, ends, pods, deployments, sets, daemons, ingresses, policies] = await Promise.all([
      all(Service, RESOURCES.services),
      all(Endpoints, RESOURCES.endpoints),
      all(Pod, RESOURCES.pods),
      all(Workload, RESOURCES.deployments),
      all(Workload, RESOURCES.statefulSets),
      all(Workload, RESOURCES.daemonSets),
      all(Ingress, RESOURCES.ingresses),
      policiesIn(client, context),
    ]);
    const around: Around = {
      endpoints: ends.items,
      pods: pods.items,
      workloads: [
        ...deployments.items.map((one) => ({ kind: "Deployment", one })),
        ...sets.items.map((one) => ({ kind: "StatefulSet", one })),
        ...daemons.items.map((one) => ({ kind: "DaemonSet", one })),
      ],
      policies: policies.items,
    };
    const isWhole = found.notSeen.length === 0;
    const backends = ingresses.items.flatMap((one) => backendsOf(one, { services: found.items, isWhole }));
    const isLedTo = ({ namespace, name }: ServiceSeen): boolean =>
      backends.some((one) => one.service === name && one.namespace === namespace);
    // What was cut may be what a service lacks: nothing is said of one without endpoints then.
    const isCut = ends.notSeen.length > 0 || pods.notSeen.length > 0;
    const judged = found.items
      .map((one) => serviceSeen(one, around))
      .filter(({ ready, selector }) => !isCut || ready > 0 || selector === null)
      .sort((a, b) => rank(a, isLedTo(a)) - rank(b, isLedTo(b)));
    const seen = fitting(judged, MOST);
    const rest = judged.length - seen.length;
    return {
      total: found.items.length,
      services: seen,
      backends: backends
        .sort((a, b) => Number(a.leads === "there") - Number(b.leads === "there"))
        .slice(0, 200),
      ingresses: ingresses.items.map(ingressSeen).slice(0, 200),
      notSeen: [
        ...(rest === 0 ? [] : [{ what: `${rest} more services`, why: `${MOST} are looked at at once` }]),
        ...[found, ends, pods, deployments, sets, daemons, ingresses, policies].flatMap((one) => one.notSeen),
      ],
    };
  },
});

const rank = ({ ready }: ServiceSeen, isLedTo: boolean): number => (ready > 0 ? 2 : 0) + (isLedTo ? 0 : 1);
