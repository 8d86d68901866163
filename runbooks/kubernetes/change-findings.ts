import { count, type Finding, type redis, rows } from "../../src/sdk/index.ts";
import {
  type Asked,
  type Autoscalers,
  isWell,
  type Nodes,
  nextOf,
  ofRound,
  outOf,
  targetsOf,
  type Workload,
  type Workloads,
} from "./changes.ts";
import { memoryFinding } from "./memory-change.ts";

type Name =
  | "raiseMemory"
  | "setMaxmemory"
  | "restart"
  | "restartNext"
  | "scaleOut"
  | "raiseLeast"
  | "cordon"
  | "nightly"
  | "lookElsewhere";

interface Seen extends Record<string, unknown> {
  readonly workloads: Workloads;
  readonly autoscalers: Autoscalers;
  readonly nodes?: Nodes | undefined;
  readonly store?: redis.RedisState | undefined;
}

/** One finding for each thing that was asked for: what is offered, or why nothing is. */
export function changeFindings(seen: Seen, { params, now }: { params: Asked; now: Date }): Finding<Name>[] {
  const found = [
    ...(params.workload === undefined ? [] : ofWorkload(seen, params)),
    ...(params.all ? [ofAll(seen.workloads, params, now)] : []),
    ...(params.node === undefined ? [] : ofNode(seen.nodes, params)),
  ];
  const isAsked = params.workload !== undefined || params.all || params.node !== undefined;
  return isAsked
    ? found
    : [
        note(
          "nothing-asked",
          "Nothing was asked for",
          "This runbook changes what is named, and finds no fault by itself.",
          ["lookElsewhere"],
        ),
      ];
}

const note = (id: string, title: string, because: string, remedies: readonly Name[]): Finding<Name> => ({
  ...{ id, severity: "info", title, because, remedies },
});

function ofWorkload({ workloads, autoscalers, store }: Seen, asked: Asked): Finding<Name>[] {
  const [one, other] = targetsOf(workloads, asked);
  const name = asked.workload ?? "";
  if (one === undefined)
    return [
      note(
        "no-such-workload",
        `No deployment or stateful set ${name} is seen through this connection`,
        "It may be of a namespace, or beyond a selector, that the connection does not look at.",
        ["lookElsewhere"],
      ),
    ];
  if (other !== undefined)
    return [
      note(
        "several-workloads",
        `There are several of the name ${name}`,
        `Say which: namespace=${one.namespace} or namespace=${other.namespace}.`,
        ["lookElsewhere"],
      ),
    ];
  const managed =
    one.managedBy === ""
      ? ""
      : ` ${one.managedBy} looks after it, and may take a change back: change it there, too.`;
  return [
    ...(asked.restart
      ? [
          note(
            `restart:${name}`,
            `A restart of ${name} was asked for`,
            `${one.available} of ${count(one.desired, "replica")} available, ${one.restartedAt ? `last restarted ${one.restartedAt}` : "never restarted so"}. It clears memory for a time; what fills it is found by k8s-workload and a profile.${managed}`,
            ["restart", "nightly"],
          ),
        ]
      : []),
    ...(asked.replicas === undefined
      ? []
      : [moreOf(one, outOf(workloads, autoscalers, asked), asked.replicas, managed)]),
    ...[memoryFinding(one, asked, store)].filter((found) => found !== undefined),
    ...(asked.restart || asked.replicas !== undefined || asked.memoryMiB !== undefined
      ? []
      : [
          note(
            `nothing-asked:${name}`,
            `Nothing was asked for ${name}`,
            "Say restart=true, replicas=<n> or memoryMiB=<n>.",
            ["lookElsewhere"],
          ),
        ]),
  ];
}

