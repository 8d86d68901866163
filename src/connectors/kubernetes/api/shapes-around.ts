import { z } from "zod";
import { amount, amounts, Condition, labels, Meta, number, Selector, text } from "./shapes.ts";

// What is read of objects about traffic, capacity and limits.
const Target = z.object({
  type: text,
  averageUtilization: number,
  averageValue: amount.nullish(),
  value: amount.nullish(),
});
export const Autoscaler = z.object({
  metadata: Meta,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: number,
    maxReplicas: z.number(),
    metrics: z
      .array(
        z.object({ type: z.string(), resource: z.object({ name: z.string(), target: Target }).nullish() }),
      )
      .nullish(),
  }),
  status: z
    .object({
      currentReplicas: number,
      desiredReplicas: number,
      lastScaleTime: text,
      currentMetrics: z
        .array(z.object({ type: text, resource: z.object({ name: text, current: Target }).nullish() }))
        .nullish(),
      conditions: z.array(Condition).nullish(),
    })
    .nullish(),
});
export const Budget = z.object({
  metadata: Meta,
  spec: z.object({ selector: Selector, minAvailable: amount.nullish(), maxUnavailable: amount.nullish() }),
  status: z
    .object({
      disruptionsAllowed: number,
      currentHealthy: number,
      desiredHealthy: number,
      expectedPods: number,
      conditions: z.array(Condition).nullish(),
    })
    .nullish(),
});
export const Quota = z.object({
  metadata: Meta,
  status: z.object({ hard: amounts, used: amounts }).nullish(),
});
export const LimitRange = z.object({
  metadata: Meta,
  spec: z.object({ limits: z.array(z.object({ type: z.string(), max: amounts })).nullish() }),
});
export const Claim = z.object({
  metadata: Meta,
  spec: z.object({
    storageClassName: text,
    volumeName: text,
    resources: z.object({ requests: amounts }).nullish(),
  }),
  status: z.object({ phase: text, capacity: amounts, conditions: z.array(Condition).nullish() }).nullish(),
});

const Addresses = z.object({ ingress: z.array(z.object({ ip: text, hostname: text })).nullish() }).nullish();
export const Service = z.object({
  metadata: Meta,
  spec: z.object({
    type: text,
    clusterIP: text,
    externalName: text,
    selector: labels,
    publishNotReadyAddresses: z.boolean().nullish(),
    ports: z.array(z.object({ name: text, port: z.number(), targetPort: amount.nullish() })).nullish(),
  }),
  status: z.object({ loadBalancer: Addresses }).nullish(),
});
const Address = z.object({ ip: z.string() });
export const Endpoints = z.object({
  metadata: Meta,
  subsets: z
    .array(
      z.object({
        addresses: z.array(Address).nullish(),
        notReadyAddresses: z.array(Address).nullish(),
        ports: z.array(z.object({ name: text, port: z.number() })).nullish(),
      }),
    )
    .nullish(),
});
const Backend = z
  .object({
    service: z
      .object({ name: z.string(), port: z.object({ name: text, number: number }).nullish() })
      .nullish(),
  })
  .nullish();
export const Ingress = z.object({
  metadata: Meta,
  spec: z.object({
    defaultBackend: Backend,
    rules: z
      .array(
        z.object({
          host: text,
          http: z.object({ paths: z.array(z.object({ path: text, backend: Backend })).nullish() }).nullish(),
        }),
      )
      .nullish(),
    ingressClassName: text,
  }),
  status: z.object({ loadBalancer: Addresses }).nullish(),
});
export const NetworkPolicy = z.object({
  metadata: Meta,
  spec: z.object({
    podSelector: Selector,
    policyTypes: z.array(z.string()).nullish(),
    ingress: z
      .array(z.object({ ports: z.array(z.object({ port: amount.nullish(), endPort: number })).nullish() }))
      .nullish(),
  }),
});
export const PodMetrics = z.object({
  metadata: z.object({ name: z.string(), namespace: text }),
  window: text,
  containers: z.array(z.object({ name: z.string(), usage: amounts })),
});
export const NodeMetrics = z.object({
  metadata: z.object({ name: z.string() }),
  window: text,
  usage: amounts,
});
