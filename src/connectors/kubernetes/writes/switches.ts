import { z } from "zod";
import { actionsOn, type Call } from "../../../core/words/action.ts";
import { askIfThere, type KubernetesClient } from "../api/client.ts";
import { newest } from "../api/list.ts";
import { CRON_JOBS, pathTo, RESOURCES } from "../api/paths.ts";
import { CronJob, Node } from "../api/shapes.ts";
import { jobs } from "../reads/jobs.ts";
import { nodes } from "../reads/nodes.ts";
import { type Change, MERGE, partsOf, STRATEGIC } from "./change.ts";
import { Output, Target } from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");
const Switch = { from: z.boolean(), to: z.boolean() };
const NodeInput = z.strictObject({ name: z.string().min(1).max(253), uid: z.string(), ...Switch });

const cordon: Change<z.output<typeof NodeInput>> = {
  whose: ({ name }) => `node ${name}`,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => (state === true ? "cordoned" : "open for new pods"),
  find: async (client, { name }, context) => {
    const found = await askIfThere(client, Node, { path: pathTo(RESOURCES.nodes, { name }) }, context);
    return (
      found && {
        uid: found.metadata.uid,
        resourceVersion: found.metadata.resourceVersion ?? "",
        state: found.spec.unschedulable === true,
        more: undefined,
      }
    );
  },
  line: ({ name, to }) =>
    to
      ? `cordon node ${name}: no new pods there; those on it stay`
      : `uncordon node ${name}: new pods may go there again`,
  patch: ({ name, to }, { resourceVersion }) => ({
    path: pathTo(RESOURCES.nodes, { name }),
    contentType: STRATEGIC,
    // As `kubectl uncordon`: the field goes away.
    body: { metadata: { resourceVersion }, spec: { unschedulable: to ? true : null } },
  }),
};

/** Cordons or uncordons a node. Its pods are not moved. */
export const setCordoned = write({
  name: "kubernetes.set-cordoned",
  title: "Cordon or uncordon a node",
  class: "cas",
  risk: "high",
  input: NodeInput,
  output: Output,
  target: ({ name }) => `Node/${name}`,
  ...partsOf(cordon),
  undo: (input): Call => ({
    action: "kubernetes.set-cordoned",
    input: { ...input, from: input.to, to: input.from },
  }),
  leaves: "pods that went elsewhere meanwhile stay there",
  says: ({ name, from, to }) => `node ${name}: ${cordon.say(from)} → ${cordon.say(to)}`,
  settled: {
    check: () => ({ list: nodes() }),
    holds: ({ list }, { uid, to }) => list.nodes.find((one) => one.uid === uid)?.unschedulable === to,
    figures: ({ list }, { name, uid, from }) => {
      const now = list.nodes.find((one) => one.uid === uid);
      return `node ${name}: ${cordon.say(from)} → ${now === undefined ? "gone" : cordon.say(now.unschedulable)}`;
    },
  },
});

const CronInput = Target.extend(Switch);
const suspend: Change<z.output<typeof CronInput>, { path: string }> = {
  whose: ({ namespace, name }) => `cron job ${name} of ${namespace}`,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => (state === true ? "suspended" : "not suspended"),
  find: (client, { namespace, name }, context) =>
    newest(CRON_JOBS, async (resource) => {
      const path = pathTo(resource, { namespace, name });
      const found = await askIfThere(client, CronJob, { path }, context);
      return (
        found && {
          uid: found.metadata.uid,
          resourceVersion: found.metadata.resourceVersion ?? "",
          state: found.spec.suspend === true,
          more: { path },
        }
      );
    }),
  line: ({ namespace, name, to }) =>
    to
      ? `suspend cron job ${name} of ${namespace}: no new runs; one that runs goes on`
      : `let cron job ${name} of ${namespace} run again at its times; runs that were missed may be made up at once`,
  patch: ({ to }, { resourceVersion, more: { path } }) => ({
    path,
    contentType: MERGE,
    body: { metadata: { resourceVersion }, spec: { suspend: to } },
  }),
};

/** Suspends a CronJob, or lets it run again. */
export const setSuspended = write({
  name: "kubernetes.set-suspended",
  title: "Suspend or resume a cron job",
  class: "cas",
  risk: "high",
  input: CronInput,
  output: Output,
  target: ({ namespace, name }) => `CronJob/${namespace}/${name}`,
  ...partsOf(suspend),
  undo: (input): Call => ({
    action: "kubernetes.set-suspended",
    input: { ...input, from: input.to, to: input.from },
  }),
  leaves: "runs that were missed meanwhile",
  says: ({ name, from, to }) => `cron job ${name}: ${suspend.say(from)} → ${suspend.say(to)}`,
  settled: {
    check: () => ({ list: jobs() }),
    holds: ({ list }, { uid, to }) => list.cronJobs.find((one) => one.uid === uid)?.suspended === to,
    figures: ({ list }, { name, uid, from }) => {
      const now = list.cronJobs.find((one) => one.uid === uid);
      return `cron job ${name}: ${suspend.say(from)} → ${now === undefined ? "gone" : suspend.say(now.suspended)}`;
    },
  },
});
