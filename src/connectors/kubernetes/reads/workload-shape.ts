import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { quantity } from "../api/quantity.ts";
import type { Workload } from "../api/shapes.ts";
import { managerOf } from "./managed-by.ts";

export const KINDS = ["Deployment", "StatefulSet", "DaemonSet"] as const;
export type WorkloadKind = (typeof KINDS)[number];

export const RESTARTED = "kubectl.kubernetes.io/restartedAt";
/** On a workload that diagbot stopped: how many replicas it had, also for people whose diagbot is gone. */
export const STOPPED_FROM = "diagbot/stopped-from";

/** A Deployment, StatefulSet or DaemonSet and how far it is. */
export const WorkloadSeen = z.object({
  kind: z.enum(KINDS),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  createdAt: z.string().nullable(),
  /** Replicas that are wanted (of a DaemonSet: nodes it should be on). */
  desired: z.number(),
  /** All there are, also of old revisions. */
  current: z.number(),
  ready: z.number(),
  available: z.number(),
  /** Of the current template. */
  updated: z.number(),
  paused: z.boolean(),
  /** Whether its controller has seen the newest spec: until then the counts are of the one before. */
  isObserved: z.boolean(),
  /** The condition Progressing of a Deployment; null: none. */
  progress: z
    .object({ status: z.string(), reason: z.string(), message: z.string(), at: z.string().nullable() })
    .nullable(),
  /** Why its pods could not be created (quota, LimitRange, admission); empty: they could. */
  replicaFailure: z.string(),
  /** The revision it is at; null: not a Deployment, or not numbered yet. */
  revision: z.number().nullable(),
  /** When `kubectl rollout restart`, or diagbot, last restarted it; null: never. Absent in recordings from before. */
  restartedAt: z.string().nullable().optional(),
  /** Replicas it had before diagbot stopped it; null: it did not. Absent in recordings from before. */
  stoppedFrom: z.number().nullable().optional(),
  /** Rolls one by one, or all at once. */
  strategy: z.string(),
  containers: z.array(
    z.object({
      name: z.string(),
      image: z.string(),
      memoryLimit: z.number().nullable(),
      memoryRequest: z.number().nullable(),
      cpuRequest: z.number().nullable(),
    }),
  ),
  /** Who says that it looks after this object: an operator's object, Helm, Argo CD, Flux. What is changed here it may take back. */
  managedBy: z.string(),
  /** Of a StatefulSet: pods below this number keep the revision before. Absent in recordings from before, as what follows. */
  partition: z.number().optional(),
  /** Pods that may be missing at once while it is rolled out, and those that may be there on top. */
  atOnce: z.object({ missing: z.number(), more: z.number() }).optional(),
});
export type WorkloadSeen = z.output<typeof WorkloadSeen>;

const stoppedFrom = (annotations: Workload["metadata"]["annotations"]): number | null =>
  Number(annotations?.[STOPPED_FROM] ?? 0) || null;

/** Of the API's object what is judged: absent counts are 0, absent replicas mean 1. */
export function workloadSeen(kind: WorkloadKind, { metadata, spec, status }: Workload): WorkloadSeen {
  const revision = Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? Number.NaN);
  const desired = kind === "DaemonSet" ? (status?.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1);
  return {
    kind,
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid,
    createdAt: metadata.creationTimestamp ?? null,
    desired,
    ...countsOf(kind, status),
    updated: updatedOf(kind, status, desired),
    paused: spec.paused === true,
    isObserved: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    ...conditionsOf(status),
    revision: Number.isInteger(revision) ? revision : null,
    stoppedFrom: stoppedFrom(metadata.annotations),
    restartedAt: clip(spec.template.metadata?.annotations?.[RESTARTED] ?? "", 100) || null,
    strategy: spec.strategy?.type ?? spec.updateStrategy?.type ?? "RollingUpdate",
    containers: spec.template.spec.containers.slice(0, 10).map(({ name, image, resources }) => ({
      name,
      image: clip(image ?? "", 200),
      memoryLimit: quantity(resources?.limits?.memory),
      memoryRequest: quantity(resources?.requests?.memory),
      cpuRequest: quantity(resources?.requests?.cpu),
    })),
    managedBy: managerOf(metadata),
    ...rollingOf(kind, spec, desired),
  };
}

/** A share of the replicas: what may be missing is rounded down, what comes on top up (Deployment's rules). */
function shareOf(
  amount: string | number | null | undefined,
  of: number,
  round: (n: number) => number,
): number {
  const text = String(amount ?? "25%");
  return text.endsWith("%") ? round((Number.parseFloat(text) / 100) * of) : Number(text);
}

function rollingOf(kind: WorkloadKind, spec: Workload["spec"], desired: number) {
  const { maxUnavailable, partition } = spec.updateStrategy?.rollingUpdate ?? {};
  if (kind !== "Deployment")
    return {
      partition: partition ?? 0,
      atOnce: { missing: Math.max(1, shareOf(maxUnavailable ?? 1, desired, Math.ceil)), more: 0 },
    };
  const rolling = spec.strategy?.rollingUpdate;
  const more = shareOf(rolling?.maxSurge, desired, Math.ceil);
  const missing = shareOf(rolling?.maxUnavailable, desired, Math.floor);
  // Both none would never get on: the controller then lets one be missing.
  return { partition: 0, atOnce: { missing: more === 0 ? Math.max(1, missing) : missing, more } };
}

function countsOf(kind: WorkloadKind, status: Workload["status"]) {
  if (kind === "DaemonSet")
    return {
      current: status?.desiredNumberScheduled ?? 0,
      ready: status?.numberReady ?? 0,
      available: status?.numberAvailable ?? 0,
    };
  const ready = status?.readyReplicas ?? 0;
  return {
    current: status?.replicas ?? 0,
    ready,
    // StatefulSets before 1.22 do not count what is available.
    available: status?.availableReplicas ?? (kind === "StatefulSet" ? ready : 0),
  };
}

function conditionsOf(status: Workload["status"]): Pick<WorkloadSeen, "progress" | "replicaFailure"> {
  const progress = status?.conditions?.find(({ type }) => type === "Progressing");
  const failure = status?.conditions?.find(
    ({ type, status: is }) => type === "ReplicaFailure" && is === "True",
  );
  return {
    progress:
      progress === undefined
        ? null
        : {
            status: progress.status,
            reason: clip(progress.reason ?? "", 60),
            message: clip(progress.message ?? "", 300),
            at: progress.lastUpdateTime ?? progress.lastTransitionTime ?? null,
          },
    replicaFailure:
      failure === undefined ? "" : clip(failure.message || failure.reason || "no reason given", 500),
  };
}

/** A StatefulSet that is not being updated does not count its updated pods in every version: all are current then. */
function updatedOf(kind: WorkloadKind, status: Workload["status"], desired: number): number {
  if (kind === "DaemonSet") return status?.updatedNumberScheduled ?? 0;
  if (kind === "StatefulSet" && status?.currentRevision && status.currentRevision === status.updateRevision)
    return status.replicas ?? desired;
  return status?.updatedReplicas ?? 0;
}
