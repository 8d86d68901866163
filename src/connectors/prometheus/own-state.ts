import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { PrometheusClient } from "./client.ts";
import { Count, countsOf, Queue, queuesOf } from "./own-counts.ts";
import { Rules, rulesOf } from "./own-rules.ts";

const { read } = actionsOn<PrometheusClient>("prometheus");

const Runtime = z.object({
  startTime: z.string(),
  reloadConfigSuccess: z.boolean(),
  lastConfigTime: z.string(),
  corruptionCount: z.number(),
});
const Known = z.object({
  activeAlertmanagers: z.array(z.object({ url: z.string() })),
  droppedAlertmanagers: z.array(z.unknown()).default([]),
});
const Written = z.object({ yaml: z.string() });
const MOST_ALERTMANAGERS = 20;

/**
 * How Prometheus itself does: whether its configuration was taken, rules that cannot be evaluated, whom it tells of alerts, and what it
 * counts of itself over a window (where it scrapes itself): alerts and samples that were lost, queues of remote write. Of another
 * server that speaks the API only what that has.
 */
export const ownState = read({
  name: "prometheus.own-state",
  title: "Looks at Prometheus itself: configuration, rules, alerts, storage",
  timeoutSeconds: 20,
  input: z.object({ windowMinutes: z.int().min(1).max(1_440).default(30) }),
  output: z.object({
    startedAt: z.string().nullable(),
    /** Whether the configuration on the disk was taken; null: not seen. */
    configTaken: z.boolean().nullable(),
    configAt: z.string().nullable(),
    corruptions: z.number().nullable(),
    /** Null: not seen. */
    rules: Rules.nullable(),
    /** Those that are told of alerts, by their address; null: not seen. */
    alertmanagers: z.array(z.string()).max(MOST_ALERTMANAGERS).nullable(),
    /** Whether its configuration names any; null: not seen. Of the rest of it nothing is kept. */
    namesAlertmanagers: z.boolean().nullable(),
    counts: z.array(Count).max(100).nullable(),
    queues: z.array(Queue).max(20),
    notSeen,
  }),
  run: async (client, { windowMinutes }, context) => {
    const unseen: NotSeen[] = [];
    const sight = { context, unseen };
    const [runtime, rules, known, written, counts, queues] = await Promise.all([
      asked(client, "status/runtimeinfo", Runtime, "its configuration and storage", sight),
      rulesOf(client, context).catch((thrown: unknown) => missing(thrown, "its rules", unseen)),
      asked(client, "alertmanagers", Known, "whom it tells of alerts", sight),
      asked(client, "status/config", Written, "what its configuration says", sight),
      countsOf(client, windowMinutes * 60, context),
      queuesOf(client, context),
    ]);
    if (counts === null)
      unseen.push({
        what: "what it counts of itself (alerts and samples that were lost)",
        why: "it does not scrape itself",
        fix: "a scrape job on its own address, such as `targets: [localhost:9090]`",
      });
    return {
      startedAt: runtime?.startTime ?? null,
      configTaken: runtime?.reloadConfigSuccess ?? null,
      configAt: runtime?.lastConfigTime ?? null,
      corruptions: runtime?.corruptionCount ?? null,
      rules,
      alertmanagers:
        known === null
          ? null
          : known.activeAlertmanagers.map(({ url }) => placeOf(url)).slice(0, MOST_ALERTMANAGERS),
      namesAlertmanagers: written === null ? null : /^\s{0,8}alertmanagers:/m.test(written.yaml),
      ...{ counts, queues },
      ...(unseen.length === 0 ? {} : { notSeen: unseen }),
    };
  },
});

interface Sight {
  readonly context: ActionContext;
  readonly unseen: NotSeen[];
}

/** One page of Prometheus' own; null, and said, where what answers has none. */
async function asked<T extends z.ZodType>(
  client: PrometheusClient,
  path: string,
  shape: T,
  what: string,
  { context, unseen }: Sight,
): Promise<z.output<T> | null> {
  try {
    const answer = shape.safeParse(await client.get(path, [], context));
    if (answer.success) return answer.data;
    throw new DiagError("target_error", `/api/v1/${path} is not as Prometheus has it`);
  } catch (thrown) {
    return missing(thrown, what, unseen);
  }
}

/** What speaks the query API only (Thanos, Mimir, VictoriaMetrics) has not all pages. Whatever else is an error stays one. */
function missing(thrown: unknown, what: string, unseen: NotSeen[]): null {
  if (!(thrown instanceof DiagError) || !["target_error", "bad_output"].includes(thrown.code)) throw thrown;
  unseen.push({ what, why: clip(thrown.message, 300), fix: "a connection to the Prometheus itself" });
  return null;
}

/** Host and port: a URL may hold credentials. */
const placeOf = (url: string): string => (URL.canParse(url) ? clip(new URL(url).host, 100) : "unreadable");
