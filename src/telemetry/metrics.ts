import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { JOB_KINDS } from "../core/ports/queue.ts";
import { CHANNEL_TROUBLES } from "../core/words/channel.ts";
import { ERRORS } from "../core/words/errors.ts";
import { OUTCOMES, REMEDY_STATUSES, RUN_OUTCOMES, RUN_STATUSES } from "../core/words/outcome.ts";
import { closedLabel } from "./labels.ts";

const PREFIX = "diagbot_";
/** Seconds; a diagnosis takes from milliseconds to minutes. */
const WORK_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
/** Seconds; Slack shows an error after 3. */
const ACK_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];

const SLACK_METHODS = [
  ...["chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral", "chat.getPermalink"],
  ...["conversations.history", "conversations.replies", "conversations.info", "conversations.join"],
  ...[
    "files.getUploadURLExternal",
    "files.completeUploadExternal",
    "files.delete",
    "files.info",
    "files.uploadV2",
  ],
  ...["views.open", "views.update", "views.push", "views.publish", "users.info", "auth.test"],
  ...["apps.connections.open", "reactions.add", "response_url"],
];

/** What becomes of things; every one of these words is a label value, all others are counted as `other`. */
const WORDS = {
  slack: ["ok", "rate_limited", "refused", "ambiguous", "failed"],
  dispatch: ["ok", "unavailable"],
  sources: ["slack", "alertmanager", "cli", "schedule"],
  intents: [
    "form",
    "run",
    "help",
    "list",
    "status",
    "history",
    "cancel",
    "close",
    "freeze",
    "unfreeze",
    "pending",
    "open",
    "storm",
  ],
  decisions: ["approve", "deny", "answer"],
  alerts: ["opened", "reopened", "updated", "repeated", "heartbeat"],
};

/** Everything diagbot counts. Times are in seconds. Labels are closed sets: see `closedLabel`. */
export interface Metrics {
  /** `outcome`: what came of the problem (`fixed`, `open`, …); `status`: how the work ended. */
  runEnded(runbook: string, status: string, outcome: string, seconds: number): void;
  stepEnded(action: string, outcome: string, seconds: number): void;
  remedyEnded(runbook: string, status: string): void;
  webhookRejected(reason: string): void;
  /** Seconds since 1970 at which the last heartbeat of the alerting arrived. */
  heartbeat(atSeconds: number): void;
  /** One request answered at a door; `outcome`: an intent's word, a decision, what a notification meant for its incident, or an error code. */
  requestAnswered(source: string, outcome: string, seconds: number): void;
  slackCalled(method: string, result: string): void;
  queueDispatched(kind: string, result: string): void;
  leaseLost(): void;
  /** Why messages cannot be shown: one word per channel, `token` or `scope` for Slack as a whole; replaces what was said before. */
  deliveryTroubles(reasons: readonly string[]): void;
  /** For how long the longest waiting thread does not show everything; 0: all do. */
  outboxAge(seconds: number): void;
  threadsDirty(threads: number): void;
  /** Writes of which nobody knows whether they happened: a human must say. */
  unknownOutcomes(steps: number): void;
  /** Workers that live, and for how long the longest waiting due run has not been claimed. */
  workers(alive: number, dueSeconds: number): void;
  /** Connections to Slack that are up; never said in HTTP mode. */
  sockets(up: number): void;
  /** For how long checkpoints of the audit could not be sent, by the process that sends them; 0: they are. */
  checkpointLag(seconds: number): void;
  /** The page of /metrics, in Prometheus' text format. */
  text(): Promise<string>;
  /** The same as data, to be put together with another process's by `aggregate`. */
  json(): Promise<MetricsJson>;
  readonly contentType: string;
}

/** All metrics of one process. */
export type MetricsJson = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** The metrics of several processes as one page: counters and histograms are added up. */
export const aggregate = (processes: readonly MetricsJson[]): Promise<string> =>
  AggregatorRegistry.aggregate([...processes]).metrics();

/** Closed sets that come from code and configuration. */
export interface MetricNames {
  readonly version: string;
  readonly runbooks: readonly string[];
  readonly actions: readonly string[];
}

/** A registry of its own, so that tests and two apps in one process do not meet. */
export function createMetrics(names: MetricNames): Metrics {
  const registry = new Registry();
  const make = instruments(registry);
  aboutProcess(registry, make);
  make
    .gauge("build_info", "1; the label is the running version", ["version"])
    .set({ version: names.version }, 1);
  return {
    ...workMetrics(make, names),
    ...doorMetrics(make),
    ...backlogMetrics(make),
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  };
}

type Make = ReturnType<typeof instruments>;

/** What prom-client counts of a process by timers every 10 ms, which is most of what a process at rest costs. */
const BY_TIMER = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

function aboutProcess(registry: Registry, make: Make): void {
  collectDefaultMetrics({ register: registry, prefix: PREFIX, eventLoopMonitoringPrecision: 60_000 });
  for (const figure of BY_TIMER)
    registry.removeSingleMetric(`${PREFIX}nodejs_eventloop_lag_${figure}_seconds`);
  let before = performance.eventLoopUtilization();
  make.busiest("nodejs_eventloop_utilization", "share of the time since the last scrape, 0 to 1", () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
}

const instruments = (registry: Registry) => ({
  counter: (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: PREFIX + name, help, labelNames, registers: [registry] }),
  gauge: (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers: [registry] }),
  /** Read when it is asked for; of several processes the highest. */
  busiest: (name: string, help: string, read: () => number) =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [registry],
      aggregator: "max",
      collect() {
        this.set(read());
      },
    }),
  histogram: (name: string, help: string, labelNames: string[], buckets: number[]) =>
    new Histogram({ name: PREFIX + name, help, labelNames, buckets, registers: [registry] }),
});

