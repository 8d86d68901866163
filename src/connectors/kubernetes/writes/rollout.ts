import { z } from "zod";
import { type ActionContext, actionsOn, type Call } from "../../../core/words/action.ts";
import type { KubernetesClient } from "../api/client.ts";
import { RESTARTED, workloadSeen } from "../reads/workload-shape.ts";
import { workloads } from "../reads/workloads.ts";
import { beyondQuota } from "./budget.ts";
import { type Change, MERGE, partsOf, STRATEGIC } from "./change.ts";
import {
  AnyTarget,
  isSettled,
  lockOf,
  Output,
  pathOf,
  sayAvailable,
  sayTarget,
  Target,
  workloadOf,
} from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");

/** `at`: the time the restart is known by; `from`: that of the one before, null for none. */
const RestartInput = AnyTarget.extend({ from: z.string().max(100).nullable(), at: z.iso.datetime() });
type Restart = z.output<typeof RestartInput>;
type Seen = ReturnType<typeof workloadSeen>;

const restart: Change<Restart, Seen> = {
  whose: sayTarget,
  from: ({ from }) => from,
  to: ({ at }) => at,
  say: (state) => (state === null ? "no restart" : `the restart of ${String(state)}`),
  find: async (client, input, context) => {
    const found = await workloadOf(client, input, context);
    return (
      found && {
        uid: found.metadata.uid,
        resourceVersion: found.metadata.resourceVersion ?? "",
        state: found.spec.template.metadata?.annotations?.[RESTARTED] ?? null,
        more: workloadSeen(input.kind, found),
      }
    );
  },
  guard: async (client, input, { more }, context) => {
    if (more.desired < 2) return "it has a single replica: a restart takes the service away for its start";
    const why = whyNotByOne(more);
    if (why !== undefined) return why;
    if (more.paused) return "its rollouts are paused: nothing would restart";
    if (!more.isObserved || more.updated < more.desired || more.available < more.desired)
      return `a rollout is under way or replicas are missing (${more.available} of ${more.desired} available)`;
    return roomFor(client, input, more, context);
  },
  line: (input, { more }) =>
    `restart ${sayTarget(input)}, ${more.desired} replicas ${atOnceOf(more) > 1 ? `up to ${atOnceOf(more)} at once` : "one after the other"} (${more.strategy})`,
  patch: (input, { resourceVersion }) => ({
    path: pathOf(input),
    contentType: STRATEGIC,
    body: {
      metadata: { resourceVersion },
      spec: { template: { metadata: { annotations: { [RESTARTED]: input.at } } } },
    },
  }),
};

const atOnceOf = ({ atOnce }: Seen): number => Math.max(1, (atOnce?.missing ?? 0) + (atOnce?.more ?? 0));

/** Why its pods would not be replaced a few at a time; undefined: they would. */
function whyNotByOne({ strategy, partition = 0, atOnce, desired }: Seen): string | undefined {
  if (strategy === "OnDelete")
    return "its strategy is OnDelete: nothing is replaced until somebody deletes its pods";
  if (strategy !== "RollingUpdate") return `its strategy is ${strategy}: all replicas would go at once`;
  if (partition > 0)
    return `its rollouts stop at partition ${partition}: the ${Math.min(partition, desired)} pods below it would stay as they are`;
  return atOnce !== undefined && atOnce.missing >= desired
    ? `its maxUnavailable lets all ${desired} replicas go at once`
    : undefined;
}

/** Why the quota would hold the rollout up: where no replica may be missing, the first new pod comes on top. */
async function roomFor(client: KubernetesClient, input: Restart, { atOnce }: Seen, context: ActionContext) {
  if (atOnce === undefined || atOnce.missing > 0) return undefined;
  const found = await workloadOf(client, input, context);
  return found && beyondQuota(client, found, { more: 1 }, context);
}

/** Replaces all pods of a workload one by one, as `kubectl rollout restart`. sergas-agents.rolling-restart, restart-all */
export const rolloutRestart = write({
  name: "kubernetes.rollout-restart",
  title: "Restart a workload's pods one by one",
  class: "cas",
  risk: "high",
  input: RestartInput,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(restart),
  undo: "none: the pods that ran before are gone; the new ones have the same template",
  asBefore: "the new pods have the same template",
  settled: {
    within: "5m",
    check: () => ({ list: workloads() }),
    holds: ({ list }, { uid, at }) =>
      isSettled(list, uid, ({ restartedAt }) => Date.parse(restartedAt ?? "") >= Date.parse(at)),
    figures: ({ list }, { uid }, _output, before) => sayAvailable(list, before.list, uid),
  },
});

const PauseInput = Target.extend({ from: z.boolean(), to: z.boolean() });
type Pause = z.output<typeof PauseInput>;

const pause: Change<Pause> = {
  whose: sayTarget,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => (state === true ? "paused" : "not paused"),
  find: async (client, input, context) => {
    const found = await workloadOf(client, input, context);
    return (
      found && {
        uid: found.metadata.uid,
        resourceVersion: found.metadata.resourceVersion ?? "",
        state: found.spec.paused === true,
        more: undefined,
      }
    );
  },
  line: (input) =>
    input.to
      ? `pause the rollouts of ${sayTarget(input)}: what runs goes on, changes wait`
      : `resume the rollouts of ${sayTarget(input)}: changes that waited are rolled out`,
  patch: (input, { resourceVersion }) => ({
    path: pathOf(input),
    contentType: MERGE,
    body: { metadata: { resourceVersion }, spec: { paused: input.to } },
  }),
};

/** Pauses or resumes the rollouts of a Deployment. */
export const setPaused = write({
  name: "kubernetes.set-paused",
  title: "Pause or resume rollouts",
  class: "cas",
  risk: "high",
  input: PauseInput,
  output: Output,
  target: lockOf,
  ...partsOf(pause),
  undo: (input): Call => ({
    action: "kubernetes.set-paused",
    input: { ...input, from: input.to, to: input.from },
  }),
  leaves: "a change that was rolled out meanwhile stays",
  says: (input) => `rollouts of ${sayTarget(input)}: ${pause.say(input.from)} → ${pause.say(input.to)}`,
  settled: {
    check: () => ({ list: workloads() }),
    holds: ({ list }, { uid, to }) => list.workloads.find((one) => one.uid === uid)?.paused === to,
    figures: ({ list }, { uid }, _output, before) => sayAvailable(list, before.list, uid),
  },
});
