import { z } from "zod";
import { actionsOn, type Call } from "../../../core/words/action.ts";
import type { KubernetesClient } from "../api/client.ts";
import type { Workload } from "../api/shapes.ts";
import { deploymentOf, VALUE, variables, variablesOf } from "../reads/variables.ts";
import { workloads } from "../reads/workloads.ts";
import { type Change, partsOf, STRATEGIC } from "./change.ts";
import { isSettled, lockOf, Output, pathOf, sayAvailable, sayTarget, Target, workloadOf } from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");

/** Null: it is not set there. */
const Values = z.record(z.string().max(120), z.string().regex(VALUE).nullable());
type Values = z.output<typeof Values>;
const Input = Target.extend({
  kind: z.literal("Deployment").default("Deployment"),
  container: z.string().min(1).max(63),
  from: Values,
  to: Values,
});
type Input = z.output<typeof Input>;

/** `DATABASE_HOST=db, DATABASE_PORT not set`. */
const sayValues = (values: Values): string =>
  Object.entries(values)
    .map(([name, value]) => (value === null ? `${name} not set` : `${name}=${value}`))
    .join(", ");

const setting: Change<Input, { workload: Workload; elsewhere: string[] }> = {
  whose: (input) => `container ${input.container} in ${sayTarget(input)}`,
  from: ({ from }) => from,
  to: ({ to }) => to,
  say: (state) => sayValues(Values.catch({}).parse(state)),
  find: async (client, input, context) => {
    const [found, workload] = await Promise.all([
      deploymentOf(client, input, context),
      workloadOf(client, input, context),
    ]);
    // A strategic patch of a name that is not there would add a container.
    const isThere = found?.spec.template.spec.containers.some(({ name }) => name === input.container);
    if (found === undefined || workload === undefined || isThere !== true) return undefined;
    const mine = variablesOf(found, Object.keys(input.from)).filter(
      (one) => one.container === input.container,
    );
    return {
      uid: found.metadata.uid,
      resourceVersion: found.metadata.resourceVersion ?? "",
      state: Object.fromEntries(mine.map(({ name, value }) => [name, value])),
      more: { workload, elsewhere: mine.filter((one) => one.elsewhere).map(({ name }) => name) },
    };
  },
  guard: async (client, { from, to }, { more: { workload, elsewhere } }) => {
    const names = Object.keys(to);
    const strange = names.find((name) => !client.settings.variables.includes(name));
    if (strange !== undefined) return `${strange} is none of \`variables:\` of the connection`;
    if (names.some((name) => !(name in from)) || names.length !== Object.keys(from).length)
      return "what they were and what they shall be are not of the same variables";
    if (elsewhere.length > 0)
      return `${elsewhere.join(", ")} comes from a Secret, a ConfigMap or is no plain host or port: change it there`;
    const { spec, status } = workload;
    if (spec.paused === true) return "its rollouts are paused: nothing would be replaced";
    const wanted = spec.replicas ?? 1;
    return (status?.availableReplicas ?? 0) < wanted
      ? `replicas are missing (${status?.availableReplicas ?? 0} of ${wanted} available): whether the change or something else is at fault could not be told`
      : undefined;
  },
  line: (input, { more: { workload } }) =>
    `set ${sayValues(input.to)} in container ${input.container} of ${sayTarget(input)} (now ${sayValues(input.from)}); its ${workload.spec.replicas ?? 1} pods are replaced`,
  patch: (input, { resourceVersion }) => ({
    path: pathOf(input),
    contentType: STRATEGIC,
    body: {
      metadata: { resourceVersion },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: input.container,
                env: Object.entries(input.to).map(([name, value]) =>
                  value === null ? { name, $patch: "delete" } : { name, value },
                ),
              },
            ],
          },
        },
      },
    },
  }),
};

/**
 * Sets variables of one container that `variables:` of the connection allows: hosts and ports, never what comes from a Secret. Its pods
 * are replaced, and the undo sets back what was there (trap k8s-set-env-pgbouncer). sergas-agents.pgbouncer
 */
export const setVariables = write({
  name: "kubernetes.set-variables",
  title: "Set variables of a deployment",
  class: "cas",
  risk: "high",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(setting),
  undo: (input): Call => ({
    action: "kubernetes.set-variables",
    input: { ...input, from: input.to, to: input.from },
  }),
  leaves: "the pods that ran before are gone; the new ones have the former values",
  says: (input) => `${sayTarget(input)}: ${sayValues(input.from)} → ${sayValues(input.to)}`,
  settled: {
    within: "5m",
    check: ({ namespace, name }) => ({ list: workloads(), now: variables({ of: [{ namespace, name }] }) }),
    holds: ({ list, now }, { uid, container, to }) =>
      isSettled(list, uid) &&
      Object.entries(to).every(([name, value]) =>
        now.deployments.some((one) =>
          one.variables.some(
            (is) => is.container === container && is.name === name && is.value === value && !is.elsewhere,
          ),
        ),
      ),
    figures: ({ list }, { uid }, _output, before) => sayAvailable(list, before.list, uid),
  },
});
