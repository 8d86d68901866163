import { z } from "zod";
import { type ActionContext, actionsOn, type Call } from "../../../core/words/action.ts";
import { canonical, type Json } from "../../../core/words/json.ts";
import { askIfThere, type KubernetesClient } from "../api/client.ts";
import { Meta } from "../api/shapes.ts";
import { controllerOf, managerOf } from "../reads/managed-by.ts";
import { replicaSetsOf } from "../reads/revisions.ts";
import { sayStanding, standing, stays } from "../reads/standing.ts";
import { templateDiff } from "../reads/template-diff.ts";
import { workloads } from "../reads/workloads.ts";
import { type Change, JSON_PATCH, partsOf } from "./change.ts";
import { isSettled, lockOf, Output, pathOf, sayAvailable, sayTarget, Target } from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");
const Template = z.record(z.string(), z.unknown());
const Raw = z.object({
  metadata: Meta,
  spec: z.object({ paused: z.boolean().nullish(), template: Template }),
});

/** `from` and `to` are ReplicaSets: a revision's number moves with every undo, its ReplicaSet stays. */
const Input = Target.extend({
  from: z.string().min(1).max(253),
  to: z.string().min(1).max(253),
  revision: z.int().min(0).describe("of `to`, for people"),
});
type Input = z.output<typeof Input>;

interface More {
  readonly paused: boolean;
  readonly manager: string;
  /** By the controller of another object. */
  readonly isKept: boolean;
  readonly template: Readonly<Record<string, unknown>>;
  /** Without the hash that the controller adds; undefined: the ReplicaSet is gone. */
  readonly wanted: Json | undefined;
}

const change: Change<Input, More> = {
  whose: sayTarget,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => (state === null ? "a template that no ReplicaSet has" : String(state)),
  find: async (client, input, context: ActionContext) => {
    const found = await askIfThere(client, Raw, { path: pathOf(input) }, context);
    if (found === undefined) return undefined;
    const { metadata, spec } = found;
    const sets = await replicaSetsOf(client, input.namespace, metadata.uid, context);
    const now = canonical(plainTemplate(spec.template));
    const current = sets.find(({ set }) => canonical(plainTemplate(set.spec.template)) === now);
    const wanted = sets.find(({ set }) => set.metadata.name === input.to);
    return {
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion ?? "",
      state: current?.set.metadata.name ?? null,
      more: {
        paused: spec.paused === true,
        manager: managerOf(metadata),
        isKept: controllerOf(metadata) !== undefined,
        template: spec.template,
        wanted: wanted === undefined ? undefined : plainTemplate(wanted.set.spec.template),
      },
    };
  },
  guard: async (_client, { to }, { more: { paused, manager, isKept, wanted } }) => {
    if (wanted === undefined) return `the ReplicaSet ${to} is gone`;
    if (paused) return "its rollouts are paused: resume them first";
    if (isKept || manager === "Argo CD" || manager === "Flux")
      return `${manager} looks after it and would take it back: undo it there`;
    return undefined;
  },
  line: (input, { more: { template, wanted, manager } }) => {
    const changes = wanted === undefined ? [] : templateDiff(template, wanted);
    const note =
      manager === "" ? "" : `; ${manager} looks after it: its next release brings its own template`;
    return `undo ${sayTarget(input)} to ${input.revision === 0 ? "" : `revision ${input.revision}, `}ReplicaSet ${input.to}: ${changes.join("; ") || "no difference is seen"}${note}`;
  },
  patch: (input, { resourceVersion, more: { wanted } }) => ({
    path: pathOf(input),
    contentType: JSON_PATCH,
    body: [
      { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
      { op: "replace", path: "/spec/template", value: wanted ?? null },
    ],
  }),
};

/**
 * Brings a Deployment back to the template of one of its ReplicaSets, as `kubectl rollout undo --to-revision`; done twice it
 * does not toggle (trap k8s-rollout-undo). sergas-agents.rollback
 */
export const rolloutUndo = write({
  name: "kubernetes.rollout-undo",
  title: "Undo a rollout",
  class: "cas",
  risk: "high",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(change),
  undo: (input): Call => ({
    action: "kubernetes.rollout-undo",
    input: { ...input, from: input.to, to: input.from, revision: 0 },
  }),
  leaves: "database migrations, ConfigMaps and Secrets are not taken back by it",
  says: (input) => `the template of ${sayTarget(input)} was put back`,
  settled: {
    within: "5m",
    // At rest is not well: a pod that ends again after ten seconds was available for ten.
    check: ({ namespace, name }) => ({ list: workloads(), stands: standing({ namespace, name }) }),
    holds: ({ list, stands }, { uid }) => isSettled(list, uid) && stays(stands),
    figures: ({ list, stands }, { uid }, _output, before) =>
      `${sayAvailable(list, before.list, uid)}${sayStanding(stands)}`,
  },
});

function plainTemplate(template: Readonly<Record<string, unknown>>): Json {
  // Plain JSON by now: it came over the wire.
  const copy = JSON.parse(JSON.stringify(template)) as { metadata?: { labels?: Record<string, string> } };
  delete copy.metadata?.labels?.["pod-template-hash"];
  return copy as Json;
}
