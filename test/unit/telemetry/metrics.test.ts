import { describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const names = { version: "1.2.3", runbooks: ["pg-locks"], actions: ["postgres.locks"] };

/** Values of a label over all samples of a metric. */
const valuesOf = (page: string, metric: string, label: string): string[] => {
  const samples = page.split("\n").filter((line) => line.startsWith(`diagbot_${metric}{`));
  return [
    ...new Set(samples.flatMap((line) => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1] ?? [])),
  ].sort();
};

describe("metrics", () => {
  it("counts what it is told", async () => {
    const metrics = createMetrics(names);
    metrics.runEnded("pg-locks", "succeeded", "fixed", 0.2);
    metrics.stepEnded("postgres.locks", "errored", 0.02);
    metrics.requestAnswered("slack", "approve", 0.04);
    metrics.requestAnswered("alertmanager", "opened", 0.2);
    metrics.queueDispatched("run", "unavailable");
    metrics.outboxAge(12);
    metrics.leaseLost();
    const page = await metrics.text();
    for (const line of [
      'diagbot_runs_total{runbook="pg-locks",status="succeeded",outcome="fixed"} 1',
      "diagbot_run_duration_seconds_sum 0.2",
      'diagbot_steps_total{action="postgres.locks",outcome="errored"} 1',
      'diagbot_requests_total{source="slack",outcome="approve"} 1',
      'diagbot_requests_total{source="alertmanager",outcome="opened"} 1',
      'diagbot_queue_dispatch_total{kind="run",result="unavailable"} 1',
      'diagbot_request_seconds_bucket{le="0.05",source="slack"} 1',
      'diagbot_request_seconds_bucket{le="0.025",source="slack"} 0',
      "diagbot_outbox_age_seconds 12",
      "diagbot_leases_lost_total 1",
      'diagbot_build_info{version="1.2.3"} 1',
    ])
      expect(page.split("\n")).toContain(line);
    expect(page).toContain("diagbot_process_cpu_seconds_total");
    expect(metrics.contentType).toContain("text/plain");
  });

  it("never makes a time series of text from outside", async () => {
    const metrics = createMetrics(names);
    const hostile = Array.from({ length: 200 }, (_, i) => `x${i}"} 1\nevil{a="${i}`);
    for (const word of hostile) {
      metrics.runEnded(word, word, word, 1);
      metrics.stepEnded(word, word, 1);
      metrics.remedyEnded(word, word);
      metrics.webhookRejected(word);
      metrics.requestAnswered(word, word, 1);
      metrics.slackCalled(word, word);
      metrics.queueDispatched(word, word);
    }
    const page = await metrics.text();
    expect(page).not.toContain("evil");
    // Counted from 0 on, whatever comes.
    const FROM_ZERO = new Set(["unauthorized", "bad_notification", "too_large", "bug"]);
    const labels: Record<string, string[]> = {
      runs_total: ["runbook", "status", "outcome"],
      steps_total: ["action", "outcome"],
      step_duration_seconds_count: ["action"],
      remedies_total: ["runbook", "status"],
      webhook_rejected_total: ["reason"],
      requests_total: ["source", "outcome"],
      slack_calls_total: ["method", "result"],
      queue_dispatch_total: ["kind", "result"],
    };
    for (const [metric, itsLabels] of Object.entries(labels))
      for (const label of itsLabels)
        expect([metric, label, valuesOf(page, metric, label).filter((word) => !FROM_ZERO.has(word))]).toEqual(
          [...[metric, label, ["other"]]],
        );
    // And every metric with labels is in the list above, or is known to have a fixed label of its own.
    const labelled = new Set(
      [...page.matchAll(/^diagbot_(\w+?)(?:_bucket|_sum)?\{/gm)].map((match) => match[1] ?? ""),
    );
    const fixed = /^(nodejs_|process_|build_info|step_duration_seconds|request_seconds|run_duration)/;
    expect([...labelled].filter((metric) => !(metric in labels) && !fixed.test(metric))).toEqual([]);
  });

  it("keeps two registries apart", async () => {
    const [one, two] = [createMetrics(names), createMetrics(names)];
    one.leaseLost();
    expect(await two.text()).toContain("diagbot_leases_lost_total 0");
  });
});
