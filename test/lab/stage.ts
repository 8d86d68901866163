import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Bot, startBot } from "../../local/bot/bot.ts";
import { CONFIGURED_PEOPLE, PEOPLE, POLICIES } from "../../local/people.ts";
import type { LocalSlack } from "../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../local/slack/server.ts";
import { takeFolder } from "../../local/tryout/folder.ts";
import { accountName } from "../../src/lib/account-name.ts";
import { build } from "../helpers/build.ts";
import { freePort } from "../helpers/ports.ts";
import { startPostgres } from "../helpers/postgres-server.ts";
import { type Alerting, type LabAlert, startAlerting } from "./alerting/alerting.ts";
import { type Relay, startRelay } from "./alerting/relay.ts";
import type { WrittenCheck } from "./words.ts";

/** A system of diagbot.yaml: one for each scenario, with a channel of its own. */
export interface StageSystem {
  readonly id: string;
  readonly channel: string;
  readonly connections: Readonly<Record<string, object>>;
  readonly thresholds?: Readonly<Record<string, number>>;
  /** What every alert of the system starts, whatever its name. */
  readonly runbook?: string;
  readonly checks?: readonly WrittenCheck[];
}

/** The product between a Slack, a database, and the alerting. */
export interface Stage {
  readonly slack: LocalSlack;
  readonly bot: Bot;
  readonly relay: Relay;
  readonly alerting: Alerting;
  stop(): Promise<void>;
}

interface StageOptions {
  say(line: string): void;
  /** A certificate (PEM) that diagbot trusts besides those every machine does. */
  readonly authority: string | undefined;
}

/** Label that names the system of an alert. */
export const SYSTEM = "lab_system";

/** What it was started with; removed with it. */
type Stops = (() => unknown)[];

/** Starts `serve` of a build of this checkout, its Postgres, a local Slack, and the alerting. Throws when one does not come up. */
export async function startStage(
  systems: readonly StageSystem[],
  alerts: readonly LabAlert[],
  { say, authority }: StageOptions,
): Promise<Stage> {
  const stops: Stops = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(systems, alerts, stops, { say, authority })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  systems: readonly StageSystem[],
  alerts: readonly LabAlert[],
  stops: Stops,
  { say, authority }: StageOptions,
): Promise<Omit<Stage, "stop">> {
  const home = mkdtempSync(join(tmpdir(), "diagbot-lab-"));
  stops.push(() => rmSync(home, { recursive: true, force: true }));
  const product = join(home, "product");
  mkdirSync(product);
  await build(product);
  say("diagbot is built");
  const postgres = await startPostgres();
  stops.push(postgres.stop);
  const slack = await startLocalSlack({
    people: PEOPLE,
    channels: systems.map(({ id, channel }) => ({ id: channel, name: id.slice(0, 80) })),
    // How quick Slack wants its answers is measured elsewhere.
    ackTimeoutMs: 60_000,
    triggerTtlMs: 60_000,
  });
  stops.push(() => slack.stop());
  const token = randomBytes(24).toString("hex");
  const port = await freePort();
  const folder = await takeFolder(join(home, "bot"));
  stops.push(folder.release);
  const trusted = folder.file("authority.pem");
  if (authority !== undefined) writeFileSync(trusted, authority);
  const bot = await startBot({
    folder,
    port,
    built: join(product, "dist/src/main.js"),
    config: configOf(systems),
    env: {
      DATABASE_URL: postgres.url,
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.token,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      ALERTMANAGER_TOKEN: token,
      ...(authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }),
    },
  });
  stops.push(bot.stop);
  slack.requestUrl = `${bot.url}/slack/events`;
  say("diagbot serves");
  const relay = await startRelay(`${bot.url}/webhooks/alertmanager`, token);
  stops.push(relay.close);
  const alerting = await startAlerting(alerts, relay);
  stops.push(alerting.stop);
  say(alerting.says);
  return { slack, bot, relay, alerting };
}

const configOf = (systems: readonly StageSystem[]): string =>
  stringify({
    slack: { channel: systems[0]?.channel },
    people: {
      ...CONFIGURED_PEOPLE,
      // Whoever runs the lab reads what was found by the command line.
      bob: { ...CONFIGURED_PEOPLE.bob, login: [accountName()] },
    },
    policies: POLICIES,
    routes: systems.flatMap(({ id, runbook }) =>
      runbook === undefined ? [] : [{ match: [`${SYSTEM}=${id}`], runbook }],
    ),
    checks: systems.flatMap(({ id, checks = [] }) => checks.map((one) => ({ ...one, systems: [id] }))),
    limits: { commandsPerMinute: 10_000, writesPerSystemHour: 100 },
    systems: Object.fromEntries(
      systems.map(({ id, channel, connections, thresholds }) => [
        id,
        {
          channel,
          match: [{ [SYSTEM]: id }],
          connections,
          ...(thresholds === undefined ? {} : { thresholds }),
        },
      ]),
    ),
  });
