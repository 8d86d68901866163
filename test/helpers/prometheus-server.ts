import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

/** Counters as functions of the time: what an application would have exposed, written into blocks before the start. */
export interface PastSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Value `seconds` after the beginning of the hour; undefined: no sample then. */
  value(seconds: number): number | undefined;
}

/** How long the past is, and how far its samples are apart. */
interface History {
  readonly seconds: number;
  readonly step: number;
}

/** Why tests with a real Prometheus are skipped here; undefined where they run. */
export const whyNoPrometheus = (): string | undefined => {
  try {
    for (const program of ["prometheus", "promtool"])
      execFileSync(program, ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "prometheus and promtool are not on the PATH (apt-get install prometheus)";
  }
};

/** A real Prometheus with history (an hour of it, every 15 s, where nothing else is said) and live targets scraped every second, on a port that was chosen before or any free one. */
export async function startPrometheus(
  past: readonly PastSeries[],
  targets: Record<string, readonly string[]>,
  flags: readonly string[] = [],
  atPort?: number,
  history: History = { seconds: 3_600, step: 15 },
) {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-prometheus-"));
  const at = (name: string) => join(folder, name);
  writeFileSync(at("past.om"), openMetrics(past, history));
  execFileSync("promtool", ["tsdb", "create-blocks-from", "openmetrics", at("past.om"), at("data")], {
    stdio: "pipe",
  });
  writeFileSync(at("prometheus.yml"), scrapeConfig(targets));
  const port = atPort ?? (await freePort());
  const args = [
    `--config.file=${at("prometheus.yml")}`,
    `--storage.tsdb.path=${at("data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ];
  const child = spawn("prometheus", args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  return {
    url,
    stop: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.kill("SIGTERM");
  });
}

function openMetrics(past: readonly PastSeries[], { seconds: length, step }: History): string {
  // At whole steps: a question at a whole hour finds a sample within Prometheus' five minutes of looking back.
  const begin = Math.floor(Date.now() / 1000 / step) * step - length;
  const lines: string[] = [];
  for (const name of new Set(past.map((one) => one.name))) {
    lines.push(`# TYPE ${name} unknown`);
    for (const one of past.filter((series) => series.name === name)) {
      const labels = Object.entries(one.labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
      for (let seconds = 0; seconds <= length; seconds += step) {
        const value = one.value(seconds);
        if (value !== undefined) lines.push(`${name}{${labels.join(",")}} ${value} ${begin + seconds}`);
      }
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
}

const scrapeConfig = (targets: Record<string, readonly string[]>): string =>
  JSON.stringify({
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
      job_name: job,
      static_configs: [{ targets: addresses }],
    })),
  });
