import { z } from "zod";
import { actionsOn, type Call } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { sayBytes } from "../../../core/words/format.ts";
import type { KubernetesClient } from "../api/client.ts";
import { list } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { quantity } from "../api/quantity.ts";
import { Node, type Workload } from "../api/shapes.ts";
import { sayStanding, standing, stays } from "../reads/standing.ts";
import { workloads } from "../reads/workloads.ts";
import { beyondLimitRange, beyondQuota } from "./budget.ts";
import { type Change, partsOf, STRATEGIC } from "./change.ts";
import {
  AnyTarget,
  isSettled,
  lockOf,
  Output,
  pathOf,
  sayAvailable,
  sayTarget,
  workloadOf,
} from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");
const bytes = z.int().min(1);
const Input = AnyTarget.extend({
  container: z.string().min(1).max(63),
  /** Bytes of `limits.memory`. */
  from: bytes,
  to: bytes,
  /** It takes an earlier raise back: only then may it go down. */
  back: z.boolean().default(false),
});
type Input = z.output<typeof Input>;

const resources: Change<Input, Workload> = {
  whose: (input) => `container ${input.container} in ${sayTarget(input)}`,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => (typeof state === "number" ? `a memory limit of ${sayBytes(state)}` : "no memory limit"),
  find: async (client, input, context) => {
    const found = await workloadOf(client, input, context);
    const container = found?.spec.template.spec.containers.find(({ name }) => name === input.container);
    // A strategic patch of a name that is not there would add a container.
    if (found === undefined || container === undefined) return undefined;
    return {
      uid: found.metadata.uid,
      resourceVersion: found.metadata.resourceVersion ?? "",
      state: quantity(container.resources?.limits?.memory),
      more: found,
    };
  },
  guard: async (client, { from, to, back, namespace }, { more }, context) => {
    if (back) return undefined;
    if (to <= from) return "it would lower the limit: what is over it would be killed";
    if (to > 4 * from) return "more than four times the limit is no correction of a limit";
    const largest = await largestNode(client, context);
    if (largest !== undefined && to > largest)
      return `no node has so much: the largest has ${sayBytes(largest)} for pods`;
    return (
      (await beyondLimitRange(client, namespace, to, context)) ??
      (await beyondQuota(client, more, { more: 0, grows: { "limits.memory": to - from } }, context))
    );
  },
  line: (input, { more }) =>
    `set the memory limit of ${input.container} in ${sayTarget(input)} from ${sayBytes(input.from)} to ${sayBytes(input.to)}; its ${more.spec.replicas ?? 1} pods are replaced`,
  patch: (input, { resourceVersion }) => ({
    path: pathOf(input),
    contentType: STRATEGIC,
    body: {
      metadata: { resourceVersion },
      spec: {
        template: {
          spec: {
            containers: [{ name: input.container, resources: { limits: { memory: sayQuantity(input.to) } } }],
          },
        },
      },
    },
  }),
};

/** `512Mi` where it is whole mebibytes, else bytes. */
const sayQuantity = (of: number): string => (of % 2 ** 20 === 0 ? `${of / 2 ** 20}Mi` : String(of));

/** Bytes; undefined: nodes may not be looked at, or there is none. */
async function largestNode(
  client: KubernetesClient,
  context: Parameters<typeof workloadOf>[2],
): Promise<number | undefined> {
  try {
    const { items } = await list(client, Node, RESOURCES.nodes, {}, context);
    const all = items.map(({ status }) => quantity(status?.allocatable?.memory) ?? 0);
    return all.length === 0 ? undefined : Math.max(...all);
  } catch (thrown) {
    if (thrown instanceof DiagError && thrown.detail === "forbidden") return undefined;
    throw thrown;
  }
}

/**
 * Raises the memory limit of one container, never lowers it (trap k8s-set-resources): its node, its LimitRange and its quota
 * must have room, as the API server takes the change all the same and refuses the pods. sergas-agents.raise-memory-limit
 */
export const setResources = write({
  name: "kubernetes.set-resources",
  title: "Raise a container's memory limit",
  class: "cas",
  risk: "high",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(resources),
  undo: (input): Call => ({
    action: "kubernetes.set-resources",
    input: { ...input, from: input.to, to: input.from, back: true },
  }),
  leaves: "the pods that ran before are gone; the new ones have the former limit",
  says: (input) =>
    `memory limit of ${input.container} in ${sayTarget(input)} ${sayBytes(input.from)} → ${sayBytes(input.to)}`,
  settled: {
    within: "5m",
    check: ({ namespace, name, kind }) => ({
      list: workloads(),
      stands: standing({ namespace, name, kind }),
    }),
    holds: ({ list: all, stands }, { uid, container, to }) =>
      isSettled(all, uid, ({ containers }) =>
        containers.some(({ name, memoryLimit }) => name === container && memoryLimit === to),
      ) && stays(stands),
    figures: ({ list: all, stands }, { uid }, _output, before) =>
      `${sayAvailable(all, before.list, uid)}${sayStanding(stands)}`,
  },
});