function workMetrics(make: Make, names: MetricNames) {
  const runbooks = closedLabel(names.runbooks);
  const actions = closedLabel(names.actions);
  const runStatuses = closedLabel(RUN_STATUSES);
  const runOutcomes = closedLabel(RUN_OUTCOMES);
  const outcomes = closedLabel(OUTCOMES);
  const remedyStatuses = closedLabel(REMEDY_STATUSES);
  const runs = make.counter("runs_total", "runs ended", ["runbook", "status", "outcome"]);
  const runSeconds = make.histogram("run_duration_seconds", "from start to end of a run", [], WORK_SECONDS);
  const steps = make.counter("steps_total", "steps ended", ["action", "outcome"]);
  const stepSeconds = make.histogram("step_duration_seconds", "one step", ["action"], WORK_SECONDS);
  const remedies = make.counter("remedies_total", "remedies ended", ["runbook", "status"]);
  const leases = make.counter("leases_lost_total", "runs a worker had to let go of");
  return {
    runEnded: (runbook: string, status: string, outcome: string, seconds: number) => {
      const labels = { status: runStatuses.of(status), outcome: runOutcomes.of(outcome) };
      runs.inc({ runbook: runbooks.of(runbook), ...labels });
      runSeconds.observe(seconds);
    },
    stepEnded: (action: string, outcome: string, seconds: number) => {
      steps.inc({ action: actions.of(action), outcome: outcomes.of(outcome) });
      stepSeconds.observe({ action: actions.of(action) }, seconds);
    },
    remedyEnded: (runbook: string, status: string) =>
      remedies.inc({ runbook: runbooks.of(runbook), status: remedyStatuses.of(status) }),
    leaseLost: () => leases.inc(),
  };
}

function doorMetrics(make: Make) {
  const codes = Object.keys(ERRORS);
  const reasons = closedLabel(codes);
  const sources = closedLabel(WORDS.sources);
  const answers = closedLabel([...WORDS.intents, ...WORDS.decisions, ...WORDS.alerts, ...codes]);
  const methods = closedLabel(SLACK_METHODS);
  const slackResults = closedLabel(WORDS.slack);
  const rejected = make.counter("webhook_rejected_total", "webhook requests turned away", ["reason"]);
  // From 0 on, so that the first one is an increase, too.
  for (const reason of ["unauthorized", "bad_notification", "too_large", "bug"]) rejected.inc({ reason }, 0);
  const heartbeat = make.gauge(
    "heartbeat_timestamp_seconds",
    "when the last heartbeat of the alerting (Watchdog) arrived",
    ["alert"],
  );
  const requests = make.counter("requests_total", "requests answered", ["source", "outcome"]);
  const requestSeconds = make.histogram("request_seconds", "one request", ["source"], ACK_SECONDS);
  const calls = make.counter("slack_calls_total", "calls of Slack's Web API", ["method", "result"]);
  return {
    webhookRejected: (reason: string) => rejected.inc({ reason: reasons.of(reason) }),
    // A label, so that a process that has heard of none says nothing instead of 1970.
    heartbeat: (atSeconds: number) => heartbeat.set({ alert: "heartbeat" }, atSeconds),
    requestAnswered: (source: string, outcome: string, seconds: number) => {
      requests.inc({ source: sources.of(source), outcome: answers.of(outcome) });
      requestSeconds.observe({ source: sources.of(source) }, seconds);
    },
    slackCalled: (method: string, result: string) =>
      calls.inc({ method: methods.of(method), result: slackResults.of(result) }),
  };
}

function backlogMetrics(make: Make) {
  const kinds = closedLabel(JOB_KINDS);
  const results = closedLabel(WORDS.dispatch);
  const dispatches = make.counter("queue_dispatch_total", "ids handed to the queue", ["kind", "result"]);
  const outboxAge = make.gauge(
    "outbox_age_seconds",
    "for how long the longest waiting thread does not show everything in Slack",
  );
  const reasons = closedLabel([...CHANNEL_TROUBLES, "token", "scope"]);
  const troubles = make.gauge("delivery_troubles", "channels or tokens that keep messages from being shown", [
    "reason",
  ]);
  const dirty = make.gauge("threads_dirty", "threads whose rows changed since they were drawn");
  // A label, so that a process that does not look says nothing instead of 0.
  const alive = make.gauge("workers", "workers that gave a sign of life in the last 10 s", ["state"]);
  const due = make.gauge(
    "due_run_age_seconds",
    "for how long the longest waiting due run has not been claimed",
  );
  const sockets = make.gauge("slack_sockets", "Socket Mode connections", ["state"]);
  const lag = make.gauge(
    "audit_checkpoint_lag_seconds",
    "for how long checkpoints of the audit could not be sent",
  );
  const unknown = make.gauge("unknown_outcomes", "writes of which a human must say whether they happened");
  return {
    queueDispatched: (kind: string, result: string) =>
      dispatches.inc({ kind: kinds.of(kind), result: results.of(result) }),
    outboxAge: (seconds: number) => outboxAge.set(seconds),
    deliveryTroubles: (words: readonly string[]) => {
      troubles.reset();
      for (const word of words) troubles.inc({ reason: reasons.of(word) });
    },
    threadsDirty: (threads: number) => dirty.set(threads),
    unknownOutcomes: (steps: number) => unknown.set(steps),
    workers: (living: number, dueSeconds: number) => {
      alive.set({ state: "alive" }, living);
      due.set(dueSeconds);
    },
    sockets: (up: number) => sockets.set({ state: "up" }, up),
    checkpointLag: (seconds: number) => lag.set(seconds),
  };
}
