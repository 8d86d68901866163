import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { quantity } from "../api/quantity.ts";
import type { Container, ContainerStatus, Meta, Pod, Probe } from "../api/shapes.ts";

const moment = z.string().nullable();
const Ended = z.object({
  exitCode: z.number(),
  signal: z.number().nullable(),
  /** The kubelet's word: OOMKilled, Error, Completed, ContainerCannotRun, … */
  reason: z.string(),
  message: z.string(),
  startedAt: moment,
  finishedAt: moment,
});

/** One container of a pod and how it does. */
export const ContainerSeen = z.object({
  name: z.string(),
  /** `sidecar`: an init container that goes on running. */
  role: z.enum(["main", "init", "sidecar"]),
  image: z.string(),
  state: z.enum(["running", "waiting", "terminated", "unknown"]),
  /** Of a waiting one: CrashLoopBackOff, ImagePullBackOff, ContainerCreating, … */
  reason: z.string(),
  message: z.string(),
  startedAt: moment,
  ready: z.boolean(),
  restarts: z.number(),
  /** How the current run ended, where it has. */
  ended: Ended.nullable(),
  /** How the run before ended. */
  last: Ended.nullable(),
  /** Bytes; null: no limit, no request. */
  memoryLimit: z.number().nullable(),
  memoryRequest: z.number().nullable(),
  /** Cores. */
  cpuLimit: z.number().nullable(),
  cpuRequest: z.number().nullable(),
  /** What each probe asks, in words; empty: there is none. */
  liveness: z.string(),
  readiness: z.string(),
  startup: z.string(),
});
export type ContainerSeen = z.output<typeof ContainerSeen>;

/** One pod. */
export const PodSeen = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** What looks after it, at the end of the chain that the pod itself tells; null: nothing does. */
  owner: z.object({ kind: z.string(), name: z.string() }).nullable(),
  /** Whether a controller would replace it. */
  isControlled: z.boolean(),
  node: z.string().nullable(),
  phase: z.string(),
  /** Evicted, NodeLost, … */
  reason: z.string(),
  message: z.string(),
  createdAt: moment,
  /** Since when it is being deleted, and how long its grace is. */
  deletedAt: moment,
  graceSeconds: z.number().nullable(),
  finalizers: z.array(z.string()),
  ready: z.boolean(),
  readySince: moment,
  /** Why no node takes it, in the scheduler's words; empty: it has a node. */
  unschedulable: z.string(),
  restartPolicy: z.string(),
  containers: z.array(ContainerSeen),
});
export type PodSeen = z.output<typeof PodSeen>;

/** Of the API's pod what is judged. Absent counts are 0, absent statuses are `unknown`. */
export function podSeen({ metadata, spec, status }: Pod): PodSeen {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const seen = (one: Container, role: ContainerSeen["role"]) =>
    containerSeen(
      one,
      role,
      states.find(({ name }) => name === one.name),
    );
  return {
    ...identityOf(metadata),
    node: spec.nodeName || null,
    phase: status?.phase ?? "Unknown",
    reason: clip(status?.reason ?? "", 60),
    message: clip(status?.message ?? "", 500),
    ready: ready?.status === "True",
    readySince: ready?.lastTransitionTime ?? null,
    unschedulable: whyNowhere(status),
    restartPolicy: spec.restartPolicy ?? "Always",
    containers: [
      ...(spec.initContainers ?? []).map((one) =>
        seen(one, one.restartPolicy === "Always" ? "sidecar" : "init"),
      ),
      ...spec.containers.map((one) => seen(one, "main")),
    ].slice(0, 20),
  };
}

const identityOf = (metadata: Meta) => ({
  namespace: metadata.namespace ?? "",
  name: metadata.name,
  uid: metadata.uid,
  owner: ownerOf(metadata),
  isControlled: metadata.ownerReferences?.some(({ controller }) => controller === true) ?? false,
  createdAt: metadata.creationTimestamp ?? null,
  deletedAt: metadata.deletionTimestamp ?? null,
  graceSeconds: metadata.deletionGracePeriodSeconds ?? null,
  finalizers: (metadata.finalizers ?? []).slice(0, 5).map((one) => clip(one, 100)),
});

function whyNowhere(status: Pod["status"]): string {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False"
    ? clip(scheduled.message || scheduled.reason || "no reason given", 1000)
    : "";
}

function containerSeen(
  one: Container,
  role: ContainerSeen["role"],
  status: ContainerStatus | undefined,
): ContainerSeen {
  const { waiting, running, terminated } = status?.state ?? {};
  const { limits, requests } = one.resources ?? {};
  return {
    name: one.name,
    role,
    image: clip(one.image ?? "", 200),
    state: running ? "running" : waiting ? "waiting" : terminated ? "terminated" : "unknown",
    reason: clip(waiting?.reason ?? terminated?.reason ?? "", 60),
    message: clip(waiting?.message ?? terminated?.message ?? "", 500),
    startedAt: running?.startedAt ?? null,
    ready: status?.ready === true,
    restarts: status?.restartCount ?? 0,
    ended: endOf(terminated),
    last: endOf(status?.lastState?.terminated),
    memoryLimit: quantity(limits?.memory),
    memoryRequest: quantity(requests?.memory),
    cpuLimit: quantity(limits?.cpu),
    cpuRequest: quantity(requests?.cpu),
    liveness: sayProbe(one.livenessProbe),
    readiness: sayProbe(one.readinessProbe),
    startup: sayProbe(one.startupProbe),
  };
}

type Terminated = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;
const endOf = (end: Terminated | null | undefined): z.output<typeof Ended> | null =>
  end
    ? {
        exitCode: end.exitCode,
        signal: end.signal || null,
        reason: clip(end.reason ?? "", 60),
        message: clip(end.message ?? "", 500),
        startedAt: end.startedAt ?? null,
        finishedAt: end.finishedAt ?? null,
      }
    : null;

/** `HTTP /healthz on 8080, every 10 s, 3 failures, 1 s each`. */
function sayProbe(probe: Probe): string {
  if (!probe) return "";
  const what = probe.httpGet
    ? `HTTP ${clip(probe.httpGet.path ?? "/", 80)} on ${probe.httpGet.port ?? "?"}`
    : probe.tcpSocket
      ? `TCP on ${probe.tcpSocket.port ?? "?"}`
      : probe.grpc
        ? `gRPC on ${probe.grpc.port ?? "?"}`
        : "a command";
  return `${what}, every ${probe.periodSeconds ?? 10} s, after ${probe.initialDelaySeconds ?? 0} s, ${probe.failureThreshold ?? 3} failures, ${probe.timeoutSeconds ?? 1} s each`;
}

/**
 * The end of the owner chain that a pod tells itself: a ReplicaSet of a Deployment carries the template's hash in its name
 * and as a label of its pods (kubernetes.io/docs/concepts/workloads/controllers/deployment, "Pod-template-hash label").
 */
export function ownerOf({ ownerReferences, labels }: Meta): { kind: string; name: string } | null {
  const owner = ownerReferences?.find(({ controller }) => controller === true) ?? ownerReferences?.[0];
  if (owner === undefined) return null;
  const hash = labels?.["pod-template-hash"];
  if (owner.kind === "ReplicaSet" && hash !== undefined && owner.name.endsWith(`-${hash}`))
    return { kind: "Deployment", name: owner.name.slice(0, -hash.length - 1) };
  return { kind: owner.kind, name: owner.name };
}
