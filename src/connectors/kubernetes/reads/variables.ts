import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { askIfThere, type Bounds, type KubernetesClient } from "../api/client.ts";
import { pathTo, RESOURCES } from "../api/paths.ts";
import { Meta } from "../api/shapes.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");

/** What may stand in a variable that diagbot sets: a host or a port. Nothing that holds a credential. */
export const VALUE = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

const Wanted = z.strictObject({ namespace: z.string().max(63), name: z.string().max(253) });
const Env = z.object({ name: z.string(), value: z.string().nullish(), valueFrom: z.unknown().optional() });
const Deployment = z.object({
  metadata: Meta,
  spec: z.object({
    replicas: z.number().nullish(),
    template: z.object({
      spec: z.object({
        containers: z.array(z.object({ name: z.string(), env: z.array(Env).nullish() })),
      }),
    }),
  }),
});
type Deployment = z.output<typeof Deployment>;

/** Where a variable has its value from; `elsewhere`: of a Secret, a ConfigMap or a field, or of a form that is not shown. */
const Variable = z.object({
  container: z.string(),
  name: z.string(),
  /** Null: it is not set there, or comes from elsewhere. */
  value: z.string().nullable(),
  elsewhere: z.boolean(),
});
export type Variable = z.output<typeof Variable>;

export const deploymentOf = (
  client: KubernetesClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  context: Bounds,
): Promise<Deployment | undefined> =>
  askIfThere(client, Deployment, { path: pathTo(RESOURCES.deployments, { namespace, name }) }, context);

/** The named variables of each container. A value that could be more than a host or a port is not told. Pure. */
export const variablesOf = ({ spec }: Deployment, names: readonly string[]): Variable[] =>
  spec.template.spec.containers.flatMap(({ name: container, env }) =>
    names.map((name) => {
      const found = env?.findLast((one) => one.name === name);
      const value = found?.value ?? null;
      const isTold = value === null || VALUE.test(value);
      return {
        ...{ container, name, value: isTold ? value : null },
        elsewhere: found !== undefined && (found.valueFrom !== undefined || !isTold),
      };
    }),
  );

/** The variables of deployments that diagbot may set (`variables:` of the connection); no other is read. sergas-agents.pgbouncer */
export const variables = read({
  name: "kubernetes.variables",
  title: "Variables of deployments that may be set",
  input: z.strictObject({ of: z.array(Wanted).max(4) }),
  output: z.object({
    names: z.array(z.string()),
    deployments: z.array(
      Wanted.extend({ uid: z.string(), replicas: z.number(), variables: z.array(Variable) }),
    ),
  }),
  run: async (client, { of }, context) => {
    const names = client.settings.variables;
    const found = await Promise.all(
      of.map(async (one) => ({ one, deployment: await deploymentOf(client, one, context) })),
    );
    return {
      names: [...names],
      deployments: found.flatMap(({ one, deployment }) =>
        deployment === undefined
          ? []
          : [
              {
                ...one,
                uid: deployment.metadata.uid,
                replicas: deployment.spec.replicas ?? 1,
                variables: variablesOf(deployment, names),
              },
            ],
      ),
    };
  },
});
