import { emulatedCluster } from "../../../helpers/kubernetes/api-server.ts";
import { recordedCluster } from "../../../helpers/kubernetes/fixtures.ts";
import type { KubeObject } from "../../../helpers/kubernetes/objects.ts";
import { Store } from "../../../helpers/kubernetes/store.ts";
import { asOfNow, wellCluster } from "../../../helpers/kubernetes/well.ts";
import type { Keep } from "../../words.ts";

/** The recorded cluster, emulated, whose objects are put in place of each other as the situation wants it. */
export async function clusterFor(keep: Keep, more: Record<string, unknown> = {}) {
  const cluster = await emulatedCluster({ objects: asOfNow(wellCluster()) });
  keep(cluster.close);
  const show = (objects: readonly KubeObject[]): void => {
    cluster.store = new Store(asOfNow(objects));
  };
  return {
    connection: { kind: "kubernetes", ...cluster.settings(more) },
    cluster,
    /** The well cluster and, of the recorded one, what these names begin with. */
    with: (...names: readonly string[]) =>
      show([
        ...wellCluster(),
        ...recordedCluster().filter(({ metadata }) => names.some((name) => metadata.name.startsWith(name))),
      ]),
    show,
    well: async () => show(wellCluster()),
  };
}
