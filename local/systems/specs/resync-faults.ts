import { stat, truncate } from "node:fs/promises";
import { fault } from "../../faults/fault.ts";
import { patchFault } from "../patch-fault.ts";
import type { LiveSystem, SystemSpec } from "../spec.ts";

/** The application's log on the sample machine. */
export const LOG = "/opt/resync/logs/app.log";
/** The check's limit is 11 MB. */
const TOO_BIG = 14_000_000;

/** A package with a known vulnerability, as pip-audit says it. */
const VULNERABLE = {
  audit: {
    dependencies: [
      { name: "fastapi", version: "0.115.0", vulns: [] },
      { name: "jinja2", version: "3.1.3", vulns: [{ id: "PYSEC-2024-0001", fix_versions: ["3.1.6"] }] },
    ],
  },
};
/** A memory that the auditor does not take for right. */
const WRONG_MEMORY = {
  memories: {
    findings: [
      { id: "m-17", verdict: "keep", reason: "agrees with the job's log" },
      { id: "m-23", verdict: "contradicts", reason: "the job ended with 8, not with 0" },
    ],
  },
};

const sizeOf = async (path: string): Promise<number> => (await stat(path)).size;

/** What can be broken of Resync. */
export const resyncFaults: SystemSpec["faults"] = [
  patchFault({
    id: "dashboard-missing",
    title: "Lose the dashboard's template",
    description: "The image was built without its template: the dashboard answers 404.",
    runbook: "dashboard-page",
    expects: { finding: "status-equals", remedy: "advice-status-equals", advice: true },
    alert: { alertname: "DashboardMissing", severity: "critical", summary: "The dashboard cannot be seen" },
    patch: { troubles: { "app /dashboard": { status: 404 } } },
  }),
  patchFault({
    id: "template-missing",
    title: "Build the image without its template",
    description: "The folder of the templates was left out of the image.",
    runbook: "dashboard-template",
    expects: { finding: "exit-equals", remedy: "advice-exit-equals", advice: true },
    alert: {
      alertname: "TemplateMissing",
      severity: "critical",
      summary: "The template is not in the image",
    },
    patch: { template: { exit: 2 } },
  }),
  patchFault({
    id: "search-raw",
    title: "Repeat what is typed unescaped",
    description: "A release of staging repeats what is typed as it is.",
    runbook: "input-escaped",
    expects: { finding: "raw-above", remedy: "advice-raw-above", advice: true },
    alert: { alertname: "SearchRaw", severity: "critical", summary: "Input comes back as markup" },
    patch: { search: { escapes: false } },
  }),
  patchFault({
    id: "old-image",
    title: "Leave a container behind the release",
    description: "The release was rolled out, and one container was not recreated.",
    runbook: "as-released",
    expects: { finding: "same-equals", remedy: "advice-same-equals", advice: true },
    alert: { alertname: "OldImage", severity: "warning", summary: "A container runs an older image" },
    patch: {
      released: {
        services: [
          { name: "app", running_digest: "sha256:0a0b", released_digest: "sha256:1f2e", same: false },
        ],
      },
    },
  }),
  patchFault({
    id: "answers-wrong",
    title: "Let a known question be answered wrongly",
    description: "What fills the knowledge graph has ended: nothing of the job is in it.",
    runbook: "golden-answers",
    expects: {
      finding: "right-equals-entries-equals",
      remedy: "advice-right-equals-entries-equals",
      advice: true,
    },
    alert: {
      alertname: "GoldenWrong",
      severity: "critical",
      summary: "Known questions are answered wrongly",
    },
    patch: {
      golden: { questions: [{ id: "job-state", right: false, graph_entries: 0, oldest_context_hours: 2 }] },
    },
  }),
  patchFault({
    id: "open-to-all",
    title: "Turn authentication off",
    description: "The API answers whoever asks, without a token.",
    runbook: "anonymous-refused",
    expects: { finding: "status-equals", remedy: "advice-status-equals", advice: true },
    alert: { alertname: "ApiOpen", severity: "critical", summary: "The API answers without a token" },
    patch: { anonymous: { status: 200 } },
  }),
  patchFault({
    id: "plain-http",
    title: "Drop Strict-Transport-Security",
    description: "A new proxy configuration no longer sends Strict-Transport-Security.",
    runbook: "https-only",
    expects: { finding: "strict-absent", remedy: "advice-strict-absent", advice: true },
    alert: {
      alertname: "StrictTransportMissing",
      severity: "warning",
      summary: "HTTPS is not insisted on",
    },
    patch: { anonymous: { strict: false } },
  }),
  patchFault({
    id: "metrics-missing",
    title: "Lose the scheduler's metrics",
    description: "The exporter was started before its metrics: the counter of TWS requests is missing.",
    runbook: "metrics-page",
    expects: { finding: "requests-absent", remedy: undefined },
    alert: {
      alertname: "ResyncMetricsMissing",
      severity: "warning",
      summary: "The exporter lost a metric",
    },
    patch: { hidden: { tws_status_requests_total: true } },
  }),
  patchFault({
    id: "grafana-empty",
    title: "Delete the dashboard in Grafana",
    description: "Grafana was set up anew, without the Resync dashboard.",
    runbook: "dashboard-provisioned",
    expects: { finding: "status-equals", remedy: "do-status-equals" },
    alert: { alertname: "GrafanaEmpty", severity: "warning", summary: "Grafana has no Resync dashboard" },
    patch: { grafana: { there: false } },
  }),
  patchFault({
    id: "tws-down",
    title: "Stop the scheduler",
    description: "TWS takes no connections any more.",
    runbook: "tcp-dependency",
    expects: { finding: "unreachable", remedy: "repairPath", advice: true },
    alert: { alertname: "ResyncTwsDown", severity: "critical", summary: "TWS cannot be reached" },
    patch: { down: { tws: true }, health: { tws: "unreachable" } },
  }),
  patchFault({
    id: "model-loading",
    title: "Restart the language model",
    description: "The model's server was restarted and loads its model: it answers 503.",
    runbook: "external-api",
    expects: { finding: "starting", remedy: "waitForProvider", advice: true },
    alert: { alertname: "ResyncModelSlow", severity: "warning", summary: "The model does not answer" },
    patch: { troubles: { "model /ready": { status: 503, body: { status: "loading" } } } },
  }),
  patchFault({
    id: "package-vulnerable",
    title: "Install a vulnerable package",
    description: "The image was built with a version that is known to be vulnerable.",
    runbook: "vulnerable-packages",
    expects: { finding: "id-absent", remedy: "advice-id-absent", advice: true },
    alert: { alertname: "PackageVulnerable", severity: "warning", summary: "A package is vulnerable" },
    patch: VULNERABLE,
  }),
  patchFault({
    id: "memory-wrong",
    title: "Store a wrong memory",
    description: "The assistant has stored a memory that contradicts the scheduler.",
    runbook: "flagged-memories",
    expects: { finding: "verdict-not", remedy: "advice-verdict-not", advice: true },
    alert: { alertname: "AnswersWrong", severity: "warning", summary: "Answers are wrong" },
    patch: WRONG_MEMORY,
  }),
  fault<LiveSystem>({
    id: "log-grows",
    title: "Let a log file grow",
    description: "The application's log is no longer rotated and passes 10 MB.",
    runbook: "log-sizes",
    expects: { finding: "bytes-above", remedy: "advice-bytes-above", advice: true },
    rule: {
      alertname: "LogTooBig",
      severity: "warning",
      summary: "A log file is too big",
      firing: async ({ file }) => {
        const bytes = await sizeOf(file(LOG));
        return bytes < TOO_BIG ? undefined : `${bytes} bytes`;
      },
    },
    break: ({ file }) => truncate(file(LOG), TOO_BIG),
    heal: ({ file }) => truncate(file(LOG), 100),
  }),
];
