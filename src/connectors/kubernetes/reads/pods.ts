import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { askIfThere, type Bounds, type KubernetesClient } from "../api/client.ts";
import { fitting } from "../api/fitting.ts";
import { listEverywhere } from "../api/list.ts";
import { pathTo, RESOURCES } from "../api/paths.ts";
import { Meta, Pod } from "../api/shapes.ts";
import { PodSeen, podSeen } from "./pod-shape.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
/** Pods returned whole: those that are not plainly well first. */
const MOST = 120;

/**
 * Pods of the connection's namespaces. Those that run, are ready and never restarted are counted (`well`), the others are
 * returned, 120 at most. A namespace that does not exist has an empty list there: it is asked for, and said.
 */
export const pods = read({
  name: "kubernetes.pods",
  title: "Lists pods and their containers' states",
  input: z.strictObject({}),
  output: z.object({
    namespaces: z.array(z.string()),
    total: z.number(),
    well: z.number(),
    pods: z.array(PodSeen),
    notSeen,
  }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const of = { labelSelector: client.settings.selector };
    const { items, notSeen: cut } = await listEverywhere(client, Pod, RESOURCES.pods, of, context);
    if (items.length === 0) await anyNamespace(client, context);
    const all = items.map(podSeen);
    // What has failed for good comes last: a job's history must not keep out what fails now.
    const others = all
      .filter((one) => !isWell(one))
      .sort((a, b) => Number(a.phase === "Failed") - Number(b.phase === "Failed"));
    const kept = fitting(others, MOST);
    return {
      namespaces: [...client.namespaces],
      total: all.length,
      well: all.length - others.length,
      pods: kept,
      notSeen: [...cut, ...beyond(others.length - kept.length)],
    };
  },
});

const beyond = (n: number): NotSeen[] =>
  n === 0
    ? []
    : [
        {
          what: `${n} more pods that are not well`,
          why: `${MOST} are looked at at once, and fewer where they are large`,
          fix: "narrow it with `selector:` in diagbot.yaml",
        },
      ];

/** Nothing to be said of it: it runs, is ready, and no container ever came back; or it is done and went well. */
const isWell = (one: PodSeen): boolean =>
  one.deletedAt === null &&
  ((one.phase === "Running" && one.ready && one.containers.every(({ restarts }) => restarts === 0)) ||
    one.phase === "Succeeded");

/** Where no namespace has a pod: is there one at all? Whoever may not ask learns nothing, and is not told it is well. */
async function anyNamespace(client: KubernetesClient, context: Bounds): Promise<void> {
  const Namespace = z.object({ metadata: Meta });
  for (const name of client.namespaces) {
    const found = await askIfThere(
      client,
      Namespace,
      { path: pathTo(RESOURCES.namespaces, { name }) },
      context,
    ).catch((thrown: unknown) => {
      if (thrown instanceof DiagError && thrown.detail === "forbidden") return null;
      throw thrown;
    });
    if (found === undefined)
      throw new DiagError("target_refused", `there is no namespace ${name}`, {
        detail: "no-namespace",
        hint: "Correct `namespace:` in diagbot.yaml; `kubectl get namespaces` lists them.",
      });
  }
}
