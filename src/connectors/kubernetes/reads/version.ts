import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import { ask, type Bounds, type KubernetesClient } from "../api/client.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const Version = z.object({ gitVersion: z.string(), platform: z.string().nullish() });

/**
 * Whether the API server answers and calls itself ready, and in which version it is. `ready` is null where the account may not
 * ask (system:public-info-viewer allows it to everybody unless it was taken away). `failing`: its checks that do not pass.
 */
export const version = read({
  name: "kubernetes.version",
  title: "Asks the API server whether it is ready",
  input: z.strictObject({}),
  output: z.object({
    version: z.string(),
    ms: z.number(),
    ready: z.boolean().nullable(),
    failing: z.array(z.string()),
  }),
  run: async (client, _input, context) => {
    const begin = performance.now();
    const { gitVersion } = await ask(client, Version, { path: "/version" }, context);
    const ms = Math.round((performance.now() - begin) * 10) / 10;
    return { version: clip(gitVersion, 60), ms, ...(await readiness(client, context)) };
  },
});

async function readiness(
  client: KubernetesClient,
  context: Bounds,
): Promise<{ ready: boolean | null; failing: string[] }> {
  try {
    await client.request({ path: "/readyz", query: { verbose: true }, maxBytes: 64_000, cut: true }, context);
    return { ready: true, failing: [] };
  } catch (thrown) {
    if (!(thrown instanceof DiagError)) throw thrown;
    if (thrown.detail === "500" || thrown.detail === "503")
      return {
        ready: false,
        failing: [...thrown.message.matchAll(/\[-\]([\w/.-]{1,80})/g)]
          .map(([, name = ""]) => name)
          .slice(0, 20),
      };
    if (thrown.detail === "forbidden" || thrown.detail === "403" || thrown.detail === "no-api")
      return { ready: null, failing: [] };
    throw thrown;
  }
}