function moreOf(one: Workload, out: ReturnType<typeof outOf>, to: number, managed: string): Finding<Name> {
  const id = `replicas:${one.name}`;
  if (to <= one.desired)
    return note(
      id,
      `${one.name} has ${count(one.desired, "replica")}: ${to} would not be more`,
      "Fewer are never asked for from here: what is scaled down loses work. Say a larger number.",
      ["lookElsewhere"],
    );
  if (out.scales.length > 0)
    return note(
      id,
      `${to} replicas of ${one.name} were asked for, ${one.desired} there are`,
      `${out.own === undefined ? "No autoscaler has it." : `At no replicas its autoscaler ${out.own.name} is switched off; it then goes on with ${out.own.min} to ${out.own.max}.`} More of them take more connections of the database: the connection's budget, its bounds and the quota are kept.${managed}`,
      ["scaleOut"],
    );
  if (out.bounds.length > 0)
    return note(
      id,
      `${to} replicas of ${one.name} were asked for, ${one.desired} there are, and an autoscaler decides`,
      `So its least is raised, as a number set by hand would be taken back at once.${managed}`,
      ["raiseLeast"],
    );
  if (out.own?.keptBy !== undefined)
    return note(
      id,
      `${out.own.keptBy} decides how many replicas of ${one.name} there are`,
      `It makes the autoscaler ${out.own.name} (${out.own.min} to ${out.own.max}) and puts back within seconds what is changed there: raise the least in it (\`minReplicaCount\` of a ScaledObject).`,
      ["lookElsewhere"],
    );
  return note(
    id,
    `The autoscaler of ${one.name} may have ${to} at least already`,
    "It decides by its metric, and holds fewer for enough or cannot have more (k8s-capacity).",
    ["lookElsewhere"],
  );
}

function ofAll(seen: Workloads, asked: Asked, now: Date): Finding<Name> {
  const round = ofRound(seen, asked);
  const sick = round.filter((one) => !isWell(one));
  const left = nextOf(seen, asked, now);
  const spared = seen.workloads.filter((one) => !round.includes(one)).map((one) => one.name);
  const evidence = [
    rows("In this order", round, {
      workload: (one) => `${one.namespace}/${one.name}`,
      available: (one) => `${one.available} of ${one.desired}`,
      restarted: (one) => one.restartedAt ?? null,
    }),
  ];
  const without =
    spared.length === 0
      ? ""
      : ` Not among them (a single replica, all at once, not all of it, paused, or traffic, poolers, monitoring and diagbot): ${spared.slice(0, 10).join(", ")}.`;
  if (sick.length > 0)
    return {
      ...note(
        "restart-all",
        `Restarts stop at ${sick[0]?.name}: it is not whole`,
        `The next one is offered once all are (${sick.map(({ name }) => name).join(", ")}): k8s-workload says why.${without}`,
        ["lookElsewhere"],
      ),
      evidence,
    };
  const [next] = left;
  if (next === undefined)
    return {
      ...note(
        "restart-all",
        "All were restarted within the hour, or none may be",
        `There is nothing left to do.${without}`,
        ["lookElsewhere"],
      ),
      evidence,
    };
  return {
    ...note(
      "restart-all",
      `${count(left.length, "workload")} left to restart, next ${next.name}`,
      `One at a time: once it is whole again, ask for the next (all=true).${without}`,
      ["restartNext"],
    ),
    evidence,
  };
}

function ofNode(nodes: Nodes | undefined, asked: Asked): Finding<Name>[] {
  const one = nodes?.nodes.find(({ name }) => name === asked.node);
  const id = `node:${asked.node}`;
  if (one === undefined)
    return [
      note(
        id,
        `Node ${asked.node} is not seen through this connection`,
        "Nodes need a right of the cluster (doctor prints it), and the name as `kubectl get nodes` shows it.",
        ["lookElsewhere"],
      ),
    ];
  // It is as it was asked for.
  if (one.unschedulable === asked.cordon) return [];
  return [
    note(
      id,
      `${asked.cordon ? "No new pods" : "New pods again"} on node ${one.name} were asked for`,
      asked.cordon
        ? "Those on it stay: to move them, `kubectl drain`, which keeps disruption budgets."
        : "Whoever cordoned it may have had a reason: its conditions and events say so.",
      ["cordon"],
    ),
  ];
}
