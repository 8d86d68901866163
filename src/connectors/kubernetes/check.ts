import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { ask, type KubernetesClient } from "./api/client.ts";
import { sayRule } from "./api/errors.ts";
import { pathTo, RESOURCES } from "./api/paths.ts";
import { RIGHTS, type Right } from "./rights.ts";

const Version = z.object({ gitVersion: z.string() });
const Review = z.object({ status: z.object({ allowed: z.boolean() }) });

/** A right that the account lacks, in one namespace or (null) in the cluster. */
interface Missing extends Right {
  readonly namespace: string | null;
}

/** Whether the API server answers, whether the namespaces exist, and which rights the account lacks. Looks only. */
export async function checkKubernetes(
  client: KubernetesClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  const { gitVersion } = await ask(client, Version, { path: "/version" }, context);
  const checks: ConnectionCheck[] = [
    { name: "reach", state: "ok", detail: `${clip(gitVersion, 60)} at ${client.namespaces.join(", ")}` },
  ];
  for (const name of client.namespaces) {
    const missing = await isMissing(client, name, context);
    if (missing) checks.push(missing);
  }
  const asked = await Promise.all(
    RIGHTS.flatMap((one) =>
      (one.scope === "cluster" ? [null] : client.namespaces).map((namespace) =>
        lacking(client, one, namespace, context),
      ),
    ),
  );
  const lacks = asked.flat();
  return [...checks, ...sayRights(lacks)];
}

async function isMissing(
  client: KubernetesClient,
  name: string,
  context: ActionContext,
): Promise<ConnectionCheck | undefined> {
  try {
    await client.request({ path: pathTo(RESOURCES.namespaces, { name }) }, context);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof DiagError)) throw thrown;
    // Whoever may not ask is told nothing about it; an empty list would be all that is seen of a misspelt one.
    if (thrown.detail !== "404") return undefined;
    return {
      name: "namespace",
      state: "missing",
      detail: `there is no namespace ${name}`,
      fix: "correct `namespace:` or `namespaces:` in diagbot.yaml; `kubectl get namespaces` lists them",
    };
  }
}

async function lacking(
  client: KubernetesClient,
  one: Right,
  namespace: string | null,
  context: ActionContext,
): Promise<Missing[]> {
  const [resource = "", subresource] = one.resource.split("/");
  const allowed = await Promise.all(
    one.verbs.map(async (verb) => {
      const resourceAttributes = {
        group: one.group,
        resource,
        verb,
        ...(subresource === undefined ? {} : { subresource }),
        ...(namespace === null ? {} : { namespace }),
      };
      const { status } = await ask(
        client,
        Review,
        {
          method: "POST",
          path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          body: {
            apiVersion: "authorization.k8s.io/v1",
            kind: "SelfSubjectAccessReview",
            spec: { resourceAttributes },
          },
        },
        context,
      );
      return status.allowed;
    }),
  );
  const verbs = one.verbs.filter((_verb, index) => !allowed[index]);
  return verbs.length === 0 ? [] : [{ ...one, verbs, namespace }];
}

/** One row for what is looked at and one for what remedies do, each with the Role that gives it. Pure. */
export function sayRights(lacks: readonly Missing[]): ConnectionCheck[] {
  const rows = [
    { name: "rights", of: lacks.filter((one) => one.for !== "write"), what: "may look at everything" },
    { name: "remedies", of: lacks.filter((one) => one.for === "write"), what: "may carry out all remedies" },
  ];
  return rows.map(({ name, of, what }) => {
    if (of.length === 0) return { name, state: "ok", detail: what };
    const words = [...new Set(of.map((one) => one.what))];
    return {
      name,
      state: of.some((one) => one.for === "must") ? "missing" : "warning",
      detail: `the account may not: ${clip(words.join("; "), 600)}`,
      fix: "apply these with `kubectl apply -f -`, and bind them to diagbot's account (docs/connectors/kubernetes.md); leave out what diagbot shall not do",
      paste: rolesFor(of, name === "rights" ? "diagbot-look" : "diagbot-remedies"),
    };
  });
}

/** Roles as YAML, one per namespace and one of the cluster. The names are ours, or checked by the settings. */
function rolesFor(lacks: readonly Missing[], role: string): string[] {
  const places = [...new Set(lacks.map(({ namespace }) => namespace))];
  return places.flatMap((namespace) => [
    "---",
    "apiVersion: rbac.authorization.k8s.io/v1",
    `kind: ${namespace === null ? "ClusterRole" : "Role"}`,
    `metadata: { name: ${role}${namespace === null ? "" : `, namespace: ${namespace}`} }`,
    "rules:",
    ...lacks.filter((one) => one.namespace === namespace).map((one) => `  ${sayRule(one)}`),
  ]);
}
