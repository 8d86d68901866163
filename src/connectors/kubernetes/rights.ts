/** What an account needs: verbs on a resource, within a namespace or of the cluster. */
export interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** `must`: nothing works without it; `look`: part of what is looked at; `write`: a remedy needs it. */
  readonly for: "must" | "look" | "write";
  readonly scope: "namespace" | "cluster";
  /** What is missing without it, for people. */
  readonly what: string;
}

const right = (
  group: string,
  resource: string,
  verbs: readonly string[],
  what: string,
  as: Right["for"] = "look",
  scope: Right["scope"] = "namespace",
): Right => ({ group, resource, verbs, what, for: as, scope });

/** Least privileges of all actions of this connector. No secret, config map or exec is among them. */
export const RIGHTS: readonly Right[] = [
  right("", "pods", ["list"], "pods", "must"),
  right("", "pods", ["get"], "deleting a pod", "write"),
  right("", "pods", ["delete"], "deleting a pod", "write"),
  right("", "pods/log", ["get"], "logs"),
  right("", "events", ["list"], "events: why something was done or failed"),
  right("", "services", ["list"], "services"),
  right("", "endpoints", ["list"], "what stands behind services"),
  right("", "persistentvolumeclaims", ["list"], "volumes"),
  right("", "resourcequotas", ["list"], "quotas"),
  right("", "limitranges", ["list"], "limits of the namespace"),
  right("apps", "deployments", ["list", "get"], "deployments", "must"),
  right("apps", "replicasets", ["list", "get"], "what a rollout changed"),
  right("apps", "statefulsets", ["list", "get"], "stateful sets"),
  right("apps", "daemonsets", ["list", "get"], "daemon sets"),
  right("batch", "jobs", ["list"], "jobs"),
  right("batch", "cronjobs", ["list", "get"], "cron jobs"),
  right("autoscaling", "horizontalpodautoscalers", ["list", "get"], "autoscalers"),
  right("policy", "poddisruptionbudgets", ["list"], "disruption budgets"),
  right("networking.k8s.io", "ingresses", ["list"], "ingresses"),
  right("networking.k8s.io", "networkpolicies", ["list"], "what lets nobody come in to a service"),
  right("metrics.k8s.io", "pods", ["list"], "what containers use"),
  right("", "nodes", ["list", "get"], "nodes", "look", "cluster"),
  right("metrics.k8s.io", "nodes", ["list"], "what nodes use", "look", "cluster"),
  right(
    "apps",
    "deployments",
    ["patch"],
    "undoing, restarting and pausing rollouts, setting resources",
    "write",
  ),
  right("apps", "statefulsets", ["patch"], "restarting stateful sets, setting their resources", "write"),
  right("apps", "daemonsets", ["patch"], "restarting daemon sets, setting their resources", "write"),
  right("apps", "deployments/scale", ["patch"], "scaling", "write"),
  right("apps", "statefulsets/scale", ["patch"], "scaling", "write"),
  right("autoscaling", "horizontalpodautoscalers", ["patch"], "moving an autoscaler's bounds", "write"),
  right("batch", "cronjobs", ["patch"], "suspending cron jobs", "write"),
  right("", "nodes", ["patch"], "cordoning nodes", "write", "cluster"),
];
