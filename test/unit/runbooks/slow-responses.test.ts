import { expect, it } from "vitest";
import { slowResponses } from "../../../runbooks/prometheus/slow-responses.ts";
import { Thresholds } from "../../../src/core/words/system.ts";

const context = {
  params: { windowMinutes: 5 },
  thresholds: Thresholds.parse({}),
  system: { id: "shop", connections: [], contacts: [] },
  now: new Date(0),
};
const ok = (value: unknown) => ({ ok: true as const, value });
const diagnose = (perSecond: number) =>
  slowResponses.findings(
    {
      latency: ok({
        ...{ state: "measured", metric: "http_request_duration_seconds", windowSeconds: 300, perSecond },
        ...{ p50: 3, p95: 5, p99: 5, largestBucket: 10, routes: [{ name: "/", p95: 5, perSecond }] },
      }),
      series: { ok: false, error: { code: "timeout", message: "not asked" } },
      targets: ok({ total: 1, down: [] }),
    },
    context,
  );

it.each([
  [0.05, "few-requests", "info"],
  [0.5, "slow", "critical"],
] as const)("%d slow requests a second are %s", (perSecond, id, severity) => {
  expect(diagnose(perSecond)).toMatchObject([{ id, severity }]);
});
