import {
  chosenOf,
  kubernetes,
  onEach,
  prometheus,
  type RunContext,
  runbookOn,
  z,
} from "../../src/sdk/index.ts";
import { autoscalerFindings, isAtMost, mayRaise, raisedMax } from "./autoscaler-findings.ts";
import { budgetFindings, claimFindings, limitFindings, nodeRoom, quotaFindings } from "./room-findings.ts";
import { throttleFindings } from "./throttle-findings.ts";

const params = z.object({
  autoscaler: z.string().max(253).optional().describe("only this autoscaler"),
  quotaShare: z.number().min(0.1).max(1).default(0.9).describe("used share of a quota that is told"),
});
type Context = RunContext<z.output<typeof params>>;

/** Autoscalers, quotas, disruption budgets, volumes and nodes: what keeps the cluster from giving what is asked for. */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-capacity",
    title: "Kubernetes capacity",
    covers: ["sergas-agents.insufficient-resources", "sergas-agents.quick-reference"],
    alerts: [
      "KubeHpaMaxedOut",
      "KubeHpaReplicasMismatch",
      "KubeQuotaAlmostFull",
      "KubeQuotaFullyUsed",
      "KubeQuotaExceeded",
      "KubePdbNotEnoughHealthyPods",
      "KubeNodePressure",
      "KubePersistentVolumeErrors",
      "CPUThrottlingHigh",
      "KubernetesHpaScaleMaximum",
      "KubernetesHpaMetricsUnavailability",
      "KubernetesHpaScaleInability",
      "KubernetesPersistentvolumeclaimPending",
      "KubernetesNodeMemoryPressure",
      "KubernetesNodeDiskPressure",
    ],
    fromAlert: ({ horizontalpodautoscaler }) =>
      horizontalpodautoscaler === undefined ? {} : { autoscaler: horizontalpodautoscaler },
    params,
  },
  (context) => ({
    autoscalers: kubernetes.autoscalers(),
    quotas: kubernetes.quotas(),
    budgets: kubernetes.budgets(),
    claims: kubernetes.claims(),
    nodes: kubernetes.nodes(),
    workloads: kubernetes.workloads(),
    events: kubernetes.events(),
    usage: kubernetes.usage(),
    // What stops containers the API server does not know.
    ...onEach(
      context.system.connections.filter(({ kind }) => kind === "prometheus"),
      { throttling: prometheus.throttling({ namespaces: namespacesOf(context) }) },
    ),
  }),
);

const namespacesOf = (context: Context): string[] => {
  const said = chosenOf(context, "kubernetes")?.about?.namespaces;
  return Array.isArray(said) ? said.map(String) : ["default"];
};

const mostOf = (context: Context): number => Number(chosenOf(context, "kubernetes")?.about?.scaleMax ?? 0);
const isAsked = ({ name }: { readonly name: string }, { params: { autoscaler } }: Context): boolean =>
  autoscaler === undefined || name === autoscaler;

export const k8sCapacity = book
  .remedies({
    raiseBounds: book.does(
      kubernetes.setAutoscalerBounds,
      ["autoscalers"],
      ({ autoscalers }, context) =>
        autoscalers.autoscalers
          .filter((one) => isAsked(one, context) && one.able.ok && one.active.ok && isAtMost(one))
          .filter((one) => mayRaise(one, mostOf(context)))
          .slice(0, 1)
          .map((one) => ({
            namespace: one.namespace,
            name: one.name,
            uid: one.uid,
            of: one.target.name,
            from: { min: one.min, max: one.max },
            to: { min: one.min, max: raisedMax(one, mostOf(context)) },
          })),
      { title: "Let the autoscaler have half as many again" },
    ),
    moveBounds: book.advises(
      "Decide who sets the replicas",
      "low",
      "Leave `replicas` out of a manifest that has an autoscaler. Where its maximum is too low: raise `maxReplicas` there and `scale.max` of the connection, once the database and the quota have room for it.",
    ),
    fixMetrics: book.advises(
      "Give the autoscaler its metric",
      "low",
      "`kubectl get apiservices | grep metrics` (False: its server is down); requests for the resource on every container, sidecars too.",
    ),
    fixTarget: book.advises(
      "Correct or delete the autoscaler",
      "low",
      "Compare `scaleTargetRef` with what is there; delete it where its target is gone.",
    ),
    giveQuota: book.advises(
      "Make room in the quota",
      "low",
      "Raise it, lower requests that are far above what is used (`kubectl top pods`), or scale down what needs them less.",
    ),
    loosenBudget: book.advises(
      "Let nodes be drained again",
      "low",
      "Repair pods that are not healthy first (k8s-workload). A rule that never allows one: `maxUnavailable: 1`, or one replica more than `minAvailable`.",
    ),
    fixClaim: book.advises(
      "Give the claim a volume",
      "low",
      "`kubectl get storageclass` beside the claim's class; the provisioner's log; a volume that was lost is restored from a backup.",
    ),
    raiseLimit: book.advises(
      "Look at its memory before it is killed",
      "low",
      "Its trend over days tells a leak from a limit that is too low; the limit is raised in its manifest, or by k8s-workload once it was killed.",
    ),
    raiseCpu: book.advises(
      "Give it the CPU its bursts need",
      "low",
      "Raise `limits.cpu` in its manifest, or take it off and keep `requests.cpu`, which alone says its share when CPUs are short. Where it starts as many threads as the node has CPUs (GOMAXPROCS, workers, `UV_THREADPOOL_SIZE`, ActiveProcessorCount), as many as the limit are enough. Then look again: below 5 % nobody notices it.",
    ),
    fixNode: book.advises(
      "Relieve the node",
      "high",
      "Memory: requests near to what is used, so that the scheduler sees it. Disk: `crictl rmi --prune`, logs and emptyDirs.",
    ),
  })
  .findings((find) => [
    find(["autoscalers", "workloads?"], ({ autoscalers, workloads }, context) =>
      autoscalerFindings(
        autoscalers.autoscalers.filter((one) => isAsked(one, context)),
        workloads?.workloads,
        mostOf(context),
      ),
    ),
    find(["nodes"], ({ nodes }) => nodeRoom(nodes.nodes)),
    find(["quotas", "events?"], ({ quotas, events }, { params: { quotaShare } }) =>
      quotaFindings(quotas.quotas, events?.events, quotaShare),
    ),
    find(["claims", "events?"], ({ claims, events }, { now }) =>
      claimFindings(claims.claims, events?.events, now),
    ),
    find(["budgets"], ({ budgets }) => budgetFindings(budgets.budgets)),
    find.all((seen) => throttleFindings(seen)),
    find(["usage", "workloads"], ({ usage, workloads }) =>
      limitFindings(workloads.workloads, usage.containers),
    ),
  ]);
