import { quantity } from "../../../src/connectors/kubernetes/api/quantity.ts";
import { at, type Fields, invalid, isFields, type KubeObject } from "./objects.ts";

const KINDS: Readonly<Record<string, string>> = {
  deployments: "Deployment",
  statefulsets: "StatefulSet",
  daemonsets: "DaemonSet",
};

/** What the server checks of a changed workload, as recorded. Throws the 422. */
export function validate(plural: string, group: string, object: KubeObject): void {
  const kind = KINDS[plural];
  if (kind === undefined) return;
  const { name } = object.metadata;
  const replicas = object.spec?.replicas;
  if (typeof replicas === "number" && replicas < 0)
    throw invalid(
      kind,
      group,
      name,
      "spec.replicas",
      `Invalid value: ${replicas}: must be greater than or equal to 0`,
    );
  const containers = at(object, "spec.template.spec.containers");
  for (const [index, one] of (Array.isArray(containers) ? containers : []).entries())
    if (isFields(one))
      validateContainer(one, `spec.template.spec.containers[${index}]`, { kind, group, name });
}

interface Whose {
  readonly kind: string;
  readonly group: string;
  readonly name: string;
}

function validateContainer(one: Fields, field: string, { kind, group, name }: Whose): void {
  if (typeof one.image !== "string")
    throw invalid(kind, group, name, `${field}.image`, "Required value", "FieldValueRequired");
  const limits = at(one, "resources.limits");
  for (const [what, request] of Object.entries((at(one, "resources.requests") ?? {}) as Fields)) {
    const most = quantity(isFields(limits) ? (limits[what] as string) : undefined);
    if (most !== null && (quantity(request as string) ?? 0) > most)
      throw invalid(
        kind,
        group,
        name,
        `${field}.resources.requests`,
        `Invalid value: "${String(request)}": must be less than or equal to ${what} limit`,
      );
  }
}

/** What the controllers would make of a changed Deployment or StatefulSet, all at once and well. */
export function settle(object: KubeObject): void {
  if (object.spec === undefined || object.spec.template === undefined) return;
  const replicas = Number(object.spec.replicas ?? 1);
  object.status = {
    ...object.status,
    observedGeneration: object.metadata.generation,
    ...(replicas === 0
      ? {
          replicas: undefined,
          readyReplicas: undefined,
          availableReplicas: undefined,
          updatedReplicas: undefined,
        }
      : {
          replicas,
          readyReplicas: replicas,
          availableReplicas: replicas,
          updatedReplicas: replicas,
        }),
    unavailableReplicas: undefined,
    conditions: [
      { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
    ],
  };
}
