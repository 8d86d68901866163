import { count } from "../../src/sdk/index.ts";
import type { Service, ServiceKey } from "./services.ts";

/** Why a service has no endpoints. */
export interface Why {
  readonly id: string;
  readonly title: string;
  readonly because: string;
  readonly remedy: ServiceKey;
}

/** Labels that say which of several pods leads: whoever elects it (an operator, Patroni, Sentinel) moves them. */
const ROLE = /role|leader|primary|master|active/i;
const LEADS = /^(primary|master|leader|active|true)$/i;
const FOLLOWS = /^(replicas?|secondary|slave|standby|follower|reader|read-?only|false)$/i;

/** The workload behind it, scaled to zero; undefined: none, or it has replicas. */
export const scaledToZero = ({ behind }: Service) =>
  behind.length > 0 && behind.every(({ replicas }) => replicas === 0) ? behind[0] : undefined;

/** Undefined: it is as it should be. `isExpected`: an ingress leads to it, or somebody asks for it. Pure. */
export function whyEmpty(one: Service, isExpected: boolean): Why | undefined {
  if (one.selector === null)
    return isExpected
      ? {
          id: "no-selector",
          title: "has no selector and no endpoints",
          because:
            "Without a selector somebody else writes its endpoints (an operator, an object beside it), and has not.",
          remedy: "fixEndpoints",
        }
      : undefined;
  return one.pods === 0 ? whyNoPods(one, isExpected) : whyNoneReady(one);
}

function whyNoPods(one: Service, isExpected: boolean): Why | undefined {
  const [first] = one.behind;
  const idle = scaledToZero(one);
  if (idle !== undefined) return isExpected ? atZero(idle) : undefined;
  if (first !== undefined)
    return {
      id: "no-pods",
      title: `has no endpoints: ${first.name} has no pods`,
      because: `${first.kind} ${first.name} fits its selector and should have pods, and none is there.`,
      remedy: "fixPods",
    };
  const [role, other] = one.near?.differs ?? [];
  if (role !== undefined && other === undefined && ROLE.test(role.key)) {
    if (FOLLOWS.test(role.wanted)) return isExpected ? noReplica(one, role) : undefined;
    if (LEADS.test(role.wanted)) return noLeader(one, role);
  }
  return {
    id: "no-match",
    title: "has no endpoints: no pod has its labels",
    because: `Its selector is ${one.selector}; no pod and no workload of the namespace has it.${sayNear(one)} Either the selector is wrong, or what it is for was taken away, or something else makes its pods (a job, a Rollout of Argo) and has none now.`,
    remedy: "fixSelector",
  };
}

const atZero = ({ kind, name }: Service["behind"][number]): Why => ({
  id: "scaled-to-zero",
  title: `has no endpoints: ${name} is scaled to zero`,
  because: `${kind} ${name} fits its selector and has 0 replicas: ${kind === "DaemonSet" ? "no node fits it" : "somebody or something scaled it down"}.`,
  remedy: kind === "DaemonSet" ? "fixPods" : "scaleUp",
});

type Differs = NonNullable<Service["near"]>["differs"][number];

const sayFound = ({ key, found }: Differs): string =>
  found.length === 0 ? `no label ${key}` : found.map((value) => `${key}=${value}`).join(", ");

function sayNear({ near }: Service): string {
  if (near === null) return "";
  const differs = near.differs.map(sayFound).join("; ");
  if (near.has.length === 0) return ` Pods there have ${differs}.`;
  const wanted = near.differs.map(({ key, wanted: value }) => `${key}=${value}`).join(", ");
  return ` Nearest to it: ${count(near.pods, "pod")} with ${near.has.join(", ")}, and ${differs} where it wants ${wanted}.`;
}

const noReplica = ({ near }: Service, role: Differs): Why => ({
  id: "no-replica",
  title: "has no endpoints: there is no replica",
  because: `It leads to pods with ${role.key}=${role.wanted}, and the ${count(near?.pods ?? 0, "pod")} there ${near?.pods === 1 ? "has" : "have"} ${sayFound(role)}: a single instance has none. Whoever asks here must ask the other service, or a replica must be made.`,
  remedy: "askOther",
});

const noLeader = ({ near }: Service, role: Differs): Why => ({
  id: "no-leader",
  title: `has no endpoints: none of its ${count(near?.pods ?? 0, "pod")} leads`,
  because: `It leads to the pod with ${role.key}=${role.wanted}, and those there have ${sayFound(role)}. The selector fits but for this label, which whoever elects the leader moves: either no leader is elected at the moment, or who moves the label does not run.`,
  remedy: "fixLeader",
});

function whyNoneReady(one: Service): Why {
  const pods = count(one.readyPods, "pod");
  const lost = one.ports.find(({ target: to, found }) => found === false && !/^\d+$/.test(to));
  if (one.pods === one.ending)
    return {
      id: "ending",
      title: `has no endpoint: all of its ${count(one.pods, "pod")} are ending`,
      because:
        "They are deleted and not gone yet. What ends gets no traffic, and no other pod has taken its place.",
      remedy: "fixPods",
    };
  if (one.readyPods === 0)
    return {
      id: "not-ready",
      title: `has no endpoint: ${one.pods - one.ending === 1 ? "its pod is not ready" : `none of its ${count(one.pods - one.ending, "pod")} is ready`}`,
      because: `The selector fits ${count(one.pods, "pod")}, and none is ready: no traffic goes there.${one.ending === 0 ? "" : ` ${count(one.ending, "other")} end.`} Why, k8s-workload finds out.`,
      remedy: "fixPods",
    };
  if (lost !== undefined)
    return {
      id: "port-name",
      title: `has no endpoints: its pods have no port named ${lost.target}`,
      because: `${pods} fit and are ready. The target port is a name, and they declare ${one.declared.join(", ") || "no port"}.`,
      remedy: "fixPort",
    };
  return {
    id: "not-written",
    title: `has no endpoints although ${pods} are ready`,
    because:
      "Either they have only just become ready, or the endpoints controller (kube-controller-manager) does not run or is behind.",
    remedy: "fixPods",
  };
}
