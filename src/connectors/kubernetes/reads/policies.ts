import type { z } from "zod";
import { DiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import type { NotSeen } from "../../../core/words/not-seen.ts";
import type { Bounds, KubernetesClient } from "../api/client.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { fits } from "../api/selectors.ts";
import type { Pod } from "../api/shapes.ts";
import { NetworkPolicy } from "../api/shapes-around.ts";

type Policy = z.output<typeof NetworkPolicy>;
type AnyPod = z.output<typeof Pod>;

/** The network policies; none, and said so, where the account may not see them: services are looked at all the same. */
export async function policiesIn(
  client: KubernetesClient,
  context: Bounds,
): Promise<{ items: readonly Policy[]; notSeen: readonly NotSeen[] }> {
  try {
    return await listEverywhere(client, NetworkPolicy, RESOURCES.networkPolicies, { most: 2000 }, context);
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || !["forbidden", "no-api"].includes(thrown.detail ?? ""))
      throw thrown;
    const why = thrown.detail === "forbidden" ? "the account may not" : "the server does not know them";
    const fix = thrown.hint === undefined ? {} : { fix: thrown.hint };
    return { items: [], notSeen: [{ what: "network policies", why, ...fix }] };
  }
}

/** Policies about what comes in to a pod: `policyTypes` that are left out mean that. */
const about = (policies: readonly Policy[], { metadata }: AnyPod): readonly Policy[] =>
  policies.filter(
    ({ metadata: { namespace }, spec }) =>
      namespace === metadata.namespace &&
      (spec.policyTypes ?? ["Ingress"]).includes("Ingress") &&
      fits(spec.podSelector, metadata.labels ?? {}),
  );

/** Whether one of their rules lets anybody come in to the port. Policies add up: one that allows is enough. */
const allows = ({ spec }: Policy, port: string | number, pod: AnyPod): boolean =>
  (spec.ingress ?? []).some(({ ports }) => {
    if (!ports || ports.length === 0) return true;
    const declared = pod.spec.containers.flatMap((one) => one.ports ?? []);
    const own = declared.find(({ name, containerPort }) => name === port || containerPort === port);
    const number = typeof port === "number" ? port : own?.containerPort;
    return ports.some(({ port: of, endPort }) => {
      if (of === null || of === undefined) return true;
      if (typeof of === "string" && !/^\d+$/.test(of)) return of === port || of === own?.name;
      return number !== undefined && number >= Number(of) && number <= (endPort ?? Number(of));
    });
  });

/** Names of the policies that let nobody come in to that port of any of these pods; empty: somebody may. */
export function closedBy(
  policies: readonly Policy[],
  pods: readonly AnyPod[],
  port: string | number,
): string[] {
  const own = pods.map((pod) => ({ pod, all: about(policies, pod) }));
  if (own.length === 0) return [];
  if (own.some(({ pod, all }) => all.length === 0 || all.some((one) => allows(one, port, pod)))) return [];
  const names = own.flatMap(({ all }) => all.map(({ metadata }) => clip(metadata.name, 120)));
  return [...new Set(names)].slice(0, 5);
}
