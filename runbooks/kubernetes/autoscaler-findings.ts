import { clip, count, type Finding, type kubernetes, type OutputOf } from "../../src/sdk/index.ts";
import type { Workload } from "./case.ts";

export type Autoscaler = OutputOf<typeof kubernetes.autoscalers>["autoscalers"][number];
type Key = "raiseBounds" | "fixMetrics" | "fixTarget" | "moveBounds";

/** The Deployment or StatefulSet that it scales. */
export const targetOf = (
  { target, namespace }: Autoscaler,
  workloads: readonly Workload[] | undefined,
): Workload | undefined =>
  workloads?.find(
    (one) => one.kind === target.kind && one.name === target.name && one.namespace === namespace,
  );

/** It wants more than it may have. At its maximum by its own computation is no fault: then that is just enough. */
export const isAtMost = (one: Autoscaler): boolean =>
  one.limited === "TooManyReplicas" && one.current >= one.max;

/** By how much the maximum is raised: half again, within what the connection allows. */
export const raisedMax = ({ max }: Autoscaler, most: number): number => Math.min(Math.ceil(max * 1.5), most);

/** Whether its maximum may be raised from here. One that is made of another object has its bounds from there. */
export const mayRaise = (one: Autoscaler, most: number): boolean =>
  one.keptBy === undefined && raisedMax(one, most) > one.max;

/** What keeps autoscalers from doing their work. One whose target somebody set to zero is switched off on purpose. Pure. */
export function autoscalerFindings(
  all: readonly Autoscaler[],
  workloads: readonly Workload[] | undefined,
  most: number,
): Finding<Key>[] {
  return all.flatMap((one): Finding<Key>[] => {
    const id = `${one.namespace}/${one.name}`;
    const target = targetOf(one, workloads);
    if (!one.able.ok) return [unable(one, id)];
    if (one.active.reason === "ScalingDisabled") return [];
    if (target?.isObserved === true && (target.desired < one.min || target.desired > one.max))
      return [fought(one, id, target)];
    if (!one.active.ok) return [blind(one, id)];
    return isAtMost(one) ? [atMost(one, id, most)] : [];
  });
}

const unable = (one: Autoscaler, id: string): Finding<Key> => ({
  id: `hpa-target:${id}`,
  severity: "warning",
  title: `Autoscaler ${one.name} cannot scale ${one.target.kind} ${one.target.name}`,
  because: `${clip(one.able.message, 250)}. ${/not found/.test(one.able.message) ? "Its target is not there: renamed or deleted, and the autoscaler was left." : "It can neither read nor set the scale."}`,
  remedies: ["fixTarget"],
});

function blind(one: Autoscaler, id: string): Finding<Key> {
  const { message } = one.active;
  const why = /could not find the requested resource|metrics\.k8s\.io|unable to fetch metrics/.test(message)
    ? "The metrics API is not there or does not answer (metrics-server, or the adapter of its metric)."
    : /missing request for/.test(message)
      ? "A container of its pods has no request for the resource, and a share of nothing cannot be computed."
      : /no metrics returned|did not receive metrics/.test(message)
        ? "No pod has figures yet: either they have just started, or none is ready."
        : "Its metric cannot be had.";
  return {
    id: `hpa-blind:${id}`,
    severity: "warning",
    title: `Autoscaler ${one.name} does not know its metrics, and scales nothing`,
    because: `${why} It leaves ${one.target.name} at ${count(one.current, "replica")} whatever the load is. It says: ${clip(message, 250)}`,
    remedies: ["fixMetrics"],
  };
}

function atMost(one: Autoscaler, id: string, most: number): Finding<Key> {
  const may = mayRaise(one, most);
  return {
    id: `hpa-max:${id}`,
    severity: "warning",
    title: `Autoscaler ${one.name} is at its maximum of ${one.max} and wants more`,
    because: `${one.metrics.join("; ") || "Its metric"}: by that it would have more than ${one.max} replicas of ${one.target.name}. Either the load has grown, or each request costs more than before (a slow dependency uses time, not CPU), or the requests it computes from are too low.${may ? "" : one.keptBy === undefined ? ` The connection's \`scale.max\` allows no more than ${most}.` : ` ${one.keptBy} sets its bounds: raise them there, here they would be put back within seconds.`}`,
    remedies: [may ? "raiseBounds" : "moveBounds"],
  };
}

const fought = (one: Autoscaler, id: string, target: Workload): Finding<Key> => ({
  id: `hpa-fought:${id}`,
  severity: "warning",
  title: `${target.name} is set to ${target.desired} replicas, outside its autoscaler's ${one.min} to ${one.max}`,
  because:
    "Somebody or something (a release, a scale by hand) sets the replicas, and the autoscaler moves them back within seconds: the two fight. A manifest must leave `replicas` out where an autoscaler is.",
  remedies: ["moveBounds"],
});
