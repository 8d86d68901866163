import type { OutputOf } from "../../core/words/action.ts";
import { clip, count } from "../../core/words/format.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import type { version } from "./reads/version.ts";
import type { WorkloadSeen } from "./reads/workload-shape.ts";
import type { workloads } from "./reads/workloads.ts";

/** The API server by its own word and its time. Pure. */
export function judgeServer(
  { version: name, ms, ready, failing }: OutputOf<typeof version>,
  { slowSeconds }: HealthLimits,
): HealthWord {
  if (ready === false)
    return {
      word: "API server not ready",
      because: `It answers, and its readiness check fails${failing.length === 0 ? "" : `: ${failing.join(", ")}`}. What runs goes on running; nothing is scheduled, healed or changed reliably.`,
      severity: "critical",
      next: "Look at the control plane: etcd first where it is among the failing checks (`kubectl get --raw '/readyz?verbose'`).",
    };
  if (ms > slowSeconds * 1000)
    return {
      word: `slow: ${(ms / 1000).toFixed(1)} s`,
      because: "The API server took this long for its own version, which it does not have to look up.",
      severity: "warning",
      next: "Look at its load, at etcd's disk latency, and at the network between here and there.",
    };
  return `${name}, ${ms} ms`;
}

/** Workloads that lack replicas, at a glance: why, k8s-workload finds out. One that is rolling out is well. Pure. */
export function judgeWorkloads({ total, workloads: list }: OutputOf<typeof workloads>): HealthWord {
  const ill = list.filter(
    (one) => one.isObserved && (one.available < one.desired || one.replicaFailure !== "") && !isRolling(one),
  );
  const [first] = ill;
  if (first === undefined) return count(total, "workload");
  const say = (one: (typeof ill)[number]) => `${one.name} ${one.available} of ${one.desired}`;
  return {
    word: clip(`${say(first)} available${ill.length > 1 ? ` and ${ill.length - 1} more` : ""}`, 60),
    because: `By the cluster's word: ${clip(ill.slice(0, 5).map(say).join("; "), 500)}.`,
    severity: ill.some(({ available, desired }) => available === 0 && desired > 0) ? "critical" : "warning",
    next: "Run k8s-workload: it says why.",
  };
}

/** Under way and still serving: a rollout takes one away at a time by itself. */
const isRolling = ({ kind, progress, available, updated, desired }: WorkloadSeen): boolean =>
  kind === "Deployment"
    ? progress?.status === "True" && progress.reason === "ReplicaSetUpdated" && available > 0
    : updated < desired && available >= desired - 1 && available > 0;
