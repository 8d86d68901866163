import { clip } from "../../../core/words/format.ts";
import type { Meta } from "../api/shapes.ts";

type Managed = Pick<Meta, "labels" | "annotations" | "ownerReferences" | "managedFields">;

/**
 * The object that a controller made this one of, and keeps it like: `ScaledObject worker`, `Prometheus main`; undefined: none. What
 * is changed here it takes back, as a rule within seconds.
 */
export function controllerOf({ ownerReferences }: Managed): string | undefined {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? undefined : clip(`${owner.kind} ${owner.name}`, 120);
}

/** Tools by the name under which they write: Argo CD's default leaves no other trace that Helm would not. */
const WRITERS: readonly (readonly [name: RegExp, tool: string])[] = [
  [/^argocd-(application-)?controller$/, "Argo CD"],
  [/^(kustomize|helm)-controller$/, "Flux"],
];

/** Who applies its own state again: an object of an operator, Argo CD, Flux, Helm; empty: nobody says so. */
export function managerOf(of: Managed): string {
  const owner = controllerOf(of);
  if (owner !== undefined) return owner;
  const { labels, annotations, managedFields } = of;
  if (annotations?.["argocd.argoproj.io/tracking-id"] || labels?.["argocd.argoproj.io/instance"])
    return "Argo CD";
  if (Object.keys(labels ?? {}).some((name) => name.includes("toolkit.fluxcd.io/"))) return "Flux";
  const writer = WRITERS.find(([name]) => managedFields?.some(({ manager }) => name.test(manager ?? "")));
  return writer?.[1] ?? clip(labels?.["app.kubernetes.io/managed-by"] ?? "", 60);
}
