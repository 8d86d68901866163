import { z } from "zod";
import { actionsOn, type Call } from "../../../core/words/action.ts";
import type { KubernetesClient } from "../api/client.ts";
import { list, newest } from "../api/list.ts";
import { AUTOSCALERS, pathTo } from "../api/paths.ts";
import type { Workload } from "../api/shapes.ts";
import { Autoscaler } from "../api/shapes-around.ts";
import { allAutoscalers, autoscalers } from "../reads/autoscalers.ts";
import { controllerOf } from "../reads/managed-by.ts";
import { workloads } from "../reads/workloads.ts";
import { beyondBounds, beyondQuota } from "./budget.ts";
import { type Change, MERGE, partsOf } from "./change.ts";
import {
  AnyTarget,
  isSettled,
  lockOf,
  Output,
  pathOf,
  sayAvailable,
  sayTarget,
  Target,
  workloadOf,
} from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");
const replicas = z.int().min(0).max(1000);
const ScaleInput = AnyTarget.extend({
  kind: z.enum(["Deployment", "StatefulSet"]).default("Deployment"),
  from: replicas,
  to: replicas,
  /** It takes an earlier change back: the connection's bounds do not apply to what was there before. */
  back: z.boolean().default(false),
});
type Scale = z.output<typeof ScaleInput>;

const scaling: Change<Scale, Workload> = {
  whose: sayTarget,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => `${String(state)} replicas`,
  find: async (client, input, context) => {
    const found = await workloadOf(client, input, context);
    return (
      found && {
        uid: found.metadata.uid,
        resourceVersion: found.metadata.resourceVersion ?? "",
        state: found.spec.replicas ?? 1,
        more: found,
      }
    );
  },
  guard: async (client, input, { more }, context) => {
    const { items } = await allAutoscalers(client, context);
    const own = items.find(
      ({ metadata, spec: { scaleTargetRef: of } }) =>
        metadata.namespace === input.namespace && of.kind === input.kind && of.name === input.name,
    );
    if (own !== undefined && !wakes(input, own))
      return `the autoscaler ${own.metadata.name} decides how many there are (${own.spec.minReplicas ?? 1} to ${own.spec.maxReplicas}) and would take it back: move its bounds instead`;
    if (input.back) return undefined;
    return (
      beyondBounds(client, input.name, input.to) ??
      (await beyondQuota(client, more, { more: Math.max(0, input.to - input.from) }, context))
    );
  },
  line: (input) =>
    `scale ${sayTarget(input)} ${input.to < input.from ? "DOWN " : ""}from ${input.from} to ${input.to} replicas`,
  patch: (input, { resourceVersion }) => ({
    path: `${pathOf(input)}/scale`,
    contentType: MERGE,
    body: { metadata: { resourceVersion }, spec: { replicas: input.to } },
  }),
};

type RawAutoscaler = z.output<typeof Autoscaler>;

/** At no replicas an autoscaler is switched off: one within its bounds lets it go on. One of KEDA's is kept at none by KEDA. */
const wakes = ({ from, to, back }: Scale, { metadata, spec }: RawAutoscaler): boolean =>
  controllerOf(metadata) === undefined &&
  ((from === 0 && to > 0 && to <= spec.maxReplicas) || (back && to === 0));

/**
 * Sets the replicas of a workload that no autoscaler has, within the connection's bounds, its database budget and the quota
 * (trap k8s-scale-absolute). sergas-agents.insufficient-resources
 */
export const scale = write({
  name: "kubernetes.scale",
  title: "Scale a workload",
  class: "cas",
  risk: "high",
  input: ScaleInput,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(scaling),
  undo: (input): Call => ({
    action: "kubernetes.scale",
    input: { ...input, from: input.to, to: input.from, back: true },
  }),
  leaves: "what the pods that went away were doing is lost",
  says: (input) => `replicas of ${sayTarget(input)} ${input.from} → ${input.to}`,
  settled: {
    within: "5m",
    check: () => ({ list: workloads() }),
    // More than that is an autoscaler's doing; fewer is not what was approved.
    holds: ({ list }, { uid, from, to }) =>
      isSettled(list, uid, ({ desired }) => (to > from ? desired >= to : desired <= to)),
    figures: ({ list }, { uid }, _output, before) => sayAvailable(list, before.list, uid),
  },
});

