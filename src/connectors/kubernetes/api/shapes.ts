import { z } from "zod";

// What is read of the API's objects. Zero counts and empty lists are absent there, and some fields are null.
export const text = z.string().nullish();
export const number = z.number().nullish();
export const labels = z.record(z.string(), z.string()).nullish();
export const amount = z.union([z.string(), z.number()]);
export const amounts = z.record(z.string(), amount).nullish();

export const Owner = z.object({
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().nullish(),
});
export const Meta = z.object({
  name: z.string(),
  namespace: text,
  uid: z.string(),
  resourceVersion: text,
  generation: number,
  creationTimestamp: text,
  deletionTimestamp: text,
  deletionGracePeriodSeconds: number,
  labels,
  annotations: labels,
  finalizers: z.array(z.string()).nullish(),
  ownerReferences: z.array(Owner).nullish(),
  /** Who has written which fields; only the names are read. */
  managedFields: z.array(z.object({ manager: text })).nullish(),
});
export type Meta = z.output<typeof Meta>;

export const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: text,
  message: text,
  lastTransitionTime: text,
  lastUpdateTime: text,
});

const Probe = z
  .object({
    httpGet: z.object({ path: text, port: amount.nullish() }).nullish(),
    tcpSocket: z.object({ port: amount.nullish() }).nullish(),
    exec: z.object({ command: z.array(z.string()).nullish() }).nullish(),
    grpc: z.object({ port: amount.nullish() }).nullish(),
    initialDelaySeconds: number,
    timeoutSeconds: number,
    periodSeconds: number,
    failureThreshold: number,
  })
  .nullish();
export const Container = z.object({
  name: z.string(),
  image: text,
  resources: z.object({ limits: amounts, requests: amounts }).nullish(),
  ports: z.array(z.object({ name: text, containerPort: z.number() })).nullish(),
  livenessProbe: Probe,
  readinessProbe: Probe,
  startupProbe: Probe,
  /** Of an init container: `Always` makes it a sidecar. */
  restartPolicy: text,
});
export type Container = z.output<typeof Container>;
export type Probe = z.output<typeof Probe>;

const Terminated = z.object({
  exitCode: z.number(),
  signal: number,
  reason: text,
  message: text,
  startedAt: text,
  finishedAt: text,
});
export const ContainerStatus = z.object({
  name: z.string(),
  ready: z.boolean().nullish(),
  restartCount: number,
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).nullish(),
      running: z.object({ startedAt: text }).nullish(),
      terminated: Terminated.nullish(),
    })
    .nullish(),
  lastState: z.object({ terminated: Terminated.nullish() }).nullish(),
});
export type ContainerStatus = z.output<typeof ContainerStatus>;

export const Pod = z.object({
  metadata: Meta,
  spec: z.object({
    nodeName: text,
    restartPolicy: text,
    containers: z.array(Container),
    initContainers: z.array(Container).nullish(),
  }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      startTime: text,
      conditions: z.array(Condition).nullish(),
      containerStatuses: z.array(ContainerStatus).nullish(),
      initContainerStatuses: z.array(ContainerStatus).nullish(),
    })
    .nullish(),
});
export type Pod = z.output<typeof Pod>;

/** A pod's template: only what is read of it. The whole is kept beside where it is written back. */
const Template = z.object({
  metadata: z.object({ labels, annotations: labels }).nullish(),
  spec: z.object({ containers: z.array(Container), initContainers: z.array(Container).nullish() }),
});
export const Selector = z
  .object({
    matchLabels: labels,
    matchExpressions: z
      .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
      .nullish(),
  })
  .nullish();

/** Deployments, StatefulSets, DaemonSets and ReplicaSets alike. */
export const Workload = z.object({
  metadata: Meta,
  spec: z.object({
    replicas: number,
    paused: z.boolean().nullish(),
    selector: Selector,
    template: Template,
    strategy: z
      .object({
        type: text,
        rollingUpdate: z.object({ maxUnavailable: amount.nullish(), maxSurge: amount.nullish() }).nullish(),
      })
      .nullish(),
    updateStrategy: z
      .object({
        type: text,
        rollingUpdate: z.object({ partition: number, maxUnavailable: amount.nullish() }).nullish(),
      })
      .nullish(),
  }),
  status: z
    .object({
      observedGeneration: number,
      replicas: number,
      readyReplicas: number,
      availableReplicas: number,
      updatedReplicas: number,
      currentRevision: text,
      updateRevision: text,
      desiredNumberScheduled: number,
      numberReady: number,
      numberAvailable: number,
      updatedNumberScheduled: number,
      conditions: z.array(Condition).nullish(),
    })
    .nullish(),
});
export type Workload = z.output<typeof Workload>;

export const Event = z.object({
  metadata: Meta,
  involvedObject: z.object({ kind: text, name: text, namespace: text, uid: text, fieldPath: text }).nullish(),
  type: text,
  reason: text,
  message: text,
  count: number,
  firstTimestamp: text,
  lastTimestamp: text,
  eventTime: text,
  series: z.object({ count: number, lastObservedTime: text }).nullish(),
});

export const Node = z.object({
  metadata: Meta,
  spec: z.object({
    unschedulable: z.boolean().nullish(),
    taints: z
      .array(z.object({ key: z.string(), effect: z.string(), value: text, timeAdded: text }))
      .nullish(),
  }),
  status: z.object({ allocatable: amounts, conditions: z.array(Condition).nullish() }).nullish(),
});

export const Job = z.object({
  metadata: Meta,
  spec: z.object({
    backoffLimit: number,
    completions: number,
    parallelism: number,
    suspend: z.boolean().nullish(),
    activeDeadlineSeconds: number,
  }),
  status: z
    .object({
      active: number,
      succeeded: number,
      failed: number,
      failedIndexes: text,
      startTime: text,
      completionTime: text,
      conditions: z.array(Condition).nullish(),
    })
    .nullish(),
});
export const CronJob = z.object({
  metadata: Meta,
  spec: z.object({
    schedule: z.string(),
    timeZone: text,
    suspend: z.boolean().nullish(),
    concurrencyPolicy: text,
    startingDeadlineSeconds: number,
  }),
  status: z
    .object({ lastScheduleTime: text, lastSuccessfulTime: text, active: z.array(z.unknown()).nullish() })
    .nullish(),
});
