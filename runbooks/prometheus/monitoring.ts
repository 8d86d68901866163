import { facts, prometheus, runbookOn, sayDuration, z } from "../../src/sdk/index.ts";
import {
  lostAlerts,
  lostSamples,
  nobodyToTell,
  queueFindings,
  storageFindings,
} from "./monitoring-counts.ts";
import { ruleFindings, sayRuleAdvice } from "./monitoring-rules.ts";
import { REPAIR_TARGETS, sayRepairs, targetFindings } from "./targets.ts";

/** Whether what is measured can be believed, and alerts reach anybody: Prometheus itself, its rules, targets and ways out. */
const book = runbookOn(
  "prometheus",
  {
    id: "monitoring",
    title: "Prometheus itself",
    alerts: [
      ...["PrometheusBadConfig", "PrometheusConfigurationReloadFailure", "PrometheusConfigReloadFailed"],
      ...["PrometheusRuleFailures", "PrometheusRuleEvaluationFailures", "PrometheusMissingRuleEvaluations"],
      ...["PrometheusRuleEvaluationSlow", "PrometheusTemplateTextExpansionFailures"],
      ...["PrometheusNotConnectedToAlertmanagers", "PrometheusNotConnectedToAlertmanager"],
      "PrometheusErrorSendingAlertsToSomeAlertmanagers",
      "PrometheusErrorSendingAlertsToAnyAlertmanager",
      ...["PrometheusNotificationQueueRunningFull", "PrometheusNotificationsBacklog"],
      ...[
        "PrometheusRemoteStorageFailures",
        "PrometheusRemoteWriteBehind",
        "PrometheusRemoteWriteDesiredShards",
      ],
      ...["PrometheusOutOfOrderTimestamps", "PrometheusDuplicateTimestamps"],
      ...[
        "PrometheusTSDBReloadsFailing",
        "PrometheusTSDBCompactionsFailing",
        "PrometheusTsdbCompactionsFailed",
      ],
      ...[
        "PrometheusTsdbWalCorruptions",
        "PrometheusTsdbReloadFailures",
        "PrometheusTsdbWalTruncationsFailed",
      ],
      ...["PrometheusScrapeSampleLimitHit", "PrometheusScrapeBodySizeLimitHit", "PrometheusLabelLimitHit"],
      ...["PrometheusTargetLimitHit", "PrometheusTargetSyncFailure", "PrometheusTargetScrapingSlow"],
      ...["PrometheusLargeScrape", "PrometheusTargetMissing", "PrometheusAllTargetsMissing", "TargetDown"],
      ...[
        "ExporterDown",
        "NodeExporterDown",
        "PostgresExporterDown",
        "RedisExporterDown",
        "MysqlExporterDown",
      ],
    ],
    params: z.object({
      windowMinutes: z
        .int()
        .min(1)
        .max(1_440)
        .default(30)
        .describe("minutes over which is counted what was lost"),
    }),
  },
  ({ params }) => ({
    state: prometheus.ownState({ windowMinutes: params.windowMinutes }),
    targets: prometheus.targets(),
  }),
);

export const monitoring = book
  .remedies({
    repairTargets: book.advises(...REPAIR_TARGETS, ({ targets }) => sayRepairs(targets)),
    mendConfig: book.advises(
      "Mend the configuration",
      "low",
      "`promtool check config <file>` names the line; the log says it, too (`Error loading config`). It goes on with the one it took last: targets and rules that were changed since are not in force, and a restart with the broken one ends it. Then reload (`kill -HUP`, or POST /-/reload where `--web.enable-lifecycle` is set).",
    ),
    mendRules: book.advises("Mend the rules", "high", ({ state }) =>
      sayRuleAdvice(state?.rules?.failing ?? []),
    ),
    connectAlertmanager: book.advises(
      "Let alerts reach an Alertmanager",
      "high",
      "Compare `alerting:` of its configuration (and the service discovery within) with where Alertmanager runs; <prometheus>/status shows those it knows. Then look whether that one answers from there (`curl <alertmanager>/-/ready`), and run alerting on it. Until it does, alerts are seen in <prometheus>/alerts only.",
    ),
    unblockRemote: book.advises(
      "Let remote write catch up",
      "high",
      'The log names the answer of the other side (`msg="Failed to send batch"`, `non-recoverable error`). 4xx are thrown away and not tried again (out of order or too old: two senders with the same labels, or a clock; a limit of the tenant); 5xx, 429 and a connection that fails are tried until the write-ahead log is cut, after about two hours. Only where it is merely too slow (`shards` at their most, no errors) raise `max_shards` or `max_samples_per_send`, or send less (`write_relabel_configs`).',
    ),
    oneSource: book.advises(
      "Let each series come from one place",
      "low",
      "Two targets, or two rules, give the same series (a label that told them apart was dropped by relabelling), a page gives times of its own that go back (`honor_timestamps: false` ignores them), or a clock jumped. The log names a series at `--log.level=debug`; <prometheus>/targets shows which targets have the same labels.",
    ),
    repairStorage: book.advises(
      "Look at its disk",
      "high",
      "`df -h` and `df -i` of its data folder and the end of its log first. Make room by `--storage.tsdb.retention.size`, never by deleting files of a running one; a block that cannot be read may be moved aside while it is stopped. NFS and other network file systems are not supported for it.",
    ),
  })
  .findings((find) => [
    find(
      ["state"],
      ({ state }, { now }) =>
        state.configTaken === false && {
          id: "config-refused",
          severity: "warning",
          title: "Prometheus did not take its configuration",
          because: `It goes on with the one ${state.configAt === null ? "before" : `it took ${sayDuration(now.getTime() - Date.parse(state.configAt))} ago`}: targets, rules and receivers that were changed since are not in force.`,
          evidence: [
            facts({ "taken last": state.configAt ?? "unknown", started: state.startedAt ?? "unknown" }),
          ],
          remedies: ["mendConfig" as const],
        },
    ),
    find(["state"], ({ state: { rules } }) => (rules === null ? [] : ruleFindings(rules))),
    find(["state"], ({ state }, { now }) => nobodyToTell(state, now)),
    find(["state"], ({ state }, { params }) => [
      lostAlerts(state, params.windowMinutes),
      lostSamples(state, params.windowMinutes),
      ...queueFindings(state, params.windowMinutes),
      ...storageFindings(state, params.windowMinutes),
    ]),
    find(["targets"], ({ targets }) => targetFindings(targets)),
  ]);
