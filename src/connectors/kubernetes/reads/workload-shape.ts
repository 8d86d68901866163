import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { quantity } from "../api/quantity.ts";
import type { Workload } from "../api/shapes.ts";

export const KINDS = ["Deployment", "StatefulSet", "DaemonSet"] as const;
export type WorkloadKind = (typeof KINDS)[number];

export const RESTARTED = "kubectl.kubernetes.io/restartedAt";

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
  /** Who says that it looks after this object: Helm, Argo CD, Flux. What is changed here it may take back. */
  managedBy: z.string(),
});
export type WorkloadSeen = z.output<typeof WorkloadSeen>;

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
    restartedAt: clip(spec.template.metadata?.annotations?.[RESTARTED] ?? "", 100) || null,
    strategy: spec.strategy?.type ?? spec.updateStrategy?.type ?? "RollingUpdate",
    containers: spec.template.spec.containers.slice(0, 10).map(({ name, image, resources }) => ({
      name,
      image: clip(image ?? "", 200),
      memoryLimit: quantity(resources?.limits?.memory),
      memoryRequest: quantity(resources?.requests?.memory),
      cpuRequest: quantity(resources?.requests?.cpu),
    })),
    managedBy: managerOf(metadata.labels ?? {}, metadata.annotations ?? {}),
  };
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

type Labels = Readonly<Record<string, string>>;

/** Names of the tools that would apply their own state again. */
export function managerOf(labels: Labels, annotations: Labels): string {
  if ("argocd.argoproj.io/tracking-id" in annotations || "argocd.argoproj.io/instance" in labels)
    return "Argo CD";
  if (Object.keys(labels).some((name) => name.includes("toolkit.fluxcd.io/"))) return "Flux";
  return clip(labels["app.kubernetes.io/managed-by"] ?? "", 60);
}
