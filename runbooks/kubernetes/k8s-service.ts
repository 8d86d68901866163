import { chosenOf, kubernetes, type RunContext, rows, runbookOn, z } from "../../src/sdk/index.ts";
import {
  ingressFindings,
  isAsked,
  leadingTo,
  type ServiceTarget,
  scaledToZero,
  serviceFindings,
} from "./service-findings.ts";

const name = z.string().max(253).optional();
const params = z.object({
  namespace: name.describe("only this namespace"),
  service: name.describe("only this service; it is then expected to have endpoints"),
});
type Context = RunContext<z.output<typeof params>>;
const targetOf = ({ now, params: { namespace, service } }: Context): ServiceTarget => ({
  now,
  namespace,
  service,
});

/** Services that lead nowhere, and ingresses that lead to them. */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-service",
    title: "Kubernetes services",
    covers: ["sergas-agents.quick-reference"],
    alerts: [
      "KubeServiceWithoutEndpoints",
      "KubeEndpointAddressNotReady",
      "KubernetesServiceWithoutEndpoints",
    ],
    fromAlert: ({ namespace, service, endpoint }) => ({
      ...(namespace === undefined ? {} : { namespace }),
      ...((service ?? endpoint) === undefined ? {} : { service: service ?? endpoint }),
    }),
    params,
  },
  () => ({ services: kubernetes.services() }),
);

/** As few replicas as the connection allows, one at least. */
const least = (context: Context): number =>
  Math.max(1, Number(chosenOf(context, "kubernetes")?.about?.scaleMin ?? 1));

export const k8sService = book
  .remedies({
    scaleUp: book.does(
      kubernetes.scale,
      ["services"],
      ({ services }, context) =>
        services.services
          .filter(
            (one) =>
              isAsked(one, targetOf(context)) &&
              one.ready === 0 &&
              (context.params.service !== undefined || leadingTo(one, services).length > 0),
          )
          .flatMap((one) => {
            const idle = scaledToZero(one);
            const kind = idle?.kind === "StatefulSet" ? ("StatefulSet" as const) : ("Deployment" as const);
            return idle === undefined
              ? []
              : [
                  {
                    kind,
                    namespace: one.namespace,
                    name: idle.name,
                    uid: idle.uid,
                    from: 0,
                    to: least(context),
                  },
                ];
          })
          .slice(0, 1),
      { title: "Scale it up again" },
    ),
    fixSelector: book.advises(
      "Correct the selector, or delete the service",
      "low",
      "`kubectl get pods --show-labels` beside `kubectl get service NAME -o yaml`: all labels of the selector must be on the pod's template. Delete the service where what it was for is gone.",
    ),
    fixPods: book.advises(
      "Find out why its pods are not ready",
      "low",
      "Run k8s-workload: it says why each of them is not ready.",
    ),
    fixPort: book.advises(
      "Let target port and container port agree",
      "low",
      "`targetPort` is where the container listens; a name must be declared under `ports:` of the container.",
    ),
    fixIngress: book.advises(
      "Correct the ingress",
      "low",
      "Compare `backend.service` of the rule with `kubectl get services` of the same namespace: name, and port by number or name.",
    ),
    fixBalancer: book.advises(
      "See why there is no load balancer",
      "low",
      "`kubectl describe service NAME` shows what the cloud's controller says; without one (bare metal) use MetalLB, or NodePort and an ingress.",
    ),
  })
  .findings((find) => [
    find(["services"], ({ services }, context) =>
      serviceFindings(services, targetOf(context)).map((finding) => ({
        ...finding,
        evidence: [
          rows(
            "",
            services.services.filter(({ namespace, name: of }) => finding.id.includes(`:${namespace}/${of}`)),
            {
              service: (one) => one.name,
              selector: (one) => one.selector,
              pods: (one) => `${one.readyPods} of ${one.pods} ready`,
              endpoints: (one) => one.ready,
            },
          ),
        ],
      })),
    ),
    find(["services"], ({ services }, context) => ingressFindings(services, targetOf(context))),
    find(
      ["services"],
      ({ services }, { params: { service } }) =>
        service !== undefined &&
        !services.services.some(({ name: of }) => of === service) && {
          id: `no-service:${service}`,
          severity: "critical",
          title: `There is no service ${service}`,
          because: `None of the ${services.services.length} services that this connection sees has this name.`,
          remedies: ["fixSelector"],
        },
    ),
  ]);
