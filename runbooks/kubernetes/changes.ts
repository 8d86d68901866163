import { kubernetes, type OutputOf } from "../../src/sdk/index.ts";

export type Workloads = OutputOf<typeof kubernetes.workloads>;
export type Autoscalers = OutputOf<typeof kubernetes.autoscalers>;
export type Nodes = OutputOf<typeof kubernetes.nodes>;
export type Workload = Workloads["workloads"][number];

/** What people may ask for; see `k8s-change.ts`. */
export interface Asked {
  readonly workload?: string | undefined;
  readonly namespace?: string | undefined;
  readonly restart: boolean;
  readonly replicas?: number | undefined;
  /** Of one container of it, in MiB. */
  readonly memoryMiB?: number | undefined;
  readonly container?: string | undefined;
  readonly all: boolean;
  readonly node?: string | undefined;
  readonly cordon: boolean;
}

/** Restarted so long ago counts as not of this round. */
const ROUND_MS = 3_600_000;

export const targetsOf = ({ workloads }: Workloads, { workload, namespace }: Asked): Workload[] =>
  workloads.filter(
    (one) =>
      one.name === workload &&
      one.kind !== "DaemonSet" &&
      (namespace === undefined || one.namespace === namespace),
  );

/** What its restart is known by: the time of the run, so that the same run asks for the same. */
export const orderOf = ({ kind, namespace, name, uid, restartedAt }: Workload, now: Date) => ({
  ...{ kind, namespace, name, uid },
  ...{ from: restartedAt ?? null, at: now.toISOString() },
});

/** Pods below a StatefulSet's partition keep the revision before on purpose. */
export const isWell = (one: Workload): boolean =>
  one.isObserved &&
  one.updated >= one.desired - (one.partition ?? 0) &&
  one.available >= one.desired &&
  one.progress?.status !== "False";

/** A rollout replaces all of its pods, and never all at once. */
const isByOne = ({ desired, partition = 0, atOnce }: Workload): boolean =>
  partition === 0 && (atOnce === undefined || atOnce.missing < desired);

/** Those that a round of restarts goes through, in its order. */
export const ofRound = ({ workloads }: Workloads, { namespace }: Asked): Workload[] =>
  workloads
    .filter((one) => (namespace === undefined || one.namespace === namespace) && one.kind !== "DaemonSet")
    .filter(
      (one) =>
        one.desired >= 2 &&
        one.strategy === "RollingUpdate" &&
        !one.paused &&
        isByOne(one) &&
        !kubernetes.isSpared(one.name),
    )
    .sort((a, b) => `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`));

/** Those that were not restarted within the hour, in order; none while one is not whole: what went wrong there is looked at first. */
export function nextOf(seen: Workloads, asked: Asked, now: Date): Workload[] {
  const round = ofRound(seen, asked);
  if (round.some((one) => !isWell(one))) return [];
  return round.filter(
    ({ restartedAt }) => now.getTime() - Date.parse(restartedAt ?? "1970-01-01") > ROUND_MS,
  );
}

/** More of it: by its own number, or by the least of whoever decides it (trap k8s-scale-absolute: never fewer). */
export function outOf(workloads: Workloads, { autoscalers }: Autoscalers, asked: Asked) {
  const [one, other] = targetsOf(workloads, asked);
  const to = asked.replicas;
  if (one === undefined || other !== undefined || to === undefined || to <= one.desired)
    return { scales: [], bounds: [], own: undefined };
  const own = autoscalers.find(
    ({ namespace, target }) =>
      namespace === one.namespace && target.kind === one.kind && target.name === one.name,
  );
  const { namespace, name, uid, kind } = one;
  // At no replicas an autoscaler is switched off: it goes on once there is one.
  const isOff = one.desired === 0 && own?.keptBy === undefined && to <= (own?.max ?? to);
  if (own === undefined || isOff)
    return {
      scales: kind === "DaemonSet" ? [] : [{ kind, namespace, name, uid, from: one.desired, to }],
      bounds: [],
      own,
    };
  const from = { min: own.min, max: own.max };
  const bound = {
    namespace,
    name: own.name,
    uid: own.uid,
    of: name,
    from,
    to: { min: to, max: Math.max(to, own.max) },
  };
  return { scales: [], bounds: to > own.min && own.keptBy === undefined ? [bound] : [], own };
}

export const nodeOf = ({ nodes }: Nodes, { node, cordon }: Asked) =>
  nodes
    .filter(({ name, unschedulable }) => name === node && unschedulable !== cordon)
    .slice(0, 1)
    .map(({ name, uid, unschedulable }) => ({ name, uid, from: unschedulable, to: cordon }));
