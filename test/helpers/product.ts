import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { LocalSlack } from "../../local/slack/local-slack.ts";
import { builtProduct } from "./built.ts";
import { freePort } from "./ports.ts";
import { descendantsOf, isRunning } from "./processes.ts";
import { until } from "./until.ts";

/** The product as its users start it, in the folder of its build. */
const DIAGBOT = "dist/src/main.js";
/** What a graceful stop may take. On a quiet machine it is well below the 10 s most supervisors give before they kill. */
const STOP_MS = 30_000;
const READY_MS = 120_000;
const ORPHAN_MS = 20_000;

export type Role = "all" | "ingress" | "worker";

export interface ProductOptions {
  /** What diagbot.yaml says. */
  readonly config: object;
  /** As a user has installed it, instead of the build: its folder, and the program seen from there. `config` is written there. */
  readonly installed?: Installed;
  readonly databaseUrl: string;
  /** Left out: the queue runs in Postgres. */
  readonly redisUrl?: string | undefined;
  /** Left out: no Slack is configured. */
  readonly slack?: { readonly local: LocalSlack; readonly mode: "http" | "socket" };
  /** More environment, e.g. what diagbot.yaml refers to. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Installed {
  readonly folder: string;
  readonly program: string;
}

/** One `serve` process. */
export interface Served {
  readonly role: Role;
  readonly url: string;
  readonly pid: number;
  /** Everything it printed so far. */
  log(): string;
  /** As a supervisor does: SIGTERM. Throws unless it ends within 30 s, with code 0, and leaves no process behind. */
  stop(): Promise<void>;
  /** SIGKILL, and gone. */
  kill(): Promise<void>;
}

/** What a command of the command line ended with. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON document on stdout; throws where stdout is anything else. */
  json(): unknown;
}

/** diagbot from outside: its documented environment, its processes, its command line. */
export interface Product {
  readonly alertmanagerToken: string;
  /** What the queue's keys in Redis, or its schema in Postgres, begin with. */
  readonly queuePrefix: string;
  /**
   * Starts `serve` and resolves when `/health` is `ok`, or `/health/ready` where something is meant to be missing. In
   * HTTP mode Slack's requests go there.
   */
  serve(role: Role, env?: Readonly<Record<string, string>>, wait?: "ok" | "ready"): Promise<Served>;
  /** `diagbot …` */
  cli(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<CliResult>;
  /** What all processes printed. */
  logs(): string;
  /** Stops what still runs, with the assertions of `stop`. */
  close(): Promise<void>;
}

/** A product that may be started. Nothing runs yet; always `close()` it. */
export function openProduct(options: ProductOptions): Product {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-e2e-"));
  const configPath = join(options.installed?.folder ?? folder, "diagbot.yaml");
  const installed = async (): Promise<Installed> =>
    options.installed ?? { folder: await builtProduct(), program: DIAGBOT };
  writeFileSync(configPath, stringify(options.config));
  const alertmanagerToken = `am-${randomBytes(24).toString("hex")}`;
  const queuePrefix = `e2e_${randomBytes(4).toString("hex")}`;
  const base = {
    ...environment(options),
    ALERTMANAGER_TOKEN: alertmanagerToken,
    DIAGBOT_CONFIG: configPath,
    DIAGBOT_PREFIX: queuePrefix,
  };
  const served: Served[] = [];
  const others: string[] = [];
  return {
    alertmanagerToken,
    queuePrefix,
    serve: async (role, env = {}, wait = "ok") => {
      const one = await startServing(await installed(), role, { ...base, ...env }, wait);
      served.push(one);
      if (options.slack?.mode === "http" && role !== "worker")
        options.slack.local.requestUrl = `${one.url}/slack/events`;
      return one;
    },
    cli: async (words, env = {}) => {
      const result = await runCli(await installed(), words, { ...base, ...env });
      others.push(result.stdout, result.stderr);
      return result;
    },
    logs: () => [...served.map((one) => one.log()), ...others].join("\n"),
    close: async () => {
      const ends = await Promise.allSettled(served.toReversed().map((one) => one.stop()));
      rmSync(folder, { recursive: true, force: true });
      for (const end of ends) if (end.status === "rejected") throw end.reason;
    },
  };
}

/** Only what DESIGN names: nothing of this process's own environment leaks in. */
function environment({ databaseUrl, redisUrl, slack, env }: ProductOptions): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: process.env.HOME ?? "",
    LANG: "C.UTF-8",
    DATABASE_URL: databaseUrl,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...(slack === undefined ? {} : slackEnvironment(slack.local, slack.mode)),
    ...env,
  };
}

const slackEnvironment = (slack: LocalSlack, mode: "http" | "socket"): Record<string, string> => ({
  SLACK_BOT_TOKEN: slack.token,
  SLACK_API_URL: slack.apiUrl,
  ...(mode === "http" ? { SLACK_SIGNING_SECRET: slack.signingSecret } : { SLACK_APP_TOKEN: slack.appToken }),
});

async function startServing(
  { folder, program }: Installed,
  role: Role,
  env: Readonly<Record<string, string>>,
  wait: "ok" | "ready",
): Promise<Served> {
  const port = await freePort();
  const child = spawn(process.execPath, [program, "serve", "--role", role], {
    cwd: folder,
    env: { ...env, HOST: "127.0.0.1", PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const log = () => lines.join("");
  child.stdout.setEncoding("utf8").on("data", (text: string) => lines.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => lines.push(text));
  endWithUs(child);
  const url = `http://127.0.0.1:${port}`;
  const pid = child.pid ?? 0;
  try {
    await until(() => {
      if (hasEnded(child)) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
      return wait === "ok" ? isWell(url) : isReady(url);
    }, READY_MS);
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`serve --role ${role}: ${(error as Error).message}\n${log().slice(-4_000)}`);
  }
  return { role, url, pid, log, stop: () => stop(child, role, log), kill: () => kill(child) };
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Nothing it depends on is missing: a Slack that still connects would refuse the first command. */
const isWell = (url: string): Promise<boolean> =>
  fetch(`${url}/health`, { signal: AbortSignal.timeout(3_000) })
    .then((response) => response.json())
    .then(
      (health) => (health as { status?: unknown }).status === "ok",
      () => false,
    );

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

async function stop(child: ChildProcess, role: Role, log: () => string): Promise<void> {
  if (hasEnded(child)) return;
  const family = descendantsOf(child.pid ?? 0);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
  // A worker beside the doors sees a moment later that its parent is gone.
  const left = await until(() => !family.some(isRunning), ORPHAN_MS).then(
    () => [],
    () => family.filter(isRunning),
  );
  for (const pid of left) process.kill(pid, "SIGKILL");
  const wrong = [
    ...(child.signalCode === null ? [] : [`did not end within ${STOP_MS} ms of SIGTERM`]),
    ...(child.signalCode === null && child.exitCode !== 0 ? [`ended with code ${child.exitCode}`] : []),
    ...(left.length === 0 ? [] : [`left processes behind: ${left.join(", ")}`]),
  ];
  if (wrong.length > 0) throw new Error(`serve --role ${role} ${wrong.join("; ")}\n${log().slice(-4_000)}`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function runCli(
  { folder, program }: Installed,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliResult> {
  const child = spawn(process.execPath, [program, ...words], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  endWithUs(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr, json: () => JSON.parse(stdout) as unknown };
}

/** A test run that dies takes its processes with it. */
function endWithUs(child: ChildProcess): void {
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}
