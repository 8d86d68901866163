import { clip, type Finding, saySeconds } from "../../src/sdk/index.ts";
import { type Event, secondsSince } from "./case.ts";
import type { Services, ServiceTarget } from "./services.ts";

type Key = "fixIngress" | "fixClass";
type Backend = Services["backends"][number];
type Ingress = Services["ingresses"][number];

/** A controller takes an ingress up within seconds; a balancer of a cloud takes minutes. */
const TAKEN_SECONDS = 600;

const idOf = ({ namespace, ingress, path }: Backend): string => `ingress:${namespace}/${ingress}${path}`;

/** Ingress rules that lead to a service or port that is not there, and ingresses that nobody carries out. Pure. */
export function ingressFindings(
  services: Services,
  target: ServiceTarget,
  events: readonly Event[] = [],
): Finding<Key>[] {
  const { namespace, service } = target;
  const isHere = (one: { readonly namespace: string }): boolean =>
    namespace === undefined || one.namespace === namespace;
  const meant = services.backends.filter(
    (one) => isHere(one) && (service === undefined || one.service === service),
  );
  return [
    ...meant.flatMap(astray),
    ...services.ingresses
      .filter(
        (one) =>
          isHere(one) &&
          (service === undefined ||
            meant.some(({ ingress, namespace: of }) => ingress === one.name && of === one.namespace)),
      )
      .flatMap((one) => notTaken(one, services.ingresses, target, events)),
  ];
}

function astray(one: Backend): Finding<Key>[] {
  if (one.leads === "there" || one.leads === "unseen") return [];
  const [title, because] = WORDS[one.leads](one);
  return [
    {
      id: idOf(one),
      severity: "critical",
      title: `Ingress ${one.ingress} leads to ${title}`,
      because: `Requests for ${one.host}${one.path} are answered 503 (or 404) by the ingress controller. ${because}`,
      remedies: ["fixIngress"],
    },
  ];
}

const WORDS: Readonly<
  Record<Exclude<Backend["leads"], "there" | "unseen">, (one: Backend) => [title: string, because: string]>
> = {
  "no-service": ({ service }) => [
    `service ${service}, which is not there`,
    "Either the service was renamed or deleted, or it is in another namespace: an ingress reaches only its own.",
  ],
  "no-port": ({ service, port, has }) => [
    `port ${port} of ${service}, which it does not have`,
    `The service has ${has.join(", ") || "no port"}.`,
  ],
  "no-action": ({ service }) => [
    `the action ${service}, which no annotation defines`,
    `\`use-annotation\` is the AWS controller's word: it looks for an annotation \`alb.ingress.kubernetes.io/actions.NAME\` of the ingress.`,
  ],
};

/** Of one without an address its controller says why, or nobody has taken it, while others have theirs. */
function notTaken(
  one: Ingress,
  all: readonly Ingress[],
  { now }: ServiceTarget,
  events: readonly Event[],
): Finding<Key>[] {
  const said = events.find(
    ({ kind, namespace, name, isWarning }) =>
      isWarning && kind === "Ingress" && namespace === one.namespace && name === one.name,
  );
  const told = (title: string, because: string): Finding<Key>[] => [
    {
      id: `ingress-not-taken:${one.namespace}/${one.name}`,
      severity: "warning",
      title: `Ingress ${one.name} ${title}`,
      because,
      remedies: ["fixClass"],
    },
  ];
  if (said !== undefined)
    return told(
      "is not carried out as written",
      `Its controller says (${said.reason}): ${clip(said.message, 300)}`,
    );
  const others = all.filter(({ addressed }) => addressed);
  const seconds = secondsSince(one.createdAt, now);
  if (one.addressed || others.length === 0 || seconds < TAKEN_SECONDS) return [];
  const named = (of: string): string => (of === "" ? "no class" : `class ${of}`);
  const isSame = others.some((other) => other.class === one.class);
  const classes = [...new Set(others.map((other) => named(other.class)))].join(", ");
  return told(
    `was not taken up by any controller (for ${saySeconds(seconds)})`,
    isSame
      ? `It has no address, others of ${named(one.class)} have theirs. No event of it is left: the log of the controller says what it refuses.`
      : `It names ${named(one.class)}, and has no address; those that have one name ${classes}. Either nobody serves ${one.class === "" ? "ingresses without a class (no IngressClass is the default)" : "that class"}, or the name is wrong.`,
  );
}
