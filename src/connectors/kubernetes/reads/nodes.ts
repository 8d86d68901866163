import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { list } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { quantity } from "../api/quantity.ts";
import { Node } from "../api/shapes.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 300;

/** One machine of the cluster. */
export const NodeSeen = z.object({
  name: z.string(),
  uid: z.string(),
  /** `unknown`: its kubelet has not been heard of. */
  ready: z.enum(["yes", "no", "unknown"]),
  reason: z.string(),
  message: z.string(),
  since: z.string().nullable(),
  /** MemoryPressure, DiskPressure, PIDPressure, NetworkUnavailable: those that hold. */
  pressures: z.array(z.object({ type: z.string(), message: z.string(), since: z.string().nullable() })),
  /** Cordoned: somebody said that nothing new shall be put there. */
  unschedulable: z.boolean(),
  /** `key=value:effect`, without the ones Kubernetes itself sets. */
  taints: z.array(z.string()),
  /** Bytes and cores that pods may use. */
  memory: z.number().nullable(),
  cpu: z.number().nullable(),
});
export type NodeSeen = z.output<typeof NodeSeen>;

/** Nodes and their conditions. A node that was lost (no sign from its kubelet) may have `Ready` False without a reason, too. */
export const nodes = read({
  name: "kubernetes.nodes",
  title: "Lists nodes and their conditions",
  input: z.strictObject({}),
  output: z.object({ nodes: z.array(NodeSeen), notSeen }),
  run: async (client, _input, context) => {
    const { items, isCut } = await list(client, Node, RESOURCES.nodes, { most: MOST }, context);
    return {
      nodes: items.slice(0, MOST).map(nodeSeen),
      notSeen: isCut || items.length > MOST ? [{ what: "some nodes", why: `${MOST} are looked at` }] : [],
    };
  },
});

const PRESSURES = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];

export function nodeSeen({ metadata, spec, status }: z.output<typeof Node>): NodeSeen {
  const conditions = status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === "Ready");
  return {
    name: metadata.name,
    uid: metadata.uid,
    ready: ready?.status === "True" ? "yes" : ready?.status === "False" ? "no" : "unknown",
    reason: clip(ready?.reason ?? "", 60),
    message: clip(ready?.message ?? "", 300),
    since: ready?.lastTransitionTime ?? null,
    pressures: conditions
      .filter(({ type, status: is }) => PRESSURES.includes(type) && is === "True")
      .map(({ type, message, lastTransitionTime }) => ({
        type,
        message: clip(message ?? "", 200),
        since: lastTransitionTime ?? null,
      })),
    unschedulable: spec.unschedulable === true,
    taints: (spec.taints ?? [])
      .filter(({ key }) => !key.startsWith("node.kubernetes.io/"))
      .slice(0, 10)
      .map(({ key, value, effect }) => clip(`${key}${value ? `=${value}` : ""}:${effect}`, 120)),
    memory: quantity(status?.allocatable?.memory),
    cpu: quantity(status?.allocatable?.cpu),
  };
}
