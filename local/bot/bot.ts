import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { nodeArgs } from "../services/supervisor.ts";
import { type Child, lastLines, startChild } from "../tryout/child.ts";
import type { TryoutFolder } from "../tryout/folder.ts";
import { until } from "../tryout/until.ts";

/** What the product is told: nothing but its documented environment and configuration file. */
export interface BotSpec {
  readonly folder: TryoutFolder;
  readonly port: number;
  readonly config: string;
  /** The variables of DESIGN: DATABASE_URL, SLACK_BOT_TOKEN, …, and those diagbot.yaml refers to. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A build of diagbot (its `main.js`) instead of the sources: each command starts in a quarter of the time. */
  readonly built?: string | undefined;
}

/** The unchanged product, running as its own processes. */
export interface Bot {
  readonly url: string;
  readonly log: string;
  /** The bot's process ended by itself: how. Never resolves while it runs. */
  readonly ended: Promise<string>;
  /** `diagbot …` on the command line, with the same environment; the JSON it prints. */
  json(...args: readonly string[]): Promise<unknown>;
  stop(): Promise<void>;
}

const MAIN = new URL("../../src/main.ts", import.meta.url);

/** Starts `diagbot serve` and resolves when it says it is ready. Throws with the end of its log when it does not within 60 s. */
export async function startBot(spec: BotSpec): Promise<Bot> {
  const { folder, port } = spec;
  const configPath = folder.file("diagbot.yaml");
  await writeFile(configPath, spec.config);
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LANG: "C.UTF-8",
    HOST: "127.0.0.1",
    PORT: String(port),
    DIAGBOT_CONFIG: configPath,
    ...spec.env,
  };
  const log = folder.file("diagbot.log");
  await writeFile(log, "");
  const child = await startChild(
    { name: "diagbot", command: process.execPath, args: argsOf(spec, "serve"), env, log },
    folder.pids,
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(child, url, log).catch(async (error: unknown) => {
    await child.stop();
    throw error;
  });
  return {
    url,
    log,
    ended: child.ended,
    json: (...args) => runJson(argsOf(spec, ...args, "--json"), env),
    stop: () => child.stop(10_000),
  };
}

const argsOf = ({ built }: BotSpec, ...words: string[]): string[] =>
  built === undefined ? nodeArgs(MAIN, ...words) : [built, ...words];

type Env = Readonly<Record<string, string | undefined>>;

async function ready(child: Child, url: string, log: string): Promise<void> {
  await until(
    "diagbot",
    async () =>
      child.hasEnded() || (await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok,
    { timeoutMs: 60_000 },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; its log ends with\n${lastLines(log)}`);
  });
  if (child.hasEnded()) throw new Error(`diagbot did not start (${await child.ended}):\n${lastLines(log)}`);
}

/** Exit codes of diagbot speak of the run (1: findings), so only the output decides. */
async function runJson(args: readonly string[], env: Env): Promise<unknown> {
  const out = await promisify(execFile)(process.execPath, args, {
    env: { ...env, LOG_LEVEL: "warn" },
    timeout: 60_000,
    maxBuffer: 32 << 20,
  }).catch((error: { stdout?: string; stderr?: string }) => ({
    stdout: error.stdout ?? "",
    stderr: error.stderr ?? String(error),
  }));
  try {
    return JSON.parse(out.stdout);
  } catch {
    throw new Error(`${args.join(" ")}: ${out.stderr.trim().slice(-500)}`);
  }
}
