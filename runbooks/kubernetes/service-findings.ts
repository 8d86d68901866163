import {
  clip,
  count,
  type Finding,
  type kubernetes,
  type OutputOf,
  saySeconds,
} from "../../src/sdk/index.ts";
import { secondsSince } from "./case.ts";

export type Services = OutputOf<typeof kubernetes.services>;
export type Service = Services["services"][number];
type Key = "fixSelector" | "fixPods" | "fixPort" | "scaleUp" | "fixIngress" | "fixBalancer";

export interface ServiceTarget {
  readonly namespace?: string | undefined;
  readonly service?: string | undefined;
  readonly now: Date;
}

/** A controller writes endpoints within seconds; a load balancer takes minutes. */
const BALANCER_SECONDS = 300;

export const isAsked = (one: Service, { namespace, service }: ServiceTarget): boolean =>
  (namespace === undefined || one.namespace === namespace) && (service === undefined || one.name === service);

/** Ingress rules that lead to a service: then somebody outside expects it. */
export const leadingTo = ({ namespace, name }: Service, { backends }: Services) =>
  backends.filter((one) => one.namespace === namespace && one.service === name);

/** The workload behind it, scaled to zero; undefined: none, or it has replicas. */
export const scaledToZero = ({ behind }: Service) =>
  behind.length > 0 && behind.every(({ replicas }) => replicas === 0) ? behind[0] : undefined;

/**
 * Services that lead nowhere. Without a selector somebody else writes the endpoints; one that is scaled to zero, and that
 * neither an ingress nor anybody who asks expects, is as it should be. Pure.
 */
export function serviceFindings(services: Services, target: ServiceTarget): Finding<Key>[] {
  return services.services
    .filter((one) => isAsked(one, target) && one.type !== "ExternalName")
    .flatMap((one) => [...endpoints(one, services, target), ...balancer(one, target)]);
}

/** With its namespace: services of two namespaces may have one name. */
export const idOf = ({ namespace, name }: Service): string => `${namespace}/${name}`;
const ingressId = ({ namespace, ingress, path }: Services["backends"][number]): string =>
  `ingress:${namespace}/${ingress}${path}`;

function endpoints(one: Service, services: Services, target: ServiceTarget): Finding<Key>[] {
  if (one.ready > 0) return portNote(one);
  const led = leadingTo(one, services);
  const isExpected = led.length > 0 || target.service !== undefined;
  const why = whyEmpty(one, isExpected);
  if (why === undefined) return [];
  const to = [...new Set(led.map(({ ingress, host, path }) => `${ingress} (${host}${path})`))];
  return [
    {
      id: `${why.id}:${idOf(one)}`,
      severity: isExpected ? "critical" : "warning",
      title: `Service ${one.name} ${why.title}`,
      because: `${why.because}${to.length === 0 ? "" : ` Ingress ${clip(to.join(", "), 200)} leads to it.`}`,
      remedies: [why.remedy],
    },
  ];
}

interface Why {
  readonly id: string;
  readonly title: string;
  readonly because: string;
  readonly remedy: Key;
}

function whyEmpty(one: Service, isExpected: boolean): Why | undefined {
  if (one.selector === null)
    return isExpected
      ? {
          id: "no-selector",
          title: "has no selector and no endpoints",
          because:
            "Without a selector somebody else writes its endpoints (an operator, an object beside it), and has not.",
          remedy: "fixSelector",
        }
      : undefined;
  return one.pods === 0 ? whyNoPods(one, isExpected) : whyNoneReady(one);
}

function whyNoPods(one: Service, isExpected: boolean): Why | undefined {
  const [first] = one.behind;
  const idle = scaledToZero(one);
  if (idle !== undefined)
    return isExpected
      ? {
          id: "scaled-to-zero",
          title: `has no endpoints: ${idle.name} is scaled to zero`,
          because: `${idle.kind} ${idle.name} fits its selector and has 0 replicas: somebody or something scaled it down.`,
          remedy: "scaleUp",
        }
      : undefined;
  if (first !== undefined)
    return {
      id: "no-pods",
      title: `has no endpoints: ${first.name} has no pods`,
      because: `${first.kind} ${first.name} fits its selector and should have pods, and none is there.`,
      remedy: "fixPods",
    };
  const near = one.near.length === 0 ? "" : ` Pods there have ${one.near.join(", ")}.`;
  return {
    id: "no-match",
    title: "has no endpoints: no pod has its labels",
    because: `Its selector is ${one.selector}; no pod and no workload of the namespace has it.${near} Either the selector is wrong, or what it is for was taken away.`,
    remedy: "fixSelector",
  };
}

