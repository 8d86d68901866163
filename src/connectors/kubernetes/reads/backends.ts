import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import type { Ingress, Service } from "../api/shapes-around.ts";

type AnyIngress = z.output<typeof Ingress>;
type AnyService = z.output<typeof Service>;

/** One rule of an ingress and where it leads. */
export const BackendSeen = z.object({
  namespace: z.string(),
  ingress: z.string(),
  host: z.string(),
  path: z.string(),
  service: z.string(),
  port: z.string(),
  /** `no-action`: the AWS controller's name of an action that no annotation defines; `unseen`: not all services were read. */
  leads: z.enum(["there", "no-service", "no-port", "no-action", "unseen"]),
  /** Ports the service has, `80 (http)`. */
  has: z.array(z.string()),
  /** A second ingress that takes a share of the requests, and may take none. */
  isCanary: z.boolean(),
});

/** An ingress as a whole. */
export const IngressSeen = z.object({
  namespace: z.string(),
  name: z.string(),
  createdAt: z.string().nullable(),
  /** Empty: none is named, and the cluster's default is meant. */
  class: z.string(),
  /** Whether a controller has given it an address. Not all do (Traefik, on bare metal). */
  addressed: z.boolean(),
});

export const ingressSeen = ({ metadata, spec, status }: AnyIngress): z.output<typeof IngressSeen> => ({
  namespace: metadata.namespace ?? "",
  name: metadata.name,
  createdAt: metadata.creationTimestamp ?? null,
  class: clip(spec.ingressClassName ?? metadata.annotations?.["kubernetes.io/ingress.class"] ?? "", 120),
  addressed: (status?.loadBalancer?.ingress?.length ?? 0) > 0,
});

interface Known {
  readonly services: readonly AnyService[];
  /** All services of the namespaces were read. */
  readonly isWhole: boolean;
}

/** The rules of an ingress, each with what becomes of it. `services`: all that were read, not only those that are shown. */
export function backendsOf({ metadata, spec }: AnyIngress, known: Known): z.output<typeof BackendSeen>[] {
  const annotations = metadata.annotations ?? {};
  const make = (host: string, path: string, backend: AnyIngress["spec"]["defaultBackend"]) => {
    if (!backend?.service) return [];
    const { name: service, port } = backend.service;
    const found = known.services.find(
      (one) => one.metadata.name === service && one.metadata.namespace === metadata.namespace,
    );
    const wanted = String(port?.number ?? port?.name ?? "");
    return [
      {
        namespace: metadata.namespace ?? "",
        ingress: metadata.name,
        host: clip(host, 200),
        path: clip(path, 200),
        service,
        port: wanted,
        leads: leadsTo(found, wanted, `alb.ingress.kubernetes.io/actions.${service}` in annotations, known),
        has: (found?.spec.ports ?? [])
          .slice(0, 20)
          .map(({ name, port: of }) => `${of}${name ? ` (${clip(name, 60)})` : ""}`),
        isCanary: annotations["nginx.ingress.kubernetes.io/canary"] === "true",
      },
    ];
  };
  return [
    ...make("", "", spec.defaultBackend),
    ...(spec.rules ?? []).flatMap(({ host, http }) =>
      (http?.paths ?? []).flatMap(({ path, backend }) => make(host ?? "", path ?? "/", backend)),
    ),
  ];
}

function leadsTo(
  found: AnyService | undefined,
  port: string,
  isAction: boolean,
  { isWhole }: Known,
): z.output<typeof BackendSeen>["leads"] {
  // Not a service: the AWS controller answers by itself (a redirect, a fixed response, weights).
  if (port === "use-annotation") return isAction ? "there" : "no-action";
  if (found === undefined) return isWhole ? "no-service" : "unseen";
  const has = (found.spec.ports ?? []).some(
    ({ name, port: of }) => (name ?? "") === port || String(of) === port,
  );
  return port === "" || found.spec.type === "ExternalName" || has ? "there" : "no-port";
}
