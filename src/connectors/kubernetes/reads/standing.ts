import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { Pod } from "../api/shapes.ts";
import { type PodSeen, podSeen } from "./pod-shape.ts";
import { KINDS } from "./workload-shape.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const name = z.string().min(1).max(253);
const Output = z.object({
  /** Pods of it that are not on their way out. */
  pods: z.number(),
  /** Names of those that do not serve, 20 at most. */
  unready: z.array(z.string()),
  /** Of the container that was started last; null: none runs. */
  steadySeconds: z.number().nullable(),
  notSeen,
});
type Standing = z.output<typeof Output>;

/** How long what came up must have stayed: what fails after its start mostly does so within seconds, and is `available` until then. */
const STEADY_SECONDS = 30;

/** Whether the pods of one workload serve, and since when. */
export const standing = read({
  name: "kubernetes.standing",
  title: "Whether the pods of a workload stay up",
  input: z.strictObject({ namespace: name, name, kind: z.enum(KINDS).default("Deployment") }),
  output: Output,
  timeoutSeconds: 20,
  run: async (client, { namespace, name: of, kind }, context) => {
    const labels = { labelSelector: client.settings.selector };
    const { items, notSeen: cut } = await listEverywhere(client, Pod, RESOURCES.pods, labels, context);
    const own = items
      .map(podSeen)
      .filter(
        ({ owner, deletedAt, ...pod }) =>
          deletedAt === null && pod.namespace === namespace && owner?.kind === kind && owner.name === of,
      )
      // What was evicted or has failed for good is history: another one took its place.
      .filter(({ phase }) => phase !== "Failed" && phase !== "Succeeded");
    return { ...judge(own, new Date()), notSeen: [...cut] };
  },
});

function judge(own: readonly PodSeen[], now: Date): Omit<Standing, "notSeen"> {
  const runs = own
    .flatMap(({ containers }) => containers.filter(({ role }) => role !== "init"))
    .flatMap(({ startedAt }) => (startedAt === null ? [] : [(now.getTime() - Date.parse(startedAt)) / 1000]));
  return {
    pods: own.length,
    unready: own.flatMap((pod) => (pod.ready ? [] : [pod.name])).slice(0, 20),
    steadySeconds: runs.length === 0 ? null : Math.min(...runs),
  };
}

/** All of it serves, and has for long enough to say so. */
export const stays = ({ unready, steadySeconds }: Standing): boolean =>
  unready.length === 0 && (steadySeconds === null || steadySeconds >= STEADY_SECONDS);

/** `; the newest container runs for 41 s`. */
export const sayStanding = ({ unready, steadySeconds }: Standing): string => {
  const [first] = unready;
  if (first !== undefined)
    return `; ${unready.length === 1 ? `pod ${first} does` : `${unready.length} of its pods do`} not serve`;
  return steadySeconds === null ? "" : `; all of it runs since ${Math.floor(steadySeconds)} s at least`;
};
