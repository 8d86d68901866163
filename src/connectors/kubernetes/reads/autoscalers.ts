import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { Bounds, KubernetesClient } from "../api/client.ts";
import { listEverywhere, newest } from "../api/list.ts";
import { AUTOSCALERS } from "../api/paths.ts";
import { Autoscaler } from "../api/shapes-around.ts";
import { controllerOf } from "./managed-by.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

/** A HorizontalPodAutoscaler and what it makes of it. */
export const AutoscalerSeen = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  target: z.object({ kind: z.string(), name: z.string() }),
  min: z.number(),
  max: z.number(),
  current: z.number(),
  desired: z.number(),
  lastScaled: z.string().nullable(),
  /** Can it read and set the scale of its target? Why not stands in `message`. */
  able: z.object({ ok: z.boolean(), reason: z.string(), message: z.string() }),
  /** Can it compute a count from its metrics? */
  active: z.object({ ok: z.boolean(), reason: z.string(), message: z.string() }),
  /** TooManyReplicas: it would want more than `max`; TooFewReplicas: fewer than `min`; empty: neither. */
  limited: z.string(),
  /** `cpu 94 % of requests, wanted 70 %`. */
  metrics: z.array(z.string()),
  /** The object it is made of and kept like (`ScaledObject worker` of KEDA): its bounds are set there. Absent: none. */
  keptBy: z.string().optional(),
});
export type AutoscalerSeen = z.output<typeof AutoscalerSeen>;

/** HorizontalPodAutoscalers of the namespaces, in autoscaling/v2 or its predecessor of the same shape. */
export const autoscalers = read({
  name: "kubernetes.autoscalers",
  title: "Lists autoscalers and their conditions",
  input: z.strictObject({}),
  output: z.object({ autoscalers: z.array(AutoscalerSeen), notSeen }),
  run: async (client, _input, context) => {
    const { items, notSeen: cut } = await allAutoscalers(client, context);
    return { autoscalers: items.slice(0, 200).map(autoscalerSeen), notSeen: [...cut] };
  },
});

export const allAutoscalers = (client: KubernetesClient, context: Bounds) =>
  newest(AUTOSCALERS, (resource) => listEverywhere(client, Autoscaler, resource, {}, context));

type Raw = z.output<typeof Autoscaler>;

export function autoscalerSeen({ metadata, spec, status }: Raw): AutoscalerSeen {
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
  const said = (type: string) => {
    const found = condition(type);
    return {
      ok: found?.status !== "False",
      reason: clip(found?.reason ?? "", 60),
      message: clip(found?.message ?? "", 400),
    };
  };
  const limited = condition("ScalingLimited");
  const keeper = controllerOf(metadata);
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid,
    target: { kind: spec.scaleTargetRef.kind, name: spec.scaleTargetRef.name },
    min: spec.minReplicas ?? 1,
    max: spec.maxReplicas,
    current: status?.currentReplicas ?? 0,
    desired: status?.desiredReplicas ?? 0,
    lastScaled: status?.lastScaleTime ?? null,
    able: said("AbleToScale"),
    active: said("ScalingActive"),
    limited: limited?.status === "True" ? clip(limited.reason ?? "", 60) : "",
    metrics: (spec.metrics ?? []).slice(0, 5).map((one) => sayMetric(one, status)),
    ...(keeper === undefined ? {} : { keptBy: keeper }),
  };
}

function sayMetric(metric: NonNullable<Raw["spec"]["metrics"]>[number], status: Raw["status"]): string {
  const name = metric.resource?.name;
  if (name === undefined) return `a metric of type ${clip(metric.type, 40)}`;
  const current = status?.currentMetrics?.find((one) => one.resource?.name === name)?.resource?.current;
  const { averageUtilization, averageValue } = metric.resource?.target ?? {};
  const now = current?.averageUtilization ?? null;
  if (averageUtilization !== null && averageUtilization !== undefined)
    return `${name} ${now === null ? "unknown" : `${now} %`} of requests, wanted ${averageUtilization} %`;
  return `${name} ${current?.averageValue ?? "unknown"} per pod, wanted ${averageValue ?? "unknown"}`;
}
