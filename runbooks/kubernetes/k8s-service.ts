import { chosenOf, kubernetes, type RunContext, rows, runbookOn, z } from "../../src/sdk/index.ts";
import { ingressFindings } from "./ingress-findings.ts";
import { scaledToZero } from "./service-empty.ts";
import { isAsked, leadingTo, serviceFindings } from "./service-findings.ts";
import type { ServiceTarget } from "./services.ts";

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
  () => ({ services: kubernetes.services(), events: kubernetes.events() }),
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
            return idle === undefined || idle.kind === "DaemonSet"
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
      {
        title: "Scale it up again",
        // That it has replicas is not what was found: the service must lead to one.
        recheck: ["services"],
        holds: ({ services }, done) =>
          done.every(({ input }) =>
            services.services.some(
              ({ behind, ready }) => ready > 0 && behind.some(({ uid }) => uid === input.uid),
            ),
          ),
      },
    ),
    fixSelector: book.advises(
      "Correct the selector, or delete the service",
      "low",
      "`kubectl get pods --show-labels` beside `kubectl get service NAME -o yaml`: all labels of the selector must be on the pod's template. Delete the service where what it was for is gone.",
    ),
    fixEndpoints: book.advises(
      "Find out who writes its endpoints",
      "low",
      "`kubectl get endpointslices -l kubernetes.io/service-name=NAME -o yaml` shows what there is, and who wrote it (`endpointslice.kubernetes.io/managed-by`, ownerReferences): read that operator's log. Where people wrote them, the address has gone with whoever made the service anew: write it again, or let an ExternalName lead there.",
    ),
    fixPods: book.advises(
      "Find out why its pods are not there, or not ready",
      "low",
      "Run k8s-workload: it says why they cannot be made, or why each of them is not ready.",
    ),
    fixPort: book.advises(
      "Let target port and container port agree",
      "low",
      "`targetPort` is where the container listens; a name must be declared under `ports:` of the container.",
    ),
    askOther: book.advises(
      "Read from the one there is, or have a replica",
      "low",
      "Whoever reads asks the service of the leader instead: a single instance serves both. Or give the set a second instance (its operator's `instances:` or `replicas:`); the label of its role is set by whoever elects, never by hand.",
    ),
    fixLeader: book.advises(
      "See who elects the leader",
      "high",
      "Ask the operator, or the system itself (`patronictl list`, `SENTINEL MASTERS`), who leads and why nobody does. Never set the label by hand: two leaders would both take writes.",
    ),
    fixPolicy: book.advises(
      "Allow who must come in",
      "low",
      "`kubectl get networkpolicy -o yaml`: add a policy whose `ingress` names the callers (namespace of the ingress controller, pods) and the port of the pod, not of the service. Policies add up; a `default-deny` stays.",
    ),
    fixName: book.advises(
      "Use a service without a selector for an address",
      "low",
      "A service without `selector:` and an EndpointSlice of the same name (`kubernetes.io/service-name`) with the address; or a name of DNS for it.",
    ),
    fixClass: book.advises(
      "Let a controller take the ingress",
      "low",
      "`kubectl get ingressclass` beside `spec.ingressClassName`; `kubectl describe ingress NAME` and the controller's log. A TLS secret must be in the namespace of the ingress: otherwise the controller shows a certificate of its own (tls-expiry).",
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
    find(["services", "events?"], ({ services, events }, context) =>
      serviceFindings(services, targetOf(context), events?.events).map((finding) => ({
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
    find(["services", "events?"], ({ services, events }, context) =>
      ingressFindings(services, targetOf(context), events?.events),
    ),
    find(
      ["services"],
      ({ services: { services, total } }, { params: { service } }) =>
        service !== undefined &&
        // Of one that is not shown nothing is known.
        total === services.length &&
        !services.some(({ name: of }) => of === service) && {
          id: `no-service:${service}`,
          severity: "critical",
          title: `There is no service ${service}`,
          because: `None of the ${total} services that this connection sees has this name.`,
          remedies: ["fixSelector"],
        },
    ),
  ]);