function whyNoneReady(one: Service): Why {
  const pods = count(one.readyPods, "pod");
  const lost = one.ports.find(({ target: to, found }) => found === false && !/^\d+$/.test(to));
  if (one.readyPods === 0)
    return {
      id: "not-ready",
      title: `has no endpoint: none of its ${count(one.pods, "pod")} is ready`,
      because: `The selector fits ${count(one.pods, "pod")}, and none passes its readiness: no traffic goes there. Why, k8s-workload finds out.`,
      remedy: "fixPods",
    };
  if (lost !== undefined)
    return {
      id: "port-name",
      title: `has no endpoints: its pods have no port named ${lost.target}`,
      because: `${pods} fit and are ready. The target port is a name, and they declare ${one.declared.join(", ") || "no port"}.`,
      remedy: "fixPort",
    };
  return {
    id: "not-written",
    title: `has no endpoints although ${pods} are ready`,
    because:
      "Either they have only just become ready, or the endpoints controller (kube-controller-manager) does not run or is behind.",
    remedy: "fixPods",
  };
}

/** What pods declare is for people: a port that is not declared may well be served. */
function portNote(one: Service): Finding<Key>[] {
  const lost = one.ports.filter(({ target, found }) => found === false && /^\d+$/.test(target));
  return lost.map(({ port, target }) => ({
    id: `port:${idOf(one)}/${port}`,
    severity: "info",
    title: `Service ${one.name} sends port ${port} to ${target}, which its pods do not declare`,
    because: `They declare ${one.declared.join(", ")}. Nobody must declare a port, so it may be right; where connections to the service are refused, this is why.`,
    remedies: ["fixPort"],
  }));
}

function balancer(one: Service, { now }: ServiceTarget): Finding<Key>[] {
  const seconds = secondsSince(one.createdAt, now);
  if (one.type !== "LoadBalancer" || one.addressed || seconds < BALANCER_SECONDS) return [];
  return [
    {
      id: `balancer:${idOf(one)}`,
      severity: "warning",
      title: `Load balancer of service ${one.name} has no address (for ${saySeconds(seconds)})`,
      because:
        "Either no controller of the cloud makes one here, or it is refused (quota, rights, annotation): its events say which.",
      remedies: ["fixBalancer"],
    },
  ];
}

/** Ingress rules that lead to a service or port that is not there. Pure. */
export function ingressFindings(
  { services, backends }: Services,
  { namespace, service: name }: ServiceTarget,
): Finding<Key>[] {
  return backends
    .filter(
      (one) =>
        (namespace === undefined || one.namespace === namespace) &&
        (name === undefined || one.service === name),
    )
    .flatMap((one) => {
      const found = services.find((other) => other.name === one.service && other.namespace === one.namespace);
      const hasPort =
        found === undefined ||
        one.port === "" ||
        found.type === "ExternalName" ||
        found.ports.some(({ port, name: of }) => of === one.port || String(port) === one.port);
      if (found !== undefined && hasPort) return [];
      return [
        {
          id: ingressId(one),
          severity: "critical" as const,
          title: `Ingress ${one.ingress} leads to ${found === undefined ? `service ${one.service}, which is not there` : `port ${one.port} of ${one.service}, which it does not have`}`,
          because: `Requests for ${one.host}${one.path} are answered 503 (or 404) by the ingress controller.${found === undefined ? " Either the service was renamed or deleted, or it is in another namespace: an ingress reaches only its own." : ` The service has ${found.ports.map(({ port, name: of }) => `${port}${of === "" ? "" : ` (${of})`}`).join(", ") || "no port"}.`}`,
          remedies: ["fixIngress" as const],
        },
      ];
    });
}
