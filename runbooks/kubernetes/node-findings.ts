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

/** What a kubelet says of its own node, what that means, and what to do there. */
const SAYS: readonly (readonly [words: RegExp, title: string, because: string, advice: string])[] = [
  [
    /PLEG is not healthy/,
    "is not ready: its container runtime does not answer in time",
    "PLEG is the kubelet's own look at the containers, which hangs: the runtime is stuck, or the node's disk is too slow, or it has very many containers.",
    "On the node: `systemctl status containerd`, `crictl ps` (does it hang?), disk waits (`iostat -x 1`, processes in state D). Restarting the runtime leaves containers running; a reboot does not.",
  ],
  [
    /NetworkPluginNotReady|cni (plugin|config)/i,
    "is not ready: its network plugin is not set up",
    "Containers get no network there until the plugin has written its configuration; those that run go on.",
    "The plugin's DaemonSet pod on that node and its log (`kubectl -n kube-system get pods -o wide`), and whether /etc/cni/net.d has its file. The kubelet is not at fault.",
  ],
  [
    /container runtime (is down|status check may not have completed|not ready)|runtime is down/i,
    "is not ready: its container runtime is down",
    "The kubelet cannot ask the runtime.",
    "On the node: `systemctl status containerd kubelet`, `journalctl -u containerd --since -30m`, and its disk.",
  ],
];
export const LOOK_AT_NODE =
  "See whether the machine is up and its kubelet runs (`systemctl status kubelet`, `journalctl -u kubelet --since -1h`); while it is off for good: `kubectl drain`, or delete the Node so that its pods are replaced.";

const saysOf = ({ message }: Node) => SAYS.find(([words]) => words.test(message));

/** What to do on each node that is not ready. */
export const sayNodes = (seen: Sight["nodes"]): string =>
  [
    ...new Set(
      (seen?.nodes ?? [])
        .filter(({ ready }) => ready !== "yes")
        .map((node) => saysOf(node)?.[3] ?? LOOK_AT_NODE),
    ),
  ].join("\n");

function lost(node: Node, sight: Sight, now: Date): Finding<"fixNode"> {
  const on = sight.pods.pods.filter((pod) => pod.node === node.name);
  const owners = [...new Set(on.map((pod) => ownerOf(pod, sight.pods)))];
  const [, title = "is not ready", because = ""] = saysOf(node) ?? [];
  const isSilent = node.ready === "unknown" || node.reason === "" || node.reason === "NodeStatusUnknown";
  return {
    id: `node-lost:${node.name}`,
    severity: "critical",
    title: `Node ${node.name} ${isSilent ? "is not heard of" : title}`,
    because: `${isSilent ? "Its kubelet has sent no sign: either the machine is off or cut off, or the kubelet is stuck. Pods on it may still run, their counts are old, and logs cannot be read." : `${because === "" ? "" : `${because} `}It says so itself: ${clip(node.message || node.reason, 250)}.`}${node.since === null ? "" : ` For ${sayDuration(secondsSince(node.since, now) * 1000)}.`}${on.length === 0 ? "" : ` Seen on it: ${count(on.length, "pod")} that ${on.length === 1 ? "is" : "are"} not well (${clip(owners.join(", "), 150)}).`} Its pods are replaced after five minutes; those of StatefulSets are not until it is back or taken out of service.`,
    remedies: ["fixNode"],
    explains: owners.flatMap((owner) => [`short:${owner}`, `rollout-stuck:${owner}`, `terminating:${owner}`]),
  };
}
