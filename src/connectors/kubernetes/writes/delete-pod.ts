import { z } from "zod";
import { type ActionContext, actionsOn, type Preview } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import { askIfThere, type KubernetesClient } from "../api/client.ts";
import { pathTo, RESOURCES } from "../api/paths.ts";
import { Pod } from "../api/shapes.ts";
import { type PodSeen, podSeen } from "../reads/pod-shape.ts";
import { pods } from "../reads/pods.ts";
import { Target } from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");
type Input = z.output<typeof Target>;
const path = ({ namespace, name }: Input): string => pathTo(RESOURCES.pods, { namespace, name });

async function find(
  client: KubernetesClient,
  input: Input,
  context: ActionContext,
): Promise<PodSeen | undefined> {
  const found = await askIfThere(client, Pod, { path: path(input) }, context);
  return found && podSeen(found);
}

/** Why it must not be deleted. A pod that nothing looks after would not come back. */
function whyNot(input: Input, found: PodSeen | undefined): string | undefined {
  if (found === undefined) return `pod ${input.name} is gone`;
  // StatefulSets give the same name to the next one.
  if (found.uid !== input.uid) return `pod ${input.name} is another one of the same name`;
  if (!found.isControlled) return `nothing looks after pod ${input.name}: it would not come back`;
  if (found.deletedAt !== null) return `pod ${input.name} is being deleted already`;
  if (found.owner?.kind === "Job") return `pod ${input.name} belongs to a job: it would count as a failure`;
  return undefined;
}

const Witness = z.object({ uid: z.string(), deleting: z.boolean(), ready: z.boolean().optional() });
/** It was approved because it did not serve, and it serves by now. */
const isBack = (was: z.output<typeof Witness> | undefined, ready: boolean): boolean =>
  was?.ready === false && ready;

const body = (input: Input) => ({ preconditions: { uid: input.uid } });

/** Deletes one pod, so that its controller makes another; bound to its uid. */
export const deletePod = write({
  name: "kubernetes.delete-pod",
  title: "Delete a pod, so that another takes its place",
  class: "cas",
  risk: "high",
  input: Target,
  output: z.object({ uid: z.string() }),
  target: ({ namespace, name }) => `Pod/${namespace}/${name}`,
  preview: async (client, input, context): Promise<Preview> => {
    const found = await find(client, input, context);
    if (found === undefined)
      return { changes: [], witness: { gone: true }, nothingToDo: `pod ${input.name} is gone` };
    const why = whyNot(input, found) ?? (await tried(client, input, context));
    const line = `delete pod ${input.name} of ${input.namespace} (${found.owner?.kind} ${found.owner?.name}, ${found.ready ? "ready" : "not ready"})`;
    return {
      changes: [line],
      witness: { uid: found.uid, deleting: found.deletedAt !== null, ready: found.ready },
      ...(why === undefined ? {} : { refused: why }),
    };
  },
  drift: (then, now) => {
    const [was, is] = [Witness.safeParse(then).data, Witness.safeParse(now).data];
    if (was === undefined || is === undefined) return ["the pod is gone, or there again"];
    return [
      ...(was.uid === is.uid ? [] : ["it is another pod of the same name"]),
      ...(was.deleting === is.deleting ? [] : ["it is being deleted already"]),
      ...(isBack(was, is.ready === true) ? ["it is ready again"] : []),
    ];
  },
  run: async (client, input, context) => {
    const found = await beforeEffect(() => find(client, input, context));
    const why = whyNot(input, found);
    if (why !== undefined) throw refused(why);
    if (isBack(Witness.safeParse(context.witness).data, found?.ready === true))
      throw refused(`pod ${input.name} is ready again`);
    const timeoutMs = Math.min(context.timeoutMs, context.remainingMs());
    if (timeoutMs < 500) throw refused("too little time is left");
    await client.request(
      { method: "DELETE", path: path(input), body: body(input) },
      { ...context, timeoutMs },
    );
    return { uid: input.uid };
  },
  probe: async (client, input, _witness, context) => {
    const found = await find(client, input, context);
    if (found === undefined || found.uid !== input.uid)
      return { verdict: "done", evidence: `pod ${input.name} with this uid is gone` };
    return found.deletedAt === null
      ? { verdict: "not-done", evidence: `pod ${input.name} is there and not being deleted` }
      : { verdict: "done", evidence: `pod ${input.name} is being deleted` };
  },
  undo: "none: the pod that ran before is gone; its controller makes another",
  settled: {
    within: "3m",
    check: () => ({ list: pods() }),
    // Gone is not replaced: what took its place must serve.
    holds: ({ list }, input) =>
      !list.pods.some((one) => one.uid === input.uid || (isInItsPlace(one, input) && !one.ready)),
    figures: ({ list }, input, _output, before) =>
      `ready pods of ${input.namespace} ${before.list === undefined ? "" : `${readyIn(before.list.pods, input)} → `}${readyIn(list.pods, input)}`,
  },
});

/** Of the same ReplicaSet, DaemonSet or StatefulSet: only the end of the name differs, or nothing does. */
const isInItsPlace = ({ namespace, name, deletedAt, phase }: PodSeen, input: Input): boolean =>
  namespace === input.namespace &&
  deletedAt === null &&
  phase !== "Failed" &&
  (name === input.name || stemOf(name) === stemOf(input.name));
const stemOf = (name: string): string => name.replace(/-[a-z0-9]{5}$/, "");

const readyIn = (all: readonly PodSeen[], { namespace }: Input): number =>
  all.filter((one) => one.namespace === namespace && one.ready).length;

async function tried(
  client: KubernetesClient,
  input: Input,
  context: ActionContext,
): Promise<string | undefined> {
  try {
    await client.request(
      { method: "DELETE", path: path(input), query: { dryRun: "All" }, body: body(input) },
      context,
    );
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || thrown.code !== "target_refused") throw thrown;
    return `the API server refuses it: ${thrown.message}`;
  }
}
