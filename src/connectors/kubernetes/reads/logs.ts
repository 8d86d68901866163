import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { Bounds, KubernetesClient } from "../api/client.ts";
import { pathTo, RESOURCES } from "../api/paths.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 16;
/** What is kept of one log, from its end. */
const KEPT = 11_000;
/** What is read of it: the API's own `limitBytes` cuts the end off, where the cause stands. */
const READ = 1_000_000;

/** A container whose log is wanted; `previous`: of the run before, which a crash loop's cause stands in. */
const Wanted = z.strictObject({
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  previous: z.boolean().default(false),
});
export const LogSeen = z.object({
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  previous: z.boolean(),
  /** Oldest first. */
  lines: z.array(z.string()),
  /** Why there is none, in the kubelet's words; empty: it was read. */
  none: z.string(),
});

/** The ends of containers' logs, 16 at most: all replicas where all are named. A container that never started has none. */
export const logs = read({
  name: "kubernetes.logs",
  title: "Reads the ends of containers' logs",
  input: z.strictObject({
    of: z.array(Wanted).max(MOST),
    tailLines: z.int().min(1).max(200).default(20),
  }),
  output: z.object({ logs: z.array(LogSeen), notSeen }),
  timeoutSeconds: 20,
  run: async (client, { of, tailLines }, context) => {
    const found = await Promise.all(of.map((one) => logOf(client, one, tailLines, context)));
    return { logs: found.map(({ log }) => log), notSeen: found.flatMap(({ gap }) => gap) };
  },
});

type Log = z.output<typeof LogSeen>;

async function logOf(
  client: KubernetesClient,
  wanted: z.output<typeof Wanted>,
  tailLines: number,
  context: Bounds,
): Promise<{ log: Log; gap: NotSeen[] }> {
  const { namespace, pod, container, previous } = wanted;
  const log = (lines: string[], none: string): Log => ({ namespace, pod, container, previous, lines, none });
  const query = { container, tailLines, limitBytes: READ, ...(previous ? { previous } : {}) };
  const path = pathTo(RESOURCES.pods, { namespace, name: pod, sub: "log" });
  try {
    // 204 without a content type: the pod has no node yet. The client library throws on that one.
    const answer = await client.request(
      { path, query, accept: "*/*", maxBytes: 2 * READ, cut: true },
      context,
    );
    if (answer.status === 204) return { log: log([], "it has no node yet"), gap: [] };
    return { log: log(linesOf(answer.body, tailLines), ""), gap: [] };
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || thrown.code === "aborted" || thrown.code === "timeout")
      throw thrown;
    const why = clip(thrown.message.replace(/^GET \S+ \d+: /, ""), 300);
    // 400: it waits to start, or there was no run before; 404: the pod was replaced meanwhile. Nothing is hidden then.
    const isTold = thrown.detail === "400" || thrown.detail === "404";
    return {
      log: log([], why),
      gap: isTold
        ? []
        : [
            {
              what: `the log of ${clip(container, 63)} in ${clip(pod, 120)}`,
              why: clip(why, 400),
              ...(thrown.hint === undefined ? {} : { fix: clip(thrown.hint, 400) }),
            },
          ],
    };
  }
}

/** The last lines that fit. */
function linesOf(body: string, most: number): string[] {
  const lines = body.replace(/\n$/, "").split("\n");
  let left = KEPT;
  const kept: string[] = [];
  for (const line of lines.slice(-most).reverse()) {
    const short = clip(line.replace(/\r$/, ""), 500);
    left -= short.length;
    if (left < 0) break;
    kept.unshift(short);
  }
  return kept.length === 1 && kept[0] === "" ? [] : kept;
}
