import { clip, count, kubernetes, runbookOn } from "../../src/sdk/index.ts";
import { askedOf, type Context, params, targetIn, targetOf } from "./asked.ts";
import type { AdviceKey, Sight } from "./case.ts";
import { logsAsked } from "./logs-asked.ts";
import { LOOK_AT_NODE, nodeFindings, sayNodes } from "./node-findings.ts";
import { sayNotMade } from "./not-made.ts";
import { effectsOf, isDown, type Problem, problemsOf, undoOf } from "./problems.ts";
import { workloadFindings } from "./rollouts.ts";
import { becauseOf, evidenceOf, ownEffects, raisesOf, remediesOf, replaceable } from "./said.ts";

/** Pods that fail, are not ready or are not made at all, and rollouts that stand: why. */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-workload",
    title: "Kubernetes workloads",
    covers: [
      "sergas-agents.error-memory",
      "sergas-agents.memory-leak",
      "sergas-agents.quick-reference",
      "sergas-agents.raise-memory-limit",
      "sergas-agents.rollback",
      "tektra.service-status",
      "sergas-accounts.memory-limits",
    ],
    alerts: [
      "KubePodCrashLooping",
      "KubePodNotReady",
      "KubeContainerWaiting",
      "KubeDeploymentReplicasMismatch",
      "KubeDeploymentRolloutStuck",
      "KubeDeploymentGenerationMismatch",
      "KubeStatefulSetReplicasMismatch",
      "KubeStatefulSetUpdateNotRolledOut",
      "KubeDaemonSetRolloutStuck",
      "KubeDaemonSetNotScheduled",
      "KubeNodeNotReady",
      "KubeNodeUnreachable",
      "KubeletDown",
      // Docker's cAdvisor has these, too: the labels tell whose container it is.
      ...["ContainerKilled", "ContainerOomKilled", "ContainerHighMemoryUsage", "ContainerRestarting"],
      "KubernetesPodCrashLooping",
      "KubernetesPodNotHealthy",
      "KubernetesContainerOomKiller",
      "KubernetesNodeNotReady",
    ],
    fromAlert: targetIn,
    params,
  },
  () => ({
    pods: kubernetes.pods(),
    workloads: kubernetes.workloads(),
    events: kubernetes.events(),
    nodes: kubernetes.nodes(),
    claims: kubernetes.claims(),
  }),
).andThen(["pods", "workloads?", "events?"], (sight, context) => {
  const problems = problemsOf(sight, targetOf(context), askedOf(context));
  const named = new Map(
    [
      ...problems.flatMap(({ workload }) => (workload === undefined ? [] : [workload])),
      ...(sight.workloads?.workloads ?? []).filter(({ progress }) => progress?.status === "False"),
    ]
      .filter(({ kind }) => kind === "Deployment")
      .map((one) => [one.uid, { namespace: one.namespace, name: one.name }]),
  );
  return {
    logs: kubernetes.logs({
      of: logsAsked(sight, targetOf(context), askedOf(context)),
      tailLines: context.params.logLines,
    }),
    ...(named.size === 0 ? {} : { revisions: kubernetes.revisions({ of: [...named.values()].slice(0, 8) }) }),
    ...(problems.some(({ cause }) => cause.kind === "oom") ? { usage: kubernetes.usage() } : {}),
  };
});

const SIGHT = [
  "pods",
  "workloads?",
  "events?",
  "nodes?",
  "claims?",
  "logs?",
  "revisions?",
  "usage?",
] as const;
const all = (sight: Sight, context: Context): Problem[] =>
  problemsOf(sight, targetOf(context), askedOf(context));

/** What people are told about one kind of cause, of each owner it was found at. */
const told =
  (key: AdviceKey, otherwise: string) =>
  (values: Partial<Sight>, context: Context): string => {
    const { pods } = values;
    if (pods === undefined) return otherwise;
    const own = all({ ...values, pods }, context).filter(({ cause }) => cause.advice.key === key);
    const texts = new Set(own.map(({ cause }) => cause.advice.text));
    if (texts.size < 2) return [...texts].join("") || otherwise;
    return own.map(({ owner, cause }) => `${owner}: ${cause.advice.text}`).join("\n");
  };

