import { z } from "zod";
import type { ActionContext, OutputOf } from "../../../core/words/action.ts";
import { askIfThere, type KubernetesClient } from "../api/client.ts";
import { pathTo } from "../api/paths.ts";
import { Workload } from "../api/shapes.ts";
import { KINDS, type WorkloadKind } from "../reads/workload-shape.ts";
import { RESOURCE_OF, type workloads } from "../reads/workloads.ts";

const name = z.string().min(1).max(253);

/** One workload, by uid: another one of that name is not meant. */
export const Target = z.strictObject({ namespace: name, name, uid: name });
/** The same of any kind that has a template. */
export const AnyTarget = Target.extend({ kind: z.enum(KINDS).default("Deployment") });

export const Output = z.object({ resourceVersion: z.string() });

type Ref = { readonly namespace: string; readonly name: string; readonly kind?: WorkloadKind };
export const pathOf = ({ namespace, name: of, kind = "Deployment" }: Ref): string =>
  pathTo(RESOURCE_OF[kind], { namespace, name: of });
export const lockOf = ({ namespace, name: of, kind = "Deployment" }: Ref): string =>
  `${kind}/${namespace}/${of}`;
export const sayTarget = ({ namespace, name: of, kind = "Deployment" }: Ref): string =>
  `${kind.toLowerCase()} ${of} of ${namespace}`;

export const workloadOf = (client: KubernetesClient, ref: Ref, context: ActionContext) =>
  askIfThere(client, Workload, { path: pathOf(ref) }, context);

type Seen = OutputOf<typeof workloads>["workloads"][number];

/**
 * It is at its newest spec with all its replicas, and `still` holds: who looks after it (an operator, Argo CD) may have taken the
 * change back, and then it is at rest as well.
 */
export const isSettled = (
  { workloads: all }: OutputOf<typeof workloads>,
  uid: string,
  still: (one: Seen) => boolean = () => true,
): boolean => {
  const one = all.find((other) => other.uid === uid);
  return (
    one?.isObserved === true &&
    one.updated >= one.desired - (one.partition ?? 0) &&
    one.available >= one.desired &&
    one.current <= one.desired &&
    one.progress?.status !== "False" &&
    still(one)
  );
};

/** `available 0 of 3 → 3 of 3`. */
export const sayAvailable = (
  { workloads: after }: OutputOf<typeof workloads>,
  before: OutputOf<typeof workloads> | undefined,
  uid: string,
): string => {
  const say = (all: typeof after) => {
    const one = all.find((other) => other.uid === uid);
    return one === undefined ? "gone" : `${one.available} of ${one.desired}`;
  };
  return `available ${before === undefined ? "" : `${say(before.workloads)} → `}${say(after)}`;
};
