import { wordOf } from "../service/common.ts";
import type { Program, State } from "../service/spec.ts";
import { mapOf, numberOf } from "../service/state.ts";
import { backupPrograms, stopsAndStarts } from "./tektra-backups.ts";

const gpusOf = (state: State): [string, State][] =>
  Object.keys(mapOf(state, "gpus")).map((index) => [index, mapOf(state, "gpus", index)]);

const NAME = "NVIDIA A10G";

/** An emulated nvidia-smi: its CSV as real ones were seen to write it. Nothing but the service uses a GPU. */
const nvidiaSmi: Program = (args, state) => ({
  out: gpusOf(state)
    .filter(() => !args.some((word) => word.startsWith("--query-compute-apps")))
    .map(([index, gpu]) => [index, NAME, gpu.used, gpu.free, gpu.celsius, gpu.busy].join(", "))
    .map((line) => `${line}\n`)
    .join(""),
});

/** `docker exec … nvidia-smi -L`: the GPUs that the container was given; `docker compose config -q`, `stop` and `start` write nothing. */
const inContainer: Program = (args, state) => ({
  ...stopsAndStarts(args, state),
  ...(args.includes("config") ? { code: numberOf(state, "compose", "exit") } : {}),
  out: gpusOf(state)
    .filter(() => args[0] === "exec")
    .filter(([, { seen }]) => seen === true)
    .map(([index]) => `GPU ${index}: ${NAME} (UUID: GPU-0000-${index})\n`)
    .join(""),
});

const COMMIT = "49c5371";

const modelCache: Program = (args, state) => {
  const models = Object.keys(mapOf(state, "models")).map(
    (name) => [name, mapOf(state, "models", name)] as const,
  );
  const { [wordOf(args, "--delete") ?? ""]: gone } = Object.fromEntries(
    models.map(([repo]) => [COMMIT, repo]),
  );
  if (gone !== undefined) return { set: { models: { [gone]: null } } };
  const wanted = wordOf(args, "--revision") ?? COMMIT;
  if (!args.includes("--incomplete") && !args.includes("--fits"))
    return {
      out: {
        revisions: models
          .filter(() => wanted === COMMIT)
          .map(([repo, { bytes = 0, loaded = false }]) => ({
            repo,
            commit: COMMIT,
            size_on_disk: bytes,
            last_accessed: "2026-01-01",
            in_use: loaded,
          })),
      },
    };
  if (args.includes("--fits"))
    return {
      out: {
        models: models.map(([repo, { bytes = 0 }]) => {
          const needs_bytes = Number(bytes) * 1.2;
          const free_bytes = numberOf(state, "gpus", "0", "free") * (1 << 20);
          return { repo, needs_bytes, free_bytes, device: "GPU 0", fits: needs_bytes < free_bytes };
        }),
      },
    };
  const files = models.flatMap(([repo]) =>
    Object.entries(mapOf(state, "models", repo, "files")).map(([name, file]) => ({
      repo,
      name,
      ...(file as State),
    })),
  );
  return { out: { files } };
};

/** The last test, or one more; staging is emulated, and answers everything. */
const loadTest: Program = (args, state) => {
  const last = mapOf(state, "loadTest");
  if (args.includes("--last")) return { out: { finished_at: "never", ...last } };
  const requests = Number(wordOf(args, "--requests"));
  const finished_at = new Date().toISOString();
  const figures = { error_rate: 0, p50_ms: 90, p95_ms: 180, ended: "all sent" };
  return { set: { loadTest: { finished_at, requests, failed: 0, ...figures } } };
};

/** The programs of Tektra's machine. */
export const programs: Readonly<Record<string, Program>> = {
  "/usr/bin/nvidia-smi": nvidiaSmi,
  "/usr/bin/docker": inContainer,
  ...backupPrograms,
  "/usr/sbin/nginx": () => ({}),
  "/opt/tektra/bin/sandbox-state": (args, state) => ({
    out: mapOf(state, args.includes("--started") ? "sandboxJobs" : "sandbox"),
  }),
  "/opt/tektra/bin/model-cache": modelCache,
  "/opt/tektra/bin/load-test": loadTest,
  "/opt/tektra/bin/gpu-reset": (args, state) =>
    args.includes("--last")
      ? { out: { reset_at: mapOf(state, "gpuReset").at ?? "never" } }
      : { set: { gpuReset: { at: new Date().toISOString() } } },
  "/opt/tektra/bin/synthetic-tests": (_args, state) => ({
    out: {
      tests: Object.entries(mapOf(state, "synthetic")).map(([test, status]) => ({
        test,
        status,
        duration_ms: 120,
        error: status === "pass" ? "" : "emulated: it did not answer",
      })),
    },
  }),
  "/opt/tektra/bin/sandbox-reset": () => ({ set: { sandboxJobs: { started_at: new Date().toISOString() } } }),
  "/opt/tektra/bin/model-fetch": (args, state) =>
    args.includes("--start") ? { set: { fetch: { state: "fetching" } } } : { out: mapOf(state, "fetch") },
  "/usr/bin/traceroute": () => ({ out: " 1  10.0.2.1  0.412 ms\n 2  10.0.0.9  1.120 ms\n" }),
  "/opt/tektra/bin/profile": () => ({ out: "412 forward (model.py:88)\n96 tokenize (text.py:12)\n" }),
  "/opt/tektra/bin/memory": (_args, state) => ({
    out: {
      rss_bytes: 3_100_000_000,
      pss_bytes: 3_050_000_000,
      gpu_bytes: numberOf(state, "gpus", "0", "used") * (1 << 20),
      peak_rss_bytes: 3_400_000_000,
    },
  }),
};