export const k8sWorkload = book
  .remedies({
    undo: book.does(
      kubernetes.rolloutUndo,
      SIGHT,
      (sight, context) =>
        all(sight, context)
          .flatMap((problem) => {
            const undo = undoOf(problem, sight);
            if (undo === undefined) return [];
            const {
              workload: { namespace, name: of, uid },
              current,
              good,
            } = undo;
            return [
              {
                namespace,
                name: of,
                uid,
                from: current.replicaSet,
                to: good.replicaSet,
                revision: good.revision,
              },
            ];
          })
          .slice(0, 1),
      { title: "Take the rollout back to the revision that still serves" },
    ),
    raiseMemory: book.does(kubernetes.setResources, SIGHT, (sight, context) =>
      all(sight, context)
        .flatMap((problem) => raisesOf(problem, sight))
        .slice(0, 1),
    ),
    replacePod: book.does(
      kubernetes.deletePod,
      SIGHT,
      (sight, context) =>
        all(sight, context)
          .flatMap(replaceable)
          .slice(0, 1)
          .map(({ namespace, name: pod, uid }) => ({ namespace, name: pod, uid })),
      { title: "Replace the pod that hangs while its twins serve" },
    ),
    resume: book.does(kubernetes.setPaused, SIGHT, ({ workloads }) =>
      (workloads?.workloads ?? [])
        .filter(({ kind, paused, updated, desired }) => kind === "Deployment" && paused && updated < desired)
        .slice(0, 1)
        .map(({ namespace, name: of, uid }) => ({ namespace, name: of, uid, from: true, to: false })),
    ),
    fixCrash: book.advises("Find out why it ends", "low", told("fixCrash", "Read its log.")),
    fixImage: book.advises("Get the image to the node", "low", told("fixImage", "Correct the image.")),
    fixConfig: book.advises(
      "Correct what the template names",
      "low",
      told("fixConfig", "Correct the template."),
    ),
    fixMount: book.advises(
      "Give it its volume",
      "low",
      told("fixMount", "Look at the claim and its events."),
    ),
    giveRoom: book.advises("Make room for it", "high", told("giveRoom", "Add nodes or lower requests.")),
    fixProbe: book.advises(
      "Look at the probe and what it asks",
      "low",
      told("fixProbe", "Correct the probe."),
    ),
    fixNode: book.advises(
      "Look at the node",
      "high",
      (values, context) =>
        [sayNodes(values.nodes), told("fixNode", "")(values, context)]
          .filter((text) => text !== "")
          .join("\n") || LOOK_AT_NODE,
    ),
    giveQuota: book.advises("Let its pods be made", "low", ({ workloads, events }) =>
      sayNotMade({ workloads, events }),
    ),
    raiseByHand: book.advises(
      "Set the memory where the manifest lies",
      "low",
      told("raiseByHand", "Set the limit in the manifest."),
    ),
    lookElsewhere: book.advises(
      "See what the connection looks at",
      "low",
      "`namespaces:` and `selector:` of the connection in diagbot.yaml, beside `kubectl get pods -n NAMESPACE --show-labels`; `kubectl get deployments,statefulsets -A` shows where it really runs. A system of several namespaces names them all.",
    ),
    lookOn: book.advises(
      "Look on",
      "low",
      told("lookOn", "`kubectl rollout status` and `kubectl describe` say how far it is."),
    ),
  })
  .findings((find) => [
    find(
      ["pods"],
      ({ pods }, { params: { namespace } }) =>
        namespace !== undefined &&
        !pods.namespaces.includes(namespace) && {
          id: "other-namespace",
          severity: "warning",
          title: `Namespace ${clip(namespace, 63)} is not looked at through this connection`,
          because: `It sees ${clip(pods.namespaces.join(", "), 200)}. What the alert is about was not looked at.`,
          remedies: ["lookElsewhere"],
        },
    ),
    find(
      ["pods"],
      ({ pods }) =>
        pods.total === 0 && {
          id: "no-pods",
          severity: "warning",
          title: `No pods in ${clip(pods.namespaces.join(", "), 120)}`,
          because:
            "Either nothing runs there on purpose, or the selector of the connection fits nothing, or it is another namespace.",
          remedies: ["lookElsewhere"],
        },
    ),
    find(SIGHT, (sight, context) => nodeFindings(sight, all(sight, context), context.now)),
    find(SIGHT, (sight, context) => {
      const problems = all(sight, context);
      return problems.map((problem) => ({
        id: problem.id,
        severity:
          problem.cause.isNote === true
            ? ("info" as const)
            : isDown(problem)
              ? ("critical" as const)
              : ("warning" as const),
        title: `${problem.owner}${problem.pods.length > 1 ? ` (${count(problem.pods.length, "pod")})` : ""} ${problem.cause.title}`,
        because: becauseOf(problem, sight),
        evidence: evidenceOf(problem, sight),
        remedies: remediesOf(problem, sight),
        explains: [...effectsOf(problem, problems), ...ownEffects(problem, sight)],
      }));
    }),
    find(SIGHT, (sight, context) =>
      workloadFindings(sight, targetOf(context), all(sight, context), askedOf(context)),
    ),
  ]);
