import { clip, count } from "../../src/sdk/index.ts";
import type { Cause, Claim, Event, Pod } from "./case.ts";

interface Part {
  readonly nodes: number;
  readonly why: string;
}

/** `0/4 nodes are available: 3 Insufficient cpu, 1 node(s) had taint {a: b}, …` in parts; a node may stand in several. Pure. */
export function partsOf(message: string): { readonly total: number | null; readonly parts: readonly Part[] } {
  const match = /^0\/(\d{1,6}) nodes are available: ([\s\S]{0,2000})$/.exec(message);
  if (match === null) return { total: null, parts: [] };
  const [, total = "", rest = ""] = match;
  // Newer schedulers add what preemption would have given.
  const [reasons = ""] = rest.split(/\.? preemption:/);
  const parts = [...reasons.matchAll(/(?:^|, )(\d{1,6}) ((?:(?!, \d{1,6} )[\s\S]){1,300})/g)].map(
    ([, nodes, why = ""]) => ({
      nodes: Number(nodes),
      why: why
        .replace(/^node\(s\) /, "")
        .replace(/\.$/, "")
        .trim(),
    }),
  );
  return { total: Number(total), parts };
}

type Row = readonly [words: RegExp, short: (why: string) => string, advice: string];
const ROWS: readonly Row[] = [
  [
    /scheduling gates/i,
    () => "a scheduling gate holds it back",
    "No node was tried: whoever put the gate there (Kueue, a quota or capacity controller, an operator) has not taken it away. `kubectl get pod NAME -o jsonpath='{.spec.schedulingGates}'` names it.",
  ],
  [
    /unbound immediate PersistentVolumeClaims|persistentvolumeclaim "[^"]*" not found/i,
    () => "a volume claim has no volume",
    "Give the claim a volume: a StorageClass that exists, or a volume that fits.",
  ],
  [
    /persistentvolumeclaim "[^"]*" is being deleted/i,
    () => "its volume claim is being deleted",
    "Somebody deleted the claim while pods use it: it goes with the last of them, and its data by the class's reclaim policy. Keep a copy first, or let the pods go and make the claim anew.",
  ],
  [
    /max volume count/i,
    () => "the nodes have as many volumes as they may",
    "Add nodes, or spread pods with volumes; `kubectl get volumeattachments` shows what is left over from pods that are gone.",
  ],
  [
    /enough free storage/i,
    () => "the storage of the nodes has no room",
    "The driver reports its capacity (`kubectl get csistoragecapacities -A`): make room there, or ask for less.",
  ],
  [
    /(volume node affinity conflict|PersistentVolume's node affinity)/i,
    () => "its volume is in another zone",
    "Its volume belongs to a zone whose nodes have no room: make room there, or move the data.",
  ],
  [
    /Insufficient (\S+)/i,
    (why) => `not enough ${/Insufficient (\S+)/i.exec(why)?.[1] ?? "room"}`,
    "Lower its requests, take away what needs less to be there, or add nodes (is the autoscaler at its limit?). What counts are requests, not what is used.",
  ],
  [
    /Too many pods/i,
    () => "the nodes have as many pods as they may",
    "Add nodes, or raise the pods a node may have.",
  ],
  [
    /node\.kubernetes\.io\/(disk|memory|pid)-pressure/i,
    (why) => `the nodes are under ${/(disk|memory|pid)-pressure/i.exec(why)?.[1] ?? ""} pressure`,
    "The kubelet keeps new pods away until the pressure is over: free that on the nodes (disk: images and logs; memory and pids: what uses them). A toleration would only send it there to be evicted.",
  ],
  [
    /node\.kubernetes\.io\/(not-ready|unreachable|network-unavailable)|node\.cloudprovider\.kubernetes\.io\/uninitialized/i,
    () => "its nodes are not ready",
    "Look at those nodes first (kubelet, network plugin, cloud controller): the taint goes with its cause, and a toleration would help nothing.",
  ],
  [
    /taint/i,
    () => "taints keep it away",
    "Give it a toleration where it may go there, or see why the nodes are tainted (a node that is not ready is).",
  ],
  [
    /unschedulable/i,
    () => "nodes are cordoned",
    "Uncordon the nodes whose work is done (`kubectl uncordon`).",
  ],
  [
    /pod (anti-)?affinity|existing pods anti-affinity/i,
    () => "its own or another pod's affinity keeps it away",
    "Compare `podAffinity` and `podAntiAffinity` (its own and those of pods that are there) with what runs on each node: as a rule more replicas than nodes. `preferred…` instead of `required…`, or more nodes.",
  ],
  [
    /affinity|selector/i,
    () => "no node fits its selector or affinity",
    "Compare `nodeSelector` and affinity with the nodes' labels.",
  ],
  [
    /topology spread/i,
    () => "it may not be put beside its twins",
    "Loosen `topologySpreadConstraints`, or add nodes where it lacks them.",
  ],
  [
    /ports/i,
    () => "its host port is taken on every node",
    "Use another host port, or fewer replicas than nodes.",
  ],
];

const NO_NODES =
  "The cluster has no node at all that takes pods: look at the node pool, the autoscaler and the cloud's quota (`kubectl get nodes`).";

/** Why no node takes the pod, the reasons of all nodes summed up. Pure. */
export function schedulingCause(pod: Pod, events: readonly Event[], claims: readonly Claim[]): Cause {
  const { total, parts } = partsOf(pod.unschedulable);
  const [most] = [...parts].sort((a, b) => b.nodes - a.nodes);
  const isEmpty = /no nodes available/i.test(pod.unschedulable);
  const row = ROWS.find(([words]) => words.test(most?.why ?? pod.unschedulable));
  const pending = claims.filter(({ namespace, phase }) => namespace === pod.namespace && phase === "Pending");
  const isVolume = /PersistentVolumeClaim/i.test(pod.unschedulable);
  const volumes =
    isVolume && pending.length > 0
      ? ` Claims without a volume there: ${pending
          .map(({ name, storageClass }) => `${name} (${storageClass ?? "no class"})`)
          .slice(0, 3)
          .join(", ")}.`
      : "";
  const scaling = events.find(({ reason }) => reason === "NotTriggerScaleUp");
  const sum = parts.map(({ nodes, why }) => `${nodes}: ${clip(why, 80)}`).join("; ");
  return {
    kind: "unschedulable",
    container: undefined,
    title: `cannot be scheduled: ${row?.[1](most?.why ?? pod.unschedulable) ?? (isEmpty ? "there are no nodes" : most === undefined ? "no node takes it" : clip(most.why, 60))}`,
    because: `${total === null ? `The scheduler says: ${clip(pod.unschedulable, 300)}.` : `Of ${count(total, "node")} none takes it (a node may have several reasons): ${sum}.`}${volumes}${scaling === undefined ? "" : ` The cluster's autoscaler does not help: ${clip(scaling.message, 150)}.`}`,
    advice: {
      key: isVolume ? "fixMount" : "giveRoom",
      text: row?.[2] ?? (isEmpty ? NO_NODES : "`kubectl describe pod` and the nodes' allocatable resources."),
    },
    acts: [],
  };
}
