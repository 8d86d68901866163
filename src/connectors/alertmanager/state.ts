import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { AlertmanagerClient } from "./client.ts";
import { Alert, alertsNow, parsed, Silence, silencesNow } from "./shapes.ts";

const { read } = actionsOn<AlertmanagerClient>("alertmanager");

const Status = z.object({
  cluster: z.object({ status: z.string(), peers: z.array(z.object({ name: z.string() })).nullish() }),
  versionInfo: z.object({ version: z.string() }),
  uptime: z.string(),
  config: z.object({ original: z.string() }).optional(),
});
const Failing = z.object({
  integration: z.string(),
  failed: z.number(),
  sent: z.number(),
  /** Requests, of which one notification may need several: what is tried again is not counted as failed yet. */
  requests: z.number().optional(),
  requestsFailed: z.number().optional(),
  /** Why they failed, by Alertmanager's own words (since 0.26), most first: clientError, serverError, contextDeadlineExceeded, … */
  reasons: z.array(z.string()).max(6).optional(),
});

/**
 * Alerts of the connection's labels with who silences or inhibits them, all silences that hold or will, and how Alertmanager itself
 * does: its cluster, its configuration, and notifications that failed since it started (a counter: whether they still do, it cannot
 * say). Its configuration, which holds credentials, is not kept.
 */
export const state = read({
  name: "alertmanager.state",
  title: "Alerts, silences and notifications of Alertmanager",
  timeoutSeconds: 20,
  input: z.object({}),
  output: z.object({
    version: z.string(),
    startedAt: z.string(),
    /** `ready`, `settling`, `disabled` (by itself). */
    cluster: z.string(),
    peers: z.int(),
    alerts: z.array(Alert).max(300),
    silences: z.array(Silence).max(200),
    /** Members it knows of and cannot reach; null: not seen. */
    failedPeers: z.int().nullable().optional(),
    /** Receivers that tell nobody; null: not seen. */
    emptyReceivers: z.array(z.string()).max(50).nullable().optional(),
    /** Null: its metrics were not seen. */
    failing: z.array(Failing).max(50).nullable(),
    /** Whether the configuration on the disk was taken; null: not seen. */
    configTaken: z.boolean().nullable(),
    configAt: z.string().nullable(),
    notSeen,
  }),
  run: async (client, _input, context) => {
    const status = parsed(Status, await client.get("status", new URLSearchParams(), context));
    const { alerts, total } = await alertsNow(client, {}, context);
    const { silences, total: allSilences } = await silencesNow(client, context);
    const unseen: NotSeen[] = [];
    if (total > alerts.length)
      unseen.push({
        what: `${total - alerts.length} alerts`,
        why: `only ${alerts.length} are looked at`,
        fix: "labels: of the connection",
      });
    if (allSilences > silences.length)
      unseen.push({
        what: `${allSilences - silences.length} silences`,
        why: `only ${silences.length} are looked at`,
      });
    const metrics = await metricsNow(client, context, unseen);
    return {
      version: clip(status.versionInfo.version, 40),
      startedAt: status.uptime,
      cluster: clip(status.cluster.status, 40),
      peers: status.cluster.peers?.length ?? 0,
      emptyReceivers: emptyIn(status.config?.original),
      alerts,
      silences,
      ...metrics,
      ...(unseen.length === 0 ? {} : { notSeen: unseen }),
    };
  },
});

/**
 * Receivers without a way out (`…_configs`), by the configuration as Alertmanager writes it; of the rest nothing is kept. Exported
 * for its test.
 */
export function emptyIn(yaml: string | undefined): string[] | null {
  const [, block] = yaml === undefined ? [] : yaml.split(/^receivers:$/m);
  if (block === undefined) return null;
  // Up to the next key of the first level.
  const [receivers = ""] = block.split(/^(?=[a-z])/m);
  return receivers
    .split(/^- /m)
    .slice(1)
    .flatMap((one) => {
      const [, name] = /^name: (.*)$/m.exec(one) ?? [];
      return name === undefined || /^ {2}\w+_configs:/m.test(one)
        ? []
        : [clip(name.replace(/^["']|["']$/g, ""), 80)];
    })
    .slice(0, 50);
}

async function metricsNow(client: AlertmanagerClient, context: ActionContext, unseen: NotSeen[]) {
  try {
    return metricsIn(await client.metrics(context));
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || !["target_error", "target_auth"].includes(thrown.code))
      throw thrown;
    unseen.push({
      what: "notifications that failed, and whether its configuration was taken",
      why: thrown.message.slice(0, 500),
      fix: "/metrics beside /api of the connection's URL",
    });
    return { failing: null, failedPeers: null, configTaken: null, configAt: null };
  }
}

/** Of the text format; labels beside `integration` (`reason`, since 0.26) are summed up. Exported for its test. */
export function metricsIn(text: string) {
  const sum = (name: string): Map<string, number> => {
    const sums = new Map<string, number>();
    for (const [, labels = "", value = ""] of text.matchAll(
      new RegExp(`^${name}\\{([^}]*)\\} (\\S+)$`, "gm"),
    )) {
      const integration = /integration="([^"]*)"/.exec(labels)?.[1] ?? "";
      sums.set(integration, (sums.get(integration) ?? 0) + Number(value));
    }
    return sums;
  };
  const single = (name: string): number | null => {
    const value = Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
    return Number.isNaN(value) ? null : value;
  };
  const reasonsOf = (integration: string): string[] =>
    [...text.matchAll(/^alertmanager_notifications_failed_total\{([^}]*)\} (\S+)$/gm)]
      .filter(
        ([, labels = "", value = ""]) => labels.includes(`integration="${integration}"`) && Number(value) > 0,
      )
      .toSorted((a, b) => Number(b[2]) - Number(a[2]))
      .flatMap(([, labels = ""]) => /reason="([a-zA-Z]{1,40})"/.exec(labels)?.[1] ?? [])
      .slice(0, 6);
  const sent = sum("alertmanager_notifications_total");
  const requests = sum("alertmanager_notification_requests_total");
  const requestsFailed = sum("alertmanager_notification_requests_failed_total");
  const failing = [...sum("alertmanager_notifications_failed_total")]
    .map(([integration, failed]) => ({
      integration: clip(integration, 60),
      failed,
      sent: sent.get(integration) ?? 0,
      requests: requests.get(integration) ?? 0,
      requestsFailed: requestsFailed.get(integration) ?? 0,
      reasons: reasonsOf(integration),
    }))
    .filter((one) => one.failed > 0 || one.requestsFailed > 0);
  const taken = single("alertmanager_config_last_reload_successful");
  const at = single("alertmanager_config_last_reload_success_timestamp_seconds");
  return {
    failing: failing.slice(0, 50),
    failedPeers: single("alertmanager_cluster_failed_peers"),
    configTaken: taken === null ? null : taken === 1,
    configAt: at === null || at === 0 ? null : new Date(at * 1000).toISOString(),
  };
}

/** Whether it answers, and how many alerts fire. */
export const health = read({
  name: "alertmanager.health",
  title: "Whether Alertmanager answers",
  input: z.object({}),
  output: z.object({ ms: z.number(), version: z.string(), cluster: z.string() }),
  run: async (client, _input, context) => {
    const begun = performance.now();
    const status = parsed(Status, await client.get("status", new URLSearchParams(), context));
    return {
      ms: performance.now() - begun,
      version: clip(status.versionInfo.version, 40),
      cluster: clip(status.cluster.status, 40),
    };
  },
});
