import { afterEach, describe, expect, it } from "vitest";
import { knowledgeOf } from "../../../src/app/knowledge.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { loadExample } from "../../helpers/examples.ts";
import { type PastSeries, startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const why = whyNoPrometheus();
const MIB = 2 ** 20;
/** Of something else: a Prometheus that has a past, and not what is asked for. */
const OTHER: PastSeries = { name: "up", labels: { job: "other" }, value: () => 1 };

/** Titles of what a check of an example finds in that past. */
async function found(system: string, id: string, past: readonly PastSeries[]): Promise<string[]> {
  const { url, stop } = await startPrometheus(past, {});
  cleanups.push(stop);
  const { runbooks } = knowledgeOf(loadExample(system));
  const runbook = runbooks.find((one) => one.id === id);
  if (runbook === undefined) throw new Error(`no check ${id}`);
  const bench = openBench({
    connections: { metrics: { kind: "prometheus", url, labels: { job: system } } },
    connectors: [prometheusConnector],
  });
  cleanups.push(bench.close);
  return (await bench.diagnose(runbook)).findings.map(({ title }) => title);
}

describe.skipIf(why !== undefined)(`checks of the examples on metrics (skipped: ${why ?? "no"})`, () => {
  const pod = (name: string, share: number): PastSeries[] =>
    ["periods", "throttled_periods"].map((what, at) => ({
      name: `container_cpu_cfs_${what}_total`,
      labels: { namespace: "production", container: "api-server", pod: name },
      value: (seconds) => seconds * 10 * (at === 0 ? 1 : share),
    }));

  it("throttled-pods names the pod that is held back, not its quiet neighbour", async () => {
    expect(await found("sergas-agents", "throttled-pods", [...pod("a", 0.01), ...pod("b", 0.3)])).toEqual([
      "b is held back in 30 % of its CPU periods",
    ]);
    expect(await found("sergas-agents", "throttled-pods", pod("a", 0.01))).toEqual([]);
  });

  it("throttled-pods does not call pods without a limit well", async () => {
    expect(await found("sergas-agents", "throttled-pods", [OTHER])).toEqual([
      "Prometheus has no CPU periods of the pods",
    ]);
  });

  const cache = (hits: number, misses: number): PastSeries[] => [
    { name: "cache_hits_total", labels: { job: "ai-saas" }, value: (seconds) => 50 + seconds * hits },
    { name: "cache_misses_total", labels: { job: "ai-saas" }, value: (seconds) => 50 + seconds * misses },
  ];

  it("cache-metrics judges what is looked up now; a cache nobody asks is not judged", async () => {
    expect(await found("ai-saas", "cache-metrics", cache(9, 1))).toEqual([]);
    expect(await found("ai-saas", "cache-metrics", cache(5, 5))).toEqual([
      "50 % of what the application looks up is in its cache",
    ]);
    // 50 of 100 since the start, and nothing now: that ratio would be of the past.
    expect(await found("ai-saas", "cache-metrics", cache(0, 0))).toEqual([
      "The application counts no hits and misses, or nobody asks its cache",
    ]);
  });

  const memory = (used: (seconds: number) => number): PastSeries[] => [
    { name: "redis_memory_used_bytes", labels: { job: "ai-saas" }, value: used },
    { name: "redis_memory_max_bytes", labels: { job: "ai-saas" }, value: () => 512 * MIB },
  ];

  it("cache-memory-trend: one that fills is found, one that is full and stays so is not", async () => {
    const fills = await found(
      "ai-saas",
      "cache-memory-trend",
      memory((seconds) => 300 * MIB + seconds * 4096),
    );
    expect(fills).toHaveLength(1);
    expect(fills[0]).toContain("In a day the cache would hold");
    expect(
      await found(
        "ai-saas",
        "cache-memory-trend",
        memory(() => 510 * MIB),
      ),
    ).toEqual([]);
  });

  const tws = (host: string, is: number): PastSeries => ({
    name: "tws_connection_status",
    labels: { job: "resync", host },
    value: () => is,
  });

  it("tws-status names the scheduler that is away; a metric that is missing is not well", async () => {
    expect(await found("resync", "tws-status", [tws("a", 1), tws("b", 0)])).toEqual([
      "The application has no connection to TWS on b",
    ]);
    expect(await found("resync", "tws-status", [tws("a", 1)])).toEqual([]);
    expect(await found("resync", "tws-status", [OTHER])).toEqual(["Prometheus has no tws_connection_status"]);
  });
});
