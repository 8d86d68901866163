import { clip, count, type Finding, saySeconds } from "../../src/sdk/index.ts";
import { type Event, secondsSince } from "./case.ts";
import { whyEmpty } from "./service-empty.ts";
import type { Service, ServiceKey, Services, ServiceTarget } from "./services.ts";

/** A controller writes endpoints within seconds; a load balancer takes minutes. */
const BALANCER_SECONDS = 300;

export const isAsked = (one: Service, { namespace, service }: ServiceTarget): boolean =>
  (namespace === undefined || one.namespace === namespace) && (service === undefined || one.name === service);

/** Ingress rules that lead to a service: then somebody outside expects it. A canary may take no request at all. */
export const leadingTo = ({ namespace, name }: Service, { backends }: Services) =>
  backends.filter((one) => one.namespace === namespace && one.service === name && !one.isCanary);

/**
 * Services that lead nowhere. Without a selector somebody else writes the endpoints; one that is scaled to zero, and that
 * neither an ingress nor anybody who asks expects, is as it should be. Pure.
 */
export function serviceFindings(
  services: Services,
  target: ServiceTarget,
  events: readonly Event[] = [],
): Finding<ServiceKey>[] {
  return services.services
    .filter((one) => isAsked(one, target))
    .flatMap((one) =>
      one.type === "ExternalName"
        ? external(one)
        : [...endpoints(one, services, target), ...balancer(one, target, events)],
    );
}

/** With its namespace: services of two namespaces may have one name. */
export const idOf = ({ namespace, name }: Service): string => `${namespace}/${name}`;

function endpoints(one: Service, services: Services, target: ServiceTarget): Finding<ServiceKey>[] {
  const led = leadingTo(one, services);
  const isExpected = led.length > 0 || target.service !== undefined;
  const to = [...new Set(led.map(({ ingress, host, path }) => `${ingress} (${host}${path})`))];
  const leads = to.length === 0 ? "" : ` Ingress ${clip(to.join(", "), 200)} leads to it.`;
  if (one.ready > 0) return [...unreachable(one, isExpected, leads), ...lostPorts(one), ...portNote(one)];
  const why = whyEmpty(one, isExpected);
  if (why === undefined) return [];
  return [
    {
      id: `${why.id}:${idOf(one)}`,
      severity: isExpected ? "critical" : "warning",
      title: `Service ${one.name} ${why.title}`,
      because: `${why.because}${leads}`,
      remedies: [why.remedy],
    },
  ];
}

/** It has endpoints, and nobody gets an answer of them. */
function unreachable(one: Service, isExpected: boolean, leads: string): Finding<ServiceKey>[] {
  const severity = isExpected ? ("critical" as const) : ("warning" as const);
  const shut = one.ports.filter(({ closedBy }) => closedBy.length > 0);
  const names = [...new Set(shut.flatMap(({ closedBy }) => closedBy))];
  const which = shut.length === one.ports.length ? "" : ` on port ${shut.map(({ port }) => port).join(", ")}`;
  return [
    ...(shut.length === 0
      ? []
      : [
          {
            id: `closed:${idOf(one)}`,
            severity,
            title: `Service ${one.name} has endpoints, and a network policy lets nobody in${which}`,
            because: `Its pods are ready. Of the policies that fit them (${names.join(", ")}) none has a rule that allows anybody to come in${which}: where the network plugin keeps to policies, connections to it time out.${leads}`,
            remedies: ["fixPolicy" as const],
          },
        ]),
    // Peers that must find each other before they are ready want that; whoever else comes does not.
    ...(one.publishesAll && one.pods > 0 && one.readyPods === 0 && isExpected
      ? [
          {
            id: `publishes-all:${idOf(one)}`,
            severity,
            title: `Service ${one.name} leads to pods that are not ready`,
            because: `None of its ${count(one.pods, "pod")} is ready, and \`publishNotReadyAddresses\` has requests sent there all the same.${leads} Why they are not, k8s-workload finds out.`,
            remedies: ["fixPods" as const],
          },
        ]
      : []),
  ];
}

/** A port by name that no pod declares has no endpoint, whatever the other ports have. */
const lostPorts = (one: Service): Finding<ServiceKey>[] =>
  one.ports
    .filter(({ target, found }) => found === false && !/^\d+$/.test(target))
    .map(({ port, target }) => ({
      id: `port-name:${idOf(one)}/${port}`,
      severity: "warning",
      title: `Port ${port} of service ${one.name} has no endpoints: its pods have no port named ${target}`,
      because: `Its other ports have endpoints. This target port is a name, and the pods declare ${one.declared.join(", ") || "no port"}.`,
      remedies: ["fixPort"],
    }));

/** What pods declare is for people: a port that is not declared may well be served. */
function portNote(one: Service): Finding<ServiceKey>[] {
  const lost = one.ports.filter(({ target, found }) => found === false && /^\d+$/.test(target));
  return lost.map(({ port, target }) => ({
    id: `port:${idOf(one)}/${port}`,
    severity: "info",
    title: `Service ${one.name} sends port ${port} to ${target}, which its pods do not declare`,
    because: `They declare ${one.declared.join(", ")}. Nobody must declare a port, so it may be right; where connections to the service are refused, this is why.`,
    remedies: ["fixPort"],
  }));
}

function balancer(one: Service, { now }: ServiceTarget, events: readonly Event[]): Finding<ServiceKey>[] {
  const seconds = secondsSince(one.createdAt, now);
  if (one.type !== "LoadBalancer" || one.addressed || seconds < BALANCER_SECONDS) return [];
  const said = events.find(
    ({ kind, namespace, name, isWarning }) =>
      isWarning && kind === "Service" && namespace === one.namespace && name === one.name,
  );
  return [
    {
      id: `balancer:${idOf(one)}`,
      severity: "warning",
      title: `Load balancer of service ${one.name} has no address (for ${saySeconds(seconds)})`,
      because:
        said === undefined
          ? "No event of it is left: either no controller of the cloud makes one here, or it was refused (quota, rights, annotation) more than an hour ago."
          : `Its controller says (${said.reason}): ${clip(said.message, 300)}`,
      remedies: ["fixBalancer"],
    },
  ];
}

/** It is a name in DNS that stands for another name: an address is none. */
function external(one: Service): Finding<ServiceKey>[] {
  const name = one.externalName ?? "";
  if (!/^(\d{1,3}\.){3}\d{1,3}$|:/.test(name)) return [];
  return [
    {
      id: `external-address:${idOf(one)}`,
      severity: "warning",
      title: `Service ${one.name} stands for ${name}, which is an address and no name`,
      because:
        "An ExternalName is answered as a CNAME, so its name must be one of DNS: resolvers look for a host that is called like the address, and find none.",
      remedies: ["fixName"],
    },
  ];
}
