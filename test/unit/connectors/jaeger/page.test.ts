import { expect, it } from "vitest";
import { slowTraces } from "../../../../runbooks/jaeger/slow-traces.ts";
import { pageOf, TraceSettings } from "../../../../src/connectors/jaeger/settings.ts";
import { judge } from "../../../../src/testing/index.ts";

const of = (settings: object) => pageOf(TraceSettings.parse(settings));

it("is Jaeger's own, without credentials, or the one that is configured; of Tempo none is known", () => {
  expect(of({ url: "http://ann:secret@jaeger:16686/ui/" })).toBe("http://jaeger:16686/ui/trace/{trace}");
  expect(of({ url: "http://tempo:3200", api: "tempo" })).toBeUndefined();
  const page = "https://grafana.example.com/explore?trace={trace}";
  expect(of({ url: "http://tempo:3200", api: "tempo", page })).toBe(page);
  expect(() => of({ url: "http://tempo:3200", page: "https://grafana.example.com" })).toThrow(/\{trace\}/);
});

it("stands beside each slow trace", () => {
  const trace = {
    ...{ id: "4bf9/2f", seconds: 3, service: "api", name: "GET /", at: "2026-01-01T00:00:00Z", spans: 2 },
    ...{ incomplete: false, errors: [], repeated: [], gaps: [] },
    path: [{ service: "db", name: "SELECT", asks: "", seconds: 2.9, share: 0.95 }],
  };
  const found = { service: "api", minutes: 60, any: true, found: 1, traces: [trace] };
  const { findings } = judge(slowTraces, {
    steps: { services: { services: ["api"], total: 1, ms: 1 }, found },
    connections: { traces: { kind: "jaeger", url: "http://jaeger:16686", service: "api" } },
  });
  expect(JSON.stringify(findings)).toContain("http://jaeger:16686/trace/4bf9%2F2f");
});
