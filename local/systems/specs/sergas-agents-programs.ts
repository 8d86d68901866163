import { wordOf } from "../service/common.ts";
import type { Program } from "../service/spec.ts";
import { mapOf, numberOf } from "../service/state.ts";

/** What a quiet system answers, by script. */
const ANSWERS: Readonly<Record<string, Program>> = {
  "scripts/reliability/health_check_all.py": () => ({
    out: { components: [{ name: "api-server", status: "ok", detail: "" }] },
  }),
  "scripts/reliability/check_circuit_breakers.py": (_args, state) => ({
    out: {
      breakers: Object.keys(mapOf(state, "breakers")).map((name) => ({
        name,
        state: mapOf(state, "breakers", name).state ?? "",
        failure_count: numberOf(state, "breakers", name, "failures"),
      })),
    },
  }),
  "scripts/monitoring/analyze_errors.py": () => ({ out: { types: [] } }),
  "scripts/monitoring/check_error_rates.py": () => ({
    out: { points: [{ at: "2026-01-01T00:00:00Z", ratio: 0 }] },
  }),
  "scripts/monitoring/analyze_latency.py": () => ({
    out: { endpoints: [{ endpoint: "/v1/agents", p50: 80, p95: 190, count: 24_000 }] },
  }),
  "scripts/monitoring/parse_slow_requests.py": () => ({ out: { requests: [] } }),
  "scripts/monitoring/analyze_external_calls.py": () => ({
    out: { calls: [{ service: "zoho", p95: 340, failed: 0, count: 1200 }] },
  }),
  "scripts/monitoring/detect_n_plus_1.py": () => ({ out: { patterns: [] } }),
  "scripts/monitoring/check_external_apis.py": () => ({
    out: { apis: [{ name: "zoho", status: "ok", latency_ms: 210 }] },
  }),
  "scripts/monitoring/identify_slow_workers.py": () => ({
    out: { workers: [{ worker: "worker-0", p95_seconds: 1.2, jobs: 412 }] },
  }),
  "scripts/cache/analyze_usage.py": () => ({
    out: { prefixes: [{ prefix: "users:", hits: 900, keys: 120 }] },
  }),
  "scripts/cache/analyze_ttls.py": () => ({
    out: { prefixes: [{ prefix: "users:", median_ttl: 3600, without_ttl: 0 }] },
  }),
  "scripts/cache/evict_large_keys.py": (args, state) =>
    args.includes("--dry-run")
      ? {
          out: {
            count: numberOf(state, "cache", "large"),
            bytes: numberOf(state, "cache", "large") * 40_000_000,
          },
        }
      : { set: { cache: { large: 0 } } },
  "scripts/cache/warm_cache.py": (args, state) =>
    args.includes("--last")
      ? { out: { finished_at: mapOf(state, "cache").warmed ?? "", keys: 1000 } }
      : { set: { cache: { warmed: new Date().toISOString() } } },
  "scripts/cache/adjust_ttl.py": (args, state) => {
    const prefix = wordOf(args, "--prefix") ?? "";
    return args.includes("--show")
      ? { out: { ttl_seconds: numberOf(state, "cache", "ttls", prefix) } }
      : { set: { cache: { ttls: { [prefix]: Number(wordOf(args, "--ttl")) } } } };
  },
  "scripts/integrations/increase_timeouts.py": (args, state) => {
    const api = wordOf(args, "--api") ?? "";
    return args.includes("--show")
      ? { out: { timeout_seconds: numberOf(state, "apis", api, "timeout") } }
      : { set: { apis: { [api]: { timeout: Number(wordOf(args, "--timeout")) } } } };
  },
  "scripts/integrations/enable_caching.py": (args, state) => {
    const api = wordOf(args, "--api") ?? "";
    return args.includes("--show")
      ? { out: { state: mapOf(state, "apis", api).caching ?? "" } }
      : { set: { apis: { [api]: { caching: wordOf(args, "--state") ?? "off" } } } };
  },
  "scripts/profiling/profile_worker_performance.py": () => ({
    out: { functions: [{ function: "render", share: 0.41 }] },
  }),
  "scripts/find_memory_leaks.py": () => ({
    out: { types: [{ type: "dict", count: 31_000, size: 14_000_000 }] },
  }),
};

/** The team's own runner: the first word names one of its scripts, and no other is run. */
export const run: Program = ([script = "", ...args], state) =>
  ANSWERS[script]?.(args, state) ?? { err: `${script}: not on the list\n`, code: 64 };

/** What the pooler's manifest makes. */
const OBJECTS = 3;

/** Compares the pooler's manifest with the cluster, applies it, or removes what it made. */
export const manifest: Program = (args, state) => {
  if (args.includes("--apply")) return { set: { pooler: { there: OBJECTS } } };
  if (args.includes("--delete")) return { set: { pooler: { there: 0 } } };
  const there = numberOf(state, "pooler", "there");
  return {
    out: { objects_there: there, objects_differing: OBJECTS - there, ready: there === OBJECTS },
  };
};
