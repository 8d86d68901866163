import type { kubernetes, OutputOf } from "../../src/sdk/index.ts";

export type Pods = OutputOf<typeof kubernetes.pods>;
export type Pod = Pods["pods"][number];
export type Container = Pod["containers"][number];
export type Workloads = OutputOf<typeof kubernetes.workloads>;
export type Workload = Workloads["workloads"][number];
export type Event = OutputOf<typeof kubernetes.events>["events"][number];
export type Node = OutputOf<typeof kubernetes.nodes>["nodes"][number];
export type Log = OutputOf<typeof kubernetes.logs>["logs"][number];
export type History = OutputOf<typeof kubernetes.revisions>["deployments"][number];
export type Usage = OutputOf<typeof kubernetes.usage>["containers"][number];
export type Claim = OutputOf<typeof kubernetes.claims>["claims"][number];

/** What was seen of the cluster; all but the pods may be missing. */
export interface Sight {
  readonly pods: Pods;
  readonly workloads?: { readonly workloads: readonly Workload[] } | undefined;
  readonly events?: { readonly events: readonly Event[] } | undefined;
  readonly nodes?: { readonly nodes: readonly Node[] } | undefined;
  readonly claims?: { readonly claims: readonly Claim[] } | undefined;
  readonly logs?: { readonly logs: readonly Log[] } | undefined;
  readonly revisions?: { readonly deployments: readonly History[] } | undefined;
  readonly usage?: { readonly containers: readonly Usage[] } | undefined;
}

/** What people carry out, by key of the remedy. */
export type AdviceKey =
  | "fixCrash"
  | "fixImage"
  | "fixConfig"
  | "fixMount"
  | "giveRoom"
  | "fixProbe"
  | "fixNode"
  | "giveQuota"
  | "raiseByHand"
  | "lookOn";
export interface Advice {
  readonly key: AdviceKey;
  readonly text: string;
}
/** What the machine carries out once approved. */
export type Act = "undo" | "raiseMemory" | "replacePod" | "resume";

/** Why one pod is not well. */
export interface Cause {
  readonly kind:
    | "oom"
    | "crash"
    | "liveness"
    | "init"
    | "image"
    | "config"
    | "mount"
    | "sandbox"
    | "unschedulable"
    | "not-ready"
    | "evicted"
    | "terminating"
    | "starting";
  readonly container: Container | undefined;
  /** After the name: `cannot be scheduled: no node has a GPU`. */
  readonly title: string;
  readonly because: string;
  readonly advice: Advice;
  readonly acts: readonly Act[];
  /** It fails because of something that is not itself. */
  readonly waitsForAnother?: boolean;
  /** Nobody suffers from it. */
  readonly isNote?: boolean;
}

/** Whose pod it is: `api`; without an owner its own name. With several namespaces they stand before it. */
export function ownerOf({ namespace, owner, name }: Pod, { namespaces }: Pods): string {
  const own = owner === null || owner.kind === "Node" ? name : owner.name;
  return namespaces.length > 1 ? `${namespace}/${own}` : own;
}

export const nameOf = ({ namespace, name }: Workload, { namespaces }: Pods): string =>
  namespaces.length > 1 ? `${namespace}/${name}` : name;

export const workloadOf = (pod: Pod, { workloads }: Sight): Workload | undefined =>
  workloads?.workloads.find(
    ({ kind, namespace, name }) =>
      kind === pod.owner?.kind && namespace === pod.namespace && name === pod.owner.name,
  );

/** Seconds since then; infinite where there is no time: it was always so. */
export const secondsSince = (at: string | null, now: Date): number =>
  at === null ? Number.POSITIVE_INFINITY : (now.getTime() - Date.parse(at)) / 1000;

export const eventsOf = (pod: Pod, { events }: Sight): readonly Event[] =>
  events?.events.filter(
    ({ uid, name, kind }) => kind === "Pod" && (uid === pod.uid || (uid === "" && name === pod.name)),
  ) ?? [];

export const logOf = (pod: Pod, container: Container, { logs }: Sight): Log | undefined =>
  logs?.logs.find(
    (log) => log.pod === pod.name && log.namespace === pod.namespace && log.container === container.name,
  );
