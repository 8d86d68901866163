import { chosenOf, kubernetes, on, redis, runbookOn, z } from "../../src/sdk/index.ts";
import { changeFindings } from "./change-findings.ts";
import { nextOf, nodeOf, orderOf, outOf, targetsOf } from "./changes.ts";
import { memoryOf } from "./memory-change.ts";
import { adviseNightly } from "./nightly.ts";

const name = z.string().max(253).optional();

/** What people ask for by name: a restart one by one, more replicas, a node without new pods. Guides: rolling restart, scale out, restart all. */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-change",
    title: "Restart or scale a Kubernetes workload",
    covers: [
      "sergas-agents.rolling-restart",
      "sergas-agents.scheduled-restart",
      "sergas-agents.restart-all",
      "sergas-agents.queue-scale-horizontally",
      "sergas-agents.memory-leak",
      "sergas-accounts.error-resource-contention",
      "sergas-accounts.scale-out",
      "sergas-agents.cache-slow",
    ],
    params: z.object({
      workload: name.describe("this deployment or stateful set"),
      namespace: name.describe("of this namespace, where several have one of that name"),
      restart: z.boolean().default(false).describe("replace its pods one by one"),
      replicas: z.int().min(1).max(1000).optional().describe("have so many of it, never fewer than now"),
      memoryMiB: z
        .int()
        .min(1)
        .max(4_000_000)
        .optional()
        .describe("give its container this memory limit, in MiB, never less than now"),
      container: z
        .string()
        .max(63)
        .optional()
        .describe("the container that is meant; empty: the only one with a limit"),
      all: z
        .boolean()
        .default(false)
        .describe("restart every workload, one at a time: the next one in order"),
      node: name.describe("this node"),
      cordon: z.boolean().default(true).describe("no new pods on it; false: new pods again"),
    }),
  },
  () => ({
    workloads: kubernetes.workloads(),
    autoscalers: kubernetes.autoscalers(),
    nodes: kubernetes.nodes(),
  }),
).andThen([], (_seen, context) => {
  const store = chosenOf(context, "redis");
  // Whether what it holds outlives its pods.
  return context.params.memoryMiB === undefined || store === undefined
    ? {}
    : { store: on(store.name, redis.serverState()) };
});

export const k8sChange = book
  .remedies({
    restart: book.does(kubernetes.rolloutRestart, ["workloads"], ({ workloads }, { params, now }) =>
      params.restart
        ? targetsOf(workloads, params)
            .slice(0, 1)
            .map((one) => orderOf(one, now))
        : [],
    ),
    restartNext: book.does(
      kubernetes.rolloutRestart,
      ["workloads"],
      ({ workloads }, { params, now }) =>
        (params.all ? nextOf(workloads, params, now) : []).slice(0, 1).map((one) => orderOf(one, now)),
      { title: "Restart the next workload", risk: "destructive" },
    ),
    scaleOut: book.does(
      kubernetes.scale,
      ["workloads", "autoscalers"],
      ({ workloads, autoscalers }, { params }) => outOf(workloads, autoscalers, params).scales,
      { title: "Have more replicas" },
    ),
    raiseLeast: book.does(
      kubernetes.setAutoscalerBounds,
      ["workloads", "autoscalers"],
      ({ workloads, autoscalers }, { params }) => outOf(workloads, autoscalers, params).bounds,
      { title: "Let its autoscaler have no fewer" },
    ),
    raiseMemory: book.does(
      kubernetes.setResources,
      ["workloads", "store?"],
      ({ workloads, store }, { params }) => memoryOf(workloads, params, store),
    ),
    setMaxmemory: book.advises(
      "Set maxmemory apart",
      "low",
      "The limit of the container does not change `maxmemory`: once the new pod is up, redis-memory sets it (`setMaxmemory`), below the limit by what its buffers and a save take (a quarter is usual).",
    ),
    cordon: book.does(kubernetes.setCordoned, ["nodes"], ({ nodes }, { params }) => nodeOf(nodes, params), {
      title: "Cordon or uncordon the node",
    }),
    nightly: book.advises("Restart it every night", "high", ({ workloads }, { params }) =>
      adviseNightly(workloads === undefined ? undefined : targetsOf(workloads, params)[0]),
    ),
    lookElsewhere: book.advises(
      "Say what is meant",
      "low",
      "`/diag <system> k8s-change workload=<name> restart=true`, or `replicas=<n>`, or `memoryMiB=<n>`, or `all=true`, or `node=<name>` (`cordon=false` lets pods go there again).",
    ),
  })
  .findings((find) => [
    find(["workloads", "autoscalers", "nodes?", "store?"], (seen, context) => changeFindings(seen, context)),
  ]);
