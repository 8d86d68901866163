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
const GIB = 2 ** 30;
const why = whyNoPrometheus();

const series = (name: string, labels: Record<string, string>, value: PastSeries["value"]): PastSeries => ({
  name,
  labels: { job: "tektra", instance: "a:8000", ...labels },
  value,
});
const limits = (...gib: readonly number[]) =>
  gib.map((size, at) => series("tektra_cache_level_limit_bytes", { level: `L${at + 1}` }, () => size * GIB));
/** Lookups a second of a level, and the share that is answered. */
const level = (name: string, perSecond: number, share: number) => [
  series("tektra_cache_hits_total", { level: name }, (seconds) => seconds * perSecond * share),
  series("tektra_cache_misses_total", { level: name }, (seconds) => seconds * perSecond * (1 - share)),
];

describe.skipIf(why !== undefined)(`checks of tektra's cache (skipped: ${why ?? "no"})`, () => {
  const findings = async (id: string, past: readonly PastSeries[]): Promise<string[]> => {
    const { url, stop } = await startPrometheus(past, {});
    cleanups.push(stop);
    const { runbooks } = knowledgeOf(loadExample("tektra"));
    const runbook = runbooks.find((one) => one.id === id);
    if (runbook === undefined) throw new Error(`no check ${id}`);
    const bench = openBench({
      connections: { metrics: { kind: "prometheus", url, labels: { job: "tektra" } } },
      connectors: [prometheusConnector],
    });
    cleanups.push(bench.close);
    return (await bench.diagnose(runbook)).findings.map(({ title }) => title);
  };
  const max = series("tektra_cache_max_bytes", {}, () => 2 * GIB);

  it("levels that promise more than the whole may hold, as the guide's own do (trap cache-level-sum)", async () => {
    const said = await findings("cache-levels", [max, ...limits(0.5, 1, 2)]);
    expect(said).toEqual(["The levels of the cache may hold 175 % of its max_size on a:8000"]);
  });

  it("levels that add up to the whole are well; a service that says nothing is not called so", async () => {
    expect(await findings("cache-levels", [max, ...limits(0.25, 0.75, 1)])).toEqual([]);
    expect(await findings("cache-levels", [max])).toEqual([
      "The service does not say how large its cache levels may grow",
    ]);
  });

  it("a level that answers nothing is named; one that few lookups reach is not judged", async () => {
    const said = await findings("cache-hits", [
      ...level("L1", 10, 0.8),
      ...level("L2", 2, 0.02),
      ...level("L3", 0.01, 0),
    ]);
    expect(said).toEqual(["Level L2 answers 2.0 % of what reaches it"]);
    expect(await findings("cache-hits", [...level("L1", 10, 0.8), ...level("L2", 2, 0.4)])).toEqual([]);
  });
});
