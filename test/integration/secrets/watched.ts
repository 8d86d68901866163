import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { stringify } from "yaml";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { keepCheckpoints } from "../../../src/app/checkpoints.ts";
import { createCliDeps } from "../../../src/app/cli-deps.ts";
import { type AppDeps, openDeps } from "../../../src/app/deps.ts";
import { ingressPart } from "../../../src/app/ingress.ts";
import { catalogOf, shipped } from "../../../src/app/knowledge.ts";
import { buildCli } from "../../../src/cli/cli.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { createEngine, type Engine } from "../../../src/engine/engine.ts";
import { createTargets } from "../../../src/engine/targets.ts";
import { accountName } from "../../../src/lib/account-name.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { createSender } from "../../../src/thread/sender.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { CANARIES } from "../../helpers/spelled.ts";
import { QUICK } from "../thread/budgets.ts";
import { echoConnector, echoRunbook } from "./echo.ts";

const PRIVATE_KEY = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });

export const CHANNEL = "C0OPS";
const TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";

/** The product in this process, with the canaries in its configuration and everything it says kept. */
export interface Watched {
  readonly deps: AppDeps;
  readonly slack: LocalSlack;
  readonly engine: Engine;
  readonly url: string;
  /** Everything that was said so far, by the place it was said. */
  readonly said: { readonly logs: string[]; readonly cli: string[]; readonly answers: string[] };
  /** `diagbot …`, as text and as JSON, in its own connections. */
  cli(...words: string[]): Promise<void>;
  webhook(body: string, headers?: Record<string, string>): Promise<number>;
  /** The folder of its files: the configuration is not searched, checkpoints are. */
  checkpoints(): string;
  file(name: string, text: string): string;
  close(): Promise<void>;
}

export async function openWatched(): Promise<Watched> {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-secrets-"));
  const database = await freshDatabase("secrets");
  const slack = await startLocalSlack({
    people: ["alice", "bob"].map((name) => ({ id: `U0${name.toUpperCase()}`, name })),
    channels: [{ id: CHANNEL, name: "ops" }],
    commands: [{ name: "/diag" }],
    ackTimeoutMs: 60_000,
    triggerTtlMs: 60_000,
  });
  const env = environmentOf(database.url, slack, folder);
  const config = loadConfig({ env, cwd: folder, kinds });
  const said = { logs: [] as string[], cli: [] as string[], answers: [] as string[] };
  const opened = openDeps(config, shipped);
  const logger = createLogger({
    level: "trace",
    redact: opened.redact,
    destination: { write: (line: string) => void said.logs.push(line) },
  });
  const deps: AppDeps = { ...opened, logger, catalog: catalogOf(config, { kinds, runbooks: [echoRunbook] }) };
  const ingress = await ingressPart(deps);
  const url = `http://127.0.0.1:${ingress.port}`;
  slack.requestUrl = `${url}/slack/events`;
  const { store, redact, redactKnown, catalog, worker } = deps;
  await store.sweep.beat(worker, { name: "sweeper", leaseMs: 5_000 });
  const targets = createTargets([echoConnector]);
  const engine = createEngine(
    {
      ...{ store: store.runs, catalog, targets, redact, redactKnown, logger },
      events: { step: () => {}, remedy: () => {}, run: () => {}, leaseLost: () => {} },
      crash: () => {},
    },
    { worker: worker.id, leaseMs: 10_000 },
  );
  const sender = createSender({
    ...{ messages: store.messages, reader: store.reader, people: catalog.people, logger, redact },
    slack: { token: slack.token, apiUrl: slack.apiUrl },
    budgets: { ...QUICK, timeoutMs: 20_000 },
  });
  sender.start();
  const checkpoints = keepCheckpoints(deps, 20);
  return {
    ...{ deps, slack, engine, url, said },
    cli: async (...words) => {
      for (const line of [words, [...words, "--json"]]) {
        await store.sweep.beat(worker, { name: "sweeper", leaseMs: 5_000 });
        const run = buildCli({ load: async () => createCliDeps(folder), version: "0" });
        const keep = (text: string): void => void said.cli.push(text);
        await run(line, { stdout: keep, stderr: keep });
      }
    },
    webhook: async (body, headers = {}) => {
      const answer = await fetch(`${url}/webhooks/alertmanager`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, ...headers },
        body,
      });
      said.answers.push(await answer.text());
      return answer.status;
    },
    checkpoints: () => readFileSync(join(folder, "checkpoints"), "utf8"),
    file: (name, text) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    close: async () => {
      await checkpoints.stop();
      await sender.stop(5_000);
      await engine.stop(5_000);
      await targets.close();
      await ingress.stop();
      await opened.close();
      await slack.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
      vi.unstubAllEnvs();
    },
  };
}

/** The command line reads the environment of its process, so this one gets it, too. */
function environmentOf(databaseUrl: string, slack: LocalSlack, folder: string): Record<string, string> {
  writeFileSync(join(folder, "diagbot.yaml"), stringify(CONFIG(folder)));
  const env = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: "",
    SLACK_BOT_TOKEN: slack.token,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_APP_TOKEN: "",
    SLACK_API_URL: slack.apiUrl,
    ALERTMANAGER_TOKEN: TOKEN,
    DIAGBOT_CONFIG: "diagbot.yaml",
    LOG_LEVEL: "warn",
    HOST: "127.0.0.1",
    PORT: "0",
    ...Object.fromEntries(CANARIES.map((canary, at) => [`CANARY_${at}`, canary])),
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return env;
}

const CONFIG = (folder: string) => ({
  slack: { channel: CHANNEL },
  people: {
    alice: { slack: ["U0ALICE"], roles: ["oncall"] },
    bob: { slack: ["U0BOB"], roles: ["oncall"], login: [accountName()] },
  },
  policies: { high: { approvals: 1, from: ["oncall"], self: true } },
  limits: { commandsPerMinute: 100_000 },
  audit: { checkpoints: join(folder, "checkpoints"), key: PRIVATE_KEY },
  systems: {
    orders: {
      match: [{ team: "orders" }],
      connections: {
        api: {
          kind: "http",
          url: "http://127.0.0.1:1",
          headers: Object.fromEntries(CANARIES.map((_, at) => [`x-part-${at}`, `\${CANARY_${at}}`])),
        },
      },
    },
  },
});
