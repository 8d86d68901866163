import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { startPrometheus } from "../../../local/prometheus/server.ts";
import { findBinaries } from "../../../local/services/postgres-binaries.ts";
import { findRedis } from "../../../local/services/redis.ts";
import { startSystemSample } from "../../../local/systems/sample.ts";
import { createCleanups } from "../../../local/tryout/cleanups.ts";
import { takeFolder } from "../../../local/tryout/folder.ts";
import type { Sample } from "../../../local/tryout/sample.ts";
import { tryoutSecrets } from "../../../local/tryout/secrets.ts";
import { declaredCommands } from "../../../src/app/commands.ts";
import { knowledgeOf } from "../../../src/app/knowledge.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { fileSchema } from "../../../src/config/schema.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import type { Param } from "../../../src/core/words/command.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

/** One of the example systems with the diagbot.yaml that the try-out writes for it, and a bench on it. */
export interface RunningSystem {
  readonly sample: Sample;
  readonly bench: Bench;
  /** What diagbot has to say about the file. */
  readonly complaints: readonly string[];
  readonly checks: readonly Runbook[];
  /** Commands that only read, with what they may be asked about. */
  readonly reads: readonly {
    readonly runbook: Runbook;
    readonly params: Readonly<Record<string, unknown>>;
  }[];
  runbook(id: string): Runbook;
  stop(): Promise<string[]>;
}

/** Starts the sample system alone, in a folder of its own. */
export async function startSystem(id: string): Promise<RunningSystem> {
  const path = await mkdtemp(join(tmpdir(), "diagbot-system-"));
  const folder = await takeFolder(path);
  const cleanups = createCleanups();
  cleanups.add("the folder", () => rm(path, { recursive: true, force: true }));
  const sample = await startSystemSample(id, {
    folder,
    cleanups,
    secrets: await tryoutSecrets(folder.file("secrets.json")),
    binaries: await findBinaries(folder.path),
    redisCommand: await findRedis(),
    ready: () => undefined,
  });
  const prometheus = await startPrometheus({ ...sample.metrics, job: id });
  cleanups.add("the emulated Prometheus", prometheus.stop);
  const text = sample.config(prometheus.url);
  await writeFile(folder.file("diagbot.yaml"), text);
  if (sample.checks !== undefined) await cp(sample.checks, folder.file("checks"), { recursive: true });
  const env = Object.fromEntries(Object.entries(sample.env).filter(([, value]) => value !== undefined));
  const config = loadConfig({
    env: { ...env, DATABASE_URL: "postgres://x/y", DIAGBOT_CONFIG: folder.file("diagbot.yaml") },
    cwd: path,
    kinds,
  });
  const { leftOut, warnings, runbooks } = knowledgeOf(config);
  const filled = text.replace(/\$\{(\w+)\}/g, (_all, name: string) => env[name] ?? "");
  const system = fileSchema(kinds).parse(parse(filled)).systems[id];
  if (system === undefined) throw new Error(`the file has no system ${id}`);
  const bench = openBench({
    connections: system.connections,
    connectors: connectorsOf(kinds),
    thresholds: system.thresholds,
  });
  cleanups.add("the bench", () => bench.close());
  const runbook = (name: string): Runbook => {
    const found = runbooks.find((one) => one.id === name);
    if (found !== undefined) return found;
    throw new Error(`no runbook ${name}`);
  };
  return {
    sample,
    bench,
    complaints: [...config.warnings, ...leftOut.map(String), ...warnings],
    checks: config.checks.map(({ check }) => runbook(check.id)),
    reads: declaredCommands(config.systems, config.kinds)
      .filter(({ command }) => command.effect === "read")
      .map(({ name, command }) => ({ runbook: runbook(name), params: exampleParams(command.params) })),
    runbook,
    stop: cleanups.run,
  };
}

/** Names that the sample services know. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  user: ["4711"],
  name: ["zoho"],
  api: ["zoho"],
  agent: ["support"],
  revision: ["49c5371", "49c5371".padEnd(40, "0")],
};

/** A value for each parameter that has no default. */
const exampleParams = (params: Readonly<Record<string, Param>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, param]) =>
      param.default === undefined ? [[name, exampleOf(name, param)] as const] : [],
    ),
  );

function exampleOf(name: string, param: Param): unknown {
  switch (param.type) {
    case "enum":
      return param.values[0];
    case "word":
      return NAMES[name]?.find((word) => new RegExp(`^(?:${param.pattern})$`, "u").test(word));
    default:
      return param.min;
  }
}
