import { clip, count, type Finding, sayDuration } from "../../src/sdk/index.ts";
import { type Node, ownerOf, type Sight, secondsSince } from "./case.ts";
import type { Problem } from "./problems.ts";

/**
 * Nodes that were lost or are short of something: what is on them follows from it. A cordoned one is somebody's work, and no
 * fault. Pure.
 */
export function nodeFindings(sight: Sight, problems: readonly Problem[], now: Date): Finding<"fixNode">[] {
  return (sight.nodes?.nodes ?? []).flatMap((node): Finding<"fixNode">[] => {
    if (node.ready !== "yes") return [lost(node, sight, now)];
    const pressed = sayPressures(node);
    if (pressed === undefined) return [];
    const since = node.pressures.map((one) => one.since).find((one) => one !== null) ?? null;
    return [
      {
        id: `node-pressure:${node.name}`,
        severity: "warning",
        title: `Node ${node.name} has ${pressed.what}`,
        because: `${pressed.says}. The kubelet evicts pods there, those furthest above their requests first, and nothing new is put there.${since === null ? "" : ` Since ${sayDuration(secondsSince(since, now) * 1000)}.`}`,
        remedies: ["fixNode"],
        explains: problems
          .filter(
            ({ cause, pods }) => cause.kind === "evicted" && pods.every((pod) => pod.node === node.name),
          )
          .map(({ id }) => id),
      },
    ];
  });
}

/** All that a node is short of, as one: they come together, and are one node's matter. Undefined: it is short of nothing. */
export const sayPressures = ({
  pressures,
}: Pick<Node, "pressures">): { readonly what: string; readonly says: string } | undefined =>
  pressures.length === 0
    ? undefined
    : {
        what: pressures.map(({ type }) => type).join(" and "),
        says: clip(pressures.map(({ message }) => message).join("; "), 300),
      };

function lost(node: Node, sight: Sight, now: Date): Finding<"fixNode"> {
  const on = sight.pods.pods.filter((pod) => pod.node === node.name);
  const owners = [...new Set(on.map((pod) => ownerOf(pod, sight.pods)))];
  const isSilent = node.ready === "unknown" || node.reason === "" || node.reason === "NodeStatusUnknown";
  return {
    id: `node-lost:${node.name}`,
    severity: "critical",
    title: `Node ${node.name} is ${isSilent ? "not heard of" : "not ready"}`,
    because: `${isSilent ? "Its kubelet has sent no sign: either the machine is off or cut off, or the kubelet is stuck. Pods on it may still run, their counts are old, and logs cannot be read." : `It says so itself: ${clip(node.message || node.reason, 250)}.`}${node.since === null ? "" : ` For ${sayDuration(secondsSince(node.since, now) * 1000)}.`}${on.length === 0 ? "" : ` Seen on it: ${count(on.length, "pod")} that ${on.length === 1 ? "is" : "are"} not well (${clip(owners.join(", "), 150)}).`} Its pods are replaced after five minutes; those of StatefulSets are not until it is back or taken out of service.`,
    remedies: ["fixNode"],
    explains: owners.flatMap((owner) => [`short:${owner}`, `rollout-stuck:${owner}`, `terminating:${owner}`]),
  };
}