const Bounds = z.strictObject({ min: replicas, max: z.int().min(1).max(1000) });
const BoundsInput = Target.extend({ of: z.string().min(1).max(253), from: Bounds, to: Bounds });
type BoundsOf = z.output<typeof BoundsInput>;
interface OfBounds {
  readonly version: string;
  /** The object that the autoscaler is made of and kept like. */
  readonly keeper: string | undefined;
}

const sayBounds = ({ min, max }: z.output<typeof Bounds>): string => `${min} to ${max}`;

const bounding: Change<BoundsOf, OfBounds> = {
  whose: ({ namespace, name }) => `autoscaler ${name} of ${namespace}`,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => JSON.stringify(state).replaceAll('"', ""),
  find: (client, { namespace, name }, context) =>
    newest(AUTOSCALERS, async (resource) => {
      const { items } = await list(
        client,
        Autoscaler,
        resource,
        { namespace, fieldSelector: `metadata.name=${name}` },
        context,
      );
      const found = items.find(({ metadata }) => metadata.name === name);
      return (
        found && {
          uid: found.metadata.uid,
          resourceVersion: found.metadata.resourceVersion ?? "",
          state: { min: found.spec.minReplicas ?? 1, max: found.spec.maxReplicas },
          more: {
            version: pathTo(resource, { namespace, name }),
            keeper: controllerOf(found.metadata),
          },
        }
      );
    }),
  guard: async (client, { of, to }, { more: { keeper } }) =>
    keeper !== undefined
      ? `${keeper} sets its bounds and would take it back within seconds: change them there`
      : to.min > to.max
        ? "min is more than max"
        : (beyondBounds(client, of, to.max) ?? beyondBounds(client, of, to.min)),
  line: ({ namespace, name, of, from, to }) =>
    `let the autoscaler ${name} of ${namespace} have ${to.min} to ${to.max} replicas of ${of} (now ${from.min} to ${from.max})`,
  patch: ({ to }, { resourceVersion, more: { version } }) => ({
    path: version,
    contentType: MERGE,
    body: { metadata: { resourceVersion }, spec: { minReplicas: to.min, maxReplicas: to.max } },
  }),
};

/** Moves the bounds of an autoscaler, within the connection's own and the database budget. sergas-agents.insufficient-resources */
export const setAutoscalerBounds = write({
  name: "kubernetes.set-autoscaler-bounds",
  title: "Move an autoscaler's bounds",
  class: "cas",
  risk: "high",
  input: BoundsInput,
  output: Output,
  timeoutSeconds: 20,
  target: ({ namespace, name }) => `HorizontalPodAutoscaler/${namespace}/${name}`,
  ...partsOf(bounding),
  undo: (input): Call => ({
    action: "kubernetes.set-autoscaler-bounds",
    input: { ...input, from: input.to, to: input.from },
  }),
  leaves: "what the pods that went away meanwhile were doing is lost",
  says: ({ name, from, to }) => `bounds of autoscaler ${name} ${sayBounds(from)} → ${sayBounds(to)}`,
  settled: {
    check: () => ({ list: autoscalers() }),
    holds: ({ list: all }, { uid, to }) =>
      all.autoscalers.some((one) => one.uid === uid && one.min === to.min && one.max === to.max),
    figures: ({ list: all }, { uid, from }) => {
      const now = all.autoscalers.find((one) => one.uid === uid);
      return `bounds ${sayBounds(from)} → ${now === undefined ? "gone" : `${sayBounds(now)}, ${now.current} replicas`}`;
    },
  },
});
