import type { Runbook, RunContext } from "../../../src/core/words/runbook.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { http, runbookOn, z } from "../../../src/sdk/index.ts";
import { recordingOf, type Seen } from "../../../src/testing/record.ts";
import type { Recording } from "../../../src/testing/recording.ts";

/** Two stages: asks for health, and for samples where that is not well. `words` of its finding, for a changed text. */
export const slowBook = (words = "it says so itself"): Runbook => {
  const book = runbookOn(
    "http",
    { id: "ill", title: "Ill", params: z.object({ count: z.int().min(1).default(3) }) },
    () => ({ health: http.health() }),
  ).andThen(["health"], ({ health }, { params }): { samples?: ReturnType<typeof http.samples> } =>
    health.verdict === "healthy" ? {} : { samples: http.samples({ count: params.count }) },
  );
  return book
    .remedies({ look: book.advises("Look at it", "low", ({ health }) => `look at ${health?.path}`) })
    .findings((find) => [
      find(
        ["health"],
        ({ health }) =>
          health.verdict !== "healthy" && {
            id: "ill",
            severity: "warning",
            title: `status ${health.status}`,
            because: words,
            remedies: ["look"],
          },
      ),
    ]);
};

export const context: RunContext = {
  params: { count: 3 },
  thresholds: Thresholds.parse({}),
  system: {
    id: "shop",
    connections: [{ name: "api", kind: "http", endpoint: { host: "api.example", port: 443, tls: true } }],
    contacts: [],
  },
  now: new Date("2026-01-02T03:04:05Z"),
};

const health = (verdict: string) => ({
  path: "/health",
  status: verdict === "healthy" ? 200 : 503,
  cause: verdict === "healthy" ? "fine" : "says-ill",
  verdict,
  components: [],
  timings: { dnsMs: null, connectMs: 1, tlsMs: 2, waitMs: 3, downloadMs: 1, totalMs: 7 },
});

const call = { phase: "diagnose" as const, on: "api" };

export const answers = {
  well: { ...call, name: "health", action: "http.health", input: {}, output: health("healthy") },
  ill: { ...call, name: "health", action: "http.health", input: {}, output: health("unhealthy") },
  refused: {
    ...call,
    name: "health",
    action: "http.health",
    input: {},
    error: { code: "target_unreachable", message: "connection refused", detail: "ECONNREFUSED" },
  },
  samples: {
    ...call,
    name: "samples",
    action: "http.samples",
    input: { count: 3 },
    output: { path: "/health", samples: [] },
  },
} satisfies Record<string, Seen["steps"][number]>;

export const record = (...steps: Seen["steps"]): Recording =>
  recordingOf(slowBook(), { context, uses: { http: "api" }, steps }, (text) => text);
