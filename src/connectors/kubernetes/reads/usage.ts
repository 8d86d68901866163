import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { Bounds, KubernetesClient } from "../api/client.ts";
import { list } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { quantity } from "../api/quantity.ts";
import { NodeMetrics, PodMetrics } from "../api/shapes-around.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 600;

const Used = z.object({ memory: z.number().nullable(), cpu: z.number().nullable() });

/**
 * What containers and nodes use, as `kubectl top`: bytes of working set and cores, over the metrics API's last window (15 to
 * 60 s). It says nothing of throttling (trap k8s-top-not-throttle). Where the API is absent or down that is `notSeen`.
 */
export const usage = read({
  name: "kubernetes.usage",
  title: "Reads what containers and nodes use (metrics API)",
  input: z.strictObject({}),
  output: z.object({
    containers: z.array(Used.extend({ namespace: z.string(), pod: z.string(), container: z.string() })),
    nodes: z.array(Used.extend({ name: z.string() })),
    notSeen,
  }),
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const of = { labelSelector: client.settings.selector };
    const pods = await Promise.all(
      client.namespaces.map((namespace) =>
        orAbsent(`usage of the containers in ${namespace}`, () =>
          list(client, PodMetrics, RESOURCES.podMetrics, { ...of, namespace }, context),
        ),
      ),
    );
    const nodes = await orAbsent("usage of the nodes", () => nodesOf(client, context));
    return {
      containers: pods
        .flatMap(({ items }) => items)
        .flatMap(({ metadata, containers }) =>
          containers.map((one) => ({
            namespace: metadata.namespace ?? "",
            pod: metadata.name,
            container: one.name,
            ...used(one.usage),
          })),
        )
        .slice(0, MOST),
      nodes: nodes.items.map((one) => ({ name: one.metadata.name, ...used(one.usage) })).slice(0, MOST),
      notSeen: [...pods, nodes].flatMap(({ gap }) => gap),
    };
  },
});

const nodesOf = (client: KubernetesClient, context: Bounds) =>
  list(client, NodeMetrics, RESOURCES.nodeMetrics, {}, context);
const used = (amounts: Readonly<Record<string, string | number>> | null | undefined) => ({
  memory: quantity(amounts?.memory),
  cpu: quantity(amounts?.cpu),
});

async function orAbsent<T>(
  what: string,
  read: () => Promise<{ readonly items: readonly T[] }>,
): Promise<{ items: readonly T[]; gap: NotSeen[] }> {
  try {
    return { items: (await read()).items, gap: [] };
  } catch (thrown) {
    if (!(thrown instanceof DiagError)) throw thrown;
    if (thrown.detail === "no-api")
      return {
        items: [],
        gap: [{ what, why: "the metrics API is not there", fix: "install metrics-server" }],
      };
    if (thrown.detail === "503")
      return {
        items: [],
        gap: [
          {
            what,
            why: "the metrics API is registered, and its server does not answer",
            fix: "look at metrics-server (`kubectl -n kube-system get deploy metrics-server`)",
          },
        ],
      };
    if (thrown.detail === "forbidden")
      return {
        items: [],
        gap: [
          { what, why: "the account may not", ...(thrown.hint === undefined ? {} : { fix: thrown.hint }) },
        ],
      };
    throw thrown;
  }
}
